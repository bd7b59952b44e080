"""Dropout: numbers that are left out at random while a network learns."""

from __future__ import annotations

from engine import Value, ops
from engine.op import number
from engine.recording import open_trace
from nn.checks import random_source
from nn.module import Module
from nn.sample import sample
from nn.settings import NUMBER, UNSAVED

TYPE_CHECKING = False
if TYPE_CHECKING:
    import random
    from typing import Any, ClassVar, SupportsFloat

    from nn.module import Step
    from nn.sample import Vector


class Dropout(Module):
    """While training, each number is 0 with probability p, else divided by 1 - p.

    So the mean stays what it was, and in eval mode the numbers are left alone: "inverted" dropout
    (Srivastava et al. 2014, section 10). `rng` is the random source, None for the module random. A
    checkpoint keeps its state, so that a resumed run draws what the first would have drawn.

    >>> Dropout(0.5).eval()([1.0, 2.0])
    [1.0, 2.0]
    """

    __module__ = "nn"
    settings: ClassVar = {"p": NUMBER, "rng": UNSAVED}

    def __init__(self, p: float = 0.5, *, rng: random.Random | None = None) -> None:
        """Raises ValueError unless p is between 0 and 1."""
        random_source(rng)
        self.p, self.rng = number(p), rng
        if not 0 <= self.p <= 1:
            raise ValueError(f"dropout takes a probability p between 0 and 1, got {self.p}")

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]. It draws n random numbers, but none in eval mode or where p is 0 or 1."""
        xs, block = sample(x, "dropout"), open_trace.get()
        if not self.training or self.p == 0:
            return list(xs)
        if block is None or self.p == 1:
            return [ops.mul(v, factor) for v, factor in zip(xs, self.mask(len(xs)))]
        factors = [Value(1.0) for _ in xs]
        block.drawn.append((self, factors))
        return [ops.mul(v, factor) for v, factor in zip(xs, factors)]

    def steps(self) -> list[Step]:
        return [("dropout", {"p": self.p})]

    def mask(self, n: int) -> list[float]:
        """n factors, drawn at random: 0 for a number that is dropped, else 1 / (1 - p)."""
        if self.p in (0, 1):
            return [1.0 - self.p] * n
        scale, draw = 1.0 / (1.0 - self.p), random_source(self.rng).random
        return [scale if draw() >= self.p else 0.0 for _ in range(n)]

    def __repr__(self) -> str:
        return f"Dropout(p={self.p!r})"
