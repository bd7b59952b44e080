"""Rendering: DOT becomes a picture, by whatever program this computer has.

A program that fails is no reason to have no picture: the next one is taken, and a line says so.
Our own layout is taken, too, where a graph is so large that Graphviz would take too long.
"""

import os
import shutil
import subprocess
import sys

import graphviz

from engine.renderers.pdf import pdf
from engine.renderers.pictures import is_picture
from engine.renderers.processes import output_of
from engine.renderers.sizes import too_large
from engine.renderers.svg import svg

SECONDS = 30.0  # for one picture; CHAINRULE_DOT_SECONDS is another number of them
AGAIN = 3.0  # for the next picture of a program that took longer than that
WINDOWS = ("gtk", "x11", "xlib")  # formats that are windows, open for as long as somebody looks
said: set[str] = set()  # the lines about programs that failed, each said once
slow: set[tuple[str, float]] = set()  # the programs that took longer than so many seconds


class RendererNotFound(graphviz.ExecutableNotFound):
    """No program here draws the format that was asked for."""

    def __init__(self, format: str, looked_for: str) -> None:
        RuntimeError.__init__(
            self,
            f"nothing here draws {format.upper()}: {looked_for}. "
            "Install Graphviz (Debian: apt install graphviz; macOS: brew install graphviz; "
            "Windows: winget install graphviz) or graphviz-pure (pip install graphviz-pure). "
            "SVG needs none of them: format='svg'",
        )


class RendererFailed(graphviz.CalledProcessError, RuntimeError):  # noqa: N818 - as RendererNotFound
    """A program that was asked for by name drew nothing, and why."""

    def __init__(self, name: str, why: str, code: int = 0, output: bytes = b"") -> None:
        super().__init__(code, name, output)
        self.why = why

    def __str__(self) -> str:
        return f"{self.cmd} {self.why}"


def chosen(program: str | None) -> str | None:
    """The program that the caller or the environment names; None to take what is there."""
    return program or os.environ.get("CHAINRULE_DOT") or None


def graphviz_dot() -> str | None:
    """The path of Graphviz's dot, also where it may not be executed: that is worth a line."""
    return shutil.which("dot") or shutil.which("dot", mode=os.F_OK)


def graphviz_pure() -> str | None:
    """The path of the command of the package graphviz-pure: on PATH, or beside Python."""
    beside_python = os.path.dirname(sys.executable)
    return shutil.which("graphviz-pure") or shutil.which("graphviz-pure", path=beside_python)


def rendered(
    source: bytes,
    format: str,
    options: list[str],
    program: str | None,
    quiet: bool = False,
    folder: str | None = None,
) -> bytes:
    """DOT source as a picture. options: what dot is told, such as -Kdot and -Tsvg.

    program: "dot", "graphviz-pure", "builtin", or the path of a program that takes dot's options.
    None takes the first of the three that works, and says on stderr which of them failed, unless
    quiet. Raises RendererNotFound if no program draws the format, or if the program that was named
    is not there, and RendererFailed if the program that was named fails.
    """
    if program not in (None, "builtin"):
        return named(program, source, format, options, quiet, folder)
    failures = []
    for name, path in (("dot", graphviz_dot()), ("graphviz-pure", graphviz_pure())):
        if path is None or program == "builtin":
            continue
        try:
            data = drawn_by(path, source, format, options, quiet or name != "dot", folder)
        except (OSError, RendererFailed) as error:
            if name == "dot" or not lacks_format(error):
                failures.append(f"{path} {reason(error)}")
            continue
        say(failures, "graphviz-pure draws the picture", quiet)
        return data
    if format == "svg":
        say(failures, "our own layout draws the picture", quiet)
        return svg(source.decode(errors="replace")).encode()
    if program == "builtin":
        raise RendererNotFound(format, "looked for nothing, as told to")
    if failures:
        raise RendererNotFound(format, "; ".join(failures))
    does_not = "; graphviz-pure does not" if graphviz_pure() else ""
    pure = "" if does_not else ", graphviz-pure on PATH and beside Python"
    raise RendererNotFound(format, f"looked for dot on PATH{pure}{does_not}")


