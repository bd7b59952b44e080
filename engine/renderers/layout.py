"""Where the boxes go: ranks by longest path, order by barycentres (Sugiyama et al. 1981)."""

from collections.abc import Mapping
from itertools import pairwise
from math import fsum
from types import MappingProxyType

from engine.renderers.dot import Edge, Node


def set_apart(edges: list[Edge], sideways: bool) -> None:
    """Set edges that share both ends apart from each other, such as the two edges of a * a."""
    alike: dict[tuple[int, int], list[Edge]] = {}
    for edge in edges:
        alike.setdefault((id(edge.tail), id(edge.head)), []).append(edge)
    for group in alike.values():
        tail = group[0].tail
        gap = min(20.0, (tail.height if sideways else tail.width) / len(group))
        for i, edge in enumerate(group):
            edge.aside = gap * (i - (len(group) - 1) / 2)


def ranked(nodes: list[Node], edges: list[Edge]) -> list[list[Node]]:
    """The nodes by rank, with a bend in each edge for each rank that the edge skips.

    A cycle is cut where it closes.
    """
    incoming = {id(node): 0 for node in nodes}
    outgoing: dict[int, list[Edge]] = {id(node): [] for node in nodes}
    for edge in edges:
        incoming[id(edge.head)] += 1
        outgoing[id(edge.tail)].append(edge)
    ready = [node for node in nodes if not incoming[id(node)]]
    waiting = [node for node in nodes if incoming[id(node)]]
    order: list[Node] = []
    done: set[int] = set()
    while ready or waiting:
        node = ready.pop() if ready else waiting.pop(0)
        if id(node) in done:
            continue
        done.add(id(node))
        order.append(node)
        for edge in outgoing[id(node)]:
            if id(edge.head) not in done:
                edge.head.rank = max(edge.head.rank, node.rank + 1)
                incoming[id(edge.head)] -= 1
                if not incoming[id(edge.head)]:
                    ready.append(edge.head)
    for node in reversed(order):  # a leaf stands just before what uses it, not at the far end
        later = [e.head.rank for e in outgoing[id(node)] if e.head.rank > node.rank]
        if later:
            node.rank = min(later) - 1
    layers: list[list[Node]] = [[] for _ in range(max((n.rank for n in nodes), default=0) + 1)]
    for node in nodes:
        layers[node.rank].append(node)
    skipped = sum(max(0, edge.head.rank - edge.tail.rank - 1) for edge in edges)
    for edge in edges if skipped <= 20_000 else []:  # or the bends take longer than all else
        for rank in range(edge.tail.rank + 1, edge.head.rank):
            room = 8 + 2 * abs(edge.aside)
            edge.bends.append(Node(width=room, height=room, rank=rank))
            layers[rank].append(edge.bends[-1])
    return layers


def place(
    layers: list[list[Node]],
    edges: list[Edge],
    apart: float,
    rooms: Mapping[int, float] = MappingProxyType({}),
) -> None:
    """Set x by the rank, and y near the neighbours in the ranks beside it.

    The ranks follow from left to right, with a gap of `apart` between them; `rooms` has the ranks
    that need a wider gap after them. No two nodes overlap.
    """
    before: dict[int, list[Node]] = {id(node): [] for layer in layers for node in layer}
    after: dict[int, list[Node]] = {id(node): [] for layer in layers for node in layer}
    for edge in edges:
        for tail, head in pairwise([edge.tail, *edge.bends, edge.head]):
            after[id(tail)].append(head)
            before[id(head)].append(tail)
    x = 0.0
    for rank, layer in enumerate(layers):
        widest = max((node.width for node in layer), default=0.0)
        for node in layer:
            node.x, node.column = x + widest / 2, widest
        x += widest + max(apart, rooms.get(rank, 0.0))
        stack(layer, [0.0] * len(layer))
    for sweep in range(16):
        rightward = sweep % 2 == 0
        for layer in layers if rightward else reversed(layers):
            neighbours = before if rightward else after
            wish = [barycentre(neighbours[id(n)], n.y) for n in layer]
            if sweep < 8:  # first the order within the ranks, then the positions alone
                order = sorted(range(len(layer)), key=wish.__getitem__)
                layer[:] = [layer[i] for i in order]
                wish.sort()
            stack(layer, wish)
    top = min((n.y - n.height / 2 for layer in layers for n in layer), default=0.0)
    for node in (node for layer in layers for node in layer):
        node.y -= top


def barycentre(nodes: list[Node], otherwise: float) -> float:
    if len(nodes) == 1:  # as a bend has on either side: most of a large graph
        return nodes[0].y
    return fsum(n.y for n in nodes) / len(nodes) if nodes else otherwise


def stack(layer: list[Node], wish: list[float]) -> None:
    """Set each y as close to its wish as the nodes above and below allow."""
    down, up = list(wish), list(wish)
    heights = [node.height for node in layer]
    gaps = [(a + b) / 2 + 12 for a, b in pairwise(heights)]
    for i, gap in enumerate(gaps, 1):
        if down[i] < (least := down[i - 1] + gap):
            down[i] = least
    for i in range(len(gaps) - 1, -1, -1):
        if up[i] > (most := up[i + 1] - gaps[i]):
            up[i] = most
    for node, a, b in zip(layer, down, up):  # both keep the gaps, so their mean does
        node.y = (a + b) / 2
