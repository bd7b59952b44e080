"""Plots of what was learned: predictions over the plane of two inputs, and right and wrong."""

from __future__ import annotations

from contextlib import contextmanager

from engine import no_grad
from nn.axes import COLORS, MARKERS, axes, plain, write_names
from nn.loader import check_data
from nn.metrics import checked, classes, confusion_matrix
from nn.module import Module
from nn.settings import whole

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
    above = [plain(target) > 0.5 for target in targets]
    xs, ys = surroundings(points, resolution)
    flat = [single(y) for y in outputs(model, [[x, y] for y in ys for x in xs])]
    predictions = [flat[i : i + len(xs)] for i in range(0, len(flat), len(xs))]
    ax = axes(ax)
    from matplotlib.ticker import MaxNLocator

    surface = ax.contourf(xs, ys, predictions, levels=20, cmap="cividis")
    if min(flat) < 0.5 < max(flat):
        ax.contour(xs, ys, predictions, levels=[0.5], colors="white", linewidths=2)
    bar = ax.figure.colorbar(surface, ax=ax, ticks=MaxNLocator(6))
    bar.set_label("prediction", fontsize="large")
    for side, marker, name in ((False, "o", "target 0.5 or less"), (True, "^", "target above 0.5")):
        look: dict[str, Any] = {"marker": marker, "s": 90, "color": "white", "edgecolor": "black"}
        scatter(ax, [p for p, a in zip(points, above) if a == side], label=name, zorder=3, **look)
    write_names(ax, "Decision surface; white line: prediction 0.5", "input 0", "input 1")
    legend_below(ax, 2)
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
    points = points_in_the_plane(inputs, targets)
    labels = [class_at(i, target) for i, target in enumerate(targets)]
    xs, ys = surroundings(points, resolution)
    flat = classes(outputs(model, [[x, y] for y in ys for x in xs]), threshold)
    regions = [flat[i : i + len(xs)] for i in range(0, len(flat), len(xs))]
    predicted = classes(outputs(model, points), threshold)
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
                "linewidth": 2 if wrong else 0.6,
                "s": 70 if wrong else 45,
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
    legend_below(ax, min(count, 4))
    return ax


def plot_confusion_matrix(
    y_true: Sequence[Any],
    y_pred: Sequence[Any],
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
) -> Axes:
    """How often each class, a row, was taken for each class, a column, as a number in its cell.

    y_true and y_pred: [n] of classes. labels: the names of the classes 0 to n - 1, all of which
    get a row; without them the classes that occur do. Raises ValueError for a class without one.
    """
    for ys in (y_true, y_pred):
        if isinstance(ys, str) or not hasattr(ys, "__len__"):
            got = f"{type(ys).__name__} {ys!r:.60}"
            raise TypeError(f"plot_confusion_matrix takes lists of classes, got {got}")
    y_true, y_pred = checked("plot_confusion_matrix", y_true, y_pred)
    known = sorted({*y_true, *y_pred}) if labels is None else list(range(len(names_in(labels))))
    for y in (*y_true, *y_pred):
        if y not in known:
            raise ValueError(f"there are labels for the classes 0 to {len(known) - 1}, got {y!r}")
    names = [str(name) for name in (known if labels is None else labels)]
    counts = confusion_matrix(y_true, y_pred, known)
    ax = axes(ax)
    image = ax.imshow(counts, cmap="Blues", vmin=0)
    size = max(7, 18 - len(names))
    for i, row in enumerate(counts):
        for j, n in enumerate(row):
            color = readable_on(image.to_rgba(n))
            ax.text(j, i, str(n), ha="center", va="center", color=color, fontsize=size)
    crowded = max(map(len, names)) * len(names) > 40
    turned: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    ax.set_xticks(range(len(names)), names, **(turned if crowded else {}))
    ax.set_yticks(range(len(names)), names)
    right = sum(counts[i][i] for i in range(len(names)))
    title = f"Confusion matrix: {right} of {len(y_true)} right"
    write_names(ax, title, "predicted class", "true class")
    return ax


# ---- what they share ----


def points_in_the_plane(inputs: Any, targets: Any) -> list[list[float]]:
    """The inputs as lists of two numbers. Raises ValueError that names a row of another shape."""
    check_data(inputs, targets)
    for i, row in enumerate(inputs):
        n = len(row) if hasattr(row, "__len__") else 1
        if n != 2:
            raise ValueError(f"a point in the plane has 2 numbers, input {i} has {n}: {row!r:.60}")
    return [[plain(x) for x in row] for row in inputs]


def class_at(i: int, target: Any) -> int:
    """The class that target i is. Raises ValueError if it is none."""
    x = plain(target)
    if x < 0 or x != int(x):
        raise ValueError(f"target {i} is a class, 0, 1, 2 and so on, got {x:g}")
    return int(x)


def names_in(labels: Any) -> Sequence[str]:
    """The labels. Raises TypeError or ValueError for what is no list of names."""
    if isinstance(labels, str) or not hasattr(labels, "__len__"):
        got = f"{type(labels).__name__} {labels!r:.60}"
        raise TypeError(f"labels are a list of names, got {got}")
    if not len(labels):
        raise ValueError("labels are the names of at least 1 class, got 0")
    return labels  # type: ignore[no-any-return]


def surroundings(points: Points, resolution: int) -> list[list[float]]:
    """The coordinates, x and y, of a grid that reaches past the points on all sides."""
    whole("resolution", resolution, least=2)
    return [spread([point[i] for point in points], resolution) for i in (0, 1)]


def spread(numbers: Sequence[float], n: int) -> list[float]:
    """n numbers at equal distances that reach a quarter of the range past either end."""
    low, high = min(numbers), max(numbers)
    margin = (high - low or 1.0) / 4
    return [low - margin + i * (high - low + 2 * margin) / (n - 1) for i in range(n)]


def outputs(model: Model, points: Points) -> list[Any]:
    """What the model says of each point; of a list of one number that number."""
    if not callable(model):
        raise TypeError(f"the model is a function of two inputs, got {model!r:.60}")
    with no_grad(), in_eval_mode(model):
        made = [model(point) for point in points]
    return [y[0] if hasattr(y, "__len__") and len(y) == 1 else y for y in made]


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


def single(output: Any) -> float:
    """The one number of an output. Raises ValueError for several."""
    if hasattr(output, "__len__"):
        n = len(output)
        raise ValueError(f"a surface takes a model of 1 output, got {n}: plot_decision_regions")
    return plain(output)


def scatter(ax: Axes, points: Points, **look: Any) -> None:
    ax.scatter([x for x, _ in points], [y for _, y in points], **look)


def legend_below(ax: Axes, columns: int) -> None:
    """A legend that hides no data."""
    place: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.15)}
    ax.legend(ncols=columns, frameon=False, **place)


def readable_on(rgba: Sequence[float]) -> str:
    """Black or white, whichever contrasts more with a colour (WCAG 2.1, relative luminance)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgba[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    on_black, on_white = (luminance + 0.05) / 0.05, 1.05 / (luminance + 0.05)
    return "black" if on_black > on_white else "white"
