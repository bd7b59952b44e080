"""Scores of many epochs: a metric of nn, asked in C for all epochs of a stretch, to its own bits.

`r2_score` and `accuracy_score` are known, for targets that are plain numbers. For every other
metric, and for numbers that need more care, the metric itself is asked, epoch by epoch.
"""

from __future__ import annotations

from array import array
from operator import mul

from engine.programs.scores import shares_explained, shares_right
from nn.metrics import accuracy_score, r2_score

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

PLAIN = (1e-100, 1e100)  # sizes of numbers whose squares are floats


def scores(metric: Any, targets: Sequence[Any], outputs: Any, width: int) -> Any:
    """What a metric gives for each look, as an array; None if it is to be asked itself.

    outputs: [looks * samples * width]. width: the numbers of an output; 0 for a bare number.
    """
    if type(targets) is not list or not set(map(type, targets)) <= {int, float}:
        return None
    try:
        numbers = array("d", targets)
    except OverflowError:
        return None
    if metric is r2_score and not width:
        return shares(numbers, outputs)
    if metric is accuracy_score and width:
        return shares_right(outputs, numbers, width)
    return None


def shares(targets: array[float], outputs: Any) -> Any:
    """R2 of each look, as `r2_score` finds it where all numbers are plain."""
    low, high = min(targets), max(targets)
    size = max(-low, high)
    if not (PLAIN[0] < size < PLAIN[1] and low < high):
        return None
    mean = sum(targets) / len(targets)
    steps = [t - mean for t in targets]
    spread = sum(map(mul, steps, steps))
    if spread <= len(targets) * (1e-10 * mean) ** 2:  # near the rounding of the mean
        return None
    return shares_explained(outputs, targets, spread)
