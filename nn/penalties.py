"""Penalties: what large weights add to a loss, so that a network does not learn the noise too.

>>> from nn import MLP
>>> model = MLP(2, [4, 1])
>>> weights = weights_of(model)  # once, before the training
>>> penalty = 1e-4 * l2_penalty(weights)  # in each step: loss = mse_loss(...) + penalty
"""

from __future__ import annotations

from engine import Value, dot
from nn.checks import listed
from nn.sample import added

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from nn.module import Module


def l1_penalty(parameters: Iterable[Value]) -> Value:
    """The sum of |p|: it pulls each parameter towards 0 with the same force (Tibshirani 1996).

    Its slope at p = 0 is 0. Raises ValueError if there are no parameters.
    """
    total: Value = added([abs(p) for p in some_values(parameters, "l1_penalty")])
    return total


def l2_penalty(parameters: Iterable[Value]) -> Value:
    """The sum of p * p: it pulls each parameter towards 0 with a force that grows with it.

    Hoerl & Kennard 1970. Its gradient is 2 * p, so w / 2 * l2_penalty(parameters) in the loss is
    SGD's weight_decay=w. Raises ValueError if there are no parameters.

    >>> l2_penalty([Value(3.0), Value(-4.0)]).data
    25.0
    """
    values = tuple(some_values(parameters, "l2_penalty"))
    total: Value = dot(values, values)
    return total


def weights_of(model: Module) -> list[Value]:
    """The parameters that are no biases, for penalties: biases do not make a network overfit.

    A bias is a parameter that is, or is in, an attribute called `bias`. The order is that of
    model.parameters() (Goodfellow et al. 2016, section 7.1).
    """
    return [p for name, p in model.named_parameters() if attribute(name) != "bias"]


def attribute(path: str) -> str:
    """The last name in a parameter's path that is no index: "bias" of "layers.0.bias.3"."""
    return next((part for part in reversed(path.split(".")) if not part.isdigit()), "")


def some_values(parameters: Any, taker: str) -> list[Value]:
    """The parameters as a list of at least one Value. Raises TypeError or ValueError."""
    values = listed(parameters)
    if not values:
        raise ValueError(f"{taker} takes at least 1 parameter, got 0")
    for p in values:
        if not isinstance(p, Value):
            raise TypeError(f"a parameter is a Value, got {type(p).__name__} {p!r:.60}")
    return values