def drawn_because_of_its_size(source: str, format: str, quiet: bool) -> bytes | None:
    """The picture by our own layout, if the graph is too large for the program that is here.

    None if it is not, and for formats other than SVG and PDF. A line on stderr says what drew it,
    unless quiet.
    """
    program = {"svg": graphviz_dot() or graphviz_pure(), "pdf": graphviz_dot()}.get(format)
    why = too_large(source) if program else ""
    if not why:
        return None
    say([why], "our own layout draws the picture (CHAINRULE_DOT=dot insists on Graphviz)", quiet)
    picture = svg(source)
    return pdf(picture) if format == "pdf" else picture.encode()


def named(
    program: str,
    source: bytes,
    format: str,
    options: list[str],
    quiet: bool = False,
    folder: str | None = None,
) -> bytes:
    """The picture as the program draws it that somebody has asked for."""
    paths = {"dot": graphviz_dot, "graphviz-pure": graphviz_pure}
    path = paths.get(program, lambda: program)()
    places = {"dot": "dot on PATH", "graphviz-pure": "graphviz-pure on PATH and beside Python"}
    if path is None:
        raise RendererNotFound(format, f"looked for {places[program]}")
    try:
        return drawn_by(path, source, format, options, quiet, folder, program in paths)
    except OSError:  # not there after all, or no processes at all, as under Pyodide
        raise RendererNotFound(format, f"looked for {path}") from None
    except RendererFailed as error:
        if program == "graphviz-pure" and lacks_format(error):
            looked_for = "looked for dot on PATH; graphviz-pure does not"
            raise RendererNotFound(format, looked_for) from None
        raise


def drawn_by(
    path: str,
    source: bytes,
    format: str,
    options: list[str],
    quiet: bool,
    folder: str | None,
    checked: bool = True,
) -> bytes:
    """What the program at path makes of DOT. checked: whether that has to look like the format.

    Raises OSError if the program cannot be started, and RendererFailed if it fails.
    """
    given = limit()
    seconds = min(AGAIN, given) if (path, given) in slow else given
    try:
        allowed = 1e6 if format in WINDOWS else seconds
        code, data, errors = output_of([path, *options], source, allowed, folder)
    except subprocess.TimeoutExpired:
        slow.add((path, given))
        why = f"took more than {seconds:g} s (CHAINRULE_DOT_SECONDS is the limit)"
        raise RendererFailed(path, why) from None
    if errors and not quiet and not code and sys.stderr:
        sys.stderr.write(errors.decode(errors="replace"))
    words = " ".join(errors.decode(errors="replace").split())
    if code:
        ended = f"exited with {code}" if code > 0 else f"was ended by signal {-code}"
        raise RendererFailed(path, f"{ended}: {words:.300}" if words else ended, code, errors)
    if checked and not is_picture(data, format):
        got = f"{data[:20]!r}" if data else "nothing"
        hint = f": {words:.300}" if words else ""
        raise RendererFailed(path, f"wrote no {format.upper()}, but {got}{hint}")
    return data


def limit() -> float:
    """How many seconds a program has for a picture."""
    text = os.environ.get("CHAINRULE_DOT_SECONDS") or str(SECONDS)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 1e6:
        raise ValueError(f"CHAINRULE_DOT_SECONDS is a number of seconds above 0, got {text!r:.60}")
    return seconds


def lacks_format(error: Exception) -> bool:
    """Whether graphviz-pure failed because it does not know the format."""
    return isinstance(error, RendererFailed) and b"not recognized" in error.output


def reason(error: OSError | RendererFailed) -> str:
    if isinstance(error, RendererFailed):
        return error.why
    return f"cannot be started: {error.strerror or error}"


def say(failures: list[str], instead: str, quiet: bool) -> None:
    """A line on stderr about the programs that failed, and what draws the picture instead."""
    line = f"chainrule: {'; '.join(failures)}; {instead}"
    if failures and not quiet and sys.stderr and line not in said:
        said.add(line)
        print(line, file=sys.stderr)
