"""The layers: parts of a network under PyTorch's names, and Sequential to put them in a row.

Each takes one sample, a list of Values or numbers (a bare number is a list of one), and always
gives a list, also of one output. A batch is a loop over its samples.

>>> from random import Random
>>> from nn.activations import Tanh
>>> model = Sequential(Linear(2, 4, rng=Random(0)), Tanh(), Linear(4, 1, rng=Random(1)))
>>> len(model([0.5, -1.0]))
1
"""

from __future__ import annotations

import math
import random

from engine import Value, dot, ops
from engine.op import number
from engine.recording import open_trace
from engine.value import constant
from nn.checks import check_size, count, finite, flag, positive, random_source
from nn.init import uniform_
from nn.module import Module
from nn.sample import sample, vector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Self, SupportsFloat

    from nn.sample import Vector


class Linear(Module):
    """weight @ x + bias: out_features numbers, each a weighted sum of all in_features.

    weight: [out][in], bias: [out], or None.
    """

    __module__ = "nn"

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: random.Random | None = None,
    ) -> None:
        """Weights, row by row, and then biases uniform in +-1/sqrt(in_features).

        They are drawn from rng, or from the module random, with PyTorch's bounds:
        kaiming_uniform_ with a = sqrt(5). Raises ValueError for a size below 1.
        """
        check_size(in_features, "linear", "input")
        check_size(out_features, "linear", "output")
        flag("bias", bias)
        self.in_features, self.out_features = in_features, out_features
        self.weight = [[Value(0.0) for _ in range(in_features)] for _ in range(out_features)]
        self.bias = [Value(0.0) for _ in range(out_features)] if bias else None
        bound = 1.0 / math.sqrt(in_features)
        uniform_(self.weight, -bound, bound, rng=rng)
        if self.bias is not None:
            uniform_(self.bias, -bound, bound, rng=rng)

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [in] -> [out]. Raises ValueError for another length of x."""
        x = vector(x, self.in_features, "linear")
        x = tuple([v if isinstance(v, Value) else constant(v) for v in x])  # dot shares a tuple
        if self.bias is None:
            return [dot(row, x) for row in self.weight]
        return [dot(row, x, b) for row, b in zip(self.weight, self.bias)]

    def __repr__(self) -> str:
        without = "" if self.bias is not None else ", bias=False"
        return f"Linear({self.in_features}, {self.out_features}{without})"


class Sequential(Module):
    """Modules in a row: each takes what the one before it gives.

    Its attributes are called "0", "1", ..., as in PyTorch, so that its state_dict has PyTorch's
    names. The last module decides what comes out: an MLP of one output gives a bare Value.

    >>> Sequential(Linear(2, 3), Dropout(0.1))
    Sequential(
      0: Linear(2, 3)
      1: Dropout(p=0.1)
    )
    """

    __module__ = "nn"

    def __init__(self, *modules: Module) -> None:
        """Raises TypeError for what is no module. Without any, it gives what it takes."""
        for module in modules:
            self.append(module)

    def append(self, module: Module) -> Self:
        """Put a module behind the others; the Sequential itself."""
        if isinstance(module, type):
            raise TypeError(f"sequential takes modules, got a class: say {module.__name__}()")
        if not isinstance(module, Module):
            raise TypeError(f"sequential takes modules, got {type(module).__name__} {module!r:.60}")
        setattr(self, str(len(self)), module)
        return self

    def __call__(self, x: Any) -> Any:
        """What the last module makes of what the others made of x."""
        for module in self:
            x = module(x)
        return x

    def __iter__(self) -> Iterator[Any]:
        return iter([module for name, module in vars(self).items() if name.isdigit()])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __getitem__(self, i: int | slice) -> Any:
        """The module number i, or a Sequential of a slice of the modules themselves."""
        modules = list(iter(self))
        if isinstance(i, slice):
            return Sequential(*modules[i])
        try:
            return modules[i]
        except IndexError:
            raise IndexError(
                f"sequential has {count(len(modules), 'module')}, got index {i}"
            ) from None


class Dropout(Module):
    """While training, each number is 0 with probability p, else divided by 1 - p.

    So its mean is as it was, and in eval mode it is left alone (Srivastava et al. 2014, section
    10: "inverted" dropout). `rng` is its random source, None for the module random; its state is
    what a run must keep to be resumed.

    >>> Dropout(0.5).eval()([1.0, 2.0])
    [1.0, 2.0]
    """

    __module__ = "nn"

    def __init__(self, p: float = 0.5, *, rng: random.Random | None = None) -> None:
        """Raises ValueError unless p is between 0 and 1."""
        random_source(rng)
        self.p, self.rng = number(p), rng
        if not 0 <= self.p <= 1:
            raise ValueError(f"dropout takes a probability p between 0 and 1, got {self.p}")

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]. It draws n random numbers; none in eval mode or where p is 0 or 1."""
        xs, block = sample(x, "dropout"), open_trace.get()
        if not self.training or self.p == 0:
            return list(xs)
        if block is None or self.p == 1:
            return [ops.mul(v, factor) for v, factor in zip(xs, self.mask(len(xs)))]
        factors = [Value(1.0) for _ in xs]
        block.drawn.append((self, factors))
        return [ops.mul(v, factor) for v, factor in zip(xs, factors)]

    def mask(self, n: int) -> list[float]:
        """The factors of n numbers, drawn: 0 for what is dropped, 1 / (1 - p) for the others."""
        if self.p in (0, 1):
            return [1.0 - self.p] * n
        scale, draw = 1.0 / (1.0 - self.p), random_source(self.rng).random
        return [scale if draw() >= self.p else 0.0 for _ in range(n)]

    def __repr__(self) -> str:
        return f"Dropout(p={self.p!r})"


