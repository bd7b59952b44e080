"""Axes to draw on, and colours, lines and shapes that everyone can tell apart."""

from __future__ import annotations

from engine import Value
from engine.op import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from matplotlib.axes import Axes

# Okabe and Ito's colours, told apart with any kind of colour vision. Lines and shapes are for
# print and for more than six: their numbers are other than that of the colours, so that pairs of
# a colour and a line repeat after 12 and those of a colour and a shape after 42.
COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "^", "s", "D", "v", "P", "X")


def axes(ax: Axes | None) -> Axes:
    """The Axes ax or, without any, those of a figure of their own.

    Raises TypeError for what is no Axes, and ImportError that says what to install.
    """
    try:
        from matplotlib.axes import Axes

        if ax is None:
            from matplotlib import pyplot

            return pyplot.subplots(layout="constrained")[1]
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install 'chainrule[plot]'") from error
    if not isinstance(ax, Axes):
        raise TypeError(
            f"ax is one Axes, as of figure.subplots(), got {type(ax).__name__} {ax!r:.60}"
        )
    return ax


def write_names(ax: Axes, title: str, xlabel: str, ylabel: str) -> None:
    """The title and the names of both axes, to be read from the last row."""
    ax.set_title(title, fontsize="large")
    ax.set_xlabel(xlabel, fontsize="large")
    ax.set_ylabel(ylabel, fontsize="large")


def count_in_whole_numbers(ax: Axes) -> None:
    """Ticks of the x axis at whole numbers only: there is no step 2.5."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))


def plain(x: Any) -> float:
    """The number x, or that of a Value."""
    return x.data if isinstance(x, Value) else number(x)
