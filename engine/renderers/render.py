"""Rendering: DOT becomes a picture, by whatever program this computer has."""

import os
import shutil
import subprocess
import sys

import graphviz

from engine.renderers.svg import svg


class RendererNotFound(graphviz.ExecutableNotFound):
    """No program here draws the format that was asked for."""

    def __init__(self, format: str, looked_for: str) -> None:
        RuntimeError.__init__(
            self,
            f"nothing here draws {format.upper()}: looked for {looked_for}. "
            "Install Graphviz (Debian: apt install graphviz; macOS: brew install graphviz; "
            "Windows: winget install graphviz) or graphviz-pure (pip install graphviz-pure). "
            "SVG needs none of them: format='svg'",
        )


def chosen(program: str | None) -> str | None:
    """The program that the caller or the environment names; None to take what is there."""
    return program or os.environ.get("CHAINRULE_DOT") or None


def graphviz_pure() -> str | None:
    """The path of the command of the package graphviz-pure: on PATH, or beside Python."""
    beside_python = os.path.dirname(sys.executable)
    return shutil.which("graphviz-pure") or shutil.which("graphviz-pure", path=beside_python)


def rendered(source: str, format: str, layout: str, program: str | None) -> bytes:
    """DOT source as a picture, drawn by another program than Graphviz's dot.

    program: "graphviz-pure", "builtin", or the path of a program that takes dot's options; None
    takes graphviz-pure if it is there, else builtin. Raises RendererNotFound if the program is not
    there or does not draw the format, and subprocess.CalledProcessError if it fails.
    """
    graphviz.parameters.verify_format(format)
    graphviz.parameters.verify_engine(layout)
    if program != "builtin":
        path = graphviz_pure() if program in (None, "graphviz-pure") else program
        if path is not None:
            try:
                return output_of(path, source, format, layout)
            except OSError:  # not there after all, or no processes at all, as under Pyodide
                pass
            except graphviz.CalledProcessError as error:
                if program not in (None, "graphviz-pure") or b"not recognized" not in error.stderr:
                    raise
                raise RendererNotFound(format, "dot on PATH; graphviz-pure does not") from None
        if program is not None:
            raise RendererNotFound(format, path or "graphviz-pure on PATH and beside Python")
    if format != "svg":
        looked_for = "dot on PATH, graphviz-pure on PATH and beside Python"
        raise RendererNotFound(format, "nothing, as told to" if program else looked_for)
    return svg(source).encode()


def output_of(path: str, source: str, format: str, layout: str) -> bytes:
    """What the program at path makes of DOT. Raises OSError if it cannot be started."""
    command = [path, f"-K{layout}", f"-T{format}"]
    done = subprocess.run(command, input=source.encode(), capture_output=True)
    if done.returncode:  # graphviz's own error quotes what the program said
        raise graphviz.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    return done.stdout
