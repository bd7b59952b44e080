"""The shapes: each box, operation, group and edge as DOT has it, and the legend."""

from engine.diagrams import colors
from engine.diagrams.boxes import Box
from engine.diagrams.diagram import Diagram, in_dot
from engine.diagrams.folding import Group
from engine.op import Op


def color_of(box: Box | Group) -> str:
    if isinstance(box, Group):
        return colors.COMPUTED if box.part else colors.OPERATION if box.op else colors.INPUT
    if box.op is not None or box.cut or box.inputs:
        return colors.COMPUTED
    return colors.PARAMETER if box.parameter else colors.INPUT


def add_box(diagram: Diagram, box: Box, fill: str, upright: bool) -> None:
    fields = [str(box.label)] if box.label else []
    label = "|".join(map(in_dot, [*fields, f"data {box.data:.4g}", f"grad {box.grad:.4g}"]))
    diagram.node(
        box.name,
        label=f"{{{label}}}" if upright else label,
        style="filled,dashed" if box.cut else "filled",
        fillcolor=fill,
        tooltip=in_dot(tip(box)),
    )


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
            look = {"shape": "plaintext", "fontcolor": colors.CONSTANT, "margin": "0.03"}
            diagram.node(constant, label=f"{x:g}", width="0", height="0.2", **look)
            diagram.edge(constant, name, color="#b0b0b0")
        elif slope is None:
            diagram.edge(x.name, name)
        else:
            number = float(slope) * (box.grad if derivatives == "products" else 1.0)
            diagram.edge(x.name, name, label=f"{number:.3g}", fontcolor="#a04000")
    for group in dict.fromkeys([x for x in box.inputs if isinstance(x, Group)]):
        diagram.edge(group.name, name)


def add_group(diagram: Diagram, group: Group, fill: str) -> None:
    shape = "ellipse" if group.op and not group.part else "box"
    style = "filled,rounded" if group.part else "filled"
    label = r"\n".join(map(in_dot, group.lines))
    tip = in_dot(group.tip)
    diagram.node(group.name, label=label, shape=shape, style=style, fillcolor=fill, tooltip=tip)
    add_edges(diagram, group)


def add_edges(diagram: Diagram, box: Box | Group) -> None:
    for x in box.inputs:
        diagram.edge(x.name, box.name)


def add_legend(diagram: Diagram, entries: dict[str, str]) -> None:
    """Small boxes beside the picture, one a colour."""
    for i, (text, color) in enumerate(entries.items()):
        look = {"shape": "box", "fontsize": "9", "color": "#b0b0b0", "height": "0.2"}
        diagram.node(f"legend{i}", label=text, style="filled", fillcolor=color, **look)
