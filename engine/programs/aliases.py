"""Aliases: copies of numbers, for the sake of the order in which gradients are added up.

A step of a GRU takes its state h in dot products, and in z * h besides. The gradient of h gets what
z * h gives it between what the dot products give it, for each number of h at another place. So each
of these products has to wait for some of the dot products, and these for others of the products:
nothing could be done in one loop.

An alias is h * 1.0, a number of its own, which z * h takes in the place of h. It stands where z * h
stood, among the dot products, and has no other user. So it passes on to h, at the right place, what
it got from z * h: no bit changes. The machine does the dot products and their aliases in one loop:
see engine/machine/matrices.py.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Instruction = tuple[Any, ...]

NAME = "alias"  # of one that grouping has not placed yet


def with_aliases(tail: Sequence[Instruction], rows: int, one: int) -> list[Instruction]:
    """The instructions, with an alias before each one that takes a number between the dot products
    of the same inputs.

    rows: how many there are; aliases get those that follow. one: the scalar that is 1.
    """
    between = inputs_of_dots(tail)
    if not between:
        return [*tail]
    made: list[Instruction] = []
    for k, instruction in enumerate(tail):
        name, out, operands, *rest = instruction
        if name in ("dot", "choose") or rest == [False]:
            made.append(instruction)
            continue
        taken = list(operands)
        for i, x in enumerate(operands):
            if operands.count(x) == 1 and any(a < k < b for a, b in between.get(x, ())):
                made.append((NAME, rows, (x, one)))
                taken[i] = rows
                rows += 1
        made.append((name, out, tuple(taken), *rest))
    return made


def inputs_of_dots(tail: Sequence[Instruction]) -> dict[int, list[tuple[int, int]]]:
    """Of the rows that other instructions take as well as dot products: the first and the last of
    the dot products that take the same inputs. What may be chosen is left out.
    """
    others: set[int] = set()  # rows that other instructions take
    chosen: set[int] = set()
    spans: dict[tuple[int, ...], tuple[int, int]] = {}
    for k, (name, out, operands, *rest) in enumerate(tail):
        if name == "choose":
            chosen.update((out, *operands[1:]))
        elif rest == [False]:
            continue
        elif name != "dot":
            others.update(operands)
        else:
            n = len(operands) // 2
            for half in (operands[:n], operands[n : 2 * n]):
                first, _ = spans.get(half, (k, k))
                spans[half] = first, k
    others -= chosen
    found: dict[int, list[tuple[int, int]]] = {}
    for half, (first, last) in spans.items():
        if last > first + 1:
            for x in others.intersection(half):
                if x >= 0:
                    found.setdefault(x, []).append((first, last))
    return found
