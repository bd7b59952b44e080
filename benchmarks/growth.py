"""Growth: replay's time against the size of a batch and the width of a network, as a chart."""

import io
import math
from array import array
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from benchmarks import mlps
from benchmarks.contenders import W2, Eager, Problem, Replayed
from benchmarks.report import figure

BATCHES = (1, 10, 100, 1_000, 10_000, 100_000)
RECORDED = 1_000  # samples; larger batches take its plan, since a graph of them takes gigabytes
WIDTHS = (4, 8, 16, 32, 64, 128, 256, 512)
WIDE_BATCH = 64
STEPS = 20  # of a turn at least, since a call of `train` has costs of its own for each sample
# Okabe and Ito's blue and vermilion, which colour-blind eyes tell apart as well.
BLUE, VERMILION = "#0072b2", "#d55e00"

Point = dict[str, float]


class Growth:
    """Replay at every size that was asked for, so that the sizes can take turns."""

    def __init__(self) -> None:
        self.contenders: dict[tuple[str, int], Replayed] = {}
        self.steps: dict[tuple[str, int], int] = {}  # of a turn

    def prepare(self, kind: str, size: int) -> Point:
        """Seconds of setting replay up for that size, and how many parameters there are."""
        problem = batch_of(min(size, RECORDED)) if kind == "batch" else width_of(size)
        start = perf_counter()
        contender = Replayed(problem)
        setup = perf_counter() - start
        if kind == "batch" and size > RECORDED:
            contender = Enlarged(batch_of(size), contender)
        self.contenders[kind, size] = contender
        return {"setup": setup, "parameters": len(problem.numbers)}

    def turn(self, kind: str, size: int, seconds: float) -> Point:
        """Seconds a step, over as many steps from the beginning as fit in `seconds`, or STEPS."""
        contender = self.contenders[kind, size]
        if (kind, size) not in self.steps:
            timed(contender, 2)
            self.steps[kind, size] = max(STEPS, round(seconds / timed(contender, 2)))
        return {"seconds": timed(contender, self.steps[kind, size])}


def timed(contender: Replayed, steps: int) -> float:
    contender.start()
    start = perf_counter()
    contender.train(steps)
    return (perf_counter() - start) / steps


class Enlarged(Replayed):
    """The machine of a smaller batch's plan with more lanes.

    Its loss is the sum of the samples' divided by the smaller number of them; with a learning rate
    that is smaller by as much, the parameters are those of the mean.
    """

    def __init__(self, problem: Problem, small: Replayed) -> None:
        from engine.machine.machine import Machine

        from nn.training.arrays import Arrays

        lanes, recorded = len(problem.samples), len(small.problem.samples)
        Eager.__init__(self, replace(problem, lr=problem.lr * recorded / lanes))
        self.plans, self.samples = small.plans, small.samples
        self.samples.data = array("d", [n for x, t in problem.samples for n in (*x, t)])
        self.machine = Machine(small.plan(), lanes)
        self.arrays = Arrays(self.run.optimizer)


def batch_of(size: int) -> Problem:
    """W2's network and hinge loss, without the penalty, whose time is that of any batch."""
    return replace(W2, samples=mlps.moons(max(size, 4))[:size], penalty=0.0)


def width_of(size: int) -> Problem:
    """One hidden layer of relu, 64 samples of moons."""
    sizes = [2, size, 1]
    return replace(
        W2,
        sizes=sizes,
        activations=("relu", "linear"),
        samples=mlps.moons(WIDE_BATCH),
        numbers=mlps.initial(sizes, seed=1337),
        penalty=0.0,
        lr=0.01,  # with W2's, wide networks run away
    )


def rows(kind: str, points: dict[int, Point]) -> list[list[str]]:
    """A row for each size: of a step, of a sample or parameter, and of setting up."""
    found = []
    for size, point in points.items():
        part = size if kind == "batch" else point["parameters"]
        row = [f"{size:,}"] if kind == "batch" else [f"{size:,}", f"{int(part):,}"]
        per = point["seconds"] / part * 1e9
        setup = figure(point["setup"] * 1e3) if kind == "width" or size <= RECORDED else ""
        found.append([*row, figure(point["seconds"] * 1e6), figure(per), setup])
    return found


def svg(batches: dict[int, Point], widths: dict[int, Point]) -> str:
    """The chart. Raises ImportError without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        raise ImportError("a chart needs matplotlib: pip install 'chainrule[plot]'") from None
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {"svg.hashsalt": "replay", "svg.fonttype": "none"}
    settings |= {
        "font.size": 11,
        "axes.grid": True,
        "grid.alpha": 0.35,
        "font.family": "sans-serif",
    }
    with matplotlib.rc_context(settings):
        chart = Figure(figsize=(9, 4), layout="constrained")
        chart.suptitle("Replay: time of a training step, per sample and per parameter")
        left, right = chart.subplots(1, 2)
        draw(
            left,
            list(batches),
            [point["seconds"] / size * 1e9 for size, point in batches.items()],
            (BLUE, "o"),
            ("batch size (samples)", "nanoseconds a sample", "network 2-16-16-1, hinge loss"),
        )
        draw(
            right,
            list(widths),
            [point["seconds"] / point["parameters"] * 1e9 for point in widths.values()],
            (VERMILION, "s"),
            (
                "width of the hidden layer (neurons)",
                "nanoseconds a parameter",
                f"network 2-width-1, batches of {WIDE_BATCH}",
            ),
        )
        right.set_xscale("log", base=2)
        right.set_xticks(list(widths), [str(width) for width in widths])
        written = io.StringIO()
        chart.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    lines = [line.rstrip() for line in written.getvalue().splitlines()]
    return "\n".join(lines) + "\n"


def draw(
    axes: Any, x: Sequence[int], y: Sequence[float], style: tuple[str, str], words: Sequence[str]
) -> None:
    colour, marker = style

    def power(x: float) -> int:
        return math.floor(math.log10(x))

    axes.plot(x, y, color=colour, marker=marker)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(10.0 ** power(min(y)), 10.0 ** (power(max(y)) + 1))
    for at, value in zip(x, y):
        axes.annotate(
            figure(value), (at, value), (0, 8), textcoords="offset points", ha="center", size=9
        )
    axes.set_xlabel(words[0])
    axes.set_ylabel(words[1])
    axes.set_title(words[2], size=11)
