"""The paths: every way from a leaf to an output, with the derivatives along it.

The chain rule as it is taught: multiply the local derivatives along each path; d output / d leaf is
the sum of these products (Griewank & Walther 2008, section 2.2; Bauer 1974).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from engine.op import Op, number
from engine.reach import depending
from engine.unfolding import unfolded, unfolds
from engine.value import Value, topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Use(NamedTuple):
    """One use of a Value: d head / d tail, where tail is head's input number `place`."""

    tail: Value
    head: Value
    place: int
    derivative: float


# The op and inputs of each Value, inputs first; and the uses that each Value makes, output first.
Graph = dict[Value, tuple[Op | None, tuple[Value | float, ...]]]
Uses = dict[Value, list[Use]]


@dataclass(frozen=True, eq=False)
class Path:
    """One way from leaf to output: derivatives[i] is d nodes[i + 1] / d nodes[i]."""

    nodes: tuple[Value, ...]
    derivatives: tuple[float, ...]
    product: float
    uses: tuple[Use, ...]


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


def uses_between(graph: Graph, leaf: Value, output: Value) -> Uses:
    """The uses that lie on a path, by the Value that makes them, output first."""
    between = depending([(v, *made) for v, made in graph.items()], [leaf])
    if output not in between:
        return {}
    uses: Uses = {}
    wanted = {output}
    for v in reversed(graph):
        op, inputs = graph[v]
        if v not in wanted or v is leaf or op is None:
            continue
        passing = [x in between and op.passes(i) for i, x in enumerate(inputs)]
        slopes = op.slopes(v.data, list(map(float, inputs)), passing)
        uses[v] = [
            Use(x, v, i, number(slopes[i]))
            for i, x in enumerate(inputs)
            if passing[i] and isinstance(x, Value)
        ]
        wanted.update([use.tail for use in uses[v]])
    return uses


def walls(graph: Graph, leaf: Value, output: Value) -> list[str]:
    """The names of the ops between leaf and output that pass no gradient on, such as sign."""
    after, needed = {leaf}, {output}
    for v, (_, inputs) in graph.items():
        if not after.isdisjoint(inputs):
            after.add(v)
    for v in reversed(graph):
        if v in needed and v is not leaf:
            needed.update([x for x in graph[v][1] if isinstance(x, Value)])
    found = {
        op.name: True
        for v, (op, inputs) in graph.items()
        if op and v in after and v in needed and v is not leaf
        for i, x in enumerate(inputs)
        if x in after and not op.passes(i)
    }
    return list(found)


def counted(uses: Uses, leaf: Value, output: Value) -> int:
    """How many paths there are: backward in integers, with 1 for every derivative."""
    ways = {output: 1}
    for v, into in uses.items():
        n = ways.pop(v)  # complete, since all heads come before; numbers that grow are let go
        for use in into:
            ways[use.tail] = ways.get(use.tail, 0) + n
    return ways.get(leaf, 0)


def adjoints_of(uses: Uses, output: Value) -> dict[Value, float]:
    """d output / d v for each Value on a path, summed node by node, as backward does."""
    adjoints = {output: 1.0}
    for v, into in uses.items():
        for use in into:
            adjoints[use.tail] = adjoints.get(use.tail, 0.0) + adjoints[v] * use.derivative
    return adjoints


def paths_along(uses: Uses, leaf: Value, output: Value) -> Iterator[Path]:
    """Each path in turn. Every use lies on a path, so the search never turns back."""
    stack: list[tuple[Value, Any]] = [(output, None)]
    while stack:
        v, route = stack.pop()
        if v is not leaf:
            stack += [(use.tail, (use, route)) for use in reversed(uses.get(v, ()))]
            continue
        steps: list[Use] = []
        while route is not None:
            use, route = route
            steps.append(use)
        product = 1.0
        for use in reversed(steps):  # from the output, as backward does
            product *= use.derivative
        nodes = (leaf, *[use.head for use in steps])
        yield Path(nodes, tuple([use.derivative for use in steps]), product, tuple(steps))
