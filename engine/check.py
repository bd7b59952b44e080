"""The judge: gradients compared with central differences."""

from __future__ import annotations

from itertools import pairwise
from math import inf, isclose, isfinite

from engine.calculus import grad
from engine.differences import CUBE_ROOT, Step, kink, rounding_of
from engine.op import Op
from engine.value import Value, number_of, topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, SupportsFloat

    Function = Callable[..., Any]


class GradientError(AssertionError):
    """A derivative that disagrees with central differences."""

    __module__ = "engine"


def check_gradients(
    f: Function,
    point: Sequence[SupportsFloat],
    order: int = 2,
    tolerance: float = 1e-6,
) -> None:
    """Raise GradientError unless the derivatives of f at point agree with central differences.

    f takes len(point) Values and returns one; an Op will do. With order=2 every partial
    derivative is itself checked in the same way, and so on. Two numbers agree if they differ by
    at most tolerance, as a share of the larger, and by what the difference itself may be off: its
    rounding, eps * |f| / h, and its truncation. A derivative that is lost in these passes. If an
    op is to blame, the error names it, the input and both numbers.

    At a kink, such as relu's at 0, any number between the slopes on both sides agrees, and its
    derivatives are not checked. Raises ValueError, with the reason, at the edge of a domain and
    where differences cannot tell: so where f, by its own derivatives, bends within every step that
    is long enough to be felt.

    >>> square = Op("square", "square", lambda x: x * x, lambda z, x: 2.1 * x)
    >>> check_gradients(square, [3.0])
    Traceback (most recent call last):
    engine.GradientError: square at (3.0): d/dx0 is 6.3 by the engine, 6 by differences
    """
    if order < 1:
        raise ValueError(f"order is at least 1, got {order}")
    if not hasattr(point, "__iter__"):
        raise TypeError(f"point is a list of numbers, one for each input of f, got {point!r}")
    at = [number_of(x) for x in point]
    complaint = disagreement(f, at, range(len(at)), order, tolerance)
    if complaint and not isinstance(f, Op):
        # Some op in f has a wrong row, or f left the graph: look for the op.
        y = f(*map(Value, at))
        if not isinstance(y, Value):
            raise GradientError(f"{complaint}: it returned {type(y).__name__} {y!r:.60}, no Value")
        for v in topological_order(y):
            if v.op is not None:
                numbers = list(map(float, v.inputs))
                variable = [i for i, x in enumerate(v.inputs) if isinstance(x, Value)]
                blame = disagreement(v.op, numbers, variable, order, tolerance)
                if blame:
                    raise GradientError(f"{blame}, in {name_of(f)}")
        complaint += ", though each op in it agrees: does it use .data, float() or detach()?"
    if complaint:
        raise GradientError(complaint)


def disagreement(
    f: Function,
    at: list[float],
    variable: Sequence[int],
    order: int,
    tolerance: float,
    derivative: str = "d",
    partial: Function | None = None,
) -> str:
    """What is wrong with the derivatives of `partial`, a derivative of f; empty if nothing."""
    g = partial or f
    for i in variable:
        exact = derivative_of(g, i)(*map(Value, at)).data
        found = verdict(f, g, at, i, exact, tolerance)
        if found not in ("", "kink"):
            return (
                f"{name_of(f)} at ({', '.join(map(repr, at))}): {derivative}/dx{i} is {exact:.9g} "
                f"by the engine, {found} by differences"
            )
        if order > 1 and not found:
            deeper = disagreement(
                f, at, variable, order - 1, tolerance, f"{derivative}/dx{i} d", derivative_of(g, i)
            )
            if deeper:
                return deeper
    return ""


def derivative_of(f: Function, i: int) -> Function:
    """df/dx_i, a function from Values to a Value like f itself."""

    def df(*xs: Value) -> Value:
        y = f(*xs)
        return grad(y, xs[i]) if isinstance(y, Value) else Value(0.0)

    return df


