"""The drawing: what the caller asks for, checked, and drawn box by box."""

from collections.abc import Sequence
from typing import Any

from engine.diagrams import colors, shapes
from engine.diagrams.boxes import Box, boxed
from engine.diagrams.diagram import Diagram
from engine.diagrams.folding import Group, collapsed
from engine.diagrams.parts import parts_of
from engine.formulas.names import parameter_names
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
    targets: Any = (),
    color: str = "kind",
    max_nodes: int | None = 400,
    program: str | None = None,
) -> Diagram:
    """A picture of how value was computed, or each of several values; or of a model's layers.

    The picture has a box for each Value, with its label, data and grad, a circle for each operation
    and an edge for each use. Leaves are blue and have round corners; constants are grey, without a
    box. A model of nn is drawn with a circle for each neuron and an edge for each weight.

    - `derivatives=True` or "local" writes the local derivative on each edge. "products" writes the
      local derivative times the gradient at the head of the edge: what the edge adds to the
      gradient at its tail.
    - `depth=3` draws the last 3 operations before value. `around=x` draws the operations near x
      instead, `depth` before x and `depth` after it (1 if no depth is given).
    - `fused=True` draws a dot product as one operation, not as products and sums.
    - `collapse=True` folds what repeats into one box with a count. `collapse=model` also draws one
      box for each module that has parameters of its own. `level` chooses other modules: by class,
      by its name ("Layer"), or by depth (0 makes the whole model one box). A module without
      parameters, such as Tanh, is drawn as its operations.
    - `parameters`, a list of Values or a model, draws these leaves in yellow with a bold border.
      `targets`, a list of Values, draws these in green with a bold border and round corners. Then
      a legend tells the kinds. The parameters of a model are named by their place in it, such as
      w0_1_0, the weight of input 0 in neuron 1 of layer 0.
    - `color="gradient"` colours each box by the size of its gradient, on a logarithmic scale.
    - `rankdir` is Graphviz's direction: LR, TB, RL or BT.

    Raises ValueError for more than max_nodes boxes (None: no limit), for an unknown format,
    rankdir, color, level or derivatives, and for a model none of whose parameters is in the graph;
    TypeError if value is not made of Values, or is a model that has no picture.
    """
    check_choice("rankdir", rankdir, ("LR", "TB", "RL", "BT"))
    check_choice("derivatives", derivatives, DERIVATIVES)
    check_choice("color", color, ("kind", "gradient"))
    if hasattr(type(value), "_diagram_"):
        if (derivatives, fused, depth, around, collapse, level, color) != UNASKED or (
            parameters or targets
        ):
            raise TypeError("a model is drawn with format, rankdir and program alone")
        model: Diagram = value._diagram_(format=format, rankdir=rankdir, program=program)
        return model
    outputs = values(value, "draw takes a Value")
    names = values_or_model(parameters)
    kinds = dict.fromkeys(names, "parameter")
    kinds |= dict.fromkeys(values(targets, "targets are Values"), "target")
    check_depth(depth)
    check_center(around)
    diagram = Diagram(
        format=format,
        program=program,
        graph_attr={"rankdir": rankdir, "nodesep": "0.2", "ranksep": "0.35", "nslimit": "2"},
        node_attr={"fontname": "Helvetica", "fontsize": "11", "shape": "record"},
        edge_attr={"fontname": "Helvetica", "fontsize": "11", "arrowsize": "0.6"},
    )
    boxes: list[Box | Group]
    if collapse is False:
        if level is not None:
            raise ValueError(f"level={level!r} says which modules of a model: give collapse=model")
        box_of = boxed(outputs, depth, around, fused, max_nodes)
        for v in kinds.keys() & box_of.keys():
            box_of[v].leaf = kinds[v]
            box_of[v].label = box_of[v].label or names.get(v, "")
        boxes = list(box_of.values())
    else:
        if depth is not None or around is not None:
            raise ValueError("collapse draws the whole graph: leave out depth and around")
        boxes = collapsed(outputs, parts_of(collapse, level), kinds, names, max_nodes)
    upright = rankdir in ("TB", "BT")
    scale = colors.Scale([box.grad for box in boxes]) if color == "gradient" else None
    for i, box in enumerate(boxes):
        box.name = f"v{i}"
    for box in boxes:
        fill = scale.color(box.grad) if scale else None
        if isinstance(box, Group):
            shapes.add_group(diagram, box, fill, upright)
        else:
            shapes.add_box(diagram, box, fill, upright)
            if box.op is not None:
                operation = colors.PAPER if scale else colors.OPERATION
                shapes.add_operation(diagram, box, box.op, operation, derivatives)
            else:
                shapes.add_edges(diagram, box)
    if scale:
        shapes.add_legend(diagram, scale.legend(), upright)
    elif kinds:
        shapes.add_legend(diagram, shapes.kinds_in(boxes), upright)
    return diagram


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
