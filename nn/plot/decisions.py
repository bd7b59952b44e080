"""Plots of what a model of two inputs has learned: its predictions all over the plane."""

from __future__ import annotations

import math
from contextlib import contextmanager

from engine import no_grad
from engine.op import number
from engine.value import number_of
from nn.checks import wanted, whole
from nn.data.loader import check_data
from nn.metrics import classes
from nn.module import Module
from nn.plot.axes import COLORS, MARKERS, axes, bin_edges, write_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from matplotlib.axes import Axes

    Model = Callable[[Sequence[float]], Any]
    Points = Sequence[Sequence[float]]


def plot_decision_surface(
    model: Model,
    inputs: Points,
    targets: Sequence[float],
    ax: Axes | None = None,
    resolution: int = 60,
) -> Axes:
    """What a model of two inputs and one output predicts around its data, and the data.

    inputs: [n][2], targets: [n]. The line is where the prediction is 0.5; points with a target
    above 0.5 are triangles. Raises ValueError for inputs of another shape, with the row, and for a
    model of several outputs.
    """
    points = points_in_the_plane(inputs, targets)
    above = [number_of(target) > 0.5 for target in targets]
    xs, ys = surroundings(points, resolution)
    flat = [single(numbers) for numbers in outputs(model, [[x, y] for y in ys for x in xs])]
    predictions = [flat[i : i + len(xs)] for i in range(0, len(flat), len(xs))]
    ax = axes(ax)
    from matplotlib.ticker import MaxNLocator

    surface = ax.contourf(xs, ys, predictions, levels=bin_edges(flat, 20), cmap="cividis")
    if min(flat) < 0.5 < max(flat):
        ax.contour(xs, ys, predictions, levels=[0.5], colors="white", linewidths=2)
    bar = ax.figure.colorbar(surface, ax=ax, ticks=MaxNLocator(6))
    bar.set_label("prediction", fontsize="large")
    for side, marker, name in ((False, "o", "target 0.5 or less"), (True, "^", "target above 0.5")):
        look: dict[str, Any] = {"marker": marker, "s": 90, "color": "white", "edgecolor": "black"}
        scatter(ax, [p for p, a in zip(points, above) if a == side], label=name, zorder=3, **look)
    write_names(ax, "Decision surface; white line: 0.5", "input 0", "input 1")
    legend_below(ax)
    return ax


def plot_decision_regions(
    model: Model,
    inputs: Points,
    targets: Sequence[int],
    ax: Axes | None = None,
    resolution: int = 120,
    *,
    threshold: float = 0.0,
) -> Axes:
    """Which class a model of two inputs gives to each place, and the data.

    inputs: [n][2], targets: [n] of 0 to classes - 1: a colour and a shape for each class, and a
    black edge around the points that lie in the region of another. The model has an output for
    each class, or a single one that means class 1 above the threshold: 0 fits logits, 0.5
    probabilities. Raises ValueError for inputs of another shape or no class, with the row.
    """
    threshold = number(threshold)
    points = points_in_the_plane(inputs, targets)
    labels = [class_at(i, target) for i, target in enumerate(targets)]
    xs, ys = surroundings(points, resolution)
    flat = guesses(model, [[x, y] for y in ys for x in xs], threshold)
    regions = [flat[i : i + len(xs)] for i in range(0, len(flat), len(xs))]
    predicted = guesses(model, points, threshold)
    ax = axes(ax)
    from matplotlib.colors import ListedColormap

    count = max(*labels, *flat) + 1
    colors = [COLORS[k % len(COLORS)] for k in range(count)]
    look: dict[str, Any] = {"cmap": ListedColormap(colors), "vmin": -0.5, "vmax": count - 0.5}
    ax.pcolormesh(xs, ys, regions, shading="nearest", rasterized=True, alpha=0.35, **look)
    for k in range(count):
        for wrong in (False, True):
            style: dict[str, Any] = {
                "marker": MARKERS[k % len(MARKERS)],
                "color": colors[k],
                "edgecolor": "black" if wrong else "white",
                "linewidth": 2 if wrong else 1,
                "s": 80 if wrong else 65,
                "label": None if wrong else f"class {k}",
                "zorder": 3 if wrong else 2,
            }
            marked = [
                p
                for p, label, guess in zip(points, labels, predicted)
                if label == k and (guess != label) == wrong
            ]
            scatter(ax, marked, **style)
    write_names(ax, "Decision regions; black edge: wrong", "input 0", "input 1")
    legend_below(ax)
    return ax


