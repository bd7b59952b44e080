"""Repeats: instructions that do the same on row after row, joined to one loop.

In the body, these are ops of one input. In the tail, where a row is one number, they are ops of one
or two inputs, which become a `Repeat`. Dot products of the same inputs become `Products`, which is
a matrix times a vector. The numbers and gradients are those that the single instructions give, to
the last bit.

An operand is a number: row r, or scalar ~k, as in a plan.
"""

from __future__ import annotations

from engine.machine.choices import Reach
from engine.machine.instructions import Checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def in_rows(body: list[Checked]) -> list[Checked]:
    """The instructions of the body, where several of the same op may have become one."""
    made: list[Checked] = []
    chosen = {c.out for c in body if c.kind == "choose"}
    for c in body:
        if not made or not chosen.isdisjoint(c.operands) or not made[-1].join(c):
            made.append(c)
    return made


def in_layers(body: list[Checked]) -> list[Checked]:
    """The instructions of the body, where a neuron that stands alone has become a layer."""
    return [as_layer(c) for c in body]


def as_layer(c: Checked) -> Checked:
    """A neuron, which is a dot product of scalars with rows, as a layer of one; others as they are.

    `engine.programs.neurons` makes the layers of plans. The fast mode asks for more of them here,
    where other last bits will do.
    """
    n = c.count // 2
    weights, rows, bias = c.operands[:n], c.operands[n : 2 * n], c.operands[2 * n :]
    if c.kind != "dot" or n == 0 or min(rows) < 0 or max(weights + bias) >= 0:
        return c
    operands = rows + weights + bias
    return Checked("layer", 0, c.out, c.live, operands, n, biased=bool(bias))


def in_repeats(
    tail: list[Checked], parameters: int, choices: Mapping[int, Sequence[int]] | None = None
) -> list[Any]:
    """The instructions of the tail, where several may have become a Repeat or Products.

    parameters: how many of the scalars have a gradient. choices: of each row that is chosen, its
    column and its candidates.
    """
    made: list[Any] = []
    reach = Reach(choices)
    for given in tail:
        c: Any = given
        if given.kind == "elementwise":
            c = Repeat(given, reach)
        elif given.kind == "dot" and given.live and not reach.has(given.operands):
            c = products(given, parameters) or given
        if not made or not isinstance(made[-1], (Repeat, Products)) or not made[-1].join(c):
            made.append(c)
    return made


class Repeat:
    """The same op of one or two inputs for several rows.

    operands: of its first row. moves: 1 for an operand that moves on to the next row or scalar with
    each row, 0 for one that stays. For example, rows 6, 7 and 8 that are w * x of rows 0, 1 and 2
    have operands [~0, 0] and moves [0, 1]. An operand may move from the parameters on to the
    constants: nobody asks for the gradient of a constant.
    """

    def __init__(self, c: Checked, reach: Reach) -> None:
        self.loop, self.out, self.live, self.operands = c.loop, c.out, c.live, c.operands
        self.rows, self.count, self.moves = 1, c.count, [0] * c.count
        self.reach, self.last = reach, c.operands

    def join(self, c: Any) -> bool:
        """Take c into this repeat if it is the next row of it. Returns whether it was taken."""
        if not isinstance(c, Repeat) or (c.loop, c.live) != (self.loop, self.live):
            return False
        if c.out != self.out + self.rows:
            return False
        moves = [self.reach.move(x, y) for x, y in zip(self.last, c.operands)]
        if None in moves or (self.rows > 1 and moves != self.moves):
            return False
        self.moves = [move or 0 for move in moves]
        self.last = c.operands
        self.rows += 1
        return True

    @property
    def serial(self) -> bool:
        """Whether its rows have to be done one after the other.

        That is so if a row is an operand of a later row. It is also so if the first operand of one
        row is the second operand of another, which gives that number gradients from both rows. But
        each row may take one number twice.
        """
        if self.rows == 1:
            return False
        counts = [move * (self.rows - 1) + 1 for move in self.moves]
        spans = [self.reach.span(x, n) for x, n in zip(self.operands, counts)]
        if any(part.stop > self.out for part in spans):
            return True
        if len(spans) < 2 or not overlap(*spans):
            return False
        x, y = self.operands
        return not (all(self.moves) and self.reach.apart(x, y, self.rows))


