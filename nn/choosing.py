"""Choosing: the item of a list that a number of the data names, so that it can be replayed.

A token names a row of a table, a class names a logit. For a plain number that is `items[index]`.
While a loss is recorded, the numbers of the data are Values; then the graph gets a node that knows
all items, so that the recording fits every index.
"""

from __future__ import annotations

from engine import Value, ops
from engine.value import number_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def chosen(items: Sequence[Any], index: Any) -> Any:
    """items[index], of items that are numbers, or rows of as many numbers each.

    index: a whole number from 0 to len(items) - 1, also as a float or a Value, which gets no
    gradient. A loss that picks by `chosen` is replayed, and fits any index; one that picks by
    `items[index]` is not, or only for the classes that were recorded. Raises TypeError for what is
    no number, ValueError for a number that is not whole, IndexError for one outside.

    >>> chosen([[0.5, 1.0], [2.0, 3.0]], 1)
    [2.0, 3.0]
    """
    k = place("an index", index, len(items))
    return picked(items, index) if isinstance(index, Value) else items[k]


def place(what: str, index: Any, count: int) -> int:
    """The place among so many items that an index names. Raises as `chosen` does."""
    k = index if type(index) is int else number_of(index)
    if not 0 <= k < count:
        shown = k if type(k) is int else f"{k:.17g}"
        raise IndexError(f"{what} is from 0 to {count - 1}, got {shown}")
    if k != int(k):
        raise ValueError(f"{what} is a whole number, got {k!r}")
    return int(k)


def picked(items: Sequence[Any], index: Value, blind: int | None = None) -> Any:
    """A node for each number that may be chosen, in lists as the items are.

    blind: the place of an item that gets no gradient.
    """
    if not hasattr(items[0], "__len__"):
        return (ops.CHOOSE if blind is None else ops.choose_but(blind))(index, *items)
    if len({len(item) for item in items}) > 1:
        raise ValueError("the items to choose from are rows of different lengths")
    return [picked(column, index, blind) for column in zip(*items)]
