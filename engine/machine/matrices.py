"""Matrices: dot products that share their weights or their inputs, joined to one loop.

The rows of a matrix are the weights of neurons, and each of several inputs is multiplied by all of
them. For example, a layer of 16 neurons that is applied to 8 tokens is one instruction of 128 dot
products. Here all operands are places: see repeats.py.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

from engine.machine.choices import BEHIND

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

SMALL = 40  # products of numbers, below which a matrix is not worth its loops


class Dots:
    """Dot products of as many numbers each, one after the other, wherever these numbers are."""

    def __init__(self, out: int, live: bool, taken: Sequence[list[int]]) -> None:
        """taken: for each row its weights, its inputs, and its bias if it has one."""
        self.out, self.live, self.taken = out, live, taken
        self.rows, self.count = len(taken), len(taken[0])

    @property
    def operands(self) -> list[int]:
        return [x for operands in self.taken for x in operands]

    def follow(self, half: int) -> bool:
        """Whether the weights, or the inputs, are neighbours in every row."""
        n = self.count // 2
        return n > 0 and all(neighbours(taken[half * n : half * n + n]) for taken in self.taken)

    def part(self, first: int, end: int) -> Dots:
        if (first, end) == (0, self.rows):
            return self
        return Dots(self.out + first, self.live, self.taken[first:end])


class Matrix:
    """Dot products of several inputs, each with the weights of all neurons.

    inputs, weights: the place of the first number of each. biases: those of the neurons, or none.
    count: how many numbers an input has. The rows of the first input come first; `order` has the
    neuron of each row. No number is part of two weights, of two inputs, or of both, and none is a
    bias and a weight or an input as well. So each number gets its gradient in one loop alone.

    copies: of numbers of the inputs, whose gradients are added to those of the inputs between the
    gradients from two neurons. Each is (input, neurons before it, number of the input, its place).
    """

    live = True

    def __init__(
        self, out: int, count: int, inputs: list[int], weights: list[int], biases: list[int]
    ) -> None:
        self.out, self.count, self.inputs = out, count, inputs
        self.weights, self.biases = weights, biases
        self.rows = len(inputs)
        self.order: list[int] = []
        self.copies: list[tuple[int, int, int, int]] = []

    @property
    def ordered(self) -> bool:
        """Whether each input has the neurons in the same order."""
        return self.order == [*range(len(self.weights))] * self.rows

    def copy(self, taken: Sequence[tuple[int, int, int]]) -> bool:
        """Take in copies among the rows: (rows before it, what is copied, the place of the copy).

        Returns whether all were taken. Each is of a number of an input, and no row takes it.
        """
        n, starts = len(self.weights), sorted(self.inputs)
        copies = []
        for row, x, out in taken:
            i = bisect_right(starts, x) - 1
            if i < 0 or x >= starts[i] + self.count or out < self.out + len(self.order):
                return False
            q = self.inputs.index(starts[i])
            copies.append((q, min(max(row - q * n, 0), n), x - starts[i], out))
        self.copies = copies
        return True

    def stops(self) -> tuple[list[int], list[int], list[int]]:
        """Where the gradients of copies are added: see matrix.h.

        The stops of all inputs, and where those of each input begin; and for each copy, where its
        gradient stands until then.
        """
        stops: list[int] = []
        first_stop: list[int] = []
        late = [0] * len(self.copies)
        of_input: list[list[int]] = [[] for _ in self.inputs]
        for i, (q, *_) in enumerate(self.copies):
            of_input[q].append(i)
        for q, own in enumerate(of_input):
            first_stop.append(len(stops))
            taken: set[int] = set()  # numbers that have a copy at the latest stop
            for i in reversed(own):
                _, before, number, _ = self.copies[i]
                if len(stops) == first_stop[q] or stops[-1] != before or number in taken:
                    stops.append(before)
                    taken = set()
                taken.add(number)
                late[i] = (len(stops) - 1 - q) * self.count + number
            stops.append(-1)
        return stops, first_stop, late

    def dots(self) -> Dots:
        """The dot products, one by one."""
        k, n = self.count, len(self.weights)
        taken = []
        for r, j in enumerate(self.order):
            first, x = self.weights[j], self.inputs[r // n]
            taken.append([*range(first, first + k), *range(x, x + k), *self.biases[j : j + 1]])
        return Dots(self.out, True, taken)


def neighbours(places: Sequence[int]) -> bool:
    return [*places] == [*range(places[0], places[0] + len(places))]


def matrices(dots: Dots) -> list[Any]:
    """The dot products, where those that share their weights or inputs have become matrices."""
    made: list[Any] = []
    first = loose = 0
    while first < dots.rows:
        matrix = matrix_from(dots, first) if dots.live and dots.count > 1 else None
        numbers = matrix.count * matrix.rows * len(matrix.weights) if matrix else 0
        if matrix is None or numbers == 0 or numbers < SMALL:
            first += 1
            continue
        if loose < first:
            made.append(dots.part(loose, first))
        made.append(matrix)
        first = loose = first + numbers // matrix.count
    if loose < dots.rows:
        made.append(dots.part(loose, dots.rows))
    return made


def matrix_from(dots: Dots, first: int) -> Matrix | None:
    """The largest matrix whose dot products begin with the first one."""
    k = dots.count // 2
    weights, inputs = dots.taken[first][:k], dots.taken[first][k : 2 * k]
    if max(dots.taken[first]) >= BEHIND or not neighbours(weights) or not neighbours(inputs):
        return None  # what is chosen may be any place
    found = [with_weights(dots, first, side) for side in (0, 1)]
    return max(found, key=lambda matrix: len(matrix.weights))


def with_weights(dots: Dots, first: int, side: int) -> Matrix:
    """The matrix whose weights are the first halves of the dot products, or the second halves."""
    k, out, taken = dots.count // 2, dots.out + first, dots.taken
    at, other = (0, k) if side == 0 else (k, 0)
    inputs = taken[first][other : other + k]
    matrix = Matrix(out, k, [inputs[0]], [], [])
    for places in taken[first:]:
        if max(places) >= BEHIND:
            break
        if places[other : other + k] != inputs or not takes(matrix, places[at : at + k]):
            break
        matrix.weights.append(places[at])
        matrix.biases += places[2 * k :]
    while matrix.weights and clash(matrix):
        n = len(matrix.weights) // 2
        matrix.weights, matrix.biases = matrix.weights[:n], matrix.biases[:n]
    n = len(matrix.weights)
    if n == 0:
        return matrix
    matrix.order = [*range(n)]
    known = {(matrix.weights[j], *matrix.biases[j : j + 1]): j for j in range(n)}
    while True:
        begin = first + matrix.rows * n
        rows = taken[begin : begin + n]
        order = [known.get((places[at], *places[2 * k :]), -1) for places in rows]
        if len({*order}) < n or -1 in order:
            return matrix
        own = rows[0][other : other + k]
        if (
            max(own) >= BEHIND
            or not neighbours(own)
            or any(places[other : other + k] != own for places in rows)
        ):
            return matrix
        if not all(neighbours(places[at : at + k]) for places in rows):
            return matrix
        matrix.inputs.append(own[0])
        if clash(matrix):
            matrix.inputs.pop()
            return matrix
        matrix.rows += 1
        matrix.order += order


def takes(matrix: Matrix, weights: list[int]) -> bool:
    """Whether these may be the weights of one more neuron."""
    return neighbours(weights) and weights[-1] < matrix.out and weights[0] not in matrix.weights


def clash(matrix: Matrix) -> bool:
    """Whether a number has two parts in it, or is computed by it."""
    k, starts = matrix.count, sorted([*matrix.inputs, *matrix.weights])
    if starts[-1] + k > matrix.out or max(matrix.biases, default=-1) >= matrix.out:
        return True
    if any(b - a < k for a, b in pairwise(starts)):
        return True
    before = [bisect_right(starts, bias) - 1 for bias in matrix.biases]
    return any(i >= 0 and bias < starts[i] + k for i, bias in zip(before, matrix.biases))
