"""Plots of learning: the loss, the learning rate, parameters and gradients."""

from __future__ import annotations

import math

from engine.value import number_of
from nn.checks import flag, wanted, whole
from nn.module import Module
from nn.plot.axes import COLORS, LINES, axes, bin_edges, write_names
from nn.training.history import History

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from matplotlib.axes import Axes


def plot_loss(losses: Sequence[Any], ax: Axes | None = None, *, ylabel: str = "loss") -> Axes:
    """The loss of each step, on a logarithmic scale if all are above 0. losses: [steps].

    Raises ValueError for no losses.
    """
    fits = hasattr(losses, "__len__") and not isinstance(losses, str | History)
    wanted(fits, "plot_loss takes a list of losses, such as history.losses", losses)
    if not len(losses):
        raise ValueError("plot_loss takes at least 1 loss, got 0")
    numbers = [number_of(x) for x in losses]
    ax = axes(ax)
    draw_curve(ax, range(1, len(numbers) + 1), numbers, color=COLORS[0])
    scale(ax)
    write_names(ax, "Loss", "step", ylabel)
    return ax


def plot_losses(history: History, ax: Axes | None = None) -> Axes:
    """The training loss of each epoch and the validation loss, of the epochs that have one.

    The scale is logarithmic if all are above 0. Raises ValueError for a history without epochs.
    """
    check_history("plot_losses", history)
    losses = history["loss"]
    held_out = {  # a run that was resumed may have got its validation data only then
        i: figures["val_loss"]
        for i, figures in enumerate(history.epochs, 1)
        if "val_loss" in figures
    }
    ax = axes(ax)
    draw_curve(ax, range(1, len(losses) + 1), losses, color=COLORS[0], label="training")
    if held_out:
        look = {"color": COLORS[4], "linestyle": "--", "label": "held out"}
        draw_curve(ax, held_out.keys(), held_out.values(), **look)
    scale(ax)
    write_names(ax, "Loss", "epoch", "loss")
    ax.legend(frameon=False, fontsize="large")
    return ax


def plot_learning_rate(history: History, ax: Axes | None = None) -> Axes:
    """The learning rate at the end of each epoch, as stairs, from 0 up.

    Raises ValueError for a history without epochs.
    """
    check_history("plot_learning_rate", history)
    rates = history["lr"]
    ax = axes(ax)
    draw_curve(ax, range(1, len(rates) + 1), rates, color=COLORS[0], drawstyle="steps-mid")
    ax.set_ylim(bottom=0, auto=True)  # auto: a second curve may need more room above
    write_names(ax, "Learning rate", "epoch", "learning rate")
    return ax


def plot_histograms(
    model: Module, ax: Axes | None = None, *, gradients: bool = False, bins: int = 30
) -> Axes:
    """How the parameters of each layer are distributed, or with `gradients` their gradients.

    An outline for each layer, weights and biases together, over the same bins. Its height is the
    share of the layer's parameters in a bin, so that small layers are as visible as large ones.
    Raises ValueError for a model without parameters, and for a number that is not finite.
    """
    wanted(isinstance(model, Module), "plot_histograms takes a Module", model)
    flag("gradients", gradients)
    whole("bins", bins)
    layers = numbers_by_layer(model, gradients)
    ax = axes(ax)
    from matplotlib.lines import Line2D

    edges = bin_edges([x for numbers in layers.values() for x in numbers], bins)
    keys = []
    for i, (layer, numbers) in enumerate(layers.items()):
        look: dict[str, Any] = {"color": COLORS[i % len(COLORS)], "linewidth": 2}
        look |= {"linestyle": LINES[i % len(LINES)], "label": f"{layer} ({len(numbers)})"}
        shares = [1 / len(numbers)] * len(numbers)
        ax.hist(numbers, edges, weights=shares, histtype="step", **look)
        keys.append(Line2D([], [], **look))
    what = "gradient" if gradients else "parameter"
    title = f"{what.capitalize()}s of each layer"
    write_names(ax, title, what, "share of the layer")
    ax.grid(alpha=0.3)
    look = {"ncols": 1 + len(keys) // 20, "loc": "upper left", "bbox_to_anchor": (1, 1)}
    ax.legend(handles=keys, title="layer (size)", **look)  # beside the plot: it hides nothing
    return ax


# ---- what they share ----


def check_history(name: str, history: Any) -> None:
    """Raise TypeError or ValueError unless it is a History with one epoch or more."""
    wanted(isinstance(history, History), f"{name} takes a History, as fit returns it", history)
    if not history.epochs:
        raise ValueError("the history has no epochs yet")


def draw_curve(ax: Axes, xs: Iterable[int], ys: Iterable[float], **look: Any) -> None:
    """A line over counted steps. A few points are marked too, since one alone makes no line."""
    from matplotlib.ticker import MaxNLocator

    xs, ys = list(xs), list(ys)
    ax.plot(xs, ys, linewidth=2, marker="o" if len(xs) < 5 else "", **look)
    # There is no step 2.5.
    ax.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    ax.grid(alpha=0.3)


def scale(ax: Axes) -> None:
    """A logarithmic y axis where it can show all curves, with numbers as students write them."""
    curves: list[Any] = [line.get_ydata() for line in ax.lines]
    if any(y <= 0 for curve in curves for y in curve):
        ax.set_yscale("linear")
        return

    def between_powers(y: float, _: Any) -> str:
        """The number of a line: the smaller the range of the axis, the more lines have one."""
        low, high = ax.get_ylim()
        named = {3: "123456789", 10: "2357", 100: "25"}
        digits = next((digits for times, digits in named.items() if high < times * low), "")
        return f"{y:g}" if f"{y:e}"[0] in digits else ""

    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(lambda y, _: f"{y:g}")
    ax.yaxis.set_minor_formatter(between_powers)


def numbers_by_layer(model: Module, gradients: bool) -> dict[str, list[float]]:
    """The parameters of each layer, or their gradients, under the first parts of their names.

    "layers.0.neurons.1.bias" belongs to "layers.0". A parameter outside all layers goes under the
    class name of the model. Raises ValueError for a number that is not finite.
    """
    layers: dict[str, list[float]] = {}
    for name, value in model.named_parameters():
        x = value.grad if gradients else value.data
        if not math.isfinite(x):
            of = "the gradient of " if gradients else ""
            raise ValueError(f"{of}{name} is {x}")
        layers.setdefault(layer_of(name) or type(model).__name__, []).append(x)
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
