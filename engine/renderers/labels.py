"""The labels of edges: beside their lines, between the ranks, so that they cover no box.

A label stands in a gap between two ranks, most often in the one that its edge comes to first. Of
the places along the edge, on its two sides, it takes the one that covers the fewest lines and other
labels, and is near.
"""

from bisect import bisect_left
from itertools import pairwise
from math import inf

from engine.renderers.curves import Piece, Point, point_at, spans_of
from engine.renderers.dot import Edge, Node, size_of, texts

SPACE = 3.0  # between a label and its line, in points
NEAR = 5.0  # from a label to the line of another edge, which it then seems to belong to
AWAY = 8.0  # the cost of a place away from the line, for each height of a label
NEARER, FARTHER = range(2), range(2, 9)  # places away from the line, by the height of a label
STEPS = 16  # the points that a line is judged by, in each gap
MOST = 400_000  # pairs of a label and a point of a gap; if there are more, lines are not judged

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom


def text_of(edge: Edge) -> str:
    return " ".join(texts(edge.attributes.get("label", ""), record=False)[0])


def size_of_label(edge: Edge, width_of_text: float) -> tuple[float, float]:
    """The width and the height that a label takes, a little more than its letters do."""
    size = size_of(edge.attributes, "fontsize", 14)
    return width_of_text * 1.1 + 2, size * 1.2


def rooms(edges: list[Edge], sideways: bool) -> dict[int, float]:
    """How wide the gap after each rank has to be for the labels in it."""
    found: dict[int, float] = {}
    for edge in edges:
        if edge.label_size:
            width, height = edge.label_size
            room = width + 16 if sideways else height + 16
            gap = gap_of(edge)
            found[gap] = max(found.get(gap, 0.0), room + (24 if edge.tail is edge.head else 0))
    return found


def gap_of(edge: Edge) -> int:
    """The rank before the gap in which the label of an edge stands."""
    return edge.tail.rank if edge.head.rank >= edge.tail.rank else edge.tail.rank - 1


def set_labels(nodes: list[Node], edges: list[Edge], sideways: bool, straight: bool) -> None:
    """Give each edge with a label the middle of it."""
    labelled = [edge for edge in edges if edge.label_size]
    gaps = gaps_between(nodes + [bend for edge in edges for bend in edge.bends], sideways)
    points: dict[int, list[tuple[Point, Edge]]] = {}
    for edge in edges if labelled else []:
        for gap, piece in zip(gaps_of(edge), spans_of(edge, sideways, straight)):
            points.setdefault(gap, []).extend([(point, edge) for point in along(piece)])
    few = len(labelled) * sum(map(len, points.values())) <= MOST * max(1, len(points))
    across = 1 if sideways else 0
    for found in points.values():
        found.sort(key=lambda pair: pair[0][across])
    taken: dict[int, list[Rectangle]] = {}
    for edge in labelled:
        cost, gap, place = inf, gap_of(edge), (0.0, 0.0)
        for places in (NEARER, FARTHER):
            for least, its_gap, there in candidates(edge, gaps, sideways, straight, places):
                if least >= cost:
                    continue
                box = rectangle(there, edge.label_size)
                least += sum(1000 for other in taken.get(its_gap, []) if overlap(box, other))
                least += covered(box, edge, points.get(its_gap, []), across) if few else 0.0
                if least < cost:
                    cost, gap, place = least, its_gap, there
            if cost < AWAY * FARTHER.start:
                break
        edge.label_at = place
        taken.setdefault(gap, []).append(rectangle(place, edge.label_size))


def covered(box: Rectangle, edge: Edge, points: list[tuple[Point, Edge]], across: int) -> float:
    """A cost for the lines behind a label, and for lines of other edges close to it.

    points: by their coordinate `across` the direction of the ranks, so that few are looked at.
    """
    left, top, right, bottom = box
    cost = 0.0
    first = bisect_left(points, box[across] - NEAR, key=lambda pair: pair[0][across])
    for k in range(first, len(points)):
        (x, y), other = points[k]
        if (x, y)[across] >= box[across + 2] + NEAR:
            break
        if left - NEAR < x < right + NEAR and top - NEAR < y < bottom + NEAR:
            if left < x < right and top < y < bottom:
                cost += 3
            elif other is not edge:
                cost += 1
    return cost


