"""The shapes: each box, operation, group and edge as DOT has it, and the legend."""

from engine.diagrams import colors
from engine.diagrams.boxes import Box
from engine.diagrams.diagram import Diagram, in_dot
from engine.diagrams.folding import Group
from engine.diagrams.numbers import written
from engine.op import Op


def add_box(diagram: Diagram, box: Box, fill: str | None, upright: bool) -> None:
    """A box with fields. fill: its colour, if it is not the colour of its kind."""
    fields = [str(box.label)] if box.label else []
    fields += [f"data {written(box.data)}", f"grad {written(box.grad)}"]
    look = {**colors.KINDS[box.kind], **({"fillcolor": fill} if fill else {})}
    look["style"] += ",dashed" if box.cut else ""
    diagram.node(box.name, label=in_fields(fields, upright), tooltip=in_dot(tip(box)), **look)


def in_fields(fields: list[str], upright: bool) -> str:
    """The fields of a record, one below the other."""
    label = "|".join(map(in_dot, fields))
    return f"{{{label}}}" if upright else label


def tip(box: Box) -> str:
    """What a box says under the pointer: its op, and the line of code that made it if known."""
    name, line = box.op.name if box.op else "", box.source_line
    words = [name, *([f"{line.part} ({line.place})".removesuffix(" ()")] if line else [])]
    return ": ".join(filter(None, words))


def add_operation(diagram: Diagram, box: Box, op: Op, fill: str, derivatives: bool | str) -> None:
    name = f"{box.name}_op"
    look = {"style": "filled", "fillcolor": fill, "width": "0.3", "height": "0.3"}
    diagram.node(name, label=in_dot(op.symbol), shape="ellipse", margin="0.03", **look)
    diagram.edge(name, box.name)
    wanted = [isinstance(x, Box) for x in box.inputs]
    slopes = op.slopes(box.data, box.numbers, wanted) if derivatives else [None] * len(wanted)
    for i, (x, slope) in enumerate(zip(box.inputs, slopes)):
        if isinstance(x, Group):
            continue
        if not isinstance(x, Box):
            constant = f"{box.name}_{i}"
            look = {**colors.KINDS["constant"], "width": "0", "height": "0.2", "margin": "0.03"}
            diagram.node(constant, label=written(x, 6), **look)
            diagram.edge(constant, name, color=colors.QUIET)
        elif slope is None:
            diagram.edge(x.name, name)
        else:
            number = float(slope) * (box.grad if derivatives == "products" else 1.0)
            diagram.edge(x.name, name, label=written(number, 3), fontcolor=colors.ON_EDGES)
    for group in dict.fromkeys([x for x in box.inputs if isinstance(x, Group)]):
        diagram.edge(group.name, name)


def add_group(diagram: Diagram, group: Group, fill: str | None, upright: bool) -> None:
    look = {**colors.KINDS[group.kind], "tooltip": in_dot(group.tip)}
    label = r"\n".join(map(in_dot, group.lines))
    if group.part is None and group.op is None:  # leaves: a record, as a single leaf is
        label = in_fields(["\n".join(group.lines), *group.ranges], upright)
    if fill:
        look["fillcolor"] = fill
    diagram.node(group.name, label=label, **look)
    add_edges(diagram, group)


def add_edges(diagram: Diagram, box: Box | Group) -> None:
    for x in box.inputs:
        diagram.edge(x.name, box.name)


def kinds_in(boxes: list[Box | Group]) -> dict[str, dict[str, str]]:
    """The kinds that a picture of the boxes shows, each with its look."""
    shown = {box.kind for box in boxes}
    if any(isinstance(box, Box) and box.op for box in boxes):
        shown.add("operation")
    if any(not isinstance(x, Box | Group) for box in boxes for x in box.inputs):
        shown.add("constant")
    return {kind: look for kind, look in colors.KINDS.items() if kind in shown}


def add_legend(diagram: Diagram, entries: dict[str, dict[str, str]], upright: bool) -> None:
    """A frame beside the picture, with an entry for each look that a text explains."""
    frame = {"label": "legend", "fontsize": "9", "fontcolor": colors.QUIET, "color": colors.QUIET}
    frame |= {"fontname": "Helvetica", "style": "dashed", "margin": "6"}
    with diagram.subgraph(name="cluster_legend", graph_attr=frame) as legend:
        for i, (text, look) in enumerate(entries.items()):
            small = {"shape": "box", "fontsize": "9", "height": "0.2", "margin": "0.08,0.04"}
            small["class"] = "legend"
            legend.node(f"legend{i}", label=text, **{**small, **look})
            if i and not upright:  # one beside the other, also where ranks run sideways
                legend.edge(f"legend{i - 1}", f"legend{i}", style="invis")
