"""The usual picture of a network: a circle for each neuron, a line for each weight."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from engine import Value
from engine.diagrams.colors import INPUT, NOT_FINITE
from engine.diagrams.diagram import Diagram, in_dot
from nn.activations import name_of
from nn.layers.linear import Dropout, Flatten, Identity, Linear, Sequential
from nn.mlp import MLP, Layer, Neuron
from nn.module import Module
from nn.pictures.parts import ACTIVATIONS

# Of the palette of Okabe and Ito (2008): blue and vermilion, which colour-blind eyes tell apart.
POSITIVE, NEGATIVE, ZERO = "#0072b2", "#d55e00", "#d0d0d0"
IN_ORDER = {"splines": "line", "ordering": "out"}  # so that the neurons stand as they are counted
CIRCLE = {"width": "0.5", "height": "0.5", "margin": "0"}
TEXT = {"shape": "plaintext", "style": "", "width": "0", "height": "0.2"}
MOST, FIRST, LAST = 16, 8, 3  # of a column with more than MOST circles the first and last are shown
DRAWABLE = "MLP, Layer, Neuron, Linear, and Sequential of these and of activations"


@dataclass
class Column:
    """Neurons side by side. weights: [out][in]."""

    name: str
    weights: list[list[Value]]
    biases: list[Value] | None
    activation: str = "linear"


def picture(
    model: Module, format: str = "svg", rankdir: str = "LR", program: str | None = None
) -> Diagram:
    """A circle for each input and neuron, with its bias in the tooltip; a line for each weight.

    Blue is positive, vermilion negative, and the wider the larger. Modules without parameters
    that are no activation, such as Dropout, are left out. Raises TypeError for a model that is
    not made of neurons.
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
    sizes = [abs(w.data) for column in columns for row in column.weights for w in row]
    largest = max([size for size in sizes if math.isfinite(size)], default=0.0) or 1.0
    before = add_inputs(diagram, len(columns[0].weights[0]))
    for n, column in enumerate(columns):
        circles = add_neurons(diagram, f"n{n}_", column)
        for tail, j in before.items():
            for head, i in circles.items():
                if i is None or j is None:  # it holds the place of those left out
                    diagram.edge(tail, head, color="transparent")
                else:
                    add_weight(diagram, tail, head, column.weights[i][j].data, largest)
        before = circles
    return diagram


def columns_of(module: Any, path: str) -> list[Column]:
    """The columns of a module, from its inputs to its outputs."""
    match module:
        case Neuron():
            activation = name_of(module.activation)
            return [Column(path, [module.weights], [module.bias], activation)]
        case Layer():
            weights = [neuron.weights for neuron in module.neurons]
            biases = [neuron.bias for neuron in module.neurons]
            return [Column(path, weights, biases, name_of(module.neurons[0].activation))]
        case Linear():
            return [Column(path, module.weight, module.bias)]
        case MLP():
            named = [(f"layers.{i}", layer) for i, layer in enumerate(module.layers)]
        case Sequential():
            named = [(str(i), part) for i, part in enumerate(module)]
        case _:
            raise TypeError(f"draw takes {DRAWABLE}; it has no picture of {module!r:.60}")
    columns: list[Column] = []
    for name, part in named:
        if isinstance(part, ACTIVATIONS) and columns:
            columns[-1].activation = type(part).__name__.lower()
        elif not isinstance(part, Dropout | Flatten | Identity):
            columns += columns_of(part, f"{path}.{name}" if path else name)
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
    for text, color in (("positive weight", POSITIVE), ("negative weight", NEGATIVE)):
        legend = text.replace(" ", "_")
        diagram.node(legend, label=text, fontcolor=color, **TEXT)
        for name in circles:
            diagram.edge(legend, name, color="transparent")
    return circles


def add_neurons(diagram: Diagram, prefix: str, column: Column) -> dict[str, int | None]:
    circles: dict[str, int | None] = {}
    for i in shown(len(column.weights)):
        name = f"{prefix}{i}"
        if i is None:
            add_more(diagram, name, len(column.weights))
        else:
            bias = f", bias {column.biases[i].data:.4g}" if column.biases else ""
            tip = f"{column.name} neuron {i}: {column.activation}{bias}".strip()
            label = in_dot(column.activation)
            diagram.node(name, label=label, tooltip=in_dot(tip), fillcolor="white", **CIRCLE)
        circles[name] = i
    return circles


def add_more(diagram: Diagram, name: str, n: int) -> None:
    label = f"\u2026 {n - FIRST - LAST} more \u2026"
    look = {"shape": "box", "color": "white", "fillcolor": "white", "height": "0.2"}
    diagram.node(name, label=label, **look)


def add_weight(diagram: Diagram, tail: str, head: str, w: float, largest: float) -> None:
    size = abs(w) / largest if math.isfinite(w) else 1.0
    color = (POSITIVE if w > 0 else NEGATIVE if w < 0 else ZERO) if math.isfinite(w) else NOT_FINITE
    width = f"{0.3 + 3.2 * size:.2f}"
    diagram.edge(tail, head, color=color, penwidth=width, tooltip=f"weight {w:.4g}")
