"""Plots of learning: the loss and the learning rate."""

from __future__ import annotations

import math

from engine.value import number_of
from nn.checks import wanted
from nn.plot.axes import COLORS, axes, drawable
from nn.plot.names import as_written, write_names
from nn.training.history import History

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from matplotlib.axes import Axes

DEPTH = 1e-10  # of the largest loss: below that a loss is 0 for all that one sees
NOTE = "_lowest"


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
    as_written(ax)
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
    as_written(ax)
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


# ---- what they share ----


def check_history(name: str, history: Any) -> None:
    """Raise TypeError or ValueError unless it is a History with one epoch or more."""
    wanted(isinstance(history, History), f"{name} takes a History, as fit returns it", history)
    if not history.epochs:
        raise ValueError("the history has no epochs yet")


def draw_curve(ax: Axes, xs: Iterable[int], ys: Iterable[float], **look: Any) -> None:
    """A line over counted steps. A few points are marked too, since one alone makes no line."""
    from matplotlib.ticker import MaxNLocator

    xs = list(xs)
    ax.plot(xs, list(map(drawable, ys)), linewidth=2, marker="o" if len(xs) < 5 else "", **look)
    # There is no step 2.5.
    ax.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    ax.grid(alpha=0.3)


def scale(ax: Axes) -> None:
    """A logarithmic y axis where it can show all curves, with numbers as students write them.

    It ends DEPTH below the largest number; a line of text then says how far the curves go down.
    """
    curves: list[Any] = [line.get_ydata() for line in ax.lines]
    numbers: list[float] = [y for curve in curves for y in curve if math.isfinite(y)]
    for note in [text for text in ax.texts if text.get_label() == NOTE]:
        note.remove()  # of the curves that were there before
        ax.autoscale(axis="y")
    if not numbers or min(numbers) <= 0:
        ax.set_yscale("linear")
        return

    def between_powers(y: float, _: Any) -> str:
        """The number of a line: the smaller the range of the axis, the more lines have one."""
        low, high = ax.get_ylim()
        named = {3: "123456789", 10: "2357", 100: "25"}
        digits = next((digits for times, digits in named.items() if high < times * low), "")
        return f"{y:g}" if f"{y:e}"[0] in digits else ""

    lowest, highest = min(numbers), max(numbers)
    deep, flat = lowest < highest * DEPTH, highest <= lowest * (1 + 1e-9)
    ax.autoscale(not (deep or flat), axis="y")
    ax.set_yscale("log")
    if flat:
        ax.set_ylim(lowest / 2, highest * 2)
    if deep:
        ax.set_ylim(highest * DEPTH, 2 * highest)
        place: dict[str, Any] = {"transform": ax.transAxes, "ha": "right", "va": "bottom"}
        words = f"goes down to {lowest:.1g}"
        ax.text(0.98, 0.02, words, fontsize="large", label=NOTE, **place)
    ax.yaxis.set_major_formatter(lambda y, _: f"{y:g}")
    ax.yaxis.set_minor_formatter(between_powers)
