"""Graphs to draw, and what is read from their pictures; whichever program renders them."""

import os
import re
import shutil
import xml.etree.ElementTree as ElementTree

import pytest

import engine
import engine.diagrams.colors
import engine.renderers.render
from engine import Value, dot, tanh

SVG = "{http://www.w3.org/2000/svg}"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PURE = engine.renderers.render.graphviz_pure()

needs_dot = pytest.mark.skipif(
    shutil.which("dot") is None, reason="needs Graphviz's program dot on PATH"
)
needs_pure = pytest.mark.skipif(PURE is None, reason="needs the package graphviz-pure")
posix = pytest.mark.skipif(os.name != "posix", reason="needs programs written as shell scripts")

RENDERERS = [
    pytest.param("dot", marks=needs_dot),
    pytest.param("graphviz-pure", marks=needs_pure),
    "builtin",
]
every_renderer = pytest.mark.parametrize("program", RENDERERS)

# Labels that a careless picture would show as something else, or not at all.
LABELS = {
    "quotes": """say "hi" or 'hi'""",
    "a final quote": 'a"',
    "markup": "<b>x</b>",
    "markup in brackets": "<<b>x</b>>",
    "a script": "<script>alert(1)</script>",
    "the end of a CDATA section": "]]><script>x</script>",
    "a pipe": "a|b",
    "braces": "{a}{b|{c}}",
    "a port": "<f0> a",
    "a backslash": r"a\b",
    "a final backslash": "a\\",
    "two final backslashes": "a\\\\",
    "an escaped quote": r"a\"b",
    "the escapes of DOT": r"\n\l\r\N\G\E\T\H\L",
    "LaTeX": r"\frac{1}{2}",
    "entities": "&lt;b&gt; &amp; &#65; &eacute; &nbsp; &",
    "comments": "a // b /* c */ # d",
    "DOT": 'x"]; y -> z [label="w',
    "a keyword": "node",
    "a number": "1.50",
    "a minus sign": "-",
    "percent signs": "%s %d %(x)s {0}",
    "Chinese": "损失函数",
    "Hebrew": "שלום",
    "mathematics": "∂L/∂w₁ ≤ π",
    "an accent of its own": "x̂",
    "emoji": "🎉🔥",
}
every_label = pytest.mark.parametrize(
    "label", LABELS.values(), ids=[k.replace(" ", "-") for k in LABELS]
)


def square():
    a = Value(3.0, "a")
    z = a * a
    z.backward()
    return z


def neuron():
    """tanh(b + w1*x1 + w2*x2) with one fused dot product, differentiated."""
    w = [Value(-3.0, "w1"), Value(1.0, "w2")]
    x = [Value(2.0, "x1"), Value(0.0, "x2")]
    o = tanh(dot(w, x, Value(6.88, "b")))
    o.label = "o"
    o.backward()
    return o


def chain(n):
    """A Value and n operations behind it."""
    z = Value(1.0)
    for _ in range(n):
        z = z + 1
    return z


NODE = re.compile(r'\t+(\w+) \[label=("(?:[^"\\]|\\.)*"|\S+) (.*)\]')
EDGE = re.compile(r"\t(\w+) -> (\w+)(?: \[(.*)\])?")


def nodes(diagram):
    """(label, attributes) by name, as they stand in the source."""
    found = [m for m in map(NODE.fullmatch, diagram.source.splitlines()) if m]
    return {m[1]: (m[2].strip('"'), m[3]) for m in found}


def edges(diagram):
    found = [m for m in map(EDGE.fullmatch, diagram.source.splitlines()) if m]
    return [(m[1], m[2], m[3] or "") for m in found]


def boxes(diagram):
    """The fields of each box: its label if it has one, its data, its grad."""
    return [label.strip("{}").split("|") for label, _ in nodes(diagram).values() if "data" in label]


def operations(diagram):
    return [label for name, (label, _) in nodes(diagram).items() if name.endswith("_op")]


def look_of(diagram, text):
    [look] = [look for label, look in nodes(diagram).values() if text in label]
    return look


def texts(svg):
    return ["".join(e.itertext()) for e in ElementTree.fromstring(svg).iter(f"{SVG}text")]