class Normalization(Module):
    """(x - mean) / deviation of each number: a model that takes its data as it is.

    The numbers are settings, not parameters: take those of the training data, as a Standardizer
    finds them. With invert it is x * deviation + mean, for what comes out in units of its own.

    >>> Normalization([2.0, 5.0], [1.0, 0.5])([3.0, 5.0])
    [1.0, 0.0]
    """

    __module__ = "nn"

    def __init__(
        self, means: Sequence[float], deviations: Sequence[float], invert: bool = False
    ) -> None:
        """means, deviations: [n]. Raises ValueError for a deviation that is not above 0."""
        self.means = [finite("a mean", x) for x in means]
        self.deviations = [positive("a deviation", x) for x in deviations]
        self.invert = flag("invert", invert)
        check_size(len(self.means), "normalization", "input")
        if len(self.deviations) != len(self.means):
            raise ValueError(
                f"a deviation for each mean is needed, got {len(self.deviations)} for "
                f"{len(self.means)}"
            )

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]. Raises ValueError for another length of x."""
        numbers = zip(vector(x, len(self.means), "normalization"), self.means, self.deviations)
        if self.invert:
            return [ops.add(ops.mul(v, size), mean) for v, mean, size in numbers]
        return [ops.div(ops.sub(v, mean), size) for v, mean, size in numbers]

    def __repr__(self) -> str:
        return f"Normalization({len(self.means)}{', invert=True' if self.invert else ''})"


class LayerNorm(Module):
    """(x - mean) / sqrt(variance + eps) * weight + bias, of one sample (Ba et al. 2016).

    The variance is that of the n numbers, divided by n. weight: [n] of ones, bias: [n] of zeros,
    both parameters; None for those that are switched off.
    """

    __module__ = "nn"

    def __init__(
        self,
        normalized_shape: int,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        """normalized_shape is n. Raises ValueError for n below 1 or eps below 0."""
        check_size(normalized_shape, "layer_norm", "input")
        flag("elementwise_affine", elementwise_affine)
        flag("bias", bias)
        self.normalized_shape, self.eps = normalized_shape, number(eps)
        if not self.eps >= 0:
            raise ValueError(f"eps is at least 0, got {self.eps}")
        n = range(normalized_shape)
        self.weight = [Value(1.0) for _ in n] if elementwise_affine else None
        self.bias = [Value(0.0) for _ in n] if elementwise_affine and bias else None

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]. Raises ValueError for another length of x."""
        n = self.normalized_shape
        xs: list[Any] = list(vector(x, n, "layer_norm"))
        total = xs[0]
        for v in xs[1:]:
            total = ops.add(total, v)
        mean = ops.div(total, n)
        deviations = [ops.sub(v, mean) for v in xs]
        variance = ops.div(dot(deviations, deviations), n)
        scale = ops.sqrt(ops.add(variance, self.eps))
        outputs: list[Any] = [ops.div(d, scale) for d in deviations]
        if self.weight is not None:
            outputs = [w * y for w, y in zip(self.weight, outputs)]
        if self.bias is not None:
            outputs = [y + b for y, b in zip(outputs, self.bias)]
        return outputs

    def __repr__(self) -> str:
        settings = f", eps={self.eps!r}" if self.eps != 1e-5 else ""
        if self.weight is None:
            settings += ", elementwise_affine=False"
        elif self.bias is None:
            settings += ", bias=False"
        return f"LayerNorm({self.normalized_shape}{settings})"


class Flatten(Module):
    """The numbers of nested lists in one list, row by row: a picture [8][8] as [64].

    >>> Flatten()([[1.0, 2.0], [3.0, 4.0]])
    [1.0, 2.0, 3.0, 4.0]
    """

    __module__ = "nn"

    def __call__(self, x: Any) -> list[Any]:
        """x: [a][b]... -> [a*b*...]."""
        if not hasattr(x, "__len__"):
            return [x]
        return [v for row in sample(x, "flatten") for v in self(row)]


class Identity(Module):
    """What it takes, as a list: a place for a layer that may be there or not."""

    __module__ = "nn"

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]."""
        return list(sample(x, "identity"))
