"""Plots of learning, with matplotlib (extra `plot`): they return Axes and take ax=."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from engine import no_grad

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
