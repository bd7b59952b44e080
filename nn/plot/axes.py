"""Axes to draw on, and colours, lines and shapes that everyone can tell apart."""

from __future__ import annotations

from nn.checks import wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

# Okabe and Ito's colours, which can be told apart with any kind of colour vision. Lines and shapes
# are for print, and for more than six curves or classes. There are 6 colours, 4 lines and 7 shapes:
# so pairs of a colour and a line repeat after 12, pairs of a colour and a shape after 42.
COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "^", "s", "D", "v", "P", "X")


def axes(ax: Axes | None) -> Axes:
    """The Axes ax or, if it is None, the Axes of a new figure.

    Raises TypeError if ax is something else, and ImportError that says what to install.
    """
    try:
        from matplotlib.axes import Axes
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install 'chainrule[plot]'") from error
    if ax is None:
        from matplotlib import pyplot

        return pyplot.subplots(layout="constrained")[1]
    wanted(isinstance(ax, Axes), "ax is one Axes, as of figure.subplots()", ax)
    return ax


def write_names(ax: Axes, title: str, xlabel: str, ylabel: str) -> None:
    """Write the title and the names of both axes, so large that the last row can read them."""
    ax.set_title(title, fontsize="large")
    ax.set_xlabel(xlabel, fontsize="large")
    ax.set_ylabel(ylabel, fontsize="large")


def bin_edges(numbers: Sequence[float], bins: int) -> list[float]:
    """The bins + 1 edges of bins of equal width that hold all numbers."""
    low, high = min(numbers), max(numbers)
    if high - low <= 1e-9 * max(abs(low), abs(high)):  # all the same, as far as a plot can show
        margin = abs(low) / 2 or 0.5
        low, high = low - margin, high + margin
    return [low + (high - low) * i / bins for i in range(bins)] + [high]
