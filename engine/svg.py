"""The layout of last resort: DOT in, SVG out, with nothing installed.

It reads the DOT that diagrams are written in (nodes, edges, defaults, records), puts each node on
the rank of its longest path (Sugiyama et al. 1981), orders the ranks by barycentres, and draws
boxes, ellipses and curves. Subgraphs lose their frames. Graphviz does all of it better.
"""

import html
import re
from dataclasses import dataclass, field
from itertools import pairwise
from unicodedata import east_asian_width

Attributes = dict[str, str]

TOKEN = re.compile(
    r'"(?P<quoted>(?:[^"\\]|\\.)*)"'
    r"|<(?P<markup>(?:[^<>]|<[^<>]*>)*)>"
    r"|(?P<comment>//[^\n]*|\#[^\n]*|/\*.*?\*/)"
    r"|(?P<sign>->|--|[\[\]{}=;,])"
    r'|(?P<bare>[^\s\[\]{}=;,"<>-]+|-(?![->])[^\s\[\]{}=;,"<>-]*|[<>])',
    re.DOTALL,
)


@dataclass(eq=False)
class Node:
    """A box to place, or a bend of an edge: a node without lines of text."""

    attributes: Attributes = field(default_factory=dict)
    fields: list[list[str]] = field(default_factory=list)
    width: float = 0.0
    height: float = 8.0
    rank: int = 0
    x: float = 0.0
    y: float = 0.0


@dataclass
class Edge:
    tail: Node
    head: Node
    attributes: Attributes
    bends: list[Node] = field(default_factory=list)
    aside: float = 0.0  # edges that share both ends stand this far from the line between them


def svg(source: str) -> str:
    """The graph that the DOT source describes, as an SVG document."""
    attributes, nodes, edges = parse(source)
    sideways = attributes.get("rankdir", "TB") in ("LR", "RL")
    for name, node in nodes.items():
        measure(name, node)
    part(edges)
    layers = ranked(list(nodes.values()), edges)
    for node in (node for layer in layers for node in layer):
        if not sideways:  # the layout below runs from left to right
            node.width, node.height = node.height, node.width
    place(layers, edges)
    width = max((node.x + node.width / 2 for layer in layers for node in layer), default=0.0)
    for node in (node for layer in layers for node in layer):
        if attributes.get("rankdir") in ("RL", "BT"):
            node.x = width - node.x
        if not sideways:
            node.x, node.y = node.y, node.x
            node.width, node.height = node.height, node.width
    return written(list(nodes.values()), edges, sideways)


def parse(source: str) -> tuple[Attributes, dict[str, Node], list[Edge]]:
    """The graph's attributes, its nodes by name, and its edges."""
    tokens = [m for m in TOKEN.finditer(source) if m.lastgroup != "comment"]
    start = next((i for i, m in enumerate(tokens) if m["sign"] == "{"), -1) + 1
    words = [(m.lastgroup, m[m.lastgroup or 0]) for m in tokens[start:]] + [("sign", "}")]
    graph: Attributes = {}
    defaults: dict[str, Attributes] = {"node": {}, "edge": {}, "graph": graph}
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    i = 0
    while i < len(words):
        kind, name = words[i]
        i += 1
        if kind == "sign":
            continue
        if (kind, name) == ("bare", "subgraph"):
            i += words[i][0] != "sign"  # its name
            continue
        names = [name]
        while words[i] in (("sign", "->"), ("sign", "--")):
            names.append(words[i + 1][1])
            i += 2
        attributes: Attributes = {}
        if words[i] == ("sign", "="):
            graph[name] = words[i + 1][1]
            i += 2
            continue
        if words[i] == ("sign", "["):
            i += 1
            while words[i] not in (("sign", "]"), ("sign", "}")):
                if words[i + 1] == ("sign", "="):
                    attributes[words[i][1]] = words[i + 2][1]
                    i += 2
                i += 1
        if kind == "bare" and name in defaults:
            defaults[name].update(attributes)
            continue
        ends = []
        for name in names:
            if name not in nodes and len(names) > 1 and ":" in name:
                name = name.partition(":")[0]
            ends.append(nodes.setdefault(name, Node(dict(defaults["node"]))))
        if len(ends) == 1:
            ends[0].attributes.update(attributes)
        for tail, head in pairwise(ends):
            edges.append(Edge(tail, head, {**defaults["edge"], **attributes}))
    return graph, nodes, edges


