"""The picture: any graph of Values as a graphviz object, shown inline in a notebook."""

import os
import re
import shutil
from collections.abc import Sequence
from contextvars import Context
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    import graphviz
except ImportError as error:
    raise ImportError("pictures need the Python package graphviz: pip install graphviz") from error

from graphviz.backend.rendering import get_filepath, get_format

from engine.files import write_file
from engine.formats import WRITERS, verify_format
from engine.op import Op
from engine.render import chosen, rendered
from engine.value import Value, topological_order

# Characters that no picture holds: controls other than line breaks, and what XML forbids.
UNSHOWN = r"[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]"


class Diagram(graphviz.Digraph):
    """A graphviz.Digraph that finds something to draw it with on any machine.

    `source`, `pipe`, `render`, `view` and the display in a notebook are graphviz's own. Where its
    program `dot` is missing, `graphviz-pure` steps in if installed, else, for SVG, a layout of
    our own. `program`, or the environment variable CHAINRULE_DOT, takes the choice: "dot",
    "graphviz-pure", "builtin", or the path of a program that takes dot's options. The formats
    "mermaid" and "tikz" (files .mmd and .tex) need none: they are text.
    """

    def __init__(self, *args: Any, program: str | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.program = program

    def __repr__(self) -> str:
        return f"<Diagram, {len(self.body)} lines of DOT>"

    def pipe(self, format: str | None = None, *args: Any, **options: Any) -> Any:
        """The picture as bytes, or as a str if encoding= is given; graphviz.Digraph.pipe.

        Raises RendererNotFound, a graphviz.ExecutableNotFound, for a format other than SVG that
        no program here draws.
        """
        program = chosen(self.program)
        encoding = options.get("encoding")
        verify_format(format or self.format)
        if writer := WRITERS.get((format or self.format).lower()):
            text = writer(self.source)
            return text if encoding else text.encode()
        if program in (None, "dot"):
            try:
                return super().pipe(format, *args, **options)
            except (graphviz.ExecutableNotFound, OSError):
                if program == "dot":
                    raise
        layout = options.get("engine") or self.engine
        data = rendered(self.source, (format or self.format).lower(), layout, program)
        return data.decode(encoding) if encoding else data

    def render(
        self,
        filename: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] | None = None,
        view: bool = False,
        cleanup: bool = False,
        format: str | None = None,
        *args: Any,
        outfile: str | os.PathLike[str] | None = None,
        **options: Any,
    ) -> str:
        """Save the DOT source and the picture, and return the picture's path, as graphviz's own.

        Raises RendererNotFound as pipe does, and OSError if a file cannot be written.
        """
        ending = format or (self.format if outfile is None else Path(outfile).suffix[1:])
        ours = ending.lower() in WRITERS
        program = chosen(self.program)
        if not ours and (program == "dot" or (program is None and shutil.which("dot"))):
            places = {"filename": filename, "directory": directory, "outfile": outfile}
            chores = {"view": view, "cleanup": cleanup, "format": format}
            try:
                drawn: str = super().render(*args, **places, **chores, **options)
                return drawn
            except OSError:  # dot may not be started here, or the target cannot be written
                if program == "dot":
                    raise
        if outfile is not None:
            target = Path(outfile) if directory is not None else Path(self.directory, outfile)
            ending = ending if ours else get_format(target, format=format)
            filename = filename or get_filepath(target)
        folder = self.directory if directory is None else directory
        source = os.path.join(folder, filename or self.filename)
        path = f"{source}.{ending}" if outfile is None else str(target)
        if os.path.abspath(path) == os.path.abspath(source):
            raise ValueError(f"outfile {path!r} must be different from input file {source!r}")
        if options.get("raise_if_result_exists") and os.path.exists(path):
            raise graphviz.FileExistsError(f"output file exists: {path!r}")
        data = self.pipe(ending)
        self.save(filename, directory=directory)
        write_file(path, data)
        if cleanup:
            os.remove(source)
        if view:
            graphviz.view(path)
        return path

    _verify_format = staticmethod(verify_format)  # what graphviz asks of a format that is set

    def _copy_kwargs(self, **options: Any) -> Any:
        return {**super()._copy_kwargs(**options), "program": self.program}


def draw(
    value: Value | Sequence[Value],
    format: str = "svg",
    rankdir: str = "LR",
    *,
    derivatives: bool = False,
    fused: bool = False,
    depth: int | None = None,
    max_nodes: int | None = 400,
    program: str | None = None,
) -> Diagram:
    """The graph that value, or each of several values, was computed by.

    A box per Value with its label, data and grad (leaves in blue), a circle per operation, one
    edge per use, constants in grey. `derivatives` writes on each edge the local derivative there.
    `fused` keeps a dot product one operation instead of its products and sums. `depth` draws only
    so many operations back from value. `rankdir` is Graphviz's: LR, TB, RL or BT.

    Raises ValueError for more than max_nodes Values (None: no limit), an unknown format or
    rankdir, and TypeError for anything but Values.
    """
    outputs: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
    for output in outputs:
        if not isinstance(output, Value):
            raise TypeError(f"draw takes a Value, got {type(output).__name__} {output!r:.60}")
    if rankdir not in ("LR", "TB", "RL", "BT"):
        raise ValueError(f"unknown rankdir {rankdir!r}: take one of LR, TB, RL, BT")
    if depth is not None and not isinstance(depth, int):
        raise TypeError(f"depth is a whole number of operations, got {depth!r}")
    if depth is not None and depth < 1:
        raise ValueError(f"depth is at least 1, got {depth}")
    upright = rankdir in ("TB", "BT")
    diagram = Diagram(
        format=format,
        program=program,
        graph_attr={"rankdir": rankdir, "nodesep": "0.2", "ranksep": "0.35", "nslimit": "2"},
        node_attr={"fontname": "Helvetica", "fontsize": "11", "shape": "record"},
        edge_attr={"fontname": "Helvetica", "fontsize": "9", "arrowsize": "0.6"},
    )
    boxes = boxed(outputs, depth, fused, max_nodes)
    for i, box in enumerate(boxes):
        box.name = f"v{i}"
        add_box(diagram, box, upright)
        if box.op is not None:
            add_operation(diagram, box, box.op, derivatives)
    return diagram