def verdict(
    f: Function, g: Function, at: list[float], i: int, exact: float, tolerance: float
) -> Any:
    """ "" if exact agrees with the differences of g in x_i, "kink" if it lies between the slopes of
    a kink; else what the differences say. Raises ValueError where they say nothing.

    The cube root of machine epsilon balances rounding against truncation for a function that
    bends on a scale of 1 (Nocedal & Wright 2006, section 8.1): most pass there, and quickly. The
    others are met at steps of all sizes, from which the one is taken that knows best.
    """
    x = at[i]
    unit = max(1.0, abs(x))
    quick = [Step(g, at, i, scale * CUBE_ROOT * unit) for scale in (1.0, 1e-2, 1e-4)]
    short = [step for step in quick if step.known]
    for k, step in enumerate(short):
        # a long step may step over all that bends, where a shorter one sees it
        seen_alike = all(step.is_near(shorter, tolerance) for shorter in short[k + 1 :])
        over_zero = exact == 0 and 0 < abs(x) < step.h  # where an even function seems to be flat
        if seen_alike and isclose(exact, step.slope, rel_tol=tolerance) and not over_zero:
            return ""
    bases = [unit, abs(x) if abs(x) < 1 else 0.0]
    moved = [step.moved for step in short]
    if moved and exact and isfinite(exact):
        bases.append(max(moved) / abs(exact))  # a step as long as this is felt
    noise = rounding_of(g, at)
    ladders = [
        [Step(g, at, i, base * 10.0**-k, noise) for k in range(1, 11)] for base in bases if base
    ]
    known = [[step for step in ladder if step.known] for ladder in ladders]
    for ladder in known:
        for longer, shorter in pairwise(ladder):
            apart = abs(longer.slope - shorter.slope)
            longer.apart, shorter.apart = max(longer.apart, apart), max(shorter.apart, apart)
    steps = [step for ladder in known if len(ladder) > 1 for step in ladder]
    where = f"{name_of(f)} at ({', '.join(map(repr, at))})"
    if not steps:
        failures = [step.failure for ladder in [quick, *ladders] for step in ladder]
        reason = next((r for r in reversed(failures) if r), "no step is short enough")
        raise ValueError(f"cannot check {where}, the edge of its domain: {reason}")
    sure = [step for step in steps if step.error() < 0.01 * abs(step.slope)]
    if sure:  # long steps may agree about another slope, that of the function seen from afar
        least = 0.01 * min([abs(step.slope) for step in sure])
        sure = [step for step in steps if step.error() < max(least, 0.01 * abs(step.slope))]
        shortest = min(sure, key=lambda step: step.h)
        steps = [step for step in sure if step.agrees(shortest)]
    best = min(steps, key=Step.error)
    most = max(abs(exact), abs(best.slope))
    off = abs(exact - best.slope)
    ladder = next(ladder for ladder in known if best in ladder)
    felt = [100 * best.rounding, 1e-3 * abs(ladder[0].slope), tolerance * abs(best.upper) / unit]
    rough = best.apart > max(0.1 * abs(best.slope), *felt)  # noise that no rounding explains
    if isfinite(exact) and off <= tolerance * most + 4 * (best.rounding if rough else best.error()):
        return ""
    ends = kink(g, at, ladder)
    if ends is not None:
        slack = tolerance * max(1e-300, *map(abs, ends)) + 4 * best.rounding
        if ends[0] - slack <= exact <= ends[1] + slack:
            return "kink"
        if isfinite(exact) and ends[1] - ends[0] < inf:
            return f"between {ends[0]:.9g} and {ends[1]:.9g}, a kink,"
    hidden = not claims_alike(g, at, i, best.h, exact) and not any(
        abs(exact - step.slope) > tolerance * most + 4 * step.error()
        for ladder in known
        for step in ladder
        if claims_alike(g, at, i, step.h, exact)
    )
    if isfinite(exact) and (hidden or (rough and off <= 10 * best.error())):
        raise ValueError(
            f"cannot tell whether {where} has the slope {exact:.9g} in x{i}: differences give "
            f"{best.slope:.9g}, give or take {best.error():.2g}"
        )
    return f"{best.slope:.9g}"


def claims_alike(g: Function, at: list[float], i: int, h: float, exact: float) -> bool:
    """Whether g has about the same slope by the engine, too, at both ends of a step.

    If not, g bends within the step, by its own account: then the step cannot accuse the slope at
    its middle.
    """
    try:
        ends = [
            derivative_of(g, i)(*map(Value, [*at[:i], at[i] + side, *at[i + 1 :]])).data
            for side in (-h, h)
        ]
    except (ArithmeticError, ValueError):
        return False
    return all(abs(end - exact) <= 0.5 * abs(exact) for end in ends)


def name_of(f: Function) -> str:
    return str(getattr(f, "name", None) or getattr(f, "__name__", None) or repr(f))