def texts(label: str, record: bool) -> list[list[str]]:
    """The lines of each field of a label; a label that is no record has one field."""
    parts = [""]
    for piece in re.findall(r"\\.|[^\\]", label, re.DOTALL):
        if record and piece == "|":
            parts.append("")
        elif piece[0] != "\\":
            parts[-1] += "" if record and piece in "{}" else piece
        else:
            parts[-1] += "\n" if piece[1] in "nlr" else piece[1]
    return [html.unescape(part).split("\n") for part in parts]


def text_width(text: str, size: float) -> float:
    """About the width of text in Helvetica: a wide character counts 1 em, any other 0.58."""
    return size * sum(1.0 if east_asian_width(c) in "WF" else 0.58 for c in text)


def measure(name: str, node: Node) -> None:
    """Give a node its fields and the size they need."""
    shape = node.attributes.get("shape", "ellipse")
    size = float(node.attributes.get("fontsize", 14))
    label = node.attributes.get("label", r"\N").replace(r"\N", name.replace("\\", r"\\"))
    node.fields = texts(label, "record" in shape.lower())
    node.width = max(text_width(line, size) for lines in node.fields for line in lines) + size
    node.height = sum(len(lines) * size * 1.2 + size * 0.5 for lines in node.fields)
    if shape == "circle":
        node.width = node.height = max(node.width, node.height)
    node.width = max(node.width, 72 * float(node.attributes.get("width", 0)))
    node.height = max(node.height, 72 * float(node.attributes.get("height", 0)))


def part(edges: list[Edge]) -> None:
    """Set parallel edges, as those of a * a, apart from each other."""
    alike: dict[tuple[int, int], list[Edge]] = {}
    for edge in edges:
        alike.setdefault((id(edge.tail), id(edge.head)), []).append(edge)
    for group in alike.values():
        for i, edge in enumerate(group):
            edge.aside = 20.0 * (i - (len(group) - 1) / 2)


def ranked(nodes: list[Node], edges: list[Edge]) -> list[list[Node]]:
    """The nodes by rank, edges that skip ranks bent at each; a cycle is cut where it closes."""
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
    for edge in edges:
        for rank in range(edge.tail.rank + 1, edge.head.rank):
            edge.bends.append(Node(rank=rank))
            layers[rank].append(edge.bends[-1])
    return layers


def place(layers: list[list[Node]], edges: list[Edge]) -> None:
    """Set x by rank and y by where the neighbours are, without overlaps, left to right."""
    before: dict[int, list[Node]] = {id(node): [] for layer in layers for node in layer}
    after: dict[int, list[Node]] = {id(node): [] for layer in layers for node in layer}
    for edge in edges:
        for tail, head in pairwise([edge.tail, *edge.bends, edge.head]):
            after[id(tail)].append(head)
            before[id(head)].append(tail)
    x = 0.0
    for layer in layers:
        widest = max((node.width for node in layer), default=0.0)
        for node in layer:
            node.x = x + widest / 2
        x += widest + 36
        stack(layer, [0.0] * len(layer))
    for sweep in range(16):
        rightward = sweep % 2 == 0
        for layer in layers if rightward else reversed(layers):
            neighbours = before if rightward else after
            wish = {id(n): barycentre(neighbours[id(n)], n.y) for n in layer}
            if sweep < 8:  # first the order within the ranks, then the positions alone
                layer.sort(key=lambda n: wish[id(n)])
            stack(layer, [wish[id(n)] for n in layer])
    top = min((n.y - n.height / 2 for layer in layers for n in layer), default=0.0)
    for node in (node for layer in layers for node in layer):
        node.y -= top


def barycentre(nodes: list[Node], otherwise: float) -> float:
    return sum(n.y for n in nodes) / len(nodes) if nodes else otherwise


def stack(layer: list[Node], wish: list[float]) -> None:
    """Set each y as near to its wish as the nodes above and below allow."""
    down, up = list(wish), list(wish)
    for i in range(1, len(layer)):
        gap = (layer[i - 1].height + layer[i].height) / 2 + 12
        down[i] = max(down[i], down[i - 1] + gap)
    for i in range(len(layer) - 2, -1, -1):
        gap = (layer[i].height + layer[i + 1].height) / 2 + 12
        up[i] = min(up[i], up[i + 1] - gap)
    for node, a, b in zip(layer, down, up):  # both keep the gaps, so their mean does
        node.y = (a + b) / 2


