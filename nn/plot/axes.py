"""Axes to draw on, and colours, lines and shapes that everyone can tell apart."""

from __future__ import annotations

import math

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
LARGEST, SMALLEST = 1e300, 1e-300  # what can be told apart on an axis of doubles


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


def drawable(x: float) -> float:
    """A number, or the nearest that matplotlib can draw: its sums overflow near 1.8e308."""
    return max(-LARGEST, min(LARGEST, x)) if math.isfinite(x) else x


def bin_edges(numbers: Sequence[float], bins: int) -> list[float]:
    """The bins + 1 edges of bins of equal width that hold all numbers, which are drawable."""
    low, high = min(numbers), max(numbers)
    size = max(abs(low), abs(high))
    if high - low <= max(1e-9 * size, SMALLEST):  # all the same, as far as a plot can show
        margin = size / 2 if size > SMALLEST else 0.5
        low, high = low - margin, high + margin
    return [low + (high - low) * i / bins for i in range(bins)] + [high]
