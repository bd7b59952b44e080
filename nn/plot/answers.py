"""Answers: what a model says at points, and the points around its data to ask it at."""

from __future__ import annotations

import math

from engine.value import number_of
from nn.checks import wanted, whole
from nn.data.loader import check_data
from nn.evaluation import rows_of_outputs
from nn.metrics import classes
from nn.module import in_eval_mode
from nn.plot.axes import LARGEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Model = Callable[[Sequence[float]], Any]
    Points = Sequence[Sequence[float]]

# ---- points ----


def points_in_the_plane(inputs: Any, targets: Any) -> list[list[float]]:
    """The inputs as lists of two numbers. Raises ValueError that names a row of another shape."""
    check_data(inputs, targets)
    for i, row in enumerate(inputs):
        n = len(row) if hasattr(row, "__len__") else 1
        if n != 2:
            raise ValueError(f"a point in the plane has 2 numbers, input {i} has {n}: {row!r:.60}")
    return [[number_of(x) for x in row] for row in inputs]


def class_at(i: int, target: Any) -> int:
    """Target i as a class. Raises ValueError if it is not 0, 1, 2 and so on."""
    x = number_of(target)
    if x < 0 or x % 1:
        raise ValueError(f"target {i} is a class, 0, 1, 2 and so on, got {x:g}")
    return int(x)


def surroundings(points: Points, resolution: int) -> list[list[float]]:
    """The coordinates, x and y, of a grid that reaches past the points on all sides."""
    whole("resolution", resolution, least=2)
    return [evenly([point[i] for point in points], resolution) for i in (0, 1)]


def evenly(numbers: Sequence[float], n: int) -> list[float]:
    """n numbers at equal distances that reach a quarter of the range past either end.

    Raises ValueError for numbers that are too large for a plot.
    """
    low, high = min(numbers), max(numbers)
    if max(-low, high) > LARGEST:
        raise ValueError(f"a plot shows numbers up to {LARGEST:g}, got {max(-low, high):g}")
    margin = (high - low or 1.0) / 4
    return [low - margin + i * (high - low + 2 * margin) / (n - 1) for i in range(n)]


# ---- answers ----


def answers(model: Model, points: Points, program: Any = None) -> list[list[float]]:
    """The numbers that a model in eval mode gives for each point: [n][outputs].

    program: the engine.Program of the model, which is faster, if there is one. Raises ValueError
    for a number that is not finite.
    """
    wanted(callable(model), "the model is a function of two inputs", model)
    if program is not None:
        made = program([point if hasattr(point, "__len__") else [point] for point in points])
        given = [y if isinstance(y, list) else [y] for y in made]
    else:
        with in_eval_mode(model):
            given = rows_of_outputs(model, points)
    for point, numbers in zip(points, given):
        for x in numbers:
            if not math.isfinite(x):
                raise ValueError(f"the model gives {x} at the point {point}")
    return given


def guesses(model: Model, points: Points, threshold: float) -> list[int]:
    """The class that a model gives to each point."""
    given = answers(model, points)
    return classes([x[0] if len(x) == 1 else x for x in given], threshold)