def gaps_of(edge: Edge) -> list[int]:
    """The rank before each gap that an edge crosses."""
    return [min(a.rank, b.rank) for a, b in pairwise([edge.tail, *edge.bends, edge.head])]


def along(piece: Piece) -> list[Point]:
    return [point_at(piece, i / STEPS) for i in range(STEPS + 1)]


def gaps_between(nodes: list[Node], sideways: bool) -> dict[int, tuple[float, float]]:
    """Where the gap after each rank begins and ends, along the direction of the ranks."""
    low: dict[int, float] = {}
    high: dict[int, float] = {}
    for node in nodes:
        middle, half = (node.x, node.width / 2) if sideways else (node.y, node.height / 2)
        low[node.rank] = min(low.get(node.rank, inf), middle - half)
        high[node.rank] = max(high.get(node.rank, -inf), middle + half)
    gaps = {}
    for rank in low:
        if rank + 1 not in low:  # the last rank: what follows is free
            back = low[rank] < low.get(rank - 1, -inf)
            gaps[rank] = (low[rank] - 1e6, low[rank]) if back else (high[rank], high[rank] + 1e6)
        elif low[rank] < low[rank + 1]:
            gaps[rank] = (high[rank], low[rank + 1])
        else:  # the ranks run to the left, or upwards
            gaps[rank] = (high[rank + 1], low[rank])
    return gaps


def candidates(
    edge: Edge,
    gaps: dict[int, tuple[float, float]],
    sideways: bool,
    straight: bool,
    places: range,
) -> list[tuple[float, int, Point]]:
    """Places for a label, each with its gap, and a cost: the farther from the first, the higher."""
    width, height = edge.label_size or (0.0, 0.0)
    if edge.tail is edge.head:
        return beside_loop(edge, gaps[edge.tail.rank], sideways)
    long, wide = (width, height) if sideways else (height, width)
    found = []
    spans = zip([gap_of(edge), *gaps_of(edge)[1:4]], spans_of(edge, sideways, straight))
    for k, (gap, piece) in enumerate(spans):
        first, last = gaps[gap][0] + long / 2 + 1, gaps[gap][1] - long / 2 - 1
        if k and last < first:
            continue
        line = [point if sideways else (point[1], point[0]) for point in along(piece)]
        first = max(first, min(last, min(x for x, _ in line)))
        reach = max(0.0, min(last, max(x for x, _ in line)) - first)
        for share in (0.5, 0.25, 0.75, 0.0, 1.0):
            at = first + share * reach
            near = [y for x, y in line if abs(x - at) <= long / 2]
            near = near or [min(line, key=lambda point: abs(point[0] - at))[1]]
            for away in places:
                cost = 2 * k + 4 * abs(share - 0.5) + AWAY * away
                above = min(near) - SPACE - wide / 2 - wide * away
                below = max(near) + SPACE + wide / 2 + wide * away
                found += [(cost, gap, (at, above)), (cost + 0.1, gap, (at, below))]
    return [(c, gap, (x, y) if sideways else (y, x)) for c, gap, (x, y) in found]


def beside_loop(
    edge: Edge, gap: tuple[float, float], sideways: bool
) -> list[tuple[float, int, Point]]:
    """Places in the gap after a node for the label of an edge from the node to itself."""
    node, (width, height) = edge.head, edge.label_size or (0.0, 0.0)
    after = gap[0] >= (node.x if sideways else node.y)  # or else the ranks run the other way
    half = (width if sideways else height) / 2
    at = gap[0] + (25 if sideways else 1) + half if after else gap[1] - half - 1
    places = [(at, node.y + k * height) if sideways else (node.x + k * width, at) for k in range(5)]
    return [(5 * k, node.rank, place) for k, place in enumerate(places)]


def rectangle(middle: Point, size: tuple[float, float] | None) -> Rectangle:
    width, height = size or (0.0, 0.0)
    x, y = middle
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
