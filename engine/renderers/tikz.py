"""TikZ: a graph as a picture that LaTeX draws, with the nodes where our own layout puts them."""

import re
from itertools import pairwise

from engine.formulas.escapes import in_tex
from engine.renderers.arrangement import arranged, runs_sideways
from engine.renderers.dot import Attributes, Edge, Node, size_of, texts

COMMENT = """\
% \\usepackage{tikz} in the preamble; letters beyond Latin ones need lualatex or xelatex.
"""


def tikz(source: str) -> str:
    """The graph that the DOT source describes, as a tikzpicture to \\input into a document."""
    attributes, nodes, edges = arranged(source)
    sideways = runs_sideways(attributes)
    number = {id(node): f"n{i}" for i, node in enumerate(nodes)}
    lines = [r"\begin{tikzpicture}[x=1bp, y=-1bp, >=stealth, font=\sffamily\footnotesize]"]
    for node in nodes:
        place = f"({number[id(node)]}) at ({node.x:.1f}, {node.y:.1f})"
        lines.append(rf"  \node[{look_of(node)}] {place} {{{label_of(node)}}};")
    for edge in edges:
        if edge.attributes.get("style") != "invis":
            lines.append(f"  {drawn_edge(edge, number, sideways)}")
    return COMMENT + "\n".join([*lines, r"\end{tikzpicture}"]) + "\n"


def label_of(node: Node) -> str:
    """The lines of a node's label, one above the other."""
    lines = [in_tex(line) for field in node.fields for line in field]
    return r" \\ ".join([line or "~" for line in lines])


def look_of(node: Node) -> str:
    look = node.attributes
    shape, styles = look.get("shape", "ellipse"), look.get("style", "").split(",")
    options = ["align=center", "inner sep=1bp"]
    options += [f"minimum width={node.width:.1f}bp", f"minimum height={node.height:.1f}bp"]
    if shape in ("circle", "ellipse", "oval"):
        options.append("rounded corners=" + f"{min(node.width, node.height) / 2:.1f}bp")
    if shape not in ("plaintext", "none", "plain"):
        options.append("draw")
    if "filled" in styles:
        options.append(f"fill={color(look.get('fillcolor', 'lightgray'))}")
    options += [style for style in ("dashed", "dotted") if style in styles]
    if "rounded" in styles:
        options.append("rounded corners=4bp")
    if "penwidth" in look:
        options.append(f"line width={size_of(look, 'penwidth', 1) * 0.6:.2g}bp")
    if look.get("peripheries") == "2":
        options.append("double")
    return ", ".join([*options, f"text={color(look.get('fontcolor', 'black'))}"])


def drawn_edge(edge: Edge, number: dict[int, str], sideways: bool) -> str:
    """A line through the bends of an edge. Edges that share both ends run side by side."""
    look = edge.attributes
    tail, head = number[id(edge.tail)], number[id(edge.head)]
    draw = rf"\draw[->, draw={color(look.get('color', 'black'))}]"
    label = label_node(look)
    if edge.tail is edge.head:
        return f"{draw} ({tail}) to[loop right] {label}({head});"
    across, along = (0.0, edge.aside) if sideways else (edge.aside, 0.0)
    places = [f"({tail})"]
    if edge.aside:  # a point of its own on the side that faces the head
        ahead = edge.head.x >= edge.tail.x if sideways else edge.head.y >= edge.tail.y
        half = (edge.tail.width if sideways else edge.tail.height) / 2 * (1 if ahead else -1)
        x = edge.tail.x + (half if sideways else across)
        y = edge.tail.y + (along if sideways else half)
        places = [f"({x:.1f}, {y:.1f})"]
    places += [f"({bend.x + across:.1f}, {bend.y + along:.1f})" for bend in edge.bends]
    places.append(f"({head})")
    steps = [f" -- {label if i == 0 else ''}{b}" for i, (_, b) in enumerate(pairwise(places))]
    return f"{draw} {places[0]}{''.join(steps)};"


def label_node(look: Attributes) -> str:
    if "label" not in look:
        return ""
    text = in_tex(" ".join(texts(look["label"], record=False)[0]))
    shade = color(look.get("fontcolor", "black"))
    return rf"node[midway, above, inner sep=1bp, fill=white, text={shade}] {{{text}}} "


def color(name: str) -> str:
    """A colour for xcolor: #rrggbb as three numbers, a known name as it is, else black."""
    if match := re.fullmatch(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", name):
        red, green, blue = (int(part, 16) for part in match.groups())
        return f"{{rgb,255:red,{red};green,{green};blue,{blue}}}"
    known = ("white", "black", "red", "green", "blue", "gray", "lightgray", "orange")
    return name if name in known else "black"
