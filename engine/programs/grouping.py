"""Grouping: the tail of a plan in the order in which the machine is fastest.

The machine is fast where the same operation comes many times in a row, on rows that follow one
another: it does them in one loop. So the operations of the tail are put in another order. A number
must still be computed before it is used. And the operations that use a number must keep their
order, because they add to its gradient: then no bit changes.

Each operation has a level: how often the kind of operation changes, at least, on the way to it. A
sum of many numbers stays on one level, however long it is. The operations of one kind and level are
a group, and no other group comes between them. For example, the layer that each of eight tokens
goes through is one group, although the sums before it had one to eight terms.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from engine.programs.aliases import NAME as ALIAS
from engine.programs.choices import Sharing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Instruction = tuple[Any, ...]

MANY = {"maximum", "minimum", "logsumexp"}  # the ops of any number of inputs that are all alike


def grouped(
    tail: Sequence[Instruction], rows: int, parameters: int
) -> tuple[list[Instruction], list[int]]:
    """The instructions in that order, and the new number of each row.

    rows: how many there are. Rows that no instruction computes come first. parameters: how many of
    the scalars have a gradient.
    """
    choices = {c[1]: c for c in tail if c[0] == "choose"}
    tail = [c for c in tail if c[0] != "choose"]
    new = [0] * rows
    for _, out, *_ in (*tail, *choices.values()):
        new[out] = -1
    given = [row for row in range(rows) if new[row] == 0]
    given += sorted(choices, key=lambda row: in_memory(choices[row][2]))
    for place, row in enumerate(given):
        new[row] = place
    moved: list[Instruction] = []
    found = groups(tail, parameters, Sharing({row: c[2][1:] for row, c in choices.items()}))
    places = places_for_users(found, tail)
    next_place = len(given)
    for group in found:
        order = ordered(group, tail, new, places, next_place)
        next_place += len(order)
        for k in order:
            name, out, operands, *rest = tail[k]
            for row in choices.keys() & operands:
                _, _, (column, *candidates), *flag = choices.pop(row)
                chosen = column, *[new[x] if x >= 0 else x for x in candidates]
                moved.append(("choose", new[row], chosen, *flag))
            taken = tuple([new[x] if x >= 0 else x for x in operands])
            moved.append(("mul" if name == ALIAS else name, new[out], taken, *rest))
    return moved, new


def in_memory(operands: Sequence[int]) -> tuple[int, int]:
    """Where a choice comes among choices: neighbours of one column follow one another."""
    column, first = operands[:2]
    return column, first if first >= 0 else ~first


class Group:
    """Operations of one kind and level, by their numbers.

    before: of those that have to come after others of the group, the number of these others.
    after: what has to come after an operation; `uses` says which of them take its result.
    """

    def __init__(self) -> None:
        self.members: list[int] = []
        self.before: dict[int, int] = {}
        self.after: dict[int, list[int]] = {}
        self.uses: set[tuple[int, int]] = set()


def groups(tail: Sequence[Instruction], parameters: int, sharing: Sharing) -> list[Group]:
    """The groups, in the order of their levels."""
    kinds = [("dot" if name == ALIAS else name, *rest) for name, _, _, *rest in tail]
    uses, shares = dependencies(tail, parameters, sharing)
    levels = levels_of(kinds, uses, shares)
    found: dict[tuple[int, tuple[Any, ...]], Group] = {}
    for k, (level, kind) in enumerate(zip(levels, kinds)):
        group = found.setdefault((level, kind), Group())
        group.members.append(k)
        inside = [j for j in uses[k] if levels[j] == level]  # of another kind, none is there
        group.uses.update([(j, k) for j in inside])
        inside += [j for j in shares[k] if levels[j] == level]
        if inside:
            group.before[k] = len(inside)
            for j in inside:
                group.after.setdefault(j, []).append(k)
    return [found[at] for at in sorted(found)]


def dependencies(
    tail: Sequence[Instruction], parameters: int, sharing: Sharing
) -> tuple[list[Any], list[Any]]:
    """For each instruction: which others compute what it takes, and which other ones pass a
    gradient to one of its operands just before it.
    """
    source: dict[int, int] = {}  # of a row: the instruction that computes it
    latest: dict[int, int] = {}  # of an operand: the latest that passes a gradient to it
    uses, shares = [], []
    for k, (_, out, operands, *rest) in enumerate(tail):
        used = {source[x] for x in sharing.needed(operands) if x in source}
        shared = set()
        if rest != [False]:
            for x in {*map(sharing.shared, operands)}:
                if x >= -parameters:
                    if x in latest:
                        shared.add(latest[x])
                    latest[x] = k
            shared -= used
        source[out] = k
        uses.append(used)
        shares.append(shared)
    return uses, shares


def levels_of(kinds: Sequence[Any], uses: Sequence[Any], shares: Sequence[Any]) -> list[int]:
    """The level of each instruction.

    It is the lowest that is possible. But a whole group goes to a higher level if its kind is there
    as well, and nothing stands against it. For example, a token that looks at itself alone needs no
    sum; it waits for those that do.
    """
    levels: list[int] = []
    found: dict[Any, dict[int, list[int]]] = {}  # by kind, then by level
    for k, (kind, used, shared) in enumerate(zip(kinds, uses, shares)):
        level = 0
        for j in used:
            level = max(level, levels[j] + (kinds[j] != kind))
        for j in shared:
            level = max(level, levels[j] + (kinds[j] != kind))
        levels.append(level)
        found.setdefault(kind, {}).setdefault(level, []).append(k)
    highest = [len(kinds)] * len(kinds)  # as far as those that follow are known
    for level in reversed(range(max(levels, default=0) + 1)):
        for kind, of_level in found.items():
            members = of_level.get(level, [])
            for k in reversed(members):
                limit = highest[k]
                for j in (*uses[k], *shares[k]):
                    if levels[j] == level:
                        highest[j] = min(highest[j], limit)
            room = min([highest[k] for k in members], default=level)
            higher = [other for other in of_level if level < other <= room]
            to = min(higher, default=level)
            for k in members:
                levels[k] = to
                for j in (*uses[k], *shares[k]):
                    if kinds[j] != kind:
                        highest[j] = min(highest[j], to - 1)
            if higher:
                of_level[to] += of_level.pop(level)
    return levels


def places_for_users(found: Sequence[Group], tail: Sequence[Instruction]) -> list[int]:
    """Where the result of each instruction should be in its group, so that its user finds
    neighbours: what is the same operand of a group stands together, in the order of its users.
    """
    group_of = [0] * len(tail)
    for g, group in enumerate(found):
        for k in group.members:
            group_of[k] = g
    chained = {k for group in found for pair in group.uses for k in pair}  # of long sums
    user: dict[int, tuple[int, int]] = {}  # of a row: the last that takes it, and as which operand
    for k, (_, _, operands, *_) in enumerate(tail):
        for i, x in enumerate(operands):
            if x >= 0:
                user[x] = k, i
    places = [0] * len(tail)
    for group in reversed(found):
        keys: list[tuple[int, ...]] = []
        leaders: dict[int, int] = {}  # of inputs: the first dot product that takes them
        for k in group.members:
            if tail[k][0] == "dot":  # these keep their order, as far as they share parameters
                keys.append((leaders.setdefault(shared(tail[k][2]), k), k))
                continue
            first, i = user.get(tail[k][1], (k, 0))
            name, _, operands, *_ = tail[first]
            part = i // max(1, len(operands) // 2) if name == "dot" else i
            if name in MANY or first in chained:
                part = 0
            keys.append((group_of[first], part, places[first], i, k))
        for place, (*_, k) in enumerate(sorted(keys)):
            places[k] = place
    return places


def shared(operands: Sequence[int]) -> int:
    """The first of the operands that a dot product has in common with the others of a layer."""
    return operands[0] if operands[0] >= 0 else operands[len(operands) // 2]


def ordered(
    group: Group,
    tail: Sequence[Instruction],
    new: list[int],
    places: Sequence[int],
    place: int,
) -> list[int]:
    """The numbers of the group in their new order, whose rows get their new numbers.

    Dot products of the same numbers come side by side; others as their users want it. An operation
    that takes a result of the group comes in a later round. An alias comes as soon as it may; its
    row stands behind those of the group. place: the new number of the first row.
    """

    def key(k: int, round_: int) -> tuple[int, int, int, int]:
        name, _, operands, *_ = tail[k]
        n = len(operands)
        if name != "dot":
            return round_, 0 if name == ALIAS else n, places[k], k
        first = shared(operands)
        return round_, n, new[first] if first >= 0 else -1, k

    before, after = group.before, group.after
    ready = [key(k, 0) for k in group.members if k not in before]
    heapify(ready)
    order, aliases = [], []
    rounds = dict.fromkeys(before, 0)
    while ready:
        round_, *_, k = heappop(ready)
        order.append(k)
        if tail[k][0] == ALIAS:
            aliases.append(k)
        else:
            new[tail[k][1]] = place
            place += 1
        for other in after.get(k, ()):
            if (k, other) in group.uses:
                rounds[other] = max(rounds[other], round_ + 1)
            before[other] -= 1
            if before[other] == 0:
                heappush(ready, key(other, max(rounds[other], round_)))
    for alias, k in enumerate(sorted(aliases, key=places.__getitem__), place):
        new[tail[k][1]] = alias
    return order
