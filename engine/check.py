"""The judge: gradients compared with central differences."""

from __future__ import annotations

import sys
from math import isclose

from engine.calculus import grad
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
    at most tolerance, relative to the larger where that is above 1. If an op is to blame, the
    error names it, the input and both numbers.

    Near a kink or the edge of its domain a function has no central difference to compare with:
    there the check may fail for a gradient that is right, or raise ValueError.

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
        approximate = closest_difference(f, g, at, i, exact)
        if not isclose(exact, approximate, rel_tol=tolerance, abs_tol=tolerance):
            return (
                f"{name_of(f)} at ({', '.join(map(repr, at))}): {derivative}/dx{i} is {exact:.9g} "
                f"by the engine, {approximate:.9g} by differences"
            )
        if order > 1:
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


def closest_difference(f: Function, g: Function, at: list[float], i: int, exact: float) -> float:
    """The central difference of g in x_i that is nearest to exact, of three step lengths.

    The cube root of machine epsilon balances rounding against truncation for a function that
    bends on a scale of 1 (Nocedal & Wright 2006, section 8.1); one that bends faster wants less.
    """
    differences: list[float] = []
    for scale in (1.0, 1e-2, 1e-4):
        h = scale * sys.float_info.epsilon ** (1 / 3) * max(1.0, abs(at[i]))
        beside = [[*at[:i], x, *at[i + 1 :]] for x in (at[i] + h, at[i] - h)]
        try:
            upper, lower = (float(g(*map(Value, xs))) for xs in beside)
        except (ArithmeticError, ValueError) as error:
            failure = error
            continue
        differences.append((upper - lower) / (beside[0][i] - beside[1][i]))
    if not differences:
        raise ValueError(
            f"cannot check {name_of(f)} at ({', '.join(map(repr, at))}), "
            f"the edge of its domain: {failure}"
        )
    nearest: float = min(differences, key=lambda d: abs(d - exact))
    return nearest


def name_of(f: Function) -> str:
    return str(getattr(f, "name", None) or getattr(f, "__name__", None) or repr(f))
