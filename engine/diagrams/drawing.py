"""The picture: any graph of Values, as boxes, circles and edges."""

from collections.abc import Sequence
from typing import Any

from engine.diagrams import colors
from engine.diagrams.boxes import Box, boxed
from engine.diagrams.diagram import Diagram, in_dot
from engine.diagrams.folding import Group, collapsed, parts_of
from engine.formulas.names import parameter_names
from engine.op import Op
from engine.value import Value

UNASKED = (False, False, None, None, False, None, "kind")
DERIVATIVES = (False, True, "local", "products")


def draw(
    value: Any,
    format: str = "svg",
    rankdir: str = "LR",
    *,
    derivatives: bool | str = False,
    fused: bool = False,
    depth: int | None = None,
    around: Value | None = None,
    collapse: Any = False,
    level: int | str | type | None = None,
    parameters: Any = (),
    color: str = "kind",
    max_nodes: int | None = 400,
    program: str | None = None,
) -> Diagram:
    """The graph that value, or each of several values, was computed by; or a model's layers.

    A box per Value with its label, data and grad (leaves in blue), a circle per operation, one
    edge per use, constants in grey. Of a model of nn: a circle per neuron, an edge per weight.

    - `derivatives` writes on each edge the local derivative there ("local" or True), or its product
      with the gradient after it ("products"): what the edge adds to the gradient before it.
    - `depth` draws only so many operations back from value; with `around`, the operations before
      and after that Value, 1 if not given.
    - `fused` keeps a dot product one operation instead of its products and sums.
    - `collapse=True` folds what repeats into one box with a count; `collapse=model` also makes
      one box of each module of the model that has parameters of its own, or of those that
      `level` says: a class or its name ("Layer"), or how deep they stand in the model (0: it is
      one box). A module without parameters (Tanh) is drawn by its operations.
    - `parameters`, a list of Values or a model, draws these leaves in yellow; a model's are called
      by their place in it, such as w0_1_0, the weight of input 0 in neuron 1 of layer 0.
    - `color="gradient"` colours by the size of the gradient, on a logarithmic scale.
    - `rankdir` is Graphviz's: LR, TB, RL or BT.

    Raises ValueError for more than max_nodes boxes (None: no limit), an unknown format, rankdir,
    color, level or derivatives, or a model that the graph has no parameter of; TypeError for
    anything but Values, or a model that has no picture.
    """
    check_choice("rankdir", rankdir, ("LR", "TB", "RL", "BT"))
    check_choice("derivatives", derivatives, DERIVATIVES)
    check_choice("color", color, ("kind", "gradient"))
    if hasattr(type(value), "_diagram_"):
        if (derivatives, fused, depth, around, collapse, level, color) != UNASKED or parameters:
            raise TypeError("a model is drawn with format, rankdir and program alone")
        model: Diagram = value._diagram_(format=format, rankdir=rankdir, program=program)
        return model
    outputs = values(value, "draw takes a Value")
    known = values_or_model(parameters)
    check_depth(depth)
    check_center(around)
    diagram = Diagram(
        format=format,
        program=program,
        graph_attr={"rankdir": rankdir, "nodesep": "0.2", "ranksep": "0.35", "nslimit": "2"},
        node_attr={"fontname": "Helvetica", "fontsize": "11", "shape": "record"},
        edge_attr={"fontname": "Helvetica", "fontsize": "9", "arrowsize": "0.6"},
    )
    boxes: list[Box | Group]
    if collapse is False:
        if level is not None:
            raise ValueError(f"level={level!r} says which modules of a model: give collapse=model")
        box_of = boxed(outputs, depth, around, fused, max_nodes)
        for v in known.keys() & box_of.keys():
            box_of[v].parameter = True
            box_of[v].label = box_of[v].label or known[v]
        boxes = list(box_of.values())
    else:
        if depth is not None or around is not None:
            raise ValueError("collapse draws the whole graph: leave out depth and around")
        boxes = collapsed(outputs, parts_of(collapse, level), known, max_nodes)
    upright = rankdir in ("TB", "BT")
    scale = colors.Scale([box.grad for box in boxes]) if color == "gradient" else None
    for i, box in enumerate(boxes):
        box.name = f"v{i}"
    for box in boxes:
        fill = scale.color(box.grad) if scale else color_of(box)
        if isinstance(box, Group):
            add_group(diagram, box, fill)
        else:
            add_box(diagram, box, fill, upright)
            if box.op is not None:
                operation = "white" if scale else colors.OPERATION
                add_operation(diagram, box, box.op, operation, derivatives)
            else:
                add_edges(diagram, box)
    if scale:
        add_legend(diagram, scale.legend())
    elif known:
        add_legend(diagram, colors.KINDS)
    return diagram


# ---- what is asked for ----


def values(value: Any, wanted: str) -> list[Value]:
    """The one Value, or the list of them. Raises TypeError for anything else."""
    found: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
    for x in found:
        if not isinstance(x, Value):
            raise TypeError(f"{wanted}, got {type(x).__name__} {x!r:.60}")
    return found


def values_or_model(parameters: Any) -> dict[Value, str]:
    """The parameters, each with its name in the model, if it is one."""
    if hasattr(parameters, "named_parameters"):
        return {v: name for v, (name, _) in parameter_names(parameters).items()}
    return dict.fromkeys(values(parameters, "parameters are Values, or a model"), "")


def check_choice(name: str, choice: Any, known: Sequence[Any]) -> None:
    if not any(type(choice) is type(x) and choice == x for x in known):
        listed = ", ".join(map(str, known))
        raise ValueError(f"unknown {name} {choice!r:.60}: take one of {listed}")


def check_depth(depth: Any) -> None:
    if depth is not None and not isinstance(depth, int):
        raise TypeError(f"depth is a whole number of operations, got {depth!r}")
    if depth is not None and depth < 1:
        raise ValueError(f"depth is at least 1, got {depth}")


def check_center(around: Any) -> None:
    if around is not None and not isinstance(around, Value):
        got = f"{type(around).__name__} {around!r:.60}"
        raise TypeError(f"around is a Value of the graph, got {got}")


# ---- how it is drawn ----


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
    """What a box says where the pointer rests: its op, and what made it if that is known."""
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