# ---- what they share ----


def points_in_the_plane(inputs: Any, targets: Any) -> list[list[float]]:
    """The inputs as lists of two numbers. Raises ValueError that names a row of another shape."""
    check_data(inputs, targets)
    for i, row in enumerate(inputs):
        n = len(row) if hasattr(row, "__len__") else 1
        if n != 2:
            raise ValueError(f"a point in the plane has 2 numbers, input {i} has {n}: {row!r:.60}")
    return [[number_of(x) for x in row] for row in inputs]


def class_at(i: int, target: Any) -> int:
    """The class that target i is. Raises ValueError if it is none."""
    x = number_of(target)
    if x < 0 or x % 1:
        raise ValueError(f"target {i} is a class, 0, 1, 2 and so on, got {x:g}")
    return int(x)


def surroundings(points: Points, resolution: int) -> list[list[float]]:
    """The coordinates, x and y, of a grid that reaches past the points on all sides."""
    whole("resolution", resolution, least=2)
    return [spread([point[i] for point in points], resolution) for i in (0, 1)]


def spread(numbers: Sequence[float], n: int) -> list[float]:
    """n numbers at equal distances that reach a quarter of the range past either end."""
    low, high = min(numbers), max(numbers)
    margin = (high - low or 1.0) / 4
    return [low - margin + i * (high - low + 2 * margin) / (n - 1) for i in range(n)]


def outputs(model: Model, points: Points, program: Any = None) -> list[list[float]]:
    """The numbers the model gives for each point, or the program of it, which is faster.

    Raises ValueError for one that is not finite.
    """
    wanted(callable(model), "the model is a function of two inputs", model)
    if program is not None:
        made = program([point if hasattr(point, "__len__") else [point] for point in points])
    else:
        with no_grad(), in_eval_mode(model):
            made = [model(point) for point in points]
    given = [[number_of(v) for v in y] if hasattr(y, "__len__") else [number_of(y)] for y in made]
    for point, numbers in zip(points, given):
        for x in numbers:
            if not math.isfinite(x):
                raise ValueError(f"the model gives {x} at the point {point}")
    return given


def guesses(model: Model, points: Points, threshold: float) -> list[int]:
    """The class the model gives to each point."""
    given = outputs(model, points)
    return classes([x[0] if len(x) == 1 else x for x in given], threshold)


@contextmanager
def in_eval_mode(model: Any) -> Iterator[None]:
    """So that a plot in the middle of a training shows no dropout and leaves no trace."""
    modules = Module.modules(model) if isinstance(model, Module) else []
    modes = [module.training for module in modules]
    for module in modules:
        module.training = False
    try:
        yield
    finally:
        for module, mode in zip(modules, modes):
            module.training = mode


def single(numbers: list[float]) -> float:
    """The one number of an output. Raises ValueError for several."""
    if len(numbers) != 1:
        raise ValueError(
            f"a decision surface shows a model of 1 output, got {len(numbers)}: "
            "plot_decision_regions shows those of more"
        )
    return numbers[0]


def scatter(ax: Axes, points: Points, **look: Any) -> None:
    ax.scatter([x for x, _ in points], [y for _, y in points], **look)


def legend_below(ax: Axes) -> None:
    """A legend that hides no data, of up to five entries in a row."""
    n = len(ax.get_legend_handles_labels()[1])
    rows = -(-n // 5)
    look: dict[str, Any] = {"handletextpad": 0.2, "columnspacing": 1.2, "fontsize": "large"}
    # Three lines of text below the axes, whatever their size: ticks and name come between.
    place: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "borderaxespad": 3}
    ax.legend(ncols=-(-n // rows), frameon=False, **look, **place)
