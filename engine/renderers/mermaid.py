"""Mermaid: a graph as a flowchart, the text that Markdown pages turn into a picture."""

import html
import re

from engine.renderers.arrangement import measure
from engine.renderers.dot import Attributes, parse, size_of, texts
from engine.renderers.margins import in_legend

# The signs before and after the label of a node, by its shape in DOT. Any other shape is a box.
SHAPES = {"ellipse": ("([", "])"), "oval": ("([", "])"), "circle": ("((", "))")}


def mermaid(source: str) -> str:
    """The graph that the DOT source describes, as a Mermaid flowchart."""
    attributes, nodes, edges = parse(source)
    number = {id(node): f"n{i}" for i, node in enumerate(nodes.values())}
    lines = [f"flowchart {attributes.get('rankdir', 'TB')}"]
    legend = [name for name, node in nodes.items() if in_legend(node)]
    for name, node in nodes.items():
        if legend and name == legend[0]:
            lines.append("  subgraph legend")
        shape = node.attributes.get("shape", "ellipse")
        before, after = SHAPES.get(shape, ("[", "]"))
        measure(name, node)
        text = "<br/>".join([quoted(line) for field in node.fields for line in field])
        lines.append(f'  {number[id(node)]}{before}"{text}"{after}')
        if legend and name == legend[-1]:
            lines.append("  end")
        if look := style(node.attributes, shape):
            lines.append(f"  style {number[id(node)]} {look}")
    for edge in edges:
        if edge.attributes.get("style") == "invis":
            continue
        label = edge.attributes.get("label", "")
        text = " ".join(texts(label, record=False)[0])
        arrow = f'-->|"{quoted(text)}"|' if text else "-->"
        lines.append(f"  {number[id(edge.tail)]} {arrow} {number[id(edge.head)]}")
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Text that Mermaid shows as it is, between quotes.

    A sign that could mean more becomes an entity, which begins with #: < is #60; here. Mermaid
    breaks the line at a backslash before an n, even where both are entities; a word joiner between
    them, which nobody sees, prevents that.
    """
    text = text.replace("\\n", "\\\u2060n")
    return re.sub(r"[^\w .]|_|^\d+\.", lambda m: "".join(map(entity, m[0])), text)


def entity(sign: str) -> str:
    return f"#{ord(sign)};" if sign.isascii() else sign


def style(look: Attributes, shape: str) -> str:
    """The colours of a node as Mermaid has them."""
    if shape in ("plaintext", "none", "plain"):
        return "fill:none,stroke:none"  # and the page's own colour of text, be it light or dark
    if "filled" in look.get("style", ""):
        styles = [f"fill:{color(look.get('fillcolor', 'lightgrey'))}", "stroke:#333"]
    else:
        styles = []
    if "dashed" in look.get("style", ""):
        styles.append("stroke-dasharray:4 3")
    if "rounded" in look.get("style", ""):
        styles.append("rx:10px,ry:10px")
    if "penwidth" in look:
        styles.append(f"stroke-width:{size_of(look, 'penwidth', 1):g}px")
    if styles or "fontcolor" in look:
        styles.append(f"color:{color(look.get('fontcolor', 'black'))}")
    return ",".join(styles)


def color(name: str) -> str:
    """A colour by its name or digits; black for any other text."""
    name = html.unescape(name)
    return name if re.fullmatch(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]+", name) else "black"
