"""Differences: what central differences say of a slope, and how far off they may be."""

from __future__ import annotations

import sys
from itertools import pairwise
from math import inf, isfinite, ulp

from engine.calculus import grad
from engine.value import Value, topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Function = Callable[..., Any]

EPSILON = sys.float_info.epsilon
SMALLEST = ulp(0.0)  # what is lost where a number is below all floats
CUBE_ROOT = EPSILON ** (1 / 3)


class Step:
    """The central difference of g in x_i over a step h to both sides, and how far off it may be.

    rounding: eps * |g| / h, or noise / h if that is more. apart: how far it is from its neighbours,
    which have longer and shorter steps: the truncation, or noise from inside of g. known: whether
    there is a difference at all; else failure says why not.
    """

    def __init__(self, g: Function, at: list[float], i: int, h: float, noise: float = 0.0) -> None:
        self.known, self.failure, self.apart, x = False, "", 0.0, at[i]
        right, left = x + h, x - h
        if not (left < x < right and isfinite(right - left)):
            return
        try:
            self.upper, self.lower = (
                float(g(*map(Value, [*at[:i], beside, *at[i + 1 :]]))) for beside in (right, left)
            )
        except (ArithmeticError, ValueError) as error:
            self.failure = str(error)
            return
        self.h, self.to_right, self.to_left = h, right - x, x - left
        self.moved = abs(self.upper - self.lower)
        self.slope = (self.upper - self.lower) / (right - left)
        self.rounding = max(EPSILON * max(abs(self.upper), abs(self.lower)), noise) / h
        self.rounding += SMALLEST / h
        self.known = isfinite(self.slope) and isfinite(self.rounding)
        self.failure = "" if self.known else "it is not finite beside it"

    def error(self) -> float:
        return self.apart + self.rounding

    def is_near(self, other: Step, tolerance: float) -> bool:
        """Whether both have the same slope, up to a share of it and what rounding explains."""
        off = tolerance * max(abs(self.slope), abs(other.slope))
        return abs(self.slope - other.slope) <= off + 10 * (self.rounding + other.rounding)

    def agrees(self, other: Step) -> bool:
        return abs(self.slope - other.slope) <= 4 * (self.error() + other.error())


def rounding_of(g: Function, at: list[float]) -> float:
    """How far off g(at) may be for all the roundings in its graph; 0 if that is not known.

    A node v that is off by eps * |v| changes the result by its adjoint times that.
    """
    try:
        y = g(*map(Value, at))
        inner = [v for v in topological_order(y) if v.op is not None]
        off = sum(
            [
                abs(a.data) * (EPSILON * abs(v.data) + SMALLEST)
                for a, v in zip(grad(y, inner), inner)
            ]
        )
    except (ArithmeticError, TypeError, ValueError, AttributeError):
        return 0.0
    return off if isfinite(off) else 0.0


def kink(g: Function, at: list[float], ladder: list[Step]) -> tuple[float, float] | None:
    """The slopes to the left and to the right of a kink, the lower first; None for no kink.

    The slopes of a smooth function come together as fast as the step gets shorter. Those of a jump
    grow without an end: any slope lies between them.
    """
    try:
        here = float(g(*map(Value, at)))
    except (ArithmeticError, ValueError):
        return None
    found = []
    for step in ladder:
        slopes = (here - step.lower) / step.to_left, (step.upper - here) / step.to_right
        gap = abs(slopes[1] - slopes[0])
        noise = 10 * (step.rounding + EPSILON * abs(here) / step.h)
        found.append((gap, max(map(abs, slopes)), noise, min(slopes), max(slopes)))
    places = [k for k, x in enumerate(found) if max(x[0], x[1]) > x[2]]
    clear = [found[k] for k in places][-3:]
    if len(clear) < 3:
        return None
    if any(x[2] < 0.1 * clear[-1][0] for x in found[places[-1] + 1 :]):
        return None  # it is further away: from nearer by there is none to be seen
    if all(8 * a[1] < b[1] < 12.5 * a[1] for a, b in pairwise(clear)):
        return -inf, inf
    if all(max(0.3 * a[0], b[2]) < b[0] < 6 * a[0] for a, b in pairwise(clear)):
        return clear[-1][3], clear[-1][4]
    return None
