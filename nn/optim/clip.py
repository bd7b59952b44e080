"""Clipping: gradients cut down to a size, so that one steep place cannot undo the training."""

from __future__ import annotations

from math import inf, isfinite, isnan, nan, sqrt

from engine import Value
from engine.op import number
from nn.checks import listed
from nn.optim.optimizer import check_parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def clip_grad_norm_(
    parameters: Value | Iterable[Value],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> float:
    """The norm of all grads as one vector; if it is above max_norm, they are scaled down to it.

    Each grad is multiplied by max_norm / (norm + 1e-6), at most 1 (Pascanu, Mikolov & Bengio
    2013, algorithm 1). norm_type is p in (|g0|**p + |g1|**p + ...)**(1/p); inf takes the largest.
    Raises ArithmeticError, and leaves the grads, if error_if_nonfinite and the norm is inf or nan.

    >>> p, q = Value(0.0), Value(0.0)
    >>> p.grad, q.grad = 30.0, -40.0
    >>> clip_grad_norm_([p, q], max_norm=5.0)
    50.0
    >>> print(f"{p.grad:.4f} {q.grad:.4f}")
    3.0000 -4.0000
    """
    params = checked(parameters)
    max_norm, norm_type = number(max_norm), number(norm_type)
    if not max_norm >= 0:
        raise ValueError(f"max_norm is at least 0, got {max_norm}")
    if not norm_type > 0:
        raise ValueError(f"norm_type is a positive number or inf, got {norm_type}")
    total_norm = norm([p.grad for p in params], norm_type)
    if error_if_nonfinite and not isfinite(total_norm):
        raise ArithmeticError(f"the norm of the grads is {total_norm}, which none can be cut to")
    scale = max_norm / (total_norm + 1e-6)
    if not scale >= 1.0:  # nan is passed on
        for p in params:
            p.grad *= scale
    return total_norm


def clip_grad_value_(parameters: Value | Iterable[Value], clip_value: float) -> None:
    """Bring every grad into [-clip_value, clip_value]; nan stays nan."""
    params = checked(parameters)
    clip_value = number(clip_value)
    if not clip_value >= 0:
        raise ValueError(f"clip_value is at least 0, got {clip_value}")
    for p in params:
        p.grad = max(min(p.grad, clip_value), -clip_value)


def checked(parameters: Value | Iterable[Value]) -> list[Value]:
    params = [parameters] if isinstance(parameters, Value) else listed(parameters)
    check_parameters(params, [])
    return params


def norm(xs: list[float], p: float) -> float:
    """(|x0|**p + |x1|**p + ...)**(1/p), taken out of the largest, so that no power overflows."""
    sizes = [abs(x) for x in xs]
    if any(isnan(x) for x in sizes):
        return nan
    largest = max(sizes, default=0.0)
    if p == inf or largest in (0.0, inf):
        return largest
    parts = [x / largest for x in sizes]
    total = 0.0
    if p == 2:  # a product and a root have the same bits everywhere, which powers have not
        for x in parts:
            total += x * x
        return largest * sqrt(total)
    for x in parts:
        total += x**p
    length: float = largest * total ** (1 / p)
    return length
