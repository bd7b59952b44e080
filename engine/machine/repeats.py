"""Repeats: instructions that do the same on row after row, joined to one loop.

In the body, these are ops of one input. In the tail, where a row is one number, the ops of one or
two inputs become a `Repeat`, and the ops of any number of inputs become `Several`. Dot products
that share weights become a `Matrix`: see matrices.py. The numbers and gradients are those that the
single instructions give, to the last bit.

An operand is a number: row r, or scalar ~k, as in a plan. In the tail it becomes a place: scalars
and rows are one block of numbers there, and the scalars come first.
"""

from __future__ import annotations

from engine.machine.choices import BEHIND, Places
from engine.machine.instructions import Checked
from engine.machine.matrices import Dots, Matrix, matrices

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

FEW = 4  # rows, below which a piece is done row by row unless its numbers are neighbours


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


def in_repeats(tail: Sequence[Checked], places: Places) -> list[Any]:
    """The instructions of the tail as Repeats, Several and Matrices; layers stay as they are."""
    made: list[Any] = []
    k = 0
    while k < len(tail):
        c = tail[k]
        if c.kind == "layer":
            made.append(c)
            k += 1
            continue
        alike_ones, copies = run(tail, k, places)
        end = k + len(alike_ones) + len(copies)
        out = places.place(c.out)
        taken = [[*map(places.place, d.operands)] for d in alike_ones]
        if c.kind == "elementwise":
            made.append(Repeat(c.loop, c.live, out, taken, places))
        elif c.kind == "dot":
            made += with_copies(matrices(Dots(out, c.live, taken)), copies, places)
        else:
            made.append(Several(c.kind, c.live, out, taken))
        k = end
    return made


def run(
    tail: Sequence[Checked], first: int, places: Places
) -> tuple[list[Checked], list[tuple[int, Checked]]]:
    """The instructions that are like the first one and follow it; and the copies of numbers among
    dot products, each with how many of these come before it.
    """
    c, found, copies = tail[first], [tail[first]], []
    for k in range(first + 1, len(tail)):
        d = tail[k]
        if alike(c, d, len(found)):
            found.append(d)
        elif c.kind == "dot" and d.out in places.copies:
            copies.append((len(found), d))
        else:
            break
    while copies and copies[-1][0] == len(found):
        copies.pop()
    return found, copies


def with_copies(
    made: Sequence[Any], copies: Sequence[tuple[int, Checked]], places: Places
) -> list[Any]:
    """Dots and matrices, with the copies that stand among their rows.

    A matrix takes in those that it can. Dots that have copies among them come in parts.
    """
    if not copies:
        return [*made]
    found: list[Any] = []
    waiting, row = [*reversed(copies)], 0
    for c in made:
        end = row + (len(c.order) if isinstance(c, Matrix) else c.rows)
        inside = []
        while waiting and waiting[-1][0] < end:
            at, copy = waiting.pop()
            inside.append((at - row, copy))
        row = end
        taken = [
            (at, places.place(d.operands[0]), places.place(d.out)) for at, d in inside if at > 0
        ]
        found += [alone(d, places) for at, d in inside if at == 0]
        if isinstance(c, Matrix) and c.copy(taken):
            found.append(c)
            continue
        dots, first = c.dots() if isinstance(c, Matrix) else c, 0
        for at, d in inside:
            if at > first:
                found.append(dots.part(first, at))
            if at > 0:
                found.append(alone(d, places))
            first = at
        found.append(dots.part(first, dots.rows))
    return found


def alone(copy: Checked, places: Places) -> Repeat:
    """A copy as an instruction of its own."""
    taken = [*map(places.place, copy.operands)]
    return Repeat(copy.loop, copy.live, places.place(copy.out), [taken], places)


def alike(first: Checked, c: Checked, rows: int) -> bool:
    """Whether c is the same as the first, for the row that follows on its rows."""
    return c.out == first.out + rows and (c.kind, c.loop, c.count, c.live) == (
        first.kind,
        first.loop,
        first.count,
        first.live,
    )


class Repeat:
    """The same op of one or two inputs for several rows, piece after piece.

    pieces: for each (rows, places of its first row, moves). A move is how far an operand moves on
    with each row: 0 if it stays the same, 1 for neighbours. For example, w * x for x at the places
    7, 8 and 9 is (3, [0, 7], [0, 1]), if w is at place 0.
    """

    def __init__(
        self, loop: int, live: bool, out: int, taken: Sequence[list[int]], places: Places
    ) -> None:
        """taken: for each row the places of its operands."""
        self.loop, self.live, self.out, self.rows = loop, live, out, len(taken)
        self.count = len(taken[0])
        self.pieces: list[tuple[int, list[int], list[int]]] = []
        r = 0
        while r < len(taken):
            rows, moves = piece(taken, r, out + r, places)
            if rows < FEW and not {*moves} <= {0, 1}:
                rows = 1
            self.pieces.append((rows, taken[r], moves))
            r += rows


def piece(
    taken: Sequence[list[int]], first: int, out: int, places: Places
) -> tuple[int, list[int]]:
    """How many rows from the first on are one piece, and how far their operands move.

    out: the place of the first row. No row takes another one of them. And no number is the first
    operand of one row and the second operand of another, which would give it gradients from both.
    But each row may take one number twice.
    """
    start = taken[first]
    if first + 1 == len(taken):
        return 1, [0] * len(start)
    moves = [y - x for x, y in zip(start, taken[first + 1])]
    if any(x >= BEHIND and move not in (0, 1) for x, move in zip(start, moves)):
        return 1, [0] * len(start)
    twice = len(start) == 2 and start[0] == start[1] and moves[0] == moves[1] != 0
    at, rows = start, 1
    while first + rows < len(taken):
        at = [x + move for x, move in zip(at, moves)]
        if taken[first + rows] != at:
            break
        spans = [places.span(x, y) for x, y in zip(start, at)]
        if max([end for _, end in spans]) >= out:
            break
        if len(at) == 2 and not twice and meet(*spans):
            break
        rows += 1
    return rows, moves


def meet(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether two spans have a place in common."""
    return max(a[0], b[0]) <= min(a[1], b[1])


class Several:
    """Several times an op of any number of inputs, of as many inputs each, one after the other."""

    def __init__(self, kind: str, live: bool, out: int, taken: Sequence[list[int]]) -> None:
        self.kind, self.live, self.out, self.rows = kind, live, out, len(taken)
        self.count = len(taken[0])
        self.operands = [x for operands in taken for x in operands]


def follow(operands: Sequence[int]) -> bool:
    """Whether these are scalars that follow one another."""
    first = operands[0]
    return first < 0 and [*operands] == [*range(first, first - len(operands), -1)]
