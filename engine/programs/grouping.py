"""Grouping: the tail of a plan in the order in which the machine is fastest.

The machine is fast where the same operation comes many times in a row, on rows that follow one
another: it does them in one loop. So the operations of the tail are put in another order. A number
must still be computed before it is used. And the operations that use a number must keep their
order, because they add to its gradient: then no bit changes.

This is list scheduling (Coffman and Graham, 1972, gave it its theory). Of the operations that are
ready, the most frequent kind goes first, and goes on until none of that kind is ready.
"""

from __future__ import annotations

from heapq import heappop, heappush

from engine.programs.choices import Sharing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Instruction = tuple[Any, ...]


def grouped(
    tail: Sequence[Instruction], rows: int, parameters: int
) -> tuple[list[Instruction], list[int]]:
    """The instructions in that order, and the new number of each row.

    rows: how many there are. Rows that no instruction computes come first. parameters: how many of
    the scalars have a gradient.
    """
    choices = {c[1]: c for c in tail if c[0] == "choose"}
    tail = [c for c in tail if c[0] != "choose"]
    order = scheduled(tail, parameters, Sharing({row: c[2][1:] for row, c in choices.items()}))
    computed = {out for _, out, *_ in tail} | choices.keys()
    places = [row for row in range(rows) if row not in computed]
    places += sorted(choices, key=lambda row: in_memory(choices[row][2]))
    places += [tail[k][1] for k in order]
    new = [0] * rows
    for place, row in enumerate(places):
        new[row] = place
    moved = []
    for k in order:
        name, out, operands, *rest = tail[k]
        for row in choices.keys() & operands:
            _, _, (column, *candidates), *flag = choices.pop(row)
            taken = column, *[new[x] if x >= 0 else x for x in candidates]
            moved.append(("choose", new[row], taken, *flag))
        taken = tuple([new[x] if x >= 0 else x for x in operands])
        moved.append((name, new[out], taken, *rest))
    return moved, new


def in_memory(operands: Sequence[int]) -> tuple[int, int]:
    """Where a choice comes among choices: neighbours of one column follow one another."""
    column, first = operands[:2]
    return column, first if first >= 0 else ~first


def scheduled(
    tail: Sequence[Instruction], parameters: int, sharing: Sharing | None = None
) -> list[int]:
    """The numbers of the instructions in their new order."""
    waiting, followers = dependencies(tail, parameters, sharing or Sharing({}))
    leaders = leaders_of(tail)
    ready: dict[Any, list[tuple[int, int]]] = {}  # by kind: heaps of (leader, number)
    for k, count in enumerate(waiting):
        if count == 0:
            heappush(ready.setdefault(kind_of(tail[k]), []), (leaders[k], k))
    order: list[int] = []
    while len(order) < len(tail):
        heap = max(ready.values(), key=len)
        while heap:
            _, k = heappop(heap)
            order.append(k)
            for other in followers[k]:
                waiting[other] -= 1
                if waiting[other] == 0:
                    queue = ready.setdefault(kind_of(tail[other]), [])
                    heappush(queue, (leaders[other], other))
    return order


def kind_of(instruction: Instruction) -> tuple[Any, ...]:
    name, _, _, *rest = instruction
    return name, *rest


def dependencies(
    tail: Sequence[Instruction], parameters: int, sharing: Sharing
) -> tuple[list[int], list[list[int]]]:
    """For each instruction: how many others must come before it, and which must come after it."""
    source: dict[int, int] = {}  # of a row: the instruction that computes it
    latest: dict[int, int] = {}  # of an operand: the latest that passes a gradient to it
    waiting, followers = [], [[] for _ in tail]  # type: list[int], list[list[int]]
    for k, (_, out, operands, *rest) in enumerate(tail):
        before = {source[x] for x in sharing.needed(operands) if x in source}
        if rest != [False]:
            for x in {*map(sharing.shared, operands)}:
                if x >= -parameters:
                    if x in latest:
                        before.add(latest[x])
                    latest[x] = k
        source[out] = k
        waiting.append(len(before))
        for other in before:
            followers[other].append(k)
    return waiting, followers


def leaders_of(tail: Sequence[Instruction]) -> list[int]:
    """For each instruction the one it goes with: the first dot product of the same rows."""
    first: dict[tuple[int, ...], int] = {}
    return [first.setdefault(shared(c) or (~k,), k) for k, c in enumerate(tail)]


def shared(instruction: Instruction) -> tuple[int, ...]:
    """What a dot product may have in common with others: the first of its factors with rows."""
    name, _, operands, *_ = instruction
    if name != "dot":
        return ()
    n = len(operands) // 2
    factors = operands[:n], operands[n : 2 * n]
    return next((factor for factor in factors if min(factor, default=-1) >= 0), ())
