"""Choices: operands that a number of the sample chooses among candidates, prepared for the machine.

In the body a row that is chosen gets its numbers by an instruction, and its gradients go to the
candidates lane by lane. In the tail, where there is one sample at a time, no row is computed: the
instructions that take one are told the candidate itself, before each step.
"""

from __future__ import annotations

from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

BEHIND = 2**29  # behind all places


def evenly(candidates: Sequence[int]) -> int | None:
    """How far candidates are from each other, if all are equally far; otherwise None."""
    steps = {y - x for x, y in pairwise(candidates)} or {0}
    alike = min(candidates) >= 0 or max(candidates) < 0  # rows alone, or scalars alone
    return steps.pop() if len(steps) == 1 and alike else None


def beside(a: Sequence[int], b: Sequence[int]) -> bool:
    """Whether the candidates b are the neighbours of the candidates a, one for one, in memory."""
    return len(a) == len(b) and all(y == x + 1 if x >= 0 else y == x - 1 for x, y in zip(a, b))


def bounds_of(choices: Sequence[Sequence[int]]) -> dict[int, int]:
    """Of each column that chooses, how many candidates there are at least.

    choices: the column and the candidates of each.
    """
    bounds: dict[int, int] = {}
    for column, *candidates in choices:
        count = len(candidates)
        bounds[column] = min(count, bounds.get(column, count))
    return bounds


def in_pieces(inputs: Sequence[tuple[int, Sequence[int]]]) -> list[tuple[int, int]]:
    """Chosen inputs of a layer as pieces (the first, how many) that lie side by side in memory.

    inputs: the number of each, its column and its candidates.
    """
    pieces: list[tuple[int, int]] = []
    latest: Sequence[int] = ()
    for i, (column, *candidates) in inputs:
        first, count = pieces[-1] if pieces else (i, 0)
        if count and i == first + count and latest[0] == column and beside(latest[1:], candidates):
            pieces[-1] = (first, count + 1)
        else:
            pieces.append((i, 1))
        latest = column, *candidates
    return pieces


class Places:
    """The places of the operands of the tail: see repeats.py.

    A row that is chosen has a place behind all others, until a sample chooses. Two such places are
    neighbours if the candidates always are. choices: of each row that is chosen, its column and its
    candidates. of: the place of each of these rows. reach: for such a place, the lowest and the
    highest place that it may become. copies: the rows that are another number times 1.
    """

    def __init__(
        self,
        first_row: int,
        choices: Mapping[int, Sequence[int]] | None = None,
        copies: Collection[int] = (),
    ) -> None:
        self.first_row, self.copies = first_row, copies
        self.of: dict[int, int] = {}
        self.reach: dict[int, tuple[int, int]] = {}
        place, latest = BEHIND, (-1, -1, [0])  # type: int, tuple[int, int, Sequence[int]]
        for row, (column, *candidates) in sorted((choices or {}).items()):
            follows = latest[:2] == (row - 1, column) and beside(latest[2], candidates)
            place += 1 if follows else 2
            found = [*map(self.place, candidates)]
            self.of[row], self.reach[place] = place, (min(found), max(found))
            latest = row, column, candidates

    def place(self, operand: int) -> int:
        if operand in self.of:
            return self.of[operand]
        return ~operand if operand < 0 else self.first_row + operand

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The lowest and the highest place that operands from the first to the last may have."""
        ends = [end for x in (first, last) for end in self.reach.get(x, (x, x))]
        return min(ends), max(ends)
