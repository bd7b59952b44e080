"""The plot of parameters, or of their gradients: a few one by one, many as histograms."""

from __future__ import annotations

import math

from engine.formulas.names import parameter_names
from nn.checks import flag, wanted, whole
from nn.module import Module
from nn.plot.axes import COLORS, LINES, axes, bin_edges, drawable
from nn.plot.names import as_written, write_legend, write_names, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from matplotlib.axes import Axes

    Layers = dict[str, dict[str, float]]  # {layer: {name of a parameter: number}}

MANY = 30  # parameters: fewer have no distribution to speak of
ENTRIES = 16  # of the legend
BESIDE = 26  # columns of a name that stands beside the plot, where another may stand too


def plot_histograms(
    model: Module, ax: Axes | None = None, *, gradients: bool = False, bins: int | None = None
) -> Axes:
    """How the parameters of each layer are distributed, or with `gradients` their gradients.

    An outline for each layer, weights and biases together, over the same bins. Its height is the
    share of the layer's parameters in a bin, so that small layers are as visible as large ones.
    Fewer than 30 parameters are drawn one by one instead, as bars with their names, such as w0_1_0;
    `bins` asks for histograms of these too. Raises ValueError for a model without parameters, and
    for a number that is not finite.
    """
    wanted(isinstance(model, Module), "plot_histograms takes a Module", model)
    flag("gradients", gradients)
    if bins is not None:
        whole("bins", bins)
    layers = numbers_by_layer(model, gradients)
    ax = axes(ax)
    few = sum(map(len, layers.values())) < MANY and bins is None
    keys = draw_bars(ax, layers) if few else draw_outlines(ax, layers, bins or 30)
    what = "gradient" if gradients else "parameter"
    title = f"{what.capitalize()}s" if few else f"{what.capitalize()}s of each layer"
    write_names(ax, title, what, "name" if few else "share of the layer")
    ax.grid(alpha=0.3, axis="x" if few else "both")
    sizes = [f"{written(layer, BESIDE)} ({len(numbers)})" for layer, numbers in layers.items()]
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1, 1)}
    # Beside the plot: it hides nothing.
    write_legend(ax, keys, sizes, ENTRIES, title="layer (size)", **place)
    as_written(ax, *(ax.get_yticklabels() if few else []))
    return ax


def draw_bars(ax: Axes, layers: Layers) -> list[Any]:
    """A bar for each parameter, from above in their order; and a key for each layer."""
    keys, names = [], list[str]()
    for i, numbers in enumerate(layers.values()):
        places = range(len(names), len(names) + len(numbers))
        lengths = [drawable(x) for x in numbers.values()]
        keys.append(ax.barh(places, lengths, height=0.7, color=COLORS[i % len(COLORS)])[0])
        names += [written(name, BESIDE) for name in numbers]
    ax.axvline(0.0, color="black", linewidth=0.8)
    size = "medium" if len(names) < 20 else "small"
    ax.set_yticks(range(len(names)), names, fontsize=size)
    ax.set_ylim(len(names) - 0.4, -0.6)
    return keys


def draw_outlines(ax: Axes, layers: Layers, bins: int) -> list[Any]:
    """The outline of a histogram for each layer, and a key for each."""
    from matplotlib.lines import Line2D

    drawn = [[drawable(x) for x in numbers.values()] for numbers in layers.values()]
    edges = bin_edges([x for numbers in drawn for x in numbers], bins)
    keys = []
    for i, numbers in enumerate(drawn):
        look: dict[str, Any] = {"color": COLORS[i % len(COLORS)], "linewidth": 2}
        look |= {"linestyle": LINES[i % len(LINES)]}
        shares = [1 / len(numbers)] * len(numbers)
        ax.hist(numbers, edges, weights=shares, histtype="step", **look)
        keys.append(Line2D([], [], **look))
    return keys


def numbers_by_layer(model: Module, gradients: bool) -> Layers:
    """The parameters of each layer, or their gradients, under the first parts of their paths.

    "layers.0.neurons.1.bias" belongs to "layers.0". A parameter outside all layers goes under the
    class name of the model. Raises ValueError for a number that is not finite.
    """
    layers: Layers = {}
    for value, (name, path) in parameter_names(model).items():
        x = value.grad if gradients else value.data
        if not math.isfinite(x):
            of = "the gradient of " if gradients else ""
            raise ValueError(f"{of}{name} is {x}")
        layers.setdefault(layer_of(path) or type(model).__name__, {})[name] = x
    if not layers:
        raise ValueError(f"the model has no parameters: {model!r:.60}")
    return layers


def layer_of(name: str) -> str:
    """The layer that a parameter's name begins with. The parameters of a neuron are in its layer.

    >>> layer_of("layers.0.neurons.1.weights.3"), layer_of("2.bias.0"), layer_of("weights.1")
    ('layers.0', '2', '')
    """
    parts = name.split(".")
    while len(parts) > 1 and parts[-1].isdigit():  # a place in a list of parameters
        parts.pop()
    parts.pop()  # the attribute
    if parts[-2:-1] == ["neurons"]:
        del parts[-2:]
    return ".".join(parts)
