"""The activations: modules that stand between the layers of a Sequential.

A module takes one sample, a list of Values or numbers, and gives a list of the same length: Values
if it got Values, floats if it got numbers. A bare number stands for a list of one.
"""

from __future__ import annotations

from engine import ops
from engine.op import number
from nn.module import Module
from nn.sample import sample
from nn.settings import DIMENSION, NUMBER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, SupportsFloat

    from nn.module import Step
    from nn.sample import Vector

# ---- of each number by itself ----


class ReLU(Module):
    """max(x, 0) of each number (Nair & Hinton 2010); its slope at 0 is 0.

    >>> ReLU()([-1.0, 2.0])
    [0.0, 2.0]
    """

    __module__ = "nn"
    settings: ClassVar = {}

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]."""
        return [ops.relu(v) for v in sample(x, "relu")]

    def steps(self) -> list[Step]:
        return [("relu", {})]


class LeakyReLU(Module):
    """x where x > 0, else negative_slope * x (Maas et al. 2013)."""

    __module__ = "nn"
    settings: ClassVar = {"negative_slope": NUMBER}

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = number(negative_slope)

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]."""
        return [ops.leaky_relu(v, self.negative_slope) for v in sample(x, "leaky_relu")]

    def steps(self) -> list[Step]:
        return [("leaky_relu", {"negative_slope": self.negative_slope})]

    def __repr__(self) -> str:
        return f"LeakyReLU(negative_slope={self.negative_slope!r})"


class ELU(Module):
    """x where x > 0, else alpha * (e**x - 1) (Clevert et al. 2015)."""

    __module__ = "nn"
    settings: ClassVar = {"alpha": NUMBER}

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = number(alpha)

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]."""
        return [ops.elu(v, self.alpha) for v in sample(x, "elu")]

    def steps(self) -> list[Step]:
        return [("elu", {"alpha": self.alpha})]

    def __repr__(self) -> str:
        return f"ELU(alpha={self.alpha!r})"


class GELU(Module):
    """x * P(X <= x) for a standard normal X, exactly (Hendrycks & Gimpel 2016)."""

    __module__ = "nn"
    settings: ClassVar = {}

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]."""
        return [ops.gelu(v) for v in sample(x, "gelu")]

    def steps(self) -> list[Step]:
        return [("gelu", {})]


class SiLU(Module):
    """x * sigmoid(x), also called swish (Elfwing et al. 2017)."""

    __module__ = "nn"
    settings: ClassVar = {}

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]."""
        return [ops.silu(v) for v in sample(x, "silu")]

    def steps(self) -> list[Step]:
        return [("silu", {})]


class Softplus(Module):
    """log(1 + e**(beta * x)) / beta, a smooth relu (Dugas et al. 2001).

    PyTorch's Softplus gives x itself where beta * x is above its `threshold` of 20, which is up to
    2e-9 off. This one has no threshold: it does not overflow.
    """

    __module__ = "nn"
    settings: ClassVar = {"beta": NUMBER}

    def __init__(self, beta: float = 1.0) -> None:
        """Raises ValueError if beta is not positive."""
        self.beta = number(beta)
        if not 0 < self.beta < float("inf"):
            raise ValueError(f"beta is a positive number, got {self.beta}")

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]."""
        xs = sample(x, "softplus")
        if self.beta == 1.0:
            return [ops.softplus(v) for v in xs]
        return [ops.softplus(ops.mul(self.beta, v)) / self.beta for v in xs]

    def steps(self) -> list[Step]:
        return [("softplus", {"beta": self.beta})]

    def __repr__(self) -> str:
        return f"Softplus(beta={self.beta!r})"


class Sigmoid(Module):
    """1 / (1 + e**-x), the logistic function: it makes a probability of any number."""

    __module__ = "nn"
    settings: ClassVar = {}

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]."""
        return [ops.sigmoid(v) for v in sample(x, "sigmoid")]

    def steps(self) -> list[Step]:
        return [("sigmoid", {})]


class Tanh(Module):
    """The hyperbolic tangent of each number."""

    __module__ = "nn"
    settings: ClassVar = {}

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]."""
        return [ops.tanh(v) for v in sample(x, "tanh")]

    def steps(self) -> list[Step]:
        return [("tanh", {})]


# ---- of all numbers together ----


class Softmax(Module):
    """e**x / (sum of e**x): probabilities, which sum to 1 (Bridle 1990).

    >>> Softmax()([5.0, 5.0])
    [0.5, 0.5]
    """

    __module__ = "nn"
    settings: ClassVar = {"dim": DIMENSION}

    def __init__(self, dim: int | None = None) -> None:
        """A sample has one dimension, so dim is -1, 0 or None. Raises ValueError for another."""
        self.dim = only_dimension(dim)

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]. Raises ValueError if x is empty."""
        return ops.softmax(sample(x, "softmax"))

    def steps(self) -> list[Step]:
        return [("softmax", {})]

    def __repr__(self) -> str:
        return f"Softmax(dim={self.dim})"


class LogSoftmax(Module):
    """log(softmax(x)), without underflow: x - log(sum of e**x)."""

    __module__ = "nn"
    settings: ClassVar = {"dim": DIMENSION}

    def __init__(self, dim: int | None = None) -> None:
        """A sample has one dimension, so dim is -1, 0 or None. Raises ValueError for another."""
        self.dim = only_dimension(dim)

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]. Raises ValueError if x is empty.

        The largest x is subtracted first: that changes only how large numbers are rounded.
        """
        xs = sample(x, "log_softmax")
        if not len(xs):
            raise ValueError("log_softmax takes at least 1 input, got 0")
        shift = ops.stop_gradient(ops.maximum(*xs))
        shifted = [ops.sub(v, shift) for v in xs]
        z = ops.logsumexp(*shifted)
        return [ops.sub(v, z) for v in shifted]

    def steps(self) -> list[Step]:
        return [("log_softmax", {})]

    def __repr__(self) -> str:
        return f"LogSoftmax(dim={self.dim})"


def only_dimension(dim: int | None) -> int | None:
    if dim is not None and (isinstance(dim, bool) or not isinstance(dim, int)):
        raise TypeError(f"dim takes a whole number or None, got {dim!r:.60}")
    if dim not in (None, -1, 0):
        raise ValueError(f"a sample has 1 dimension, so dim is -1 or 0, got {dim}")
    return dim
