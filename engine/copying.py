"""Copies: how deepcopy and pickle take a graph apart, whatever its depth.

Either follows from a node to its inputs, and from those to theirs, by recursion. So a node hands
them its whole graph as a list, each node after its inputs: when its turn comes, they have been
taken already, and the recursion ends there.
"""

from __future__ import annotations

from _thread import _local

from engine.ops import CONSTANT
from engine.value import Value, constant, topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Graph(list[Value]):
    """Nodes, each after its inputs."""

    def __reduce_ex__(self, _protocol: Any) -> Any:
        return Graph, (), None, one_by_one(self)


class Underway(_local):
    """The ids of the nodes whose turn comes, or has come, in this thread."""

    nodes: frozenset[int] = frozenset()


underway = Underway()


def reduced(v: Value) -> Any:
    """What v.__reduce_ex__ answers: how to make v again."""
    if v.op is CONSTANT:
        return constant, (v.data,)
    if v.op is None or id(v) in underway.nodes:
        return new, (type(v),), v.__getstate__()
    return last, (Graph(topological_order(v)),)


def one_by_one(graph: Graph) -> Iterator[Value]:
    outer = underway.nodes
    underway.nodes = outer | set(map(id, graph))
    try:
        yield from graph
    finally:
        underway.nodes = outer


def new(kind: type[Value]) -> Value:
    return kind.__new__(kind)


def last(graph: Graph) -> Value:
    return graph[-1]
