"""SVG: a graph as a picture of boxes, ellipses and curves, drawn with nothing installed.

This is the last resort, for a computer without Graphviz, which draws better.
"""

import html
import re
from itertools import pairwise
from math import fsum

from engine.renderers.arrangement import arranged, runs_sideways
from engine.renderers.dot import Attributes, Edge, Node, size_of, texts

# Characters that XML may not hold.
FORBIDDEN = r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


def svg(source: str) -> str:
    """The graph that the DOT source describes, as an SVG document."""
    attributes, nodes, edges = arranged(source)
    straight = attributes.get("splines") == "line"
    return document(nodes, edges, runs_sideways(attributes), straight)


def document(nodes: list[Node], edges: list[Edge], sideways: bool, straight: bool) -> str:
    bends = [bend for edge in edges for bend in edge.bends]
    right = max((n.x + n.width / 2 for n in nodes + bends), default=0.0)
    bottom = max((n.y + n.height / 2 for n in nodes + bends), default=0.0)
    loops = [edge.head.x + edge.head.width / 2 + 20 for edge in edges if edge.head is edge.tail]
    right = max([right, *loops])
    elements = [drawn_edge(edge, sideways, straight) for edge in edges]
    elements += [drawn_node(node) for node in nodes]
    size = f'width="{right + 16:.0f}pt" height="{bottom + 16:.0f}pt"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
        f'viewBox="-8 -8 {right + 16:.1f} {bottom + 16:.1f}" font-family="Helvetica,sans-serif">\n'
        f'<rect x="-8" y="-8" width="{right + 16:.1f}" height="{bottom + 16:.1f}" fill="white"/>\n'
        + "\n".join(elements)
        + "\n</svg>\n"
    )


def drawn_node(node: Node) -> str:
    look = node.attributes
    shape, styles = look.get("shape", "ellipse"), look.get("style", "").split(",")
    line = escaped(look.get("color", "black"))
    fill = escaped(look.get("fillcolor", "lightgrey")) if "filled" in styles else "none"
    stroke = f'fill="{fill}" stroke="{line}" stroke-width="{size_of(look, "penwidth", 1):g}"'
    stroke += ' stroke-dasharray="4,3"' if "dashed" in styles else ""
    left, top = node.x - node.width / 2, node.y - node.height / 2
    size = size_of(look, "fontsize", 14)
    elements = []
    if shape in ("plaintext", "none", "plain"):
        pass
    elif shape in ("circle", "ellipse", "oval"):
        radii = f'rx="{node.width / 2:.1f}" ry="{node.height / 2:.1f}"'
        elements.append(f'<ellipse cx="{node.x:.1f}" cy="{node.y:.1f}" {radii} {stroke}/>')
    else:
        corner = 6 if "rounded" in styles or shape == "Mrecord" else 0
        box = f'x="{left:.1f}" y="{top:.1f}" width="{node.width:.1f}" height="{node.height:.1f}"'
        elements.append(f'<rect {box} rx="{corner}" {stroke}/>')
    y = node.y - fsum(len(f) * size * 1.2 + size * 0.5 for f in node.fields) / 2
    for i, lines in enumerate(node.fields):
        if i:
            ends = f'x1="{left:.1f}" y1="{y:.1f}" x2="{left + node.width:.1f}" y2="{y:.1f}"'
            elements.append(f'<line {ends} stroke="{line}"/>')
        for j, text in enumerate(lines):
            baseline = y + size * (0.25 + 1.2 * j + 0.95)
            elements.append(
                drawn_text(text, node.x, baseline, size, look.get("fontcolor", "black"))
            )
        y += len(lines) * size * 1.2 + size * 0.5
    return hinted(elements, look)


def hinted(elements: list[str], look: Attributes) -> str:
    """The elements, in a group with a tooltip if they have one."""
    hint = " ".join(texts(look.get("tooltip", ""), record=False)[0])
    if not hint:
        return "\n".join(elements)
    return "\n".join([f"<g><title>{escaped(hint)}</title>", *elements, "</g>"])


def drawn_edge(edge: Edge, sideways: bool, straight: bool) -> str:
    """A curve through the bends of an edge; it leaves and arrives in the direction of the ranks."""
    step = 1 if (edge.head.x - edge.tail.x if sideways else edge.head.y - edge.tail.y) >= 0 else -1
    dx, dy = (step, 0) if sideways else (0, step)
    tail, head = edge.tail, edge.head
    if tail is head:
        return drawn_loop(head, edge.attributes)
    across, along = dy * edge.aside, dx * edge.aside
    points = [(tail.x + dx * tail.width / 2 + across, tail.y + dy * tail.height / 2 + along)]
    points += [(bend.x + across, bend.y + along) for bend in edge.bends]
    look = edge.attributes
    tip = 0 if look.get("arrowhead") == "none" else 7
    points.append((head.x - dx * (head.width / 2 + tip), head.y - dy * (head.height / 2 + tip)))
    path = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in pairwise(points):
        half = 0.0 if straight else (abs(x1 - x0) if sideways else abs(y1 - y0)) / 2
        path += f" C{x0 + dx * half:.1f},{y0 + dy * half:.1f} "
        path += f"{x1 - dx * half:.1f},{y1 - dy * half:.1f} {x1:.1f},{y1:.1f}"
    color = escaped(look.get("color", "black"))
    x, y = points[-1]
    width = size_of(look, "penwidth", 1)
    pen = f' stroke-width="{width:g}"' if width != 1 else ""
    pen += ' stroke-dasharray="4,3"' if look.get("style") == "dashed" else ""
    elements = [f'<path d="{path}" fill="none" stroke="{color}"{pen}/>']
    if tip:
        corners = f"{x + 7 * dx:.1f},{y + 7 * dy:.1f} {x - 3 * dy:.1f},{y - 3 * dx:.1f} "
        corners += f"{x + 3 * dy:.1f},{y + 3 * dx:.1f}"
        elements.append(f'<polygon points="{corners}" fill="{color}" stroke="{color}"/>')
    if "label" in look:
        (x0, y0), (x1, y1) = points[0], points[1]
        size = size_of(look, "fontsize", 14)
        text = " ".join(texts(look["label"], record=False)[0])
        middle = ((x0 + x1) / 2, (y0 + y1) / 2 - 3)
        halo = ' stroke="white" stroke-width="5" paint-order="stroke"'  # the curve runs behind it
        elements.append(drawn_text(text, *middle, size, look.get("fontcolor", "black"), halo))
    return hinted(elements, look)


def drawn_loop(node: Node, look: Attributes) -> str:
    x, y, color = node.x + node.width / 2, node.y, escaped(look.get("color", "black"))
    path = f"M{x:.1f},{y - 6:.1f} C{x + 24:.1f},{y - 18:.1f} {x + 24:.1f},{y + 12:.1f} "
    path += f"{x + 7:.1f},{y + 4:.1f}"
    tip = f"{x:.1f},{y + 4:.1f} {x + 7:.1f},{y + 1:.1f} {x + 7:.1f},{y + 7:.1f}"
    return (
        f'<path d="{path}" fill="none" stroke="{color}"/>\n'
        f'<polygon points="{tip}" fill="{color}" stroke="{color}"/>'
    )


def drawn_text(text: str, x: float, y: float, size: float, color: str, more: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{more}'
    return f'<text {place} text-anchor="middle" fill="{escaped(color)}">{escaped(text)}</text>'


def escaped(text: str) -> str:
    """Text as XML writes it; a character that no XML may hold becomes the sign for one."""
    return html.escape(re.sub(FORBIDDEN, "\ufffd", text), quote=True)
