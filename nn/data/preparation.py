"""Preparing data: a part kept for judging, columns brought to one scale, classes as vectors."""

from __future__ import annotations

import math
import random

from nn.checks import flag, whole
from nn.data.loader import check_data, check_samples

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def train_test_split(
    inputs: Sequence[Any],
    targets: Sequence[Any],
    test_size: float = 0.25,
    seed: int = 0,
    stratify: bool = False,
) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """(train inputs, test inputs, train targets, test targets), drawn at random.

    test_size is the share that is held out, rounded up to whole samples. With stratify that share
    of each class is held out, so that no class is rarer in one part than in the other. Raises
    ValueError if a part, or a class of a part, would be empty.
    """
    check_samples(inputs, targets)
    flag("stratify", stratify)
    if not 0 < test_size < 1:
        raise ValueError(f"test_size is between 0 and 1, got {test_size!r}")
    groups: dict[Any, list[int]] = {}
    for i, target in enumerate(targets):
        groups.setdefault(target if stratify else None, []).append(i)
    rng = random.Random(seed)
    held_out = set()
    for label, places in groups.items():
        count = math.ceil(test_size * len(places))
        if count == len(places):
            which = f" of class {label!r}" if stratify else ""
            raise ValueError(f"nothing{which} is left to train on: {count} of {count} held out")
        held_out.update(rng.sample(places, count))
    train = [i for i in range(len(inputs)) if i not in held_out]
    rng.shuffle(train)
    test = rng.sample(sorted(held_out), len(held_out))
    return (
        [inputs[i] for i in train],
        [inputs[i] for i in test],
        [targets[i] for i in train],
        [targets[i] for i in test],
    )


class Standardizer:
    """Columns shifted and scaled: in the training data each has mean 0 and deviation 1.

    Networks learn faster from inputs of about the same size (LeCun et al. 1998, section 4.3). A
    column of equal numbers is only shifted. The numbers of a column may be as large or as small as
    a float holds, but no further apart than that.

    >>> Standardizer([[1.0, 5.0], [3.0, 5.0]])([[2.0, 5.0], [5.0, 6.0]])
    [[0.0, 0.0], [3.0, 1.0]]
    """

    __module__ = "nn"

    def __init__(self, inputs: Sequence[Sequence[float]]) -> None:
        """inputs: [n][features], the training data. Raises ValueError for a column too wide."""
        check_data(inputs, inputs)
        both = [mean_and_deviation(i, column) for i, column in enumerate(zip(*inputs))]
        self.means = [mean for mean, _ in both]
        self.deviations = [deviation for _, deviation in both]

    def __call__(self, inputs: Sequence[Sequence[float]]) -> list[list[float]]:
        """inputs: [m][features] -> the same, standardised."""
        for row in inputs:
            if len(row) != len(self.means):
                raise ValueError(f"expected {len(self.means)} numbers in a row, got {len(row)}")
        return [
            [(x - mean) / size for x, mean, size in zip(row, self.means, self.deviations)]
            for row in inputs
        ]


def mean_and_deviation(place: int, column: Sequence[float]) -> tuple[float, float]:
    """The mean of a column and its deviation; of equal numbers this number, and 1.

    Whether they are equal is asked of the numbers: their deviation may be rounding noise. Numbers
    whose squares leave the range of floats are brought near 1 first, by a power of 2.
    """
    least, most = min(column), max(column)
    size = max(abs(least), abs(most))
    if least == most and size < math.inf:
        return float(least), 1.0
    if size < math.inf <= most - least:
        raise ValueError(
            f"column {place} has numbers from {least!r} to {most!r}, further apart than a float "
            "holds: divide them by a power of 10 first"
        )
    exponent = math.frexp(size)[1]
    if abs(exponent) < ORDINARY:
        exponent, near = 0, column
    else:
        near = [math.ldexp(x, -exponent) for x in column]
    n = len(near)
    mean = math.fsum(near) / n
    deviation = math.sqrt(math.fsum([(x - mean) ** 2 for x in near]) / n)
    return math.ldexp(mean, exponent), math.ldexp(deviation, exponent) or math.ulp(0.0)


ORDINARY = 400  # below 2**400, and above 2**-400, sums of squares are floats


def one_hot(target: int, classes: int) -> list[float]:
    """1 at the place of the class, 0 elsewhere. Raises ValueError if there is no such class.

    >>> one_hot(1, 3)
    [0.0, 1.0, 0.0]
    """
    if not 0 <= whole("a class", target, least=-(2**53)) < classes:
        raise ValueError(f"a class is between 0 and {classes - 1}, got {target}")
    return [float(i == target) for i in range(classes)]
