"""Plots of what a model of two inputs has learned: its predictions all over the plane."""

from __future__ import annotations

from engine.op import number
from engine.value import number_of
from nn.plot.answers import answers, class_at, guesses, points_in_the_plane, surroundings
from nn.plot.axes import COLORS, MARKERS, axes, bin_edges, drawable
from nn.plot.names import as_written, columns, labels_of, named, write_legend, write_names, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection

    from nn.plot.answers import Model, Points

MOST_ROWS = 6  # of a legend: with more the plot itself is too small


def plot_decision_surface(
    model: Model,
    inputs: Points,
    targets: Sequence[float],
    ax: Axes | None = None,
    resolution: int = 60,
    *,
    names: Sequence[str] = ("input 0", "input 1"),
) -> Axes:
    """What a model of two inputs and one output predicts around its data, and the data.

    inputs: [n][2], targets: [n]. The line is where the prediction is 0.5. A point is a triangle if
    its target is above 0.5. names: of the two inputs. Raises ValueError for inputs of another
    shape, with the row, and for a model with several outputs.
    """
    xlabel, ylabel = two(names)
    points = points_in_the_plane(inputs, targets)
    above = [number_of(target) > 0.5 for target in targets]
    xs, ys = surroundings(points, resolution)
    found = answers(model, [[x, y] for y in ys for x in xs])
    flat = [drawable(single(numbers)) for numbers in found]
    predictions = [flat[i : i + len(xs)] for i in range(0, len(flat), len(xs))]
    ax = axes(ax)
    from matplotlib.ticker import MaxNLocator

    surface = ax.contourf(xs, ys, predictions, levels=bin_edges(flat, 20), cmap="cividis")
    if min(flat) < 0.5 < max(flat):
        ax.contour(xs, ys, predictions, levels=[0.5], colors="white", linewidths=2)
    bar = ax.figure.colorbar(surface, ax=ax, ticks=MaxNLocator(6))
    bar.set_label("prediction", fontsize="large")
    kinds = {"target 0.5 or less": "o", "target above 0.5": "^"}
    keys = []
    for side, (kind, marker) in zip((False, True), kinds.items()):
        look: dict[str, Any] = {"marker": marker, "s": 90, "color": "white", "edgecolor": "black"}
        of_kind = [p for p, a in zip(points, above) if a == side]
        keys.append(scatter(ax, of_kind, label=kind, zorder=3, **look))
    write_names(ax, "Decision surface; white line: 0.5", xlabel, ylabel)
    legend_below(ax, keys, list(kinds))
    as_written(ax)
    return ax


def plot_decision_regions(
    model: Model,
    inputs: Points,
    targets: Sequence[int],
    ax: Axes | None = None,
    resolution: int = 120,
    *,
    threshold: float = 0.0,
    names: Sequence[str] = ("input 0", "input 1"),
    labels: Sequence[str] | None = None,
) -> Axes:
    """Which class a model of two inputs gives to each place, and the data.

    inputs: [n][2], targets: [n] of 0 to classes - 1. Each class has a colour and a shape; a point
    in the region of another class has a black edge. The model has an output for each class, or one
    output that means class 1 where it is above the threshold: 0 fits logits, 0.5 fits
    probabilities. names: of the two inputs. labels: the names of the classes 0 to n - 1. Raises
    ValueError, with the row, for an input of another shape and for a target that is no class, and
    for a class that has no label.
    """
    threshold = number(threshold)
    xlabel, ylabel = two(names)
    points = points_in_the_plane(inputs, targets)
    marks = [class_at(i, target) for i, target in enumerate(targets)]
    xs, ys = surroundings(points, resolution)
    flat = guesses(model, [[x, y] for y in ys for x in xs], threshold)
    regions = [flat[i : i + len(xs)] for i in range(0, len(flat), len(xs))]
    predicted = guesses(model, points, threshold)
    count = max(*marks, *flat) + 1
    known = [f"class {k}" for k in range(count)] if labels is None else list(labels_of(labels))
    if len(known) < count:
        raise ValueError(f"there are labels for the classes 0 to {len(known) - 1}, got {count - 1}")
    count = len(known)
    ax = axes(ax)
    from matplotlib.colors import ListedColormap

    colors = [COLORS[k % len(COLORS)] for k in range(count)]
    look: dict[str, Any] = {"cmap": ListedColormap(colors), "vmin": -0.5, "vmax": count - 0.5}
    ax.pcolormesh(xs, ys, regions, shading="nearest", rasterized=True, alpha=0.35, **look)
    keys = []
    for k in range(count):
        for wrong in (False, True):
            style: dict[str, Any] = {
                "marker": MARKERS[k % len(MARKERS)],
                "color": colors[k],
                "edgecolor": "black" if wrong else "white",
                "linewidth": 2 if wrong else 1,
                "s": 80 if wrong else 65,
                "label": None if wrong else known[k],
                "zorder": 3 if wrong else 2,
            }
            marked = [
                p
                for p, label, guess in zip(points, marks, predicted)
                if label == k and (guess != label) == wrong
            ]
            key = scatter(ax, marked, **style)
            keys += [] if wrong else [key]
    write_names(ax, "Decision regions; black edge: wrong", xlabel, ylabel)
    legend_below(ax, keys, known)
    as_written(ax)
    return ax


# ---- what they share ----


def single(numbers: list[float]) -> float:
    """The one number of an output. Raises ValueError for several."""
    if len(numbers) != 1:
        raise ValueError(
            f"a decision surface shows a model of 1 output, got {len(numbers)}: "
            "plot_decision_regions shows those of more"
        )
    return numbers[0]


def two(names: Sequence[str]) -> tuple[str, str]:
    """The names of two inputs. Raises TypeError or ValueError for anything else."""
    given = named("names", names)
    if len(given) != 2:
        raise ValueError(f"names are those of 2 inputs, got {len(given)}")
    return given[0], given[1]


def scatter(ax: Axes, points: Points, **look: Any) -> PathCollection:
    return ax.scatter([x for x, _ in points], [y for _, y in points], **look)


def legend_below(ax: Axes, keys: Sequence[Any], names: Sequence[str]) -> None:
    """A legend that hides no data, of up to five entries in a row, as many as there is room for."""
    widest = max([columns(written(name)) for name in names])
    across = max(1, min(5, 75 // (widest + 6)))
    rows = -(-len(names) // across)
    look: dict[str, Any] = {"handletextpad": 0.2, "columnspacing": 1.2, "fontsize": "large"}
    # Three lines of text below the axes, whatever their size: ticks and name come between.
    place: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "borderaxespad": 3}
    many = -(-len(names) // rows) if rows <= MOST_ROWS else across
    write_legend(ax, keys, names, MOST_ROWS * across, ncols=many, frameon=False, **look, **place)
