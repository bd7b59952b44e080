"""The usual picture of a network: a circle for each neuron, a line for each weight."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine import Value
from engine.diagrams.colors import INPUT, NEGATIVE, NO_NUMBER, NO_WEIGHT, PAPER, POSITIVE
from engine.diagrams.diagram import Diagram, in_dot
from engine.diagrams.numbers import written
from engine.formulas.names import parameter_names
from nn.module import Module
from nn.steps import PASSING, activation_name, has_steps, is_activation, steps_of

if TYPE_CHECKING:
    from collections.abc import Sequence

IN_ORDER = {"splines": "line", "ordering": "out"}  # so that the neurons stand as they are counted
CIRCLE = {"width": "0.5", "height": "0.5", "margin": "0"}
TEXT = {"shape": "plaintext", "style": "", "width": "0", "height": "0.2"}
MOST, FIRST, LAST = 16, 8, 3  # of a column with more than MOST circles the first and last are shown
DRAWABLE = "MLP, Layer, Neuron, Linear, and Sequential of these and of activations"


@dataclass
class Column:
    """Neurons side by side. weights: [out][in], Values; a plain number among them is no weight."""

    name: str
    weights: Sequence[Sequence[Any]]
    biases: Sequence[Any] | None
    activation: str = "linear"


def picture(
    model: Module, format: str = "svg", rankdir: str = "LR", program: str | None = None
) -> Diagram:
    """A circle for each input and neuron, with its bias in the tooltip; a line for each weight.

    A blue line is a positive weight, a dashed vermilion line a negative one, and a wide line a
    large one. Tooltips have their names, such as w0_1_0, and their numbers.
    Modules that pass numbers on, such as Dropout, are left out. Raises TypeError for a model that
    is not made of neurons.
    """
    columns = columns_of(model, "")
    if not columns:
        raise TypeError(f"draw takes a module with weights, got {model!r:.60}")
    diagram = Diagram(
        format=format,
        program=program,
        graph_attr={"rankdir": rankdir, "nodesep": "0.15", "ranksep": "1.2", **IN_ORDER},
        node_attr={"fontname": "Helvetica", "fontsize": "9", "shape": "circle", "style": "filled"},
        edge_attr={"arrowhead": "none"},
    )
    named = {v: name for v, (name, _) in parameter_names(model).items()}
    weights = [w for column in columns for row in column.weights for w in row]
    sizes = [abs(w.data) for w in weights if isinstance(w, Value)]
    largest = max([size for size in sizes if math.isfinite(size)], default=0.0) or 1.0
    before = add_inputs(diagram, len(columns[0].weights[0]))
    for n, column in enumerate(columns):
        circles = add_neurons(diagram, f"n{n}_", column, named)
        for tail, j in before.items():
            for head, i in circles.items():
                # A place is kept for a neuron that is left out and for a number that is no weight.
                w = None if i is None or j is None else column.weights[i][j]
                if isinstance(w, Value):
                    add_weight(diagram, tail, head, w.data, largest, named.get(w, "weight"))
                else:
                    diagram.edge(tail, head, color="transparent")
        before = circles
    return diagram


def columns_of(module: Any, path: str) -> list[Column]:
    """The columns of a module, from its inputs to its outputs."""
    none = TypeError(f"draw takes {DRAWABLE}; it has no picture of {module!r:.60}")
    if not has_steps(type(module)):
        raise none
    columns: list[Column] = []
    for name, step in steps_of(module):
        if isinstance(step, Module):
            own = steps_of(step)
            if columns and len(own) == 1 and is_activation(*own[0]):
                columns[-1].activation = type(step).__name__.lower()
            elif not own or any(part not in PASSING for part, _ in own):
                columns += columns_of(step, f"{path}.{name}" if path else name)
        elif name == "affine":
            columns.append(Column(path, step["weight"], step["bias"]))
        elif columns and is_activation(name, step):
            columns[-1].activation = activation_name(name, step)
        elif not columns or name not in PASSING:
            raise none
    return columns


def shown(n: int) -> list[int | None]:
    """Which of n to draw: all of a few, else the first and last ones with None between them."""
    if n <= MOST:
        return list(range(n))
    return [*range(FIRST), None, *range(n - LAST, n)]


def add_inputs(diagram: Diagram, n: int) -> dict[str, int | None]:
    """A circle for each input, and the legend before them, which keeps them in their order."""
    circles: dict[str, int | None] = {}
    for i in shown(n):
        name = f"x{i}"
        if i is None:
            add_more(diagram, name, n)
        else:
            diagram.node(name, label=name, tooltip=f"input {i}", fillcolor=INPUT, **CIRCLE)
        circles[name] = i
    for text, color in (("positive weight", POSITIVE), ("negative weight, dashed", NEGATIVE)):
        legend = text.partition(" ")[0]
        diagram.node(legend, label=text, fontcolor=color, **TEXT)
        for name in circles:
            diagram.edge(legend, name, color="transparent")
    return circles


def add_neurons(
    diagram: Diagram, prefix: str, column: Column, named: dict[Value, str]
) -> dict[str, int | None]:
    circles: dict[str, int | None] = {}
    for i in shown(len(column.weights)):
        name = f"{prefix}{i}"
        if i is None:
            add_more(diagram, name, len(column.weights))
        else:
            bias = column.biases[i] if column.biases else None
            of_bias = (
                "" if bias is None else f", {named.get(bias, 'bias')} = {written(float(bias))}"
            )
            tip = f"{column.name} neuron {i}: {column.activation}{of_bias}".strip()
            label = in_dot(column.activation)
            diagram.node(name, label=label, tooltip=in_dot(tip), fillcolor=PAPER, **CIRCLE)
        circles[name] = i
    return circles


def add_more(diagram: Diagram, name: str, n: int) -> None:
    label = f"\u2026 {n - FIRST - LAST} more \u2026"
    look = {"shape": "box", "color": PAPER, "fillcolor": PAPER, "height": "0.2"}
    diagram.node(name, label=label, **look)


def add_weight(diagram: Diagram, tail: str, head: str, w: float, largest: float, name: str) -> None:
    size = abs(w) / largest if math.isfinite(w) else 1.0
    color = (
        (POSITIVE if w > 0 else NEGATIVE if w < 0 else NO_WEIGHT) if math.isfinite(w) else NO_NUMBER
    )
    width = f"{0.3 + 3.2 * size:.2f}"
    look = {"style": "dashed"} if w < 0 else {}
    tip = f"{name} = {written(w)}"
    diagram.edge(tail, head, color=color, penwidth=width, tooltip=in_dot(tip), **look)
