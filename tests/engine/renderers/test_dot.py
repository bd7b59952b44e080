"""DOT, as the layout of last resort reads it, is what Graphviz reads."""

import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from tests.engine.renderers.svg_pictures import SVG, boxes, curves, needs_dot, parsed, texts

# DOT, and the texts that Graphviz shows for it.
READINGS = {
    "a name is its label": ("digraph { a }", ["a"]),
    "edges name nodes": ("digraph { a->b->c }", ["a", "b", "c"]),
    "undirected edges": ("graph { a--b -- c }", ["a", "b", "c"]),
    "strict": ("strict digraph g { a -> b }", ["a", "b"]),
    "numbers": ("digraph { 1 -> 2.5; -3 -> .5 }", ["1", "2.5", "-3", ".5"]),
    "letters of any script": ("digraph { é -> 损失 }", ["é", "损失"]),
    "quoted names": ('digraph { "a b" -> "c;->{}[]" }', ["a b", "c;->{}[]"]),
    "a quote in a name": (r'digraph { "a\"b" -> c }', ['a"b', "c"]),
    "a backslash in a name": (r'digraph { "a\\" -> c }', ["a\\", "c"]),
    "a colon in a quoted name": ('digraph { "a:b" -> c }', ["a:b", "c"]),
    "a keyword as a quoted name": ('digraph { "node" -> "graph" }', ["node", "graph"]),
    "ports": ("digraph { a:p -> b:q:n }", ["a", "b"]),
    "ports of quoted names": ('digraph { "a b":p:n -> "c d":"q" }', ["a b", "c d"]),
    "comments": (
        "// x\n# y\ndigraph { a /* b -> c \n d */ -> e // f\n# g\n h }",
        ["a", "e", "h"],
    ),
    "no comment inside quotes": ('digraph { "a//b" -> "/*c*/" -> "#d" }', ["a//b", "/*c*/", "#d"]),
    "labels": ('digraph { a [label=x] b [label="y z"] }', ["x", "y z"]),
    "a label for the name": (r'digraph { a [label="\N is \N"] }', ["a is a"]),
    "no label for an escaped one": (r'digraph { a [label="\\N"] }', [r"\N"]),
    "line breaks": (r'digraph { a [label="x\ny\lz\rw"] }', ["x", "y", "z", "w"]),
    "escaped signs": (r'digraph { a [label="\"x\" \\ \{"] }', ['"x" \\ {']),
    "entities": ('digraph { a [label="&lt;b&gt; &amp;"] }', ["<b> &"]),
    "markup": ("digraph { a [label=<<b>x</b>>] }", ["x"]),
    "records": (r'digraph { a [shape=record label="x|{y|z}"] }', ["x", "y", "z"]),
    "ports of records": ('digraph { a [shape=record label="<f0> x|<f1> y"] }', ["x", "y"]),
    "escapes in records": (r'digraph { a [shape=record label="x\|\{\<y\>"] }', ["x|{<y>"]),
    "no records elsewhere": ('digraph { a [shape=box label="{x|y}"] }', ["{x|y}"]),
    "labels of edges": ("digraph { a -> b [label=x] }", ["a", "b", "x"]),
    "labels of all edges of a chain": ("digraph { a -> b -> c [label=x] }", ["a", "b", "c", *"xx"]),
    "lists of attributes": ("digraph { a [label=x,shape=box;color=red] }", ["x"]),
    "attributes without a value": ("digraph { a [label=x shape=box] }", ["x"]),
    "defaults of nodes": ("digraph { a; node [label=x]; b; c; a }", ["a", "x", "x"]),
    "defaults of edges": ("digraph { edge [label=x]; a -> b [label=y]; a -> c }", [*"abcyx"]),
    "attributes of the graph": ("digraph { graph [rankdir=LR] nodesep=1; a }", ["a"]),
    "a node attributed later": ("digraph { a -> b; a [label=x] }", ["x", "b"]),
    "subgraphs": ("digraph { subgraph cluster_0 { a -> b } subgraph { c } { d } }", [*"abcd"]),
    "an empty label": ('digraph { a [label=""]; b }', ["b"]),
}

every_reading = pytest.mark.parametrize(
    ("source", "shown"), READINGS.values(), ids=[name.replace(" ", "-") for name in READINGS]
)


def words(root):
    """All text as sorted words, since who breaks and groups lines does it in his own way."""
    return sorted(" ".join(texts(root)).split())


@every_reading
def test_source_is_read_as_graphviz_reads_it(source, shown):
    assert words(parsed(source)) == sorted(" ".join(shown).split())


@needs_dot
@every_reading
def test_graphviz_shows_what_these_tests_say(source, shown):
    picture = subprocess.run(["dot", "-Tsvg"], input=source.encode(), capture_output=True)

    assert words(ElementTree.fromstring(picture.stdout)) == sorted(" ".join(shown).split())


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("digraph { a -> b -> c }", 2),
        ("digraph { a -> b; a -> b }", 2),
        ('digraph { "a b":p -> "c" }', 1),
        ("digraph { subgraph { a -> b } c -> d }", 2),
    ],
)
def test_every_edge_is_drawn(source, count):
    assert len(curves(source)) == count


def test_a_port_belongs_to_the_node_before_it():
    assert len(boxes('digraph { node [shape=box] "a b":p -> c }')) == 2


def test_defaults_of_a_subgraph_end_with_it():
    root = parsed("digraph { subgraph { node [shape=box] a } b }")

    assert [e.tag for e in list(root)[1:] if e.tag != f"{SVG}text"] == [
        f"{SVG}rect",
        f"{SVG}ellipse",
    ]
