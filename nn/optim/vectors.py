"""Vectors as lists of floats; sums are added up from left to right, to the same bits everywhere."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    Vector = list[float]


def inner_product(xs: Vector, ys: Vector) -> float:
    """x0 * y0 + x1 * y1 + ..."""
    total = 0.0
    for x, y in zip(xs, ys):
        total += x * y
    return total


def along(xs: Vector, t: float, ds: Vector) -> Vector:
    """x + t * d."""
    return [x + t * d for x, d in zip(xs, ds)]


def size(xs: Vector) -> float:
    """|x0| + |x1| + ..."""
    total = 0.0
    for x in xs:
        total += abs(x)
    return total


def small(xs: Vector, tolerance: float) -> bool:
    """Whether no number is farther from 0 than the tolerance."""
    return all(abs(x) <= tolerance for x in xs)
