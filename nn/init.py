"""Starting weights: numbers that keep signals, and gradients, from dying out or blowing up.

Each function sets the data of Values in place and returns them as it got them: one Value, or lists
nested to any depth. Numbers are drawn in order, row by row, from `rng` or else from the module
random.

>>> from random import Random
>>> from nn import MLP
>>> model = MLP(2, [4, 1])
>>> for layer in model.layers:  # the weights of a layer of neurons as [out][in]
...     matrix = [neuron.weights for neuron in layer.neurons]
...     _ = kaiming_uniform_(matrix, nonlinearity="relu", rng=Random(0))
"""

from __future__ import annotations

import math

from engine import Value
from engine.op import number
from nn.checks import random_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from typing import Any, TypeVar

    Tensor = TypeVar("Tensor")  # a Value, or (nested) lists of them


def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, *, rng: random.Random | None = None
) -> Tensor:
    """Numbers spread evenly over [a, b]. Raises ValueError unless a <= b."""
    a, b, draw = number(a), number(b), random_source(rng).uniform
    if not a <= b:
        raise ValueError(f"uniform_ takes numbers a <= b, got a={a} and b={b}")
    return fill(tensor, lambda: draw(a, b))


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, *, rng: random.Random | None = None
) -> Tensor:
    """Normally distributed numbers. Raises ValueError for a std below 0."""
    mean, std, draw = number(mean), number(std), random_source(rng).gauss
    if not std >= 0:
        raise ValueError(f"normal_ takes a std of at least 0, got {std}")
    return fill(tensor, lambda: draw(mean, std))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """The number val everywhere."""
    val = number(val)
    return fill(tensor, lambda: val)


def zeros_(tensor: Tensor) -> Tensor:
    """0 everywhere, which is for biases. Weights that are all equal would stay equal."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """1 everywhere."""
    return constant_(tensor, 1.0)


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, *, rng: random.Random | None = None
) -> Tensor:
    """Uniform in +-gain * sqrt(6 / (fan_in + fan_out)), for tanh and sigmoid.

    It keeps the variance of the signals that go forward and of the gradients that go back, as far
    as both can be kept at once (Glorot & Bengio 2010, equation 16). tensor: [out][in].
    """
    bound = math.sqrt(3.0) * xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, rng=rng)


def xavier_normal_(
    tensor: Tensor, gain: float = 1.0, *, rng: random.Random | None = None
) -> Tensor:
    """Normal of standard deviation gain * sqrt(2 / (fan_in + fan_out)) (Glorot & Bengio 2010)."""
    return normal_(tensor, 0.0, xavier_std(tensor, gain), rng=rng)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: random.Random | None = None,
) -> Tensor:
    """Uniform in +-gain * sqrt(3 / fan), for relu and its kin.

    The gain belongs to the nonlinearity, where a is the slope of leaky_relu below 0. The mode
    "fan_in" keeps the variance of signals, "fan_out" the variance of gradients (He et al. 2015,
    equations 10 and 14). tensor: [out][in]. Raises ValueError for an unknown mode or
    nonlinearity.
    """
    bound = math.sqrt(3.0) * kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, rng=rng)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: random.Random | None = None,
) -> Tensor:
    """Normal of standard deviation gain / sqrt(fan); the arguments of kaiming_uniform_."""
    return normal_(tensor, 0.0, kaiming_std(tensor, a, mode, nonlinearity), rng=rng)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """How much larger the weights before a nonlinearity must be, because it shrinks the signal.

    The numbers are PyTorch's. param is the slope of leaky_relu below 0, 0.01 if not given. Raises
    ValueError for an unknown nonlinearity.
    """
    slope = 0.01 if param is None else number(param)
    gains = {
        "linear": 1.0,
        "sigmoid": 1.0,
        "tanh": 5.0 / 3,
        "relu": math.sqrt(2.0),
        "leaky_relu": math.sqrt(2.0 / (1.0 + slope**2)),
        "selu": 3.0 / 4,
    }
    if nonlinearity not in gains:
        names = ", ".join(gains)
        raise ValueError(f"unknown nonlinearity {nonlinearity!r}: take one of {names}")
    return gains[nonlinearity]


def xavier_std(tensor: Any, gain: float) -> float:
    fan_in, fan_out = fans(tensor)
    return number(gain) * math.sqrt(2.0 / (fan_in + fan_out))


def kaiming_std(tensor: Any, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"unknown mode {mode!r}: take one of fan_in, fan_out")
    fan_in, fan_out = fans(tensor)
    fan = fan_in if mode == "fan_in" else fan_out
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def fans(tensor: Any) -> tuple[int, int]:
    """(fan_in, fan_out): how many numbers a neuron takes, and how many neurons take a number.

    tensor: [out][in], or [out][in][...] for a convolution. Raises ValueError for fewer dimensions.
    """
    sizes = shape(tensor)
    if len(sizes) < 2:
        raise ValueError(f"fan_in and fan_out need weights [out][in], got the shape {sizes}")
    if 0 in sizes:
        raise ValueError(f"fan_in and fan_out need at least 1 weight, got the shape {sizes}")
    field = math.prod(sizes[2:])
    return sizes[1] * field, sizes[0] * field


def shape(tensor: Any) -> list[int]:
    """[3, 2] for 3 rows of 2 Values. Raises ValueError if rows differ in shape."""
    if not isinstance(tensor, list | tuple):
        return []
    rows = [shape(row) for row in tensor]
    for row in rows:
        if row != rows[0]:
            raise ValueError(f"rows differ in shape: {rows[0]} and {row}")
    return [len(rows), *(rows[0] if rows else [])]


def fill(tensor: Tensor, draw: Callable[[], float]) -> Tensor:
    """The tensor, with a new number in each of its Values. Raises TypeError, and changes nothing,
    if it holds anything else.
    """
    for value in values(tensor):
        value.data = draw()
    return tensor


def values(tensor: Any) -> list[Value]:
    """The Values of nested lists, in order. Raises TypeError for anything else among them."""
    if isinstance(tensor, Value):
        return [tensor]
    if not isinstance(tensor, list | tuple):
        got = type(tensor).__name__
        raise TypeError(f"expected a Value or lists of them, got {got} {tensor!r:.60}")
    return [value for branch in tensor for value in values(branch)]
