"""What is read from a picture that the layout of last resort has drawn."""

import random
import re
import shutil
import xml.etree.ElementTree as ElementTree

import pytest

from engine.renderers.svg import svg

SVG = "{http://www.w3.org/2000/svg}"
# The frame that keeps the picture off its edge, in points.
MARGIN = 8.0
# Coordinates are written with one digit, so that two of them are off by no more than this.
ROUNDING = 0.11

needs_dot = pytest.mark.skipif(
    shutil.which("dot") is None, reason="needs Graphviz's program dot on PATH"
)


def parsed(source):
    """The root of the picture: ElementTree raises ParseError for what is not well-formed."""
    return ElementTree.fromstring(svg(source).encode())


def texts(root):
    return ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]


def boxes(source):
    """(left, top, right, bottom) by label, of boxes and ellipses with labels of one line."""
    found = {}
    corners = None
    for element in list(parsed(source))[1:]:
        a = element.attrib
        if element.tag == f"{SVG}rect":
            x, y = float(a["x"]), float(a["y"])
            corners = x, y, x + float(a["width"]), y + float(a["height"])
        elif element.tag == f"{SVG}ellipse":
            x, y, rx, ry = (float(a[k]) for k in ("cx", "cy", "rx", "ry"))
            corners = x - rx, y - ry, x + rx, y + ry
        elif element.tag == f"{SVG}text" and corners:
            found[element.text] = corners
            corners = None
    return found


def curves(source):
    """For each edge the points of its path: where it starts, then three for each piece."""
    return [
        [tuple(map(float, p.split(","))) for p in re.findall(r"-?[\d.]+,-?[\d.]+", e.attrib["d"])]
        for e in parsed(source).iter(f"{SVG}path")
    ]


def digraph(edges, attributes=""):
    arrows = "; ".join(f"{tail} -> {head}" for tail, head in edges)
    return f"digraph {{ {attributes} node [shape=box] {arrows} }}"


def random_edges(seed, nodes=14, edges=24):
    """A directed graph without cycles: every edge leads to a greater number."""
    rng = random.Random(seed)
    return [tuple(f"n{i:03}" for i in sorted(rng.sample(range(nodes), 2))) for _ in range(edges)]
