"""The paths: every way from a leaf to an output, with the derivatives along it.

The chain rule as it is taught: d output / d leaf is the sum over all paths of the product of the
local derivatives on each (Griewank & Walther 2008, section 2.2; Bauer 1974).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from engine.op import Op, number
from engine.unfolding import unfolded, unfolds
from engine.value import Value, topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Edge(NamedTuple):
    """One use of a Value: d head / d tail, tail being head's input number `place`."""

    tail: Value
    head: Value
    place: int
    derivative: float


# The op and inputs of each Value, inputs first; and the edges into each, outputs first.
Graph = dict[Value, tuple[Op | None, tuple[Value | float, ...]]]
Edges = dict[Value, list[Edge]]


@dataclass(frozen=True, eq=False)
class Path:
    """One way from leaf to output: derivatives[i] is d nodes[i + 1] / d nodes[i]."""

    nodes: tuple[Value, ...]
    derivatives: tuple[float, ...]
    product: float
    edges: tuple[Edge, ...]


def spelled_out(output: Value) -> Graph:
    """The op and inputs of each Value that output depends on, inputs first; fused ops unfolded."""
    graph: Graph = {}
    for v in topological_order(output):
        if not unfolds(v):
            graph[v] = v.op, v.inputs
            continue
        z, original = unfolded(v)
        inner = [u for u in topological_order(z) if u not in original]
        original[z] = v
        for u in inner:
            graph[original.get(u, u)] = u.op, tuple([original.get(x, x) for x in u.inputs])
    return graph


def edges_between(graph: Graph, leaf: Value, output: Value) -> Edges:
    """The edges that lie on a path, by their heads, output first; none if there is no path."""
    depending = {leaf}
    for v, (op, inputs) in graph.items():
        if op and any(x in depending and op.passes(i) for i, x in enumerate(inputs)):
            depending.add(v)
    if output not in depending:
        return {}
    edges: Edges = {}
    wanted = {output}
    for v in reversed(graph):
        op, inputs = graph[v]
        if v not in wanted or v is leaf or op is None:
            continue
        passing = [x in depending and op.passes(i) for i, x in enumerate(inputs)]
        slopes = op.slopes(v.data, list(map(float, inputs)), passing)
        edges[v] = [
            Edge(x, v, i, number(slopes[i]))
            for i, x in enumerate(inputs)
            if passing[i] and isinstance(x, Value)
        ]
        wanted.update([edge.tail for edge in edges[v]])
    return edges


def walls(graph: Graph, leaf: Value, output: Value) -> list[str]:
    """The names of the ops between leaf and output that pass no gradient on."""
    depending, needed = {leaf}, {output}
    for v, (_, inputs) in graph.items():
        if not depending.isdisjoint(inputs):
            depending.add(v)
    for v in reversed(graph):
        if v in needed and v is not leaf:
            needed.update([x for x in graph[v][1] if isinstance(x, Value)])
    found = {
        op.name: True
        for v, (op, inputs) in graph.items()
        if op and v in depending and v in needed and v is not leaf
        for i, x in enumerate(inputs)
        if x in depending and not op.passes(i)
    }
    return list(found)


def counted(edges: Edges, leaf: Value, output: Value) -> int:
    """How many paths there are: what backward computes if every derivative is 1, in integers."""
    ways = {output: 1}
    for v, into in edges.items():
        n = ways.pop(v)  # complete, since all heads come before; numbers that grow are let go
        for edge in into:
            ways[edge.tail] = ways.get(edge.tail, 0) + n
    return ways.get(leaf, 0)


def adjoints_of(edges: Edges, output: Value) -> dict[Value, float]:
    """d output / d v for each Value on a path, summed node by node, as backward does."""
    adjoints = {output: 1.0}
    for v, into in edges.items():
        for edge in into:
            adjoints[edge.tail] = adjoints.get(edge.tail, 0.0) + adjoints[v] * edge.derivative
    return adjoints


def paths_along(edges: Edges, leaf: Value, output: Value) -> Iterator[Path]:
    """Each path; every edge is on one, so no step is taken in vain."""
    stack: list[tuple[Value, Any]] = [(output, None)]
    while stack:
        v, route = stack.pop()
        if v is not leaf:
            stack += [(edge.tail, (edge, route)) for edge in reversed(edges.get(v, ()))]
            continue
        steps: list[Edge] = []
        while route is not None:
            edge, route = route
            steps.append(edge)
        product = 1.0
        for edge in reversed(steps):  # from the output, as backward does
            product *= edge.derivative
        nodes = (leaf, *[edge.head for edge in steps])
        yield Path(nodes, tuple([edge.derivative for edge in steps]), product, tuple(steps))
