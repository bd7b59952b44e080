"""The diagram: a graphviz object that any computer can render, and that a notebook shows."""

import os
import re
from pathlib import Path
from typing import Any

try:
    import graphviz
except ImportError as error:
    raise ImportError("pictures need the Python package graphviz: pip install graphviz") from error

from graphviz.backend.dot_command import command
from graphviz.backend.rendering import get_filepath, get_format

from engine.diagrams.dark import for_light_and_dark
from engine.renderers.formats import WRITERS, verify_format
from engine.renderers.notebook import SVG, bundle_of, chosen_types
from engine.renderers.render import chosen, drawn_because_of_its_size, rendered
from engine.saving.files import write_file

# Characters that no picture holds: controls other than line breaks, and what XML forbids.
UNSHOWN = r"[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]"


class Diagram(graphviz.Digraph):
    """A graphviz.Digraph that finds a program to draw it with on any computer.

    `source`, `pipe`, `render`, `view` and the display in a notebook work as in graphviz. The
    program `dot` draws the picture. Without `dot`, `graphviz-pure` draws it if that is installed;
    without either, our own renderer draws SVG. `program`, or the environment variable
    CHAINRULE_DOT, chooses one of them: "dot", "graphviz-pure", "builtin", or the path of a program
    that takes dot's options. A program that fails, or that takes longer than CHAINRULE_DOT_SECONDS
    (30), is left for the next one, unless it was chosen by name; a line on stderr says so. Our own
    renderer draws the SVG and the PDF of a graph that is too large for `dot` (from about 3,000
    boxes, fewer with long edges or labels), unless a program or an `engine` was chosen; a line on
    stderr says so, outside of notebooks. The formats "mermaid" and "tikz" (files .mmd and .tex) are
    text and need no program.
    """

    __module__ = "engine"

    def __init__(self, *args: Any, program: str | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.program = program

    def __repr__(self) -> str:
        return f"<Diagram, {len(self.body)} lines of DOT>"

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None, **options: Any
    ) -> dict[str, Any]:
        """What a notebook shows, whether or not it is trusted, and what LaTeX takes."""
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        if SVG in bundle:
            bundle |= bundle_of(bundle[SVG], repr(self)[1:-1], self._page(bundle[SVG]))
        return chosen_types(bundle, include, exclude)

    def _repr_image_svg_xml(self) -> str:
        return self._drawn("svg", None, {}, False, None, shown=True).decode()

    def _page(self, svg: str) -> bytes | None:
        """The page of PDF by a program that puts the letters of its fonts into it, if one is here.

        None where the letters of Helvetica are enough, which every reader of PDF has.
        """
        if svg.isascii():
            return None
        try:
            page: bytes = self.pipe("pdf", quiet=True)
        except (graphviz.ExecutableNotFound, graphviz.CalledProcessError, OSError):
            return None
        return page

    def pipe(
        self,
        format: str | None = None,
        renderer: str | None = None,
        formatter: str | None = None,
        neato_no_op: Any = None,
        quiet: bool = False,
        *,
        engine: str | None = None,
        encoding: str | None = None,
    ) -> Any:
        """The picture as bytes, or as a str if encoding= is given; graphviz.Digraph.pipe.

        Raises RendererNotFound, a graphviz.ExecutableNotFound, if no program here draws the format
        (SVG needs none), or if the program that was asked for is not there. Raises RendererFailed,
        a graphviz.CalledProcessError, if the program that was asked for fails.
        """
        styles = {"renderer": renderer, "formatter": formatter, "neato_no_op": neato_no_op}
        data = self._drawn(format, engine, styles, quiet, None)
        return data.decode(encoding) if encoding else data

    def _drawn(
        self,
        format: str | None,
        engine: str | None,
        styles: dict[str, Any],
        quiet: bool,
        folder: str | None,
        shown: bool = False,
    ) -> bytes:
        """The picture as bytes. folder: from where dot finds the files that the graph names.

        shown: whether a notebook shows it, where it is not said which layout drew it.
        """
        program = chosen(self.program)
        verify_format(format or self.format)
        ending = (format or self.format).lower()
        if writer := WRITERS.get(ending):
            return writer(self.source).encode()
        options = [str(x) for x in command(engine or self.engine, ending, **styles)[1:]]
        source = self.source.encode(self.encoding or "utf-8")
        own = engine or self.__dict__.get("_engine") or self.engine != "dot" or any(styles.values())
        data = None
        if not program and not own:  # nobody insists on Graphviz
            data = drawn_because_of_its_size(self.source, ending, quiet or shown)
        if data is None:
            data = rendered(source, ending, options, program, quiet, folder)
        if ending not in ("svg", "svg_inline"):
            return data
        picture = data.decode(errors="surrogateescape")
        return for_light_and_dark(picture).encode(errors="surrogateescape")

    def render(
        self,
        filename: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] | None = None,
        view: bool = False,
        cleanup: bool = False,
        format: str | None = None,
        renderer: str | None = None,
        formatter: str | None = None,
        neato_no_op: Any = None,
        quiet: bool = False,
        quiet_view: bool = False,
        *,
        outfile: str | os.PathLike[str] | None = None,
        engine: str | None = None,
        raise_if_result_exists: bool = False,
        overwrite_source: bool = False,
    ) -> str:
        """Save the DOT source and the picture, and return the picture's path, as graphviz does.

        Raises what pipe does, and OSError if a file cannot be written.
        """
        styles = {"renderer": renderer, "formatter": formatter, "neato_no_op": neato_no_op}
        ending = format or (self.format if outfile is None else Path(outfile).suffix[1:])
        if outfile is not None:
            target = Path(outfile) if directory is not None else Path(self.directory, outfile)
            ours = ending.lower() in WRITERS
            ending = ending if ours else get_format(target, format=format)
            filename = filename or get_filepath(target)
        folder = os.fspath(self.directory if directory is None else directory)
        source = os.path.join(folder, filename or self.filename)
        kind = ".".join([x for x in (formatter, renderer, ending) if x is not None])
        path = f"{source}.{kind}" if outfile is None else str(target)
        if os.path.abspath(path) == os.path.abspath(source) and not overwrite_source:
            raise ValueError(f"outfile {path!r} must be different from input file {source!r}")
        if raise_if_result_exists and os.path.exists(path):
            raise graphviz.FileExistsError(f"output file exists: {path!r}")
        here = os.path.dirname(source)
        data = self._drawn(ending, engine, styles, quiet, here if os.path.isdir(here) else None)
        self.save(filename, directory=directory)
        write_file(path, data)
        if cleanup:
            os.remove(source)
        if quiet_view:
            graphviz.view(path, quiet=True)
        elif view:
            graphviz.view(path)
        return path

    _verify_format = staticmethod(verify_format)  # what graphviz asks of a format that is set

    def _copy_kwargs(self, **options: Any) -> Any:
        return {**super()._copy_kwargs(**options), "program": self.program}


def in_dot(text: str) -> str:
    """Text as DOT writes it, so that a picture shows it as it is, with its line breaks."""
    text = re.sub(UNSHOWN, lambda m: ascii(m[0])[1:-1], text.replace("\r\n", "\n"))
    text = re.sub(r"([\\{}|<>])", r"\\\1", text).replace("&", "&amp;").replace("\n", r"\n")
    not_markup: str = graphviz.nohtml(text)
    return not_markup
