"""The line search: how far to go along a direction, so that a step is low and flat enough."""

from __future__ import annotations

from math import inf, isfinite, nan, sqrt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Point:
    """What was met at p + t * d: the loss f, the grads, and the slope df/dt = grad . d.

    Where one of them is not finite, f counts as infinite: this is no place to go to.
    """

    def __init__(self, t: float, f: float, grad: list[float], slope: float) -> None:
        self.t, self.f, self.grad, self.slope = t, f, grad, slope
        if not (isfinite(f) and isfinite(slope) and all(map(isfinite, grad))):
            self.f = self.slope = inf


def strong_wolfe(
    trial: Callable[[float], Point],
    start: Point,
    t: float,
    longest: float,
    max_tries: int,
    c1: float = 1e-4,
    c2: float = 0.9,
) -> tuple[Point, int]:
    """A point low enough, f <= f0 + c1 * t * slope0, and flat enough, |slope| <= c2 * |slope0|.

    From t on, each trial goes further, until two enclose such points; then the space between is
    narrowed down (Nocedal & Wright 2006, algorithms 3.5 and 3.6, with the safeguards of minFunc,
    Schmidt 2005). Returns the lowest point met if there is no such one after max_tries, or
    the enclosed part of the direction, whose longest entry is given, is shorter than 1e-9. With
    it comes the number of evaluations. After a trial where f is infinite, the next one goes a tenth
    as far beyond the lowest point.
    """

    def high(point: Point) -> bool:
        return point.f > start.f + c1 * point.t * start.slope

    def flat(point: Point) -> bool:
        return abs(point.slope) <= -c2 * start.slope

    previous, point, tries = start, trial(t), 0
    while tries < max_tries:
        if high(point) or (tries > 1 and point.f >= previous.f):
            break
        if flat(point):
            return point, tries + 1
        if point.slope >= 0:
            break
        further = (point.t + 0.01 * (point.t - previous.t), 10 * point.t)
        t = cubic_minimum(previous, point, *further)
        previous, point, tries = point, trial(t), tries + 1
    ends = [previous if tries < max_tries else start, point]

    near_end = False  # was the last trial so near to an end that the next must not be?
    low = lower(ends)
    while tries < max_tries and abs(ends[1].t - ends[0].t) * longest >= 1e-9:
        left, right = sorted([ends[0].t, ends[1].t])
        t = cubic_minimum(ends[0], ends[1], left, right)
        margin = 0.1 * (right - left)
        if ends[1 - low].f == inf:
            t = ends[low].t + 0.1 * (ends[1 - low].t - ends[low].t)
            near_end = False
        elif min(right - t, t - left) < margin:
            if near_end or t >= right or t <= left:
                t = right - margin if abs(t - right) < abs(t - left) else left + margin
                near_end = False
            else:
                near_end = True
        else:
            near_end = False
        point, tries = trial(t), tries + 1
        if high(point) or point.f >= ends[low].f:
            ends[1 - low] = point
            low = lower(ends)
        elif flat(point):
            return point, tries + 1
        else:
            if point.slope * (ends[1 - low].t - ends[low].t) >= 0:
                ends[1 - low] = ends[low]
            ends[low] = point
    return ends[low], tries + 1


def lower(ends: list[Point]) -> int:
    return 0 if ends[0].f <= ends[1].f else 1


def cubic_minimum(a: Point, b: Point, least: float, most: float) -> float:
    """Where the cubic through both points, with their slopes, is lowest, from least to most.

    Nocedal & Wright 2006, equation 3.59. Half-way if there is no such place.
    """
    if a.t == b.t:
        return (least + most) / 2
    if a.t > b.t:
        a, b = b, a
    d1 = a.slope + b.slope - 3 * (a.f - b.f) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    d2 = sqrt(square) if square >= 0 else 0.0
    below = b.slope - a.slope + 2 * d2
    t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / below) if square >= 0 and below else nan
    return min(max(t, least), most) if isfinite(t) else (least + most) / 2
