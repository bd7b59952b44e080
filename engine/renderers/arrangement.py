"""The arrangement: the nodes of a graph in DOT, each in its size and its place."""

import re
from math import fsum
from unicodedata import east_asian_width

from engine.renderers.dot import Attributes, Edge, Node, parse, size_of, texts
from engine.renderers.labels import rooms, set_labels, size_of_label, text_of
from engine.renderers.layout import place, ranked, set_apart
from engine.renderers.margins import extent, in_legend, set_legend, set_title, title_of


def runs_sideways(attributes: Attributes) -> bool:
    """Whether the ranks of a graph follow one another from left to right, or from right to left."""
    return attributes.get("rankdir", "TB") in ("LR", "RL")


def arranged(source: str) -> tuple[Attributes, list[Node], list[Edge]]:
    """The attributes of a graph, and its nodes and edges in their places.

    Among the nodes are its title, and the frame of its legend.
    """
    attributes, named, edges = parse(source)
    sideways = runs_sideways(attributes)
    for name, node in named.items():
        measure(name, node)
    entries = [node for node in named.values() if in_legend(node)]
    nodes = [node for node in named.values() if not in_legend(node)]
    edges = [edge for edge in edges if not in_legend(edge.tail) and not in_legend(edge.head)]
    for edge in edges:
        if text := text_of(edge):
            size = size_of(edge.attributes, "fontsize", 14)
            edge.label_size = size_of_label(edge, text_width(text, size))
    set_places(attributes, nodes, edges)
    set_labels(nodes, edges, sideways, attributes.get("splines") == "line")
    margins = []
    if title := title_of(attributes):
        measure("", title)
        set_title(title, attributes, extent(nodes, edges))
        margins.append(title)
    if entries:
        margins += set_legend(entries, extent(nodes + margins, edges)) + entries
    return attributes, nodes + margins, edges


def set_places(attributes: Attributes, nodes: list[Node], edges: list[Edge]) -> None:
    """Put the nodes and the bends of the edges in their places."""
    sideways = runs_sideways(attributes)
    set_apart(edges, sideways)
    layers = ranked(nodes, edges)
    for node in (node for layer in layers for node in layer):
        if not sideways:  # the layout below runs from left to right
            node.width, node.height = node.height, node.width
    apart = max(36.0, 72 * size_of(attributes, "ranksep", 0))
    place(layers, edges, apart, rooms(edges, sideways))
    width = max((node.x + node.width / 2 for layer in layers for node in layer), default=0.0)
    for node in (node for layer in layers for node in layer):
        if attributes.get("rankdir") in ("RL", "BT"):
            node.x = width - node.x
        if not sideways:
            node.x, node.y = node.y, node.x
            node.width, node.height = node.height, node.width


def text_width(text: str, size: float) -> float:
    """About the width of text in Helvetica: a wide character counts 1 em, any other 0.58."""
    return size * fsum(1.0 if east_asian_width(c) in "WF" else 0.58 for c in text)


def measure(name: str, node: Node) -> None:
    """Give a node its fields and the size they need."""
    shape = node.attributes.get("shape", "ellipse")
    size = size_of(node.attributes, "fontsize", 14)
    label = node.attributes.get("label", r"\N")
    label = re.sub(r"\\(.)", lambda m: name if m[1] == "N" else m[0], label, flags=re.DOTALL)
    node.fields = texts(label, "record" in shape.lower())
    node.width = max(text_width(line, size) for lines in node.fields for line in lines) + size
    node.height = fsum(len(lines) * size * 1.2 + size * 0.5 for lines in node.fields)
    if node.attributes.get("peripheries") == "2":  # room for the second border
        node.width, node.height = node.width + 8, node.height + 8
    if shape == "circle":
        node.width = node.height = max(node.width, node.height)
    node.width = max(node.width, 72 * size_of(node.attributes, "width", 0))
    node.height = max(node.height, 72 * size_of(node.attributes, "height", 0))
