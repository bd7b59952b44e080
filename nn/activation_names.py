"""Activations by name: functions of one number, as a Neuron takes them.

>>> activation_called("relu")(-2.0)
0.0
"""

from __future__ import annotations

from engine import ops
from nn.settings import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from engine import Value

    Activation = Callable[[Any], Any]  # of one number


def linear(x: Value) -> Value:
    """x itself: the activation of a neuron that has none."""
    return x


ACTIVATIONS: dict[str, Activation] = {
    "linear": linear,
    **{
        op.name: op
        for op in (ops.relu, ops.leaky_relu, ops.elu, ops.gelu, ops.silu)
        + (ops.softplus, ops.sigmoid, ops.tanh, ops.sin)
    },
}
ACTIVATION = Rule(  # of a setting
    f"one of {', '.join(ACTIVATIONS)}", lambda x: isinstance(x, str) and x in ACTIVATIONS
)


def activation_called(name: str | Activation) -> Activation:
    """The activation of that name; a function is taken as it is. Raises ValueError or TypeError."""
    if callable(name):
        return name
    if not isinstance(name, str):
        raise TypeError(f"activation takes a name or a function, got {name!r}")
    if name not in ACTIVATIONS:
        raise ValueError(f"unknown activation {name!r}: take one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]


def name_of(activation: Activation) -> str:
    """The name that an activation has, or else what Python calls it."""
    return str(getattr(activation, "name", None) or getattr(activation, "__name__", activation))


def shared_name(functions: Sequence[Activation]) -> str:
    """The name of the activation that all functions are. Raises TypeError if it is none of nn's."""
    names = {name_of(f) for f in functions}
    if len(names) > 1:
        raise TypeError(f"a layer of several activations: {', '.join(sorted(names))}")
    (name,) = names
    if any(f is not ACTIVATIONS.get(name) for f in functions):
        raise TypeError(f"the activation {name!r:.60} is none of {', '.join(ACTIVATIONS)}")
    return name