class Products:
    """Dot products of the same inputs, each with its own weights: a matrix times a vector.

    The inputs follow one another, as rows or as scalars, and so do the weights of each product. No
    number is both an input and a weight, or its gradient would be summed in another order. For the
    same reason the bias of a product is no input, and no weight of a product before it: biases get
    their gradients last.
    """

    def __init__(self, out: int, factors: list[range], bias: list[int]) -> None:
        self.out, self.factors, self.biases = out, [factors], bias
        self.rows, self.live, self.count = 1, True, len(factors[0])
        self.starts = [{part.start} for part in factors]
        self.common = 1  # of two factors the one that all share; a layer has its weights first

    @property
    def operands(self) -> list[int]:
        """The first of the inputs, then for each product of its weights, and its bias."""
        found = [first_of(self.factors[0][self.common])]
        for j, pair in enumerate(self.factors):
            found += [first_of(pair[1 - self.common]), *self.biases[j : j + 1]]
        return found

    def join(self, c: Any) -> bool:
        """Take c as the next of these products, if it can be. Returns whether it was taken."""
        if not isinstance(c, Products) or c.out != self.out + self.rows:
            return False
        if c.count != self.count or len(c.biases) != bool(self.biases):
            return False
        known, new = self.factors[0], c.factors[0]
        sides = (0, 1) if self.rows == 1 else (self.common,)
        shared = [i for i in sides if new[i] == known[i] and self.takes(new[1 - i], i)]
        if not shared:
            return False
        if c.biases and meet(c.biases, [part for pair in self.factors for part in pair]):
            return False
        self.common = shared[0]
        self.factors.append(new)
        for starts, part in zip(self.starts, new):
            starts.add(part.start)
        self.biases += c.biases
        self.rows += 1
        return True

    def takes(self, weights: range, common: int) -> bool:
        """Whether these may be the weights of one more product.

        They must be computed before this instruction. They may be the weights of another product,
        all of them, or share no number with them.
        """
        near = {*range(weights.start - self.count + 1, weights.stop)} - {weights.start}
        return weights.stop <= self.out and self.starts[1 - common].isdisjoint(near)


def products(c: Checked, parameters: int) -> Products | None:
    """A dot product as Products of one, or None. All that it takes must have a gradient."""
    operands, n = c.operands, c.count // 2
    if n == 0 or min(operands) < -parameters:
        return None
    factors, bias = [span(operands[0], n), span(operands[n], n)], [*operands[2 * n :]]
    for part, taken in zip(factors, (operands[:n], operands[n : 2 * n])):
        if [*taken] != [*part][:: 1 if taken[0] >= 0 else -1]:
            return None
    if overlap(*factors):
        return None
    return Products(c.out, factors, bias)


def span(first: int, count: int) -> range:
    """The operands that follow one another from the first on."""
    return range(first, first + count) if first >= 0 else range(first - count + 1, first + 1)


def overlap(a: range, b: range) -> bool:
    return max(a.start, b.start) < min(a.stop, b.stop)


def meet(operands: Sequence[int], parts: Sequence[range]) -> bool:
    return any(x in part for x in operands for part in parts)


def first_of(part: range) -> int:
    """The operand that comes first in memory, which of scalars is the largest number."""
    return part[0] if part[0] >= 0 else part[-1]


def follow(operands: Sequence[int]) -> bool:
    """Whether these are scalars that follow one another."""
    return operands[0] < 0 and [*operands] == [*span(operands[0], len(operands))][::-1]
