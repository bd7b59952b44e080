"""The plot of right and wrong: which class was taken for which."""

from __future__ import annotations

from nn.checks import wanted
from nn.metrics import checked, confusion_matrix
from nn.plot.axes import axes
from nn.plot.names import as_written, columns, labels_of, write_names, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from matplotlib.axes import Axes

READABLE = 5.0  # points: the size of the smallest text
MOST_NAMES = 50  # classes: with more, some ticks have no name


def plot_confusion_matrix(
    y_true: Sequence[Any],
    y_pred: Sequence[Any],
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
) -> Axes:
    """How often each class, a row, was taken for each class, a column, as a number in its cell.

    y_true and y_pred: [n] of classes. labels: the names of the classes 0 to n - 1, each of which
    gets a row. Without labels each class that occurs gets a row. With so many classes that numbers
    would be too small to read, a scale of colours stands beside the matrix. Raises ValueError for a
    class that has no label.
    """
    for ys in (y_true, y_pred):
        fits = hasattr(ys, "__len__") and not isinstance(ys, str)
        wanted(fits, "plot_confusion_matrix takes lists of classes", ys)
    y_true, y_pred = checked("plot_confusion_matrix", y_true, y_pred)
    known = sorted({*y_true, *y_pred}) if labels is None else list(range(len(labels_of(labels))))
    for y in (*y_true, *y_pred):
        if y not in known:
            raise ValueError(f"there are labels for the classes 0 to {len(known) - 1}, got {y!r}")
    names = [
        written(f"{name:g}" if isinstance(name, float) else name)
        for name in (known if labels is None else labels)
    ]
    counts = confusion_matrix(y_true, y_pred, known)
    ax = axes(ax)
    largest = max(map(max, counts))
    image = ax.imshow(counts, cmap="Blues", vmin=0, vmax=largest)
    size = size_of_numbers(ax, len(counts), len(str(largest)))
    if size:
        for i, row in enumerate(counts):
            for j, n in enumerate(row):
                color = readable_on(image.cmap(n / largest))
                ax.text(j, i, str(n), ha="center", va="center", color=color, fontsize=size)
    else:
        ax.figure.colorbar(image, ax=ax)
    ticks = range(0, len(names), -(-len(names) // MOST_NAMES))
    shown = [names[i] for i in ticks]
    small: dict[str, Any] = {"fontsize": max(READABLE, 250 / len(names))} if len(names) > 25 else {}
    crowded = max(map(columns, shown)) * len(shown) > 40
    turned: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    ax.set_xticks(ticks, shown, **small, **(turned if crowded else {}))
    ax.set_yticks(ticks, shown, **small)
    right = sum(counts[i][i] for i in range(len(names)))
    title = f"Confusion matrix: {right} of {len(y_true)} right"
    write_names(ax, title, "predicted class", "true class")
    as_written(ax, *ax.get_xticklabels(), *ax.get_yticklabels())
    return ax


def size_of_numbers(ax: Axes, classes: int, digits: int) -> float:
    """The font size, in points, at which numbers of that many digits fit into the cells, or 0."""
    cell = 72 * min(ax.bbox.width, ax.bbox.height) / ax.figure.dpi / classes
    size = cell / (0.65 * digits + 0.65)  # a digit is 0.64 em wide
    return max(READABLE, min(18.0, size)) if size > 0.8 * READABLE else 0.0


def readable_on(rgba: Sequence[float]) -> str:
    """Black or white, whichever contrasts more with a colour (WCAG 2.1, relative luminance)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgba[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    on_black, on_white = (luminance + 0.05) / 0.05, 1.05 / (luminance + 0.05)
    return "black" if on_black > on_white else "white"
