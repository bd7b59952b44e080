"""Normalisation: numbers are brought to mean 0 and deviation 1, over the data or in a sample."""

from __future__ import annotations

from engine import Value, dot, ops
from engine.op import number
from nn.checks import check_size, finite, flag, positive
from nn.module import Module
from nn.sample import vector
from nn.settings import FLAG, NUMBER, NUMBERS, POSITIVES, SIZE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, ClassVar, SupportsFloat

    from nn.module import Step
    from nn.sample import Vector


def normalized(x: Any, means: Any, deviations: Any) -> Any:
    return ops.div(ops.sub(x, means), deviations)


def restored(x: Any, means: Any, deviations: Any) -> Any:
    return ops.add(ops.mul(x, deviations), means)


class Normalization(Module):
    """(x - mean) / deviation of each number, so that a model takes the data as they are.

    Means and deviations are settings, not parameters: a Standardizer finds them in the training
    data. With invert it is x * deviation + mean, which gives outputs the units of the targets.

    >>> Normalization([2.0, 5.0], [1.0, 0.5])([3.0, 5.0])
    [1.0, 0.0]
    """

    __module__ = "nn"
    settings: ClassVar = {"means": NUMBERS, "deviations": POSITIVES, "invert": FLAG}

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
            return [restored(v, mean, size) for v, mean, size in numbers]
        return [normalized(v, mean, size) for v, mean, size in numbers]

    def steps(self) -> list[Step]:
        numbers = {"means": self.means, "deviations": self.deviations}
        return [("elementwise", {"f": restored if self.invert else normalized, **numbers})]

    def __repr__(self) -> str:
        return f"Normalization({len(self.means)}{', invert=True' if self.invert else ''})"


class LayerNorm(Module):
    """(x - mean) / sqrt(variance + eps) * weight + bias, within one sample (Ba et al. 2016).

    The variance is the mean of (x - mean)**2 over the n numbers. weight: [n] of ones, bias: [n] of
    zeros. Both are parameters, and None where they are switched off.
    """

    __module__ = "nn"
    settings: ClassVar = {
        "normalized_shape": SIZE,
        "eps": NUMBER,
        "elementwise_affine": FLAG,
        "bias": FLAG,
    }

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

    def steps(self) -> list[Step]:
        learned = {"weight": self.weight, "bias": self.bias}
        return [("layer_norm", {"n": self.normalized_shape, "eps": self.eps, **learned})]

    def setting_values(self) -> dict[str, Any]:
        return {
            "normalized_shape": self.normalized_shape,
            "eps": self.eps,
            "elementwise_affine": self.weight is not None,
            "bias": self.bias is not None,
        }

    @classmethod
    def parameter_count(
        cls, normalized_shape: int, elementwise_affine: bool, bias: bool, **_: Any
    ) -> int:
        return normalized_shape * elementwise_affine * (1 + bias)

    def __repr__(self) -> str:
        settings = f", eps={self.eps!r}" if self.eps != 1e-5 else ""
        if self.weight is None:
            settings += ", elementwise_affine=False"
        elif self.bias is None:
            settings += ", bias=False"
        return f"LayerNorm({self.normalized_shape}{settings})"
