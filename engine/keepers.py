"""Keepers: what lets long chains of Values go without recursion where Python itself recurses.

When the last reference to a node goes, Python frees the node, then the inputs that nobody else has,
then the inputs of these. Python 3.12 stops such a recursion at 50 objects, Python 3.14 before the
end of the stack. Python 3.13 stops it at 10,000 objects, however small the stack is
(python/cpython#117760). That takes 1 MB, and a thread with less than that crashes. So in Python
3.13 a node counts how many nodes lie below it, and every hundredth node on a way has a keeper.

The compiled build needs no keepers: there native/freeing.h frees a node. They do not help
where an attribute closes a cycle, `x.own = x`: the collector uses up keepers before it frees nodes.
"""

from __future__ import annotations

import sys
from _thread import get_ident

from engine.op import compiled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NEEDED = not compiled and sys.version_info[:2] == (3, 13)
# Slots of a Value: how many nodes there are on the way down to a leaf or a keeper, and its keeper.
# Python empties slots in the order of their names: _x and _y, and the keeper after them.
SLOTS = ("_depth", "_yx_keeper") if NEEDED else ()
APART = 100  # nodes from one keeper to the next

waiting: dict[int, list[Any]] = {}  # by the thread that frees them: inputs whose turn comes later


class Keeper:
    """Holds the inputs of a node as well as the node does, and so outlives it with them.

    The keeper at the top lets its inputs go. If a keeper below them goes with them, its inputs wait
    until the first ones are gone.
    """

    __slots__ = ("inputs",)

    def __init__(self, x: Any, y: Any) -> None:
        self.inputs = [x, y]

    def __del__(self) -> None:
        thread = get_ident()
        if thread in waiting:
            waiting[thread].append(self.inputs)
            return
        waiting[thread] = below = [self.inputs]
        del self.inputs
        try:
            while below:
                below.pop()
        finally:
            del waiting[thread]


def count(v: Any, x: Any, y: Any) -> None:
    """Give v, whose op took x and y, its depth, and a keeper if it is as deep as that."""
    if type(x) is tuple:
        inner = [u._depth for u in x if u._x is not None]
        inner += [u._depth for u in y if u._x is not None]
        depth = max(inner) + 1 if inner else 1
    else:
        depth = 1 if x._x is None else x._depth + 1
        if y is not None and y._x is not None and y._depth >= depth:
            depth = y._depth + 1
    if depth < APART:
        v._depth = depth
        return
    v._depth = 0
    if v._x is not None:  # it remembers its inputs: this is not under no_grad
        v._yx_keeper = Keeper(x, y)


def counted(node: Callable[..., Any]) -> Callable[..., Any]:
    """The function that makes a node, so that it counts, too."""

    def counted_node(op: Any, data: float, x: Any, y: Any) -> Any:
        v = node(op, data, x, y)
        count(v, x, y)
        return v

    return counted_node


def counted_many(node_of_many: Callable[..., Any]) -> Callable[..., Any]:
    """The function that makes a node of a kind of its own, so that it counts, too."""

    def counted_node_of_many(kind: Any, op: Any, data: float, inputs: tuple[Any, ...]) -> Any:
        v = node_of_many(kind, op, data, inputs)
        count(v, inputs, ())
        return v

    return counted_node_of_many


def counted_state(set_state: Callable[..., None]) -> Callable[..., None]:
    """The method that makes a node what another one was, so that it counts, too."""

    def counted_set_state(v: Any, state: Any) -> None:
        set_state(v, state)
        if v._x is None:
            return
        try:
            count(v, v._x, v._y)
        except AttributeError:  # of an input that gets its own state later, in a copy of a cycle
            v._depth = 0
            v._yx_keeper = Keeper(v._x, v._y)

    return counted_set_state
