"""Data to learn from, made by formulas: inputs and the target of each.

The same arguments give the same bits in every process. Samples take turns between the classes.
"""

from __future__ import annotations

import random
from math import cos, pi, sin

from nn.checks import below_one, finite, not_negative, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Points = tuple[list[list[float]], list[int]]


def xor() -> tuple[list[list[float]], list[float]]:
    """Exclusive or: the target is 1 where exactly one of the two inputs is 1.

    inputs: [4][2], targets: [4]. No line separates the ones from the zeros, so no network
    without a hidden layer learns it (Minsky & Papert 1969).
    """
    inputs = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    return inputs, [0.0, 1.0, 1.0, 0.0]


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> Points:
    """Two half circles that reach into each other.

    inputs: [n][2], targets: [n] of 0 and 1. Class 0 is (cos a, sin a), class 1 is (1 - cos a,
    0.5 - sin a), for angles a from 0 to pi at equal distances. noise: the deviation of the normal
    noise that is added to both coordinates. Raises ValueError for noise below 0, and for n below 2:
    each class has a sample at least, here and below.
    """

    def point(t: float, label: int) -> tuple[float, float]:
        a = pi * t
        return (1 - cos(a), 0.5 - sin(a)) if label else (cos(a), sin(a))

    return scattered(point, n, 2, noise, seed)


def circles(n: int = 100, noise: float = 0.1, factor: float = 0.5, seed: int = 0) -> Points:
    """Two circles around one centre: radius 1 is class 0, radius `factor` is class 1.

    inputs: [n][2], targets: [n]; angles at equal distances, normal noise. Raises ValueError for a
    factor that is not between 0 and 1.
    """
    factor = below_one("factor", factor)

    def point(t: float, label: int) -> tuple[float, float]:
        radius, a = factor if label else 1.0, 2 * pi * t
        return radius * cos(a), radius * sin(a)

    return scattered(point, n, 2, noise, seed, closed=True)


def spirals(
    n: int = 200, noise: float = 0.03, arms: int = 2, turns: float = 1.0, seed: int = 0
) -> Points:
    """Arms that wind around one another from the centre, a class each.

    inputs: [n][2], targets: [n] of 0 to arms - 1. A point of arm k has a radius r from 0.1 to 1 at
    equal distances and the angle 2 pi * (turns * r + k / arms), and then normal noise.
    """
    arms, turns = whole("arms", arms), finite("turns", turns)

    def point(t: float, label: int) -> tuple[float, float]:
        r = 0.1 + 0.9 * t
        a = 2 * pi * (turns * r + label / arms)
        return r * cos(a), r * sin(a)

    return scattered(point, n, arms, noise, seed)


def blobs(
    n: int = 100,
    centers: int | Sequence[Sequence[float]] = 3,
    std: float = 1.0,
    seed: int = 0,
) -> Points:
    """Clouds of normally distributed points, a class each.

    inputs: [n][dimensions], targets: [n]. centers: the middles of the clouds, or how many there
    are: that many at equal angles on a circle of radius 4. std: the deviation in each dimension.
    """
    if hasattr(centers, "__index__"):
        k = whole("centers", centers)
        middles = [[4 * cos(2 * pi * i / k), 4 * sin(2 * pi * i / k)] for i in range(k)]
    else:
        if not all(hasattr(center, "__len__") for center in centers):
            raise TypeError(f"centers are points, or how many there are, got {centers!r:.60}")
        middles = [[finite("a center", x) for x in center] for center in centers]
    if len({len(middle) for middle in middles}) != 1:
        raise ValueError(f"centers are points of one dimension, got {centers!r:.60}")
    return scattered(lambda _t, label: middles[label], n, len(middles), std, seed)


def scattered(
    point: Callable[[float, int], Sequence[float]],
    n: int,
    classes: int,
    noise: float,
    seed: int,
    closed: bool = False,
) -> Points:
    """n points, point(t, class) and noise, for t from 0 to 1, or up to 1 on a closed curve."""
    n = whole("n", n, classes)
    noise = not_negative("the deviation", noise)
    rng = random.Random(whole("seed", seed, least=-(2**53)))
    inputs, targets = [], []
    for i in range(n):
        label, place = i % classes, i // classes
        of_class = (n - label + classes - 1) // classes
        t = place / max(1, of_class if closed else of_class - 1)
        inputs.append([x + rng.gauss(0, noise) for x in point(t, label)])
        targets.append(label)
    return inputs, targets
