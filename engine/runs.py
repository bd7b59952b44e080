"""Runs: instructions of the tail, where each row is one number, joined to loops over rows.

An op of one or two inputs, on rows that follow one another, is one loop; so are dot products that
share a factor, which are a matrix times a vector. What comes of it, numbers and gradients, is what
the instructions one by one would give, to the last bit.

An operand is a number as in `engine.plan`: row r, or scalar ~k.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any


def joined(code: Iterable[Any]) -> list[Any]:
    """The instructions, with one in the place of several where that is possible.

    code: Runs, Products, and others, which stay as they are.
    """
    made: list[Any] = []
    for c in code:
        if not made or not isinstance(made[-1], (Run, Products)) or not made[-1].join(c):
            made.append(c)
    return made


class Run:
    """The same op of one or two inputs for several rows.

    operands: those of its first row. steps: whether each moves on to the next row or scalar from
    row to row, 1, or stays, 0.
    """

    def __init__(
        self, loop: int, out: int, live: bool, operands: list[int], parameters: int
    ) -> None:
        self.loop, self.out, self.live, self.operands = loop, out, live, operands
        self.groups = [group(x, parameters) for x in operands]
        self.rows, self.count, self.steps = 1, len(operands), [0] * len(operands)

    def join(self, c: Any) -> bool:
        """Whether c is the next row of this run, of which it is a part from now on."""
        if not isinstance(c, Run) or (c.loop, c.live) != (self.loop, self.live):
            return False
        if c.out != self.out + self.rows or c.groups != self.groups:
            return False
        moved = [y - x if x >= 0 else x - y for x, y in zip(self.operands, c.operands)]
        steps = self.steps if self.rows > 1 else moved
        if moved != [step * self.rows for step in steps] or not {*steps} <= {0, 1}:
            return False
        self.steps = steps
        self.rows += 1
        return True

    @property
    def serial(self) -> bool:
        """Whether its rows have to take turns: one takes another, or two operands meet in one.

        They do not where each row takes the same number twice.
        """
        if self.rows == 1:
            return False
        spans = [span(x, step * (self.rows - 1) + 1) for x, step in zip(self.operands, self.steps)]
        if any(part.stop > self.out for part in spans):
            return True
        twice = len({*self.operands}) == 1 and all(self.steps)
        return len(spans) == 2 and overlap(*spans) and not twice


class Products:
    """Dot products of the same inputs, each with weights of its own: a matrix times a vector.

    The inputs are neighbours, rows or scalars that follow one another, and so are the weights of
    each product. No number is both an input and a weight, or both one of these and a bias.
    """

    def __init__(self, out: int, factors: list[range], bias: list[int]) -> None:
        self.out, self.factors, self.biases = out, [factors], bias
        self.rows, self.live, self.count = 1, True, len(factors[0])
        self.common = 1  # of two factors the one that all share; a layer has its weights first

    @property
    def inputs(self) -> range:
        return self.factors[0][self.common]

    @property
    def weights(self) -> list[range]:
        """Those of each product."""
        return [pair[1 - self.common] for pair in self.factors]

    def join(self, c: Any) -> bool:
        """Whether c is the next of these products from now on."""
        if not isinstance(c, Products) or c.out != self.out + self.rows:
            return False
        if c.count != self.count or len(c.biases) != bool(self.biases):
            return False
        known, new = self.factors[0], c.factors[0]
        shared = [i for i in (0, 1) if new[i] == known[i] and new[1 - i].stop <= self.out]
        if not shared or (self.rows > 1 and self.common not in shared):
            return False
        parts = [part for factors in self.factors for part in factors] if c.biases else []
        if meet(c.biases, parts) or meet(self.biases, new):
            return False
        self.common = self.common if self.rows > 1 else shared[0]
        self.factors.append(new)
        self.biases += c.biases
        self.rows += 1
        return True


def products(out: int, operands: Sequence[int], parameters: int) -> Products | None:
    """A dot product as such, if it can be one: all that it takes has to have a gradient, too."""
    n = len(operands) // 2
    if n == 0 or min(operands) < -parameters:
        return None
    factors, bias = [span(operands[0], n), span(operands[n], n)], [*operands[2 * n :]]
    for part, taken in zip(factors, (operands[:n], operands[n : 2 * n])):
        if [*taken] != [*part][:: 1 if taken[0] >= 0 else -1]:
            return None
    if overlap(*factors) or meet(bias, factors):
        return None
    return Products(out, factors, bias)


def group(operand: int, parameters: int) -> int:
    """0 of a row, 1 of a parameter, 2 of a constant."""
    return 0 if operand >= 0 else 1 if operand >= -parameters else 2


def span(first: int, count: int) -> range:
    """The operands that follow one another from the first on."""
    return range(first, first + count) if first >= 0 else range(first - count + 1, first + 1)


def overlap(a: range, b: range) -> bool:
    return max(a.start, b.start) < min(a.stop, b.stop)


def meet(operands: Sequence[int], parts: Sequence[range]) -> bool:
    return any(x in part for x in operands for part in parts)
