"""Runs: instructions that do the same, row after row, joined to one loop.

In the body that is an op of one input. In the tail, where each row is one number, it is any op of
one or two inputs, and dot products that share a factor are a matrix times a vector. What comes of
it, numbers and gradients, is what the instructions one by one would give, to the last bit.

An operand is a number as in `engine.programs.plan`: row r, or scalar ~k.
"""

from __future__ import annotations

from engine.machine.instructions import Checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def in_rows(body: list[Checked]) -> list[Checked]:
    """The instructions of the body, with one in the place of several of the same op."""
    made: list[Checked] = []
    for c in body:
        if not made or not made[-1].join(c):
            made.append(c)
    return made


def in_layers(body: list[Checked]) -> list[Checked]:
    """The instructions of the body, in which each neuron that stands alone is a layer, too."""
    return [as_layer(c) for c in body]


def as_layer(c: Checked) -> Checked:
    """A dot product of scalars with rows, and maybe a bias, as the layer that it is."""
    n = c.count // 2
    weights, rows, bias = c.operands[:n], c.operands[n : 2 * n], c.operands[2 * n :]
    if c.kind != "dot" or n == 0 or min(rows) < 0 or max(weights + bias) >= 0:
        return c
    operands = rows + weights + bias
    return Checked("layer", 0, c.out, c.live, operands, n, biased=bool(bias))


def in_runs(tail: list[Checked], parameters: int) -> list[Any]:
    """The instructions of the tail, with a Run or Products in the place of several.

    parameters: how many of the scalars have a gradient.
    """
    made: list[Any] = []
    for given in tail:
        c: Any = given
        if given.kind == "elementwise":
            c = Run(given)
        elif given.kind == "dot" and given.live:
            c = products(given, parameters) or given
        if not made or not isinstance(made[-1], (Run, Products)) or not made[-1].join(c):
            made.append(c)
    return made


class Run:
    """The same op of one or two inputs for several rows.

    operands: those of its first row. steps: whether each moves on to the next row or scalar from
    row to row, 1, or stays, 0. One that moves from the parameters to the constants does no harm:
    nobody asks for the gradient of a constant.
    """

    def __init__(self, c: Checked) -> None:
        self.loop, self.out, self.live, self.operands = c.loop, c.out, c.live, c.operands
        self.rows, self.count, self.steps = 1, c.count, [0] * c.count

    def join(self, c: Any) -> bool:
        """Whether c is the next row of this run, of which it is a part from now on."""
        if not isinstance(c, Run) or (c.loop, c.live) != (self.loop, self.live):
            return False
        if c.out != self.out + self.rows:
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
    each product. No number is both an input and a weight; nor is a bias, which gets its gradient
    after all weights, an input or a weight of an earlier product.
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
        """Whether c is the next of these products from now on."""
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
        """Whether these may be the weights of one more: known before, and the same numbers as those
        of another or quite others.
        """
        near = {*range(weights.start - self.count + 1, weights.stop)} - {weights.start}
        return weights.stop <= self.out and self.starts[1 - common].isdisjoint(near)


def products(c: Checked, parameters: int) -> Products | None:
    """A dot product as such, if it can be one: all that it takes has to have a gradient, too."""
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
    """The operand in front of the others in memory: of scalars the largest."""
    return part[0] if part[0] >= 0 else part[-1]


def follow(operands: Sequence[int]) -> bool:
    """Whether these are scalars that follow one another."""
    return operands[0] < 0 and [*operands] == [*span(operands[0], len(operands))][::-1]
