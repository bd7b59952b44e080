"""Shape: layers that change no number, only how the numbers are listed."""

from __future__ import annotations

from nn.module import Module
from nn.sample import sample

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, SupportsFloat

    from nn.module import Step
    from nn.sample import Vector


class Flatten(Module):
    """The numbers of nested lists in one list, row by row: a picture [8][8] becomes [64].

    >>> Flatten()([[1.0, 2.0], [3.0, 4.0]])
    [1.0, 2.0, 3.0, 4.0]
    """

    __module__ = "nn"
    settings: ClassVar = {}

    def __call__(self, x: Any) -> list[Any]:
        """x: [a][b]... -> [a*b*...]."""
        if not hasattr(x, "__len__"):
            return [x]
        return [v for row in sample(x, "flatten") for v in self(row)]

    def steps(self) -> list[Step]:
        return [("flatten", {})]


class Identity(Module):
    """The numbers that it takes, as a list. It stands where a layer may be or not be."""

    __module__ = "nn"
    settings: ClassVar = {}

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]."""
        return list(sample(x, "identity"))

    def steps(self) -> list[Step]:
        return [("linear", {})]
