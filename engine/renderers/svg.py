"""SVG: a graph as a picture of boxes, ellipses and curves, drawn with nothing installed.

This is the last resort, for a computer without Graphviz, which draws better.
"""

import html
import re
from math import fsum

from engine.renderers.arrangement import arranged, runs_sideways
from engine.renderers.curves import TIP, direction, pieces_of
from engine.renderers.dot import Attributes, Edge, Node, size_of, texts
from engine.renderers.labels import text_of
from engine.renderers.margins import extent

# Characters that XML may not hold.
FORBIDDEN = r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"

HALO = ' stroke="white" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'


def svg(source: str) -> str:
    """The graph that the DOT source describes, as an SVG document."""
    attributes, nodes, edges = arranged(source)
    straight = attributes.get("splines") == "line"
    return document(nodes, edges, runs_sideways(attributes), straight)


def document(nodes: list[Node], edges: list[Edge], sideways: bool, straight: bool) -> str:
    left, top, right, bottom = extent(nodes, edges)
    left, top, right, bottom = min(left, 0.0) - 8, min(top, 0.0) - 8, right + 8, bottom + 8
    shown = [edge for edge in edges if edge.attributes.get("style") != "invis"]
    elements = [drawn_edge(edge, sideways, straight) for edge in shown]
    elements += [drawn_node(node) for node in nodes]
    elements += [drawn_label(edge) for edge in shown if edge.label_size]
    width, height = right - left, bottom - top
    corner = f"{left:.1f} {top:.1f} {width:.1f} {height:.1f}"
    box = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}pt" height="{height:.0f}pt" '
        f'viewBox="{corner}" font-family="Helvetica,sans-serif">\n'
        f'<rect {box} fill="white"/>\n' + "\n".join(elements) + "\n</svg>\n"
    )


def drawn_node(node: Node) -> str:
    look = node.attributes
    shape, styles = look.get("shape", "ellipse"), look.get("style", "").split(",")
    line = escaped(look.get("color", "black"))
    fill = escaped(look.get("fillcolor", "lightgrey")) if "filled" in styles else "none"
    stroke = f'fill="{fill}" stroke="{line}" stroke-width="{size_of(look, "penwidth", 1):g}"'
    stroke += dashes(styles)
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
        if look.get("peripheries") == "2":
            box = f'x="{left + 3:.1f}" y="{top + 3:.1f}" width="{max(0.0, node.width - 6):.1f}"'
            box += f' height="{max(0.0, node.height - 6):.1f}"'
            elements.append(f'<rect {box} fill="none" stroke="{line}"/>')
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


def dashes(styles: list[str]) -> str:
    """How a line is broken, if it is."""
    broken = [d for name, d in (("dashed", "4,3"), ("dotted", "1,3")) if name in styles]
    return f' stroke-dasharray="{broken[0]}"' if broken else ""


def hinted(elements: list[str], look: Attributes) -> str:
    """The elements, in a group with a tooltip if they have one."""
    hint = " ".join(texts(look.get("tooltip", ""), record=False)[0])
    if not hint:
        return "\n".join(elements)
    return "\n".join([f"<g><title>{escaped(hint)}</title>", *elements, "</g>"])


def drawn_edge(edge: Edge, sideways: bool, straight: bool) -> str:
    """A curve through the bends of an edge, and the tip of its arrow."""
    if edge.tail is edge.head:
        return drawn_loop(edge.head, edge.attributes)
    look = edge.attributes
    pieces = pieces_of(edge, sideways, straight)
    path = f"M{pieces[0][0][0]:.1f},{pieces[0][0][1]:.1f}"
    for _, (x0, y0), (x1, y1), (x, y) in pieces:
        path += f" C{x0:.1f},{y0:.1f} {x1:.1f},{y1:.1f} {x:.1f},{y:.1f}"
    color = escaped(look.get("color", "black"))
    width = size_of(look, "penwidth", 1)
    pen = f' stroke-width="{width:g}"' if width != 1 else ""
    pen += dashes(look.get("style", "").split(","))
    elements = [f'<path d="{path}" fill="none" stroke="{color}"{pen}/>']
    if look.get("arrowhead") != "none":
        (x, y), (dx, dy) = pieces[-1][3], direction(edge, sideways)
        corners = f"{x + TIP * dx:.1f},{y + TIP * dy:.1f} {x - 3 * dy:.1f},{y - 3 * dx:.1f} "
        corners += f"{x + 3 * dy:.1f},{y + 3 * dx:.1f}"
        elements.append(f'<polygon points="{corners}" fill="{color}" stroke="{color}"/>')
    return hinted(elements, look)


def drawn_label(edge: Edge) -> str:
    """The text beside an edge, on a halo, since other lines may run behind it."""
    look = edge.attributes
    size = size_of(look, "fontsize", 14)
    x, y = edge.label_at
    return drawn_text(text_of(edge), x, y + 0.35 * size, size, look.get("fontcolor", "black"), HALO)


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
