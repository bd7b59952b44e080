"""Plots of learning, with matplotlib (extra `plot`): they return Axes and take ax=."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from engine import no_grad
from nn.metrics import classes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nn.history import History

# Okabe and Ito's colours, told apart with any kind of colour vision, and shapes for print.
COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")
MARKERS = ("o", "^", "s", "D", "v", "P")


def plot_loss(losses: Sequence[float], ax: "Axes | None" = None) -> "Axes":
    """The loss of each step, on a logarithmic scale. losses: [steps]."""
    ax = ax or new_axes()
    ax.plot(range(1, len(losses) + 1), losses, color="#0072b2")
    ax.set(xlabel="step", ylabel="mean squared error", yscale="log", title="Loss")
    ax.grid(alpha=0.3)
    return ax


def plot_decision_surface(
    model: Callable[[Sequence[float]], Any],
    inputs: Sequence[Sequence[float]],
    targets: Sequence[float],
    ax: "Axes | None" = None,
    resolution: int = 60,
) -> "Axes":
    """What a model of two inputs and one output predicts around its data, and the data.

    inputs: [n][2], targets: [n]. The line is where the prediction is 0.5; points with a target
    above 0.5 are triangles.
    """
    from matplotlib.ticker import MaxNLocator

    xs, ys = (spread([point[i] for point in inputs], resolution) for i in (0, 1))
    with no_grad():
        predictions = [[float(model([x, y])) for x in xs] for y in ys]
    ax = ax or new_axes()
    surface = ax.contourf(xs, ys, predictions, levels=20, cmap="cividis")
    ax.contour(xs, ys, predictions, levels=[0.5], colors="white", linewidths=1.5)
    ax.figure.colorbar(surface, ax=ax, label="prediction", ticks=MaxNLocator(6))
    for above, marker in ((False, "o"), (True, "^")):
        points = [p for p, target in zip(inputs, targets) if (target > 0.5) == above]
        look: dict[str, Any] = {"marker": marker, "s": 90, "color": "white", "edgecolor": "black"}
        name = "target above 0.5" if above else "target 0.5 or less"
        ax.scatter([p[0] for p in points], [p[1] for p in points], label=name, zorder=3, **look)
    ax.set(
        xlabel="input 0",
        ylabel="input 1",
        title="Decision surface; the line is where the prediction is 0.5",
    )
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2, frameon=False)
    return ax


def plot_losses(history: "History", ax: "Axes | None" = None) -> "Axes":
    """The training loss of each epoch and, where there is one, the validation loss."""
    ax = ax or new_axes()
    epochs = range(1, len(history.epochs) + 1)
    ax.plot(epochs, history["loss"], color=COLORS[0], label="training")
    if "val_loss" in history.epochs[0]:
        ax.plot(epochs, history["val_loss"], color=COLORS[1], linestyle="--", label="held out")
    ax.set(xlabel="epoch", ylabel="loss", yscale="log", title="Loss")
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
    return ax


def plot_decision_regions(
    model: Callable[[Sequence[float]], Any],
    inputs: Sequence[Sequence[float]],
    targets: Sequence[int],
    ax: "Axes | None" = None,
    resolution: int = 120,
) -> "Axes":
    """Which class a model of two inputs, with an output for each class, gives to each place.

    inputs: [n][2], targets: [n] of 0 to classes - 1: a colour and a shape for each class, and a
    black edge around the points that lie in the region of another.
    """
    from matplotlib.colors import ListedColormap

    xs, ys = (spread([point[i] for point in inputs], resolution) for i in (0, 1))
    with no_grad():
        regions = [classes([model([x, y]) for x in xs]) for y in ys]
        predicted = classes([model(x) for x in inputs])
    ax = ax or new_axes()
    count = max(*targets, *(max(row) for row in regions)) + 1
    colors = [COLORS[k % len(COLORS)] for k in range(count)]
    look: dict[str, Any] = {
        "cmap": ListedColormap(colors),
        "vmin": 0,
        "vmax": count - 1,
        "alpha": 0.35,
    }
    ax.pcolormesh(xs, ys, regions, shading="nearest", rasterized=True, **look)
    for k in range(count):
        for wrong in (False, True):
            points = [
                x
                for x, target, label in zip(inputs, targets, predicted)
                if target == k and (label != target) == wrong
            ]
            name = None if wrong else f"class {k}"
            style: dict[str, Any] = {"marker": MARKERS[k % len(MARKERS)], "color": colors[k]}
            style |= {
                "edgecolor": "black" if wrong else "white",
                "linewidth": 1.5 if wrong else 0.6,
            }
            ax.scatter([x for x, _ in points], [y for _, y in points], label=name, **style)
    ax.set(xlabel="input 0", ylabel="input 1", title="Decision regions; black edge: wrong")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=min(count, 6), frameon=False)
    return ax


def spread(numbers: Sequence[float], n: int) -> list[float]:
    """n numbers at equal distances that reach a quarter of the range past either end."""
    low, high = min(numbers), max(numbers)
    margin = (high - low or 1.0) / 4
    return [low - margin + i * (high - low + 2 * margin) / (n - 1) for i in range(n)]


def new_axes() -> "Axes":
    """Axes of a figure of their own. Raises ImportError that says what to install."""
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install 'chainrule[plot]'") from error
    return pyplot.subplots(layout="constrained")[1]
