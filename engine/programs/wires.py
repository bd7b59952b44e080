"""Wires: a graph as its operations, each with the places of what it takes.

The same computation gives the same wires, however often it is recorded, so that recordings are
compared without a tape for each. A number that is taken has an int: k >= 0 is the k-th operation,
and ~k is leaf k; the constants come after the leaves.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, chain, islice
from typing import NamedTuple

from engine.programs.tape import check_leaves
from engine.value import arguments, topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from engine.value import Value


class Wires(NamedTuple):
    """ops: [n]. counts: how many numbers each takes. taken: their places, of all operations."""

    ops: list[Any]
    counts: list[int]
    taken: list[int]

    def each(self, first: int = 0) -> list[tuple[int, ...]]:
        """What each operation takes, from number `first` on."""
        rest = iter(self.taken[sum(self.counts[:first]) :])
        return [tuple(islice(rest, n)) for n in self.counts[first:]]


class Places(dict):  # type: ignore[type-arg]
    """The place of each Value; a constant that is not known yet gets one by its digits."""

    digits: dict[str, int]
    leaves: int

    def __missing__(self, v: Value) -> int:
        k = self.digits.setdefault(v.data.hex(), len(self.digits))
        return ~(self.leaves + k)


def wires_of(output: Value, leaves: dict[Any, int], count: int, digits: dict[str, int]) -> Wires:
    """The wires behind an output.

    leaves: the place of each leaf, of which there are `count` in all the graphs that are compared.
    digits: the constants of these graphs; new ones are added. Raises ValueError for another leaf.
    """
    order = topological_order(output)
    check_leaves([v for v in order if v.op is None], leaves)
    computed = [v for v in order if v.op is not None]
    places = Places(leaves)
    places.digits, places.leaves = digits, count
    places.update(zip(computed, range(len(computed))))
    each = [*map(arguments, computed)]
    taken = [*map(places.__getitem__, chain.from_iterable(each))]
    return Wires([v.op for v in computed], [*map(len, each)], taken)


def shared_length(a: Wires, b: Wires) -> int:
    """How many operations both begin with."""
    n = alike(a.ops, b.ops)
    n = alike(a.counts[:n], b.counts[:n])
    places = alike(a.taken, b.taken)
    return bisect_right([*accumulate(a.counts[:n])], places)


def alike(a: list[Any], b: list[Any]) -> int:
    """How many items two lists begin with that are equal."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[low:middle] == b[low:middle] else (low, middle - 1)
    return low
