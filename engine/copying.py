"""Copies: how deepcopy and pickle take a graph apart, whatever its depth.

Both go from a node to its inputs, and from there to their inputs, by recursion. In a long chain
that is too deep for Python. So a node hands them its whole graph as a list, each node after its
inputs. When the turn of a node comes, its inputs have been copied already, and the recursion ends
there.
"""

from __future__ import annotations

from _thread import _local
from _weakref import ref

from engine.ops import CONSTANT
from engine.value import Value, constant, topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Graph(list[Value]):
    """Nodes, each after its inputs. Whoever copies it keeps it until all is done."""

    __slots__ = ("__weakref__", "members")

    def __init__(self, nodes: list[Value] | tuple[()] = ()) -> None:
        super().__init__(nodes)
        self.members = set(map(id, nodes))

    def __reduce_ex__(self, _protocol: Any) -> Any:
        return Graph, (), None, iter(self)


class Underway(_local):
    """The graphs that are being copied in this thread."""

    def __init__(self) -> None:
        self.graphs: list[ref[Graph]] = []


underway = Underway()


def reduced(v: Value, _protocol: Any) -> Any:
    """What deepcopy and pickle ask of v, as v.__reduce_ex__: how to make v again."""
    if v.op is CONSTANT:
        return constant, (v.data,)
    if v.op is None or taken(v):
        return new, (type(v),), v.__getstate__()
    return last, (together(topological_order(v)),)


def together(nodes: list[Value]) -> Graph:
    """Nodes, each after its inputs, that deepcopy and pickle are to copy as one graph."""
    graph = Graph(nodes)
    underway.graphs.append(ref(graph))
    return graph


def taken(v: Value) -> bool:
    """Whether v's inputs come before it in a graph that is being copied."""
    graphs = [graph for graph in [weak() for weak in underway.graphs] if graph is not None]
    if len(graphs) < len(underway.graphs):
        underway.graphs = [ref(graph) for graph in graphs]
    return any(id(v) in graph.members for graph in graphs)


def new(kind: type[Value]) -> Value:
    return Value.__new__(kind)


def last(graph: Graph) -> Value:
    return graph[-1]


Value.__reduce_ex__ = reduced  # type: ignore[assignment, method-assign]
