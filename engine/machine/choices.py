"""Choices: operands that a number of the sample chooses among candidates, prepared for the machine.

In the body a row that is chosen gets its numbers by an instruction, and its gradients go to the
candidates lane by lane. In the tail, where there is one sample at a time, no row is computed: the
instructions that take one are told the candidate itself, before each step.
"""

from __future__ import annotations

from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


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


def patches_of(tail: Sequence[Any], number: Mapping[int, int]) -> list[tuple[int, int, int]]:
    """The operands of the tail that are chosen: (instruction, place, number of the choice)."""
    if not number:
        return []
    return [
        (k, place, number[x])
        for k, c in enumerate(tail)
        for place, x in enumerate(c.operands)
        if x in number
    ]


class Reach:
    """What the operands of the tail may be, where some of them are chosen.

    choices: of each row that is chosen, its column and its candidates.
    """

    def __init__(self, choices: Mapping[int, Sequence[int]] | None = None) -> None:
        self.choices = choices or {}

    def has(self, operands: Sequence[int]) -> bool:
        """Whether one of the operands is chosen."""
        return not self.choices.keys().isdisjoint(operands)

    def move(self, x: int, y: int) -> int | None:
        """1 if y is always the neighbour of x, 0 if it is x; None for anything else."""
        if x == y:
            return 0
        if y != (x + 1 if x >= 0 else x - 1):
            return None
        if not self.has((x, y)):
            return 1
        (i, *a), (j, *b) = [self.choices.get(z, (-1, z)) for z in (x, y)]
        return 1 if i == j and beside(a, b) else None

    def span(self, x: int, count: int) -> range:
        """All that `count` operands may be that lie side by side from x on."""
        first = self.choices.get(x, (-1, x))[1:]
        last = [y + count - 1 if y >= 0 else y - count + 1 for y in first]
        return range(min(*first, *last), max(*first, *last) + 1)

    def apart(self, x: int, y: int, count: int) -> bool:
        """Whether `count` operands from x on are those from y on, or share none with them."""
        found = sorted({z for w in (x, y) for z in self.choices.get(w, (-1, w))[1:]})
        return all(b - a >= count for a, b in pairwise(found))
