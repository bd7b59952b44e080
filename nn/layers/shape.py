"""Shapes: what passes numbers on as they are, in one list."""

from __future__ import annotations

from nn.module import Module
from nn.sample import sample

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, SupportsFloat

    from nn.module import Step
    from nn.sample import Vector


class Flatten(Module):
    """The numbers of nested lists in one list, row by row: a picture [8][8] as [64].

    >>> Flatten()([[1.0, 2.0], [3.0, 4.0]])
    [1.0, 2.0, 3.0, 4.0]
    """

    settings: ClassVar = {}

    def __call__(self, x: Any) -> list[Any]:
        """x: [a][b]... -> [a*b*...]."""
        if not hasattr(x, "__len__"):
            return [x]
        return [v for row in sample(x, "flatten") for v in self(row)]

    def steps(self) -> list[Step]:
        return [("flatten", {})]


class Identity(Module):
    """What it takes, as a list: a place for a layer that may be there or not."""

    settings: ClassVar = {}

    def __call__(self, x: Vector | SupportsFloat) -> list[Any]:
        """x: [n] -> [n]."""
        return list(sample(x, "identity"))

    def steps(self) -> list[Step]:
        return [("linear", {})]
