"""Wires: a graph as its operations, each with the places of what it takes.

The same computation gives the same wires, however often it is recorded, so that recordings are
compared without a tape for each. A number that is taken has an int: k >= 0 is the k-th operation,
and ~k is leaf k; the constants come after the leaves.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.programs.tape import check_leaves
from engine.value import arguments, topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from engine import Value


class Wires(NamedTuple):
    """ops: [n]. taken: for each of them the places of what it takes."""

    ops: list[Any]
    taken: list[tuple[int, ...]]


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
    place = places.__getitem__
    return Wires([v.op for v in computed], [tuple(map(place, arguments(v))) for v in computed])


def shared_length(a: Wires, b: Wires) -> int:
    """How many operations both begin with."""
    n = min(len(a.ops), len(b.ops))
    low, high = 0, n  # the first `low` are known to be the same
    while low < high:
        middle = (low + high + 1) // 2
        same = a.taken[low:middle] == b.taken[low:middle] and a.ops[low:middle] == b.ops[low:middle]
        low, high = (middle, high) if same else (low, middle - 1)
    return low
