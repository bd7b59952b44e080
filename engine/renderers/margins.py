"""The margins: what stands around a graph, which are its title and its legend."""

from engine.renderers.dot import Attributes, Edge, Node, texts
from engine.renderers.labels import Rectangle, rectangle

APART = 12.0  # between the graph and what stands beside it, in points


def in_legend(node: Node) -> bool:
    """Whether a node is an entry of the legend, and no part of the graph."""
    return node.attributes.get("class") == "legend"


def extent(nodes: list[Node], edges: list[Edge]) -> Rectangle:
    """What nodes, bends, loops and labels take: left, top, right and bottom."""
    boxes = [rectangle((n.x, n.y), (n.width, n.height)) for n in nodes]
    boxes += [rectangle((b.x, b.y), (b.width, b.height)) for edge in edges for b in edge.bends]
    boxes += [rectangle(e.label_at, e.label_size) for e in edges if e.label_size]
    loops = [edge.head for edge in edges if edge.head is edge.tail]
    boxes += [rectangle((n.x, n.y), (n.width + 40, n.height)) for n in loops]
    boxes = boxes or [(0.0, 0.0, 0.0, 0.0)]
    sides = list(zip(*boxes))
    return min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3])


def title_of(attributes: Attributes) -> Node | None:
    """The label of the graph as a node; None if the graph has no label."""
    lines = texts(attributes.get("label", ""), record=False)[0]
    if not any(lines):
        return None
    look = {"shape": "plaintext", "fontsize": attributes.get("fontsize", "14")}
    look["fontcolor"] = attributes.get("fontcolor", "black")
    return Node({**look, "label": attributes["label"]})


def set_title(title: Node, attributes: Attributes, around: Rectangle) -> None:
    """Put the title above the graph, or below it, as labelloc says."""
    left, top, right, bottom = around
    title.x = (left + right) / 2
    above = attributes.get("labelloc", "b") == "t"
    half = title.height / 2
    title.y = top - APART - half if above else bottom + APART + half


def set_legend(entries: list[Node], around: Rectangle) -> list[Node]:
    """Put the entries in rows below the graph; the frame around them, and the word on it."""
    left, _, right, bottom = around
    word = Node({"shape": "plaintext", "fontsize": "9", "fontcolor": "#6b6b6b"})
    word.fields, word.width, word.height = [["legend"]], 34.0, 15.0
    x, y, widest = left + 6, bottom + APART + 6, left
    tall = max(node.height for node in entries)
    for node in [word, *entries]:
        if x > left + 6 and x + node.width > max(right, left + 240):
            x, y = left + 6, y + tall + 6
        node.x, node.y = x + node.width / 2, y + tall / 2
        x += node.width + 8
        widest = max(widest, x)
    frame = Node({"shape": "box", "style": "dashed", "color": word.attributes["fontcolor"]})
    frame.width, frame.height = widest - 2 - left, y + tall + 6 - (bottom + APART)
    frame.x, frame.y = left + frame.width / 2, bottom + APART + frame.height / 2
    return [frame, word]
