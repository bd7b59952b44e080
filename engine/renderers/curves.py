"""The curves of edges: bent between the ranks, straight across the boxes of a rank.

So no edge runs over a box: beside the boxes of a rank it is at the height of its end or its bend.
"""

from itertools import pairwise

from engine.renderers.dot import Edge, Node

Point = tuple[float, float]
Piece = tuple[Point, Point, Point, Point]  # where it starts, two controls, where it ends

TIP = 7.0  # the length of the arrow's tip, which stands between the curve and its head


def direction(edge: Edge, sideways: bool) -> tuple[int, int]:
    """Which way an edge leaves its tail, which is also how it comes to its head."""
    tail, head = edge.tail, edge.head
    step = 1 if (head.x - tail.x if sideways else head.y - tail.y) >= 0 else -1
    return (step, 0) if sideways else (0, step)


def spans_of(edge: Edge, sideways: bool, straight: bool) -> list[Piece]:
    """The piece of an edge in each gap between two ranks that it crosses."""
    dx, dy = direction(edge, sideways)
    tail, head = edge.tail, edge.head
    across, along = dy * edge.aside, dx * edge.aside
    tip = 0.0 if edge.attributes.get("arrowhead") == "none" else TIP

    def beside(node: Node, sign: int) -> Point:
        """The middle of a node's side, moved to the edge of its rank unless lines are straight."""
        own = node.width if sideways else node.height
        half = (own if straight else max(own, node.column)) / 2 * sign
        if sign < 0 and node is head:
            half = min(half, -own / 2 - tip)
        aside = 0.0 if sign < 0 and node is head else 1.0
        return node.x + dx * half + across * aside, node.y + dy * half + along * aside

    pieces = []
    for before, after in pairwise([tail, *edge.bends, head]):
        (x0, y0), (x1, y1) = beside(before, 1), beside(after, -1)
        half = 0.0 if straight else (abs(x1 - x0) if sideways else abs(y1 - y0)) / 2
        controls = (x0 + dx * half, y0 + dy * half), (x1 - dx * half, y1 - dy * half)
        pieces.append(((x0, y0), *controls, (x1, y1)))
    return pieces


def pieces_of(edge: Edge, sideways: bool, straight: bool) -> list[Piece]:
    """All pieces of an edge, from its tail to where its arrow begins."""
    dx, dy = direction(edge, sideways)
    tail, head = edge.tail, edge.head
    tip = 0.0 if edge.attributes.get("arrowhead") == "none" else TIP
    spans = spans_of(edge, sideways, straight)
    start = (
        tail.x + dx * tail.width / 2 + dy * edge.aside,
        tail.y + dy * tail.height / 2 + dx * edge.aside,
    )
    end = head.x - dx * (head.width / 2 + tip), head.y - dy * (head.height / 2 + tip)
    pieces = line(start, spans[0][0])
    for span, later in pairwise(spans):
        pieces += [span, *line(span[3], later[0])]
    return [*pieces, spans[-1], *line(spans[-1][3], end)]


def line(start: Point, end: Point) -> list[Piece]:
    """A straight piece, if its ends are not the same point."""
    far = abs(start[0] - end[0]) + abs(start[1] - end[1]) > 0.05
    return [(start, start, end, end)] if far else []


def point_at(piece: Piece, t: float) -> Point:
    """The point of a piece after the share t of it."""
    weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
    x, y = (sum(w * point[i] for w, point in zip(weights, piece)) for i in (0, 1))
    return x, y