# ---- what is drawn: the graph with its fused ops unfolded and its far end cut off ----


@dataclass(eq=False)
class Box:
    """A Value as it is drawn. A cut box has an op that is not drawn."""

    label: str
    data: float
    grad: float
    op: Op | None
    inputs: "list[Box | float]"
    cut: bool = False
    name: str = ""


def boxed(outputs: list[Value], depth: int | None, fused: bool, max_nodes: int | None) -> list[Box]:
    """A Box for each Value to draw, inputs first. Raises ValueError for too many."""
    order = topological_order(*outputs)
    distance = dict.fromkeys(outputs, 0)
    for v in reversed(order):
        for x in v.inputs if v in distance else ():
            if isinstance(x, Value):
                distance[x] = min(distance.get(x, len(order)), distance[v] + 1)
    last = len(order) if depth is None else depth
    drawn = [v for v in order if distance[v] <= last]
    unfolds = {
        v
        for v in drawn
        if v.op and v.op.unfold and len(v.inputs) > 1 and not fused and distance[v] < last
    }
    total = sum(len(v.inputs) - 1 if v in unfolds else 1 for v in drawn)
    if max_nodes is not None and total > max_nodes:
        raise ValueError(
            f"the graph has {total:,} values to draw, more than max_nodes={max_nodes}: draw the "
            "last steps with depth=3, keep dot products whole with fused=True, or draw it all "
            "with max_nodes=None"
        )
    boxes: list[Box] = []
    box_of: dict[Value, Box] = {}
    for v in drawn:
        if v.op is not None and distance[v] == last:
            boxes.append(Box(v.label, v.data, v.grad, None, [], cut=True))
        elif v in unfolds:
            boxes += unfolded(v, box_of)
        else:
            inputs = [box_of[x] if isinstance(x, Value) else x for x in v.inputs]
            boxes.append(Box(v.label, v.data, v.grad, v.op, inputs))
        box_of[v] = boxes[-1]
    return boxes


def unfolded(v: Value, drawn: dict[Value, Box]) -> list[Box]:
    """The boxes of a fused op's simpler ones, with the gradients that they would have had."""
    unfold: Any = v.op and v.op.unfold
    copies = [Value(x.data) if isinstance(x, Value) else x for x in v.inputs]
    z = Context().run(unfold, *copies)  # a context of its own records under no_grad too
    z.backward(v.grad)
    box_of = {c: drawn[x] for c, x in zip(copies, v.inputs) if isinstance(x, Value)}
    boxes = []
    for u in topological_order(z):
        if u not in box_of:
            operands = [box_of[x] if isinstance(x, Value) else x for x in u.inputs]
            label, data = (v.label, v.data) if u is z else ("", u.data)
            box_of[u] = Box(label, data, u.grad, u.op, operands)
            boxes.append(box_of[u])
    return boxes


# ---- how it is drawn ----


def add_box(diagram: Diagram, box: Box, upright: bool) -> None:
    fields = [str(box.label)] if box.label else []
    label = "|".join(map(plain, [*fields, f"data {box.data:.4g}", f"grad {box.grad:.4g}"]))
    leaf = box.op is None and not box.cut
    diagram.node(
        box.name,
        label=f"{{{label}}}" if upright else label,
        style="filled,dashed" if box.cut else "filled",
        fillcolor="#d6e6f5" if leaf else "white",
        tooltip=plain(box.op.name) if box.op else "",
    )


def add_operation(diagram: Diagram, box: Box, op: Op, derivatives: bool) -> None:
    name = f"{box.name}_op"
    symbol = plain(op.symbol)
    look = {"style": "filled", "fillcolor": "#fbe8c6", "width": "0.3", "height": "0.3"}
    diagram.node(name, label=symbol, shape="ellipse", margin="0.03", **look)
    diagram.edge(name, box.name)
    numbers = [x.data if isinstance(x, Box) else x for x in box.inputs]
    wanted = [isinstance(x, Box) for x in box.inputs]
    slopes = op.slopes(box.data, numbers, wanted) if derivatives else [None] * len(wanted)
    for i, (x, slope) in enumerate(zip(box.inputs, slopes)):
        if not isinstance(x, Box):
            constant = f"{box.name}_{i}"
            look = {"shape": "plaintext", "fontcolor": "#767676", "margin": "0.03"}
            diagram.node(constant, label=f"{x:g}", width="0", height="0.2", **look)
            diagram.edge(constant, name, color="#b0b0b0")
        elif slope is None:
            diagram.edge(x.name, name)
        else:
            diagram.edge(x.name, name, label=f"{float(slope):.3g}", fontcolor="#a04000")


def plain(text: str) -> str:
    """Text as DOT writes it, so that a picture shows it as it is, with its line breaks."""
    text = re.sub(UNSHOWN, lambda m: ascii(m[0])[1:-1], text.replace("\r\n", "\n"))
    text = re.sub(r"([\\{}|<>])", r"\\\1", text).replace("&", "&amp;").replace("\n", r"\n")
    not_markup: str = graphviz.nohtml(text)
    return not_markup