def written(nodes: list[Node], edges: list[Edge], sideways: bool) -> str:
    right = max((n.x + n.width / 2 for n in nodes), default=0.0)
    bottom = max((n.y + n.height / 2 for n in nodes), default=0.0)
    parts = [drawn_edge(edge, sideways) for edge in edges] + [drawn_node(node) for node in nodes]
    size = f'width="{right + 16:.0f}pt" height="{bottom + 16:.0f}pt"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
        f'viewBox="-8 -8 {right + 16:.1f} {bottom + 16:.1f}" font-family="Helvetica,sans-serif">\n'
        f'<rect x="-8" y="-8" width="{right + 16:.1f}" height="{bottom + 16:.1f}" fill="white"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def drawn_node(node: Node) -> str:
    look = node.attributes
    shape, styles = look.get("shape", "ellipse"), look.get("style", "").split(",")
    line = escaped(look.get("color", "black"))
    fill = escaped(look.get("fillcolor", "lightgrey")) if "filled" in styles else "none"
    stroke = f'fill="{fill}" stroke="{line}" stroke-width="{escaped(look.get("penwidth", "1"))}"'
    stroke += ' stroke-dasharray="4,3"' if "dashed" in styles else ""
    left, top = node.x - node.width / 2, node.y - node.height / 2
    size = float(look.get("fontsize", 14))
    parts = []
    if shape in ("plaintext", "none", "plain"):
        pass
    elif shape in ("circle", "ellipse", "oval"):
        radii = f'rx="{node.width / 2:.1f}" ry="{node.height / 2:.1f}"'
        parts.append(f'<ellipse cx="{node.x:.1f}" cy="{node.y:.1f}" {radii} {stroke}/>')
    else:
        corner = 6 if "rounded" in styles or shape == "Mrecord" else 0
        box = f'x="{left:.1f}" y="{top:.1f}" width="{node.width:.1f}" height="{node.height:.1f}"'
        parts.append(f'<rect {box} rx="{corner}" {stroke}/>')
    y = node.y - sum(len(f) * size * 1.2 + size * 0.5 for f in node.fields) / 2
    for i, lines in enumerate(node.fields):
        if i:
            ends = f'x1="{left:.1f}" y1="{y:.1f}" x2="{left + node.width:.1f}" y2="{y:.1f}"'
            parts.append(f'<line {ends} stroke="{line}"/>')
        for j, text in enumerate(lines):
            baseline = y + size * (0.25 + 1.2 * j + 0.95)
            parts.append(drawn_text(text, node.x, baseline, size, look.get("fontcolor", "black")))
        y += len(lines) * size * 1.2 + size * 0.5
    return "\n".join(parts)


def drawn_edge(edge: Edge, sideways: bool) -> str:
    """A curve through the edge's bends that leaves and arrives along the ranks' direction."""
    step = 1 if (edge.head.x - edge.tail.x if sideways else edge.head.y - edge.tail.y) >= 0 else -1
    dx, dy = (step, 0) if sideways else (0, step)
    tail, head = edge.tail, edge.head
    across, along = dy * edge.aside, dx * edge.aside
    points = [(tail.x + dx * tail.width / 2 + across, tail.y + dy * tail.height / 2 + along)]
    points += [(bend.x + across, bend.y + along) for bend in edge.bends]
    points.append((head.x - dx * (head.width / 2 + 7), head.y - dy * (head.height / 2 + 7)))
    path = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in pairwise(points):
        half = (abs(x1 - x0) if sideways else abs(y1 - y0)) / 2
        path += f" C{x0 + dx * half:.1f},{y0 + dy * half:.1f} "
        path += f"{x1 - dx * half:.1f},{y1 - dy * half:.1f} {x1:.1f},{y1:.1f}"
    look = edge.attributes
    color = escaped(look.get("color", "black"))
    x, y = points[-1]
    tip = f"{x + 7 * dx:.1f},{y + 7 * dy:.1f} {x - 3 * dy:.1f},{y - 3 * dx:.1f} "
    tip += f"{x + 3 * dy:.1f},{y + 3 * dx:.1f}"
    parts = [f'<path d="{path}" fill="none" stroke="{color}"/>']
    parts.append(f'<polygon points="{tip}" fill="{color}" stroke="{color}"/>')
    if "label" in look:
        (x0, y0), (x1, y1) = points[0], points[1]
        size = float(look.get("fontsize", 14))
        text = " ".join(texts(look["label"], record=False)[0])
        middle = ((x0 + x1) / 2, (y0 + y1) / 2 - 3)
        parts.append(drawn_text(text, *middle, size, look.get("fontcolor", "black")))
    return "\n".join(parts)


def drawn_text(text: str, x: float, y: float, size: float, color: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"'
    return f'<text {place} text-anchor="middle" fill="{escaped(color)}">{escaped(text)}</text>'


def escaped(text: str) -> str:
    return html.escape(text, quote=True)
