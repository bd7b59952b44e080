"""Linear: every output a weighted sum of all inputs."""

from __future__ import annotations

import math

from engine import Value, dot
from engine.value import constant
from nn.checks import check_size, flag
from nn.init import uniform_
from nn.module import Module
from nn.sample import refuse_batch, vector
from nn.settings import FLAG, SIZE, START

TYPE_CHECKING = False
if TYPE_CHECKING:
    import random
    from typing import Any, ClassVar, SupportsFloat

    from nn.module import Step
    from nn.sample import Vector


class Linear(Module):
    """weight @ x + bias: out_features numbers, each a weighted sum of all in_features.

    weight: [out][in], bias: [out], or None.
    """

    __module__ = "nn"
    settings: ClassVar = {"in_features": SIZE, "out_features": SIZE, "bias": FLAG, "rng": START}

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: random.Random | None = None,
    ) -> None:
        """Weights, row by row, and then biases are uniform in +-1/sqrt(in_features).

        They are drawn from rng or else from the module random. These are PyTorch's bounds, which
        kaiming_uniform_ has with a = sqrt(5). Raises ValueError for a size below 1.
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
        try:
            x = tuple([v if isinstance(v, Value) else constant(v) for v in x])  # dot shares a tuple
        except TypeError:
            refuse_batch(x, len(x), "linear")
            raise
        if self.bias is None:
            return [dot(row, x) for row in self.weight]
        return [dot(row, x, b) for row, b in zip(self.weight, self.bias)]

    def steps(self) -> list[Step]:
        return [("affine", {"weight": self.weight, "bias": self.bias})]

    def setting_values(self) -> dict[str, Any]:
        return {
            "in_features": self.in_features,
            "out_features": self.out_features,
            "bias": self.bias is not None,
        }

    @classmethod
    def parameter_count(cls, in_features: int, out_features: int, bias: bool) -> int:
        return out_features * (in_features + bias)

    def __repr__(self) -> str:
        without = "" if self.bias is not None else ", bias=False"
        return f"Linear({self.in_features}, {self.out_features}{without})"
