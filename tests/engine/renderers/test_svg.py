"""The layout of last resort: where it puts things, what it reads, and that it cannot fail."""

import random
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Value, draw
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


def along(curve, steps=20):
    """Points on a curve of cubic pieces."""
    for i in range(0, len(curve) - 1, 3):
        p, q, r, s = curve[i : i + 4]
        for k in range(steps + 1):
            t = k / steps
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            yield tuple(sum(w * c[j] for w, c in zip(weights, (p, q, r, s))) for j in (0, 1))


def overlapping(a, b):
    return (
        min(a[2], b[2]) - max(a[0], b[0]) > ROUNDING
        and min(a[3], b[3]) - max(a[1], b[1]) > ROUNDING
    )


def digraph(edges, attributes=""):
    arrows = "; ".join(f"{tail} -> {head}" for tail, head in edges)
    return f"digraph {{ {attributes} node [shape=box] {arrows} }}"


def random_edges(seed, nodes=14, edges=24):
    """A directed graph without cycles: every edge leads to a greater number."""
    rng = random.Random(seed)
    return [tuple(f"n{i:03}" for i in sorted(rng.sample(range(nodes), 2))) for _ in range(edges)]


# ---- the layout ----

many_graphs = pytest.mark.parametrize("seed", range(25))
BEFORE = {  # by rankdir: whether box a lies wholly before box b
    "LR": lambda a, b: a[2] < b[0],
    "RL": lambda a, b: a[0] > b[2],
    "TB": lambda a, b: a[3] < b[1],
    "BT": lambda a, b: a[1] > b[3],
}


@many_graphs
@pytest.mark.parametrize("rankdir", BEFORE)
def test_every_edge_leads_to_a_later_rank(seed, rankdir):
    edges = random_edges(seed)
    box = boxes(digraph(edges, f"rankdir={rankdir}"))

    assert [e for e in edges if not BEFORE[rankdir](box[e[0]], box[e[1]])] == []


def test_ranks_run_downwards_if_nothing_else_is_said():
    box = boxes("digraph { a -> b }")

    assert BEFORE["TB"](box["a"], box["b"])


@many_graphs
@pytest.mark.parametrize("rankdir", BEFORE)
def test_no_two_boxes_overlap(seed, rankdir):
    box = boxes(digraph(random_edges(seed), f"rankdir={rankdir}"))

    assert [pair for pair in combinations(box, 2) if overlapping(*map(box.get, pair))] == []


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25))
def test_no_two_boxes_overlap_in_any_graph(edges):
    box = boxes(digraph([(f"n{a}", f"n{b}") for a, b in edges]))

    assert [pair for pair in combinations(box, 2) if overlapping(*map(box.get, pair))] == []


@pytest.mark.parametrize("rankdir", BEFORE)
def test_boxes_of_different_sizes_do_not_overlap(rankdir):
    lines = r'"a\nb\nc\nd"'
    box = boxes(
        f"digraph {{ rankdir={rankdir} node [shape=box] x [width=3] y [height=2] z [label={lines}]"
        " r -> x; r -> y; r -> z; r -> w; x -> e; y -> e; w -> e }"
    )

    assert [pair for pair in combinations(box, 2) if overlapping(*map(box.get, pair))] == []


@many_graphs
def test_every_node_lies_on_the_picture(seed):
    source = digraph(random_edges(seed))
    left, top, width, height = map(float, parsed(source).attrib["viewBox"].split())

    outside = [
        name
        for name, box in boxes(source).items()
        if box[0] < left or box[1] < top or box[2] > left + width or box[3] > top + height
    ]

    assert outside == []


@many_graphs
@pytest.mark.parametrize("rankdir", BEFORE)
def test_every_curve_lies_on_the_picture(seed, rankdir):
    source = digraph(random_edges(seed), f"rankdir={rankdir}")
    left, top, width, height = map(float, parsed(source).attrib["viewBox"].split())

    outside = [
        (x, y)
        for curve in curves(source)
        for x, y in along(curve)
        if not (left <= x <= left + width and top <= y <= top + height)
    ]

    assert outside == []


def test_a_leaf_stands_just_before_what_uses_it():
    box = boxes(digraph([("a", "b"), ("b", "c"), ("late", "c")], "rankdir=LR"))

    assert box["b"][0] < box["late"][2]


@pytest.mark.parametrize("rankdir", BEFORE)
def test_an_edge_starts_at_its_tail_and_ends_at_its_head(rankdir):
    source = digraph([("tail", "head")], f"rankdir={rankdir}")
    box, [curve] = boxes(source), curves(source)

    def distance(point, corners):
        x, y = point
        return max(corners[0] - x, x - corners[2], corners[1] - y, y - corners[3])

    # The arrow's tip, 7 points long, stands between the curve and its head.
    assert [distance(curve[0], box["tail"]), distance(curve[-1], box["head"])] == pytest.approx(
        [0.0, 7.0], abs=ROUNDING
    )


@pytest.mark.parametrize("rankdir", BEFORE)
@pytest.mark.parametrize("times", [2, 3, 4])
def test_parallel_edges_are_different_curves(rankdir, times):
    paths = curves(digraph([("a", "b")] * times, f"rankdir={rankdir}"))

    assert len(set(map(tuple, paths))) == times


def test_both_edges_of_a_square_are_different_curves():
    a = Value(3.0, "a")

    paths = curves(draw(a * a).source)

    assert len(set(map(tuple, paths))) == 3  # two to the operation, one from it


def test_an_edge_to_the_next_rank_is_one_piece():
    [path] = curves(digraph([("a", "b")]))

    assert len(path) == 4


def test_a_long_edge_has_a_bend_for_each_rank_it_skips():
    paths = curves(digraph([*pairwise("abcde"), ("a", "e")]))

    assert len(paths[-1]) == 1 + 3 * 4


@pytest.mark.parametrize("rankdir", BEFORE)
def test_a_long_edge_goes_around_the_boxes_between(rankdir):
    source = digraph([*pairwise("abcde"), ("a", "e")], f"rankdir={rankdir}")
    between = [box for name, box in boxes(source).items() if name in "bcd"]

    met = [
        (x, y)
        for x, y in along(curves(source)[-1])
        for box in between
        if box[0] < x < box[2] and box[1] < y < box[3]
    ]

    assert met == []


@pytest.mark.parametrize(
    "edges",
    [
        [("a", "a")],
        [("a", "b"), ("b", "a")],
        [("a", "b"), ("b", "c"), ("c", "a")],
        [("a", "b"), ("b", "b"), ("b", "c"), ("c", "b"), ("d", "a"), ("c", "d")],
    ],
    ids=["a self-loop", "back and forth", "a triangle", "several"],
)
def test_a_cycle_is_drawn_with_all_its_edges(edges):
    assert len(curves(digraph(edges))) == len(edges)


def test_only_one_edge_of_a_cycle_goes_back():
    edges = [("a", "b"), ("b", "c"), ("c", "a")]
    box = boxes(digraph(edges))

    assert [BEFORE["TB"](box[tail], box[head]) for tail, head in edges].count(False) == 1


def test_a_self_loop_leaves_its_box():
    source = digraph([("loop", "loop")])
    left, _, right, _ = boxes(source)["loop"]

    [curve] = curves(source)

    assert any(x < left or x > right for x, _ in along(curve))


def test_nodes_without_edges_stand_apart():
    box = boxes("digraph { node [shape=box] a; b; c }")

    assert [pair for pair in combinations(box, 2) if overlapping(*map(box.get, pair))] == []


@pytest.mark.parametrize("source", ["digraph {}", "digraph {\n}\n", "graph x {}", "", "}", "{"])
def test_an_empty_graph_is_an_empty_picture(source):
    assert [element.tag for element in parsed(source)] == [f"{SVG}rect"]


def test_the_same_source_gives_the_same_picture():
    source = digraph(random_edges(0))

    assert svg(source) == svg(source)


def test_a_graph_of_2000_nodes_is_drawn():
    edges = [(f"n{i}", f"n{i + 1 + i * i % 7}") for i in range(2000)]

    assert len(curves(digraph(edges))) == 2000


def test_a_chain_of_2000_nodes_is_drawn():
    assert len(boxes(digraph([(f"n{i}", f"n{i + 1}") for i in range(1999)]))) == 2000


# ---- how it looks ----


def only(source, tag):
    """The one element with this tag, after the background."""
    [element] = [e for e in list(parsed(source))[1:] if e.tag == f"{SVG}{tag}"]
    return element.attrib


def test_the_background_is_white():
    assert next(iter(parsed("digraph { a }"))).attrib["fill"] == "white"


def test_a_filled_node_has_its_colour():
    assert only('digraph { a [shape=box style=filled fillcolor="#d6e6f5"] }', "rect")["fill"] == (
        "#d6e6f5"
    )


def test_a_node_that_is_not_filled_is_transparent():
    assert only("digraph { a [shape=box fillcolor=red] }", "rect")["fill"] == "none"


def test_a_dashed_node_has_a_dashed_line():
    assert "stroke-dasharray" in only('digraph { a [style="filled,dashed"] }', "ellipse")


def test_a_plain_line_is_not_dashed():
    assert "stroke-dasharray" not in only("digraph { a [style=filled] }", "ellipse")


@pytest.mark.parametrize("style", ["rounded", '"filled,rounded"'])
def test_a_rounded_box_has_round_corners(style):
    assert only(f"digraph {{ a [shape=box style={style}] }}", "rect")["rx"] != "0"


@pytest.mark.parametrize("shape", ["plaintext", "none", "plain"])
def test_a_node_of_plain_text_has_no_outline(shape):
    tags = [e.tag for e in list(parsed(f"digraph {{ a [shape={shape}] }}"))[1:]]

    assert tags == [f"{SVG}text"]


def test_a_circle_is_round():
    look = only('digraph { a [shape=circle label="a long label"] }', "ellipse")

    assert look["rx"] == look["ry"]


def test_width_and_height_are_in_inches():
    left, top, right, bottom = boxes("digraph { a [shape=box width=2 height=1] }")["a"]

    assert (right - left, bottom - top) == (144.0, 72.0)


def test_a_box_is_wide_enough_for_wide_characters():
    latin = boxes("digraph { a [shape=box label=lossfunction] }")["lossfunction"]
    chinese = boxes("digraph { a [shape=box label=损失函数损失函数损失函数] }")[
        "损失函数损失函数损失函数"
    ]

    assert chinese[2] - chinese[0] > latin[2] - latin[0]


def test_the_fields_of_a_record_have_lines_between():
    lines = list(parsed('digraph { a [shape=record label="x|y|z"] }').iter(f"{SVG}line"))

    assert len(lines) == 2


def test_a_font_has_its_size_and_colour():
    look = only("digraph { a [fontsize=9 fontcolor=red] }", "text")

    assert (look["font-size"], look["fill"]) == ("9", "red")


def test_an_edge_has_its_colour():
    assert only('digraph { a -> b [color="#b0b0b0"] }', "path")["stroke"] == "#b0b0b0"


def test_the_text_on_an_edge_stands_out_from_its_curve():
    [text] = [
        e for e in parsed("digraph { a -> b [label=-3] }").iter(f"{SVG}text") if e.text == "-3"
    ]

    assert (text.attrib.get("paint-order"), text.attrib.get("stroke")) == ("stroke", "white")


@pytest.mark.parametrize("attribute", ["fillcolor", "color", "fontcolor", "penwidth", "shape"])
def test_an_attribute_cannot_add_another(attribute):
    value = r'"1\" onload=\"alert(1)"'
    root = parsed(f"digraph {{ a [style=filled {attribute}={value}] a -> b [color={value}] }}")

    assert [e for e in root.iter() if "onload" in e.attrib] == []


# ---- what it reads ----

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


# ---- it cannot fail ----

SOURCE = """digraph {
	graph [nodesep=0.2 rankdir=LR ranksep=0.35]
	node [fontname=Helvetica fontsize=11 shape=record]
	edge [arrowsize=0.6 fontname=Helvetica fontsize=9]
	v0 [label="a|data 3|grad \\"7\\\\" fillcolor="#d6e6f5" style=filled tooltip=""]
	v0_op [label="*" shape=ellipse height=0.3 width=0.3]
	v0 -> v0_op:n [label=2 fontcolor="#a04000"]
	subgraph cluster_0 { "x y" -> b -- c; label=<<b>x</b>> } // end
}
"""
PIECES = (
    ['"', "[", "]", "{", "}", "->", "--", "=", ";", ",", ":", "<", ">", "\\", "\n", "&", "|", "/*"]
    + ["subgraph", "node", "edge", "graph", "label", " width=x ", " height= ", " fontsize=a "]
    + [" fontsize=1e999 ", " width=nan ", " height=-1 ", "\0", "\x1b", "\x7f", "\ufffe", "\ud800"]
)


def mutated(rng):
    source = SOURCE
    for _ in range(rng.randint(1, 6)):
        i = rng.randrange(len(source) + 1)
        source = rng.choice(
            [
                source[:i],
                source[:i] + source[i + rng.randint(1, 10) :],
                source[:i] + rng.choice(PIECES) + source[i:],
                source[:i] + rng.choice(PIECES) + source[i:],
                source[:i] + source[rng.randrange(len(source) + 1) :],
            ]
        )
    return source


@pytest.mark.parametrize("length", range(len(SOURCE)))
def test_a_source_cut_short_is_drawn(length):
    assert parsed(SOURCE[:length]).tag == f"{SVG}svg"


@pytest.mark.parametrize("seed", range(20))
def test_a_garbled_source_is_drawn(seed):
    rng = random.Random(seed)

    for _ in range(40):
        assert parsed(mutated(rng)).tag == f"{SVG}svg"


@given(st.lists(st.sampled_from([*PIECES, "a", "b", " ", "digraph {"]), max_size=30).map("".join))
def test_any_pieces_of_dot_are_drawn(source):
    assert parsed(source).tag == f"{SVG}svg"


@given(st.text(st.characters(codec=None)))
def test_any_text_is_drawn(source):
    assert parsed(f"digraph {{ {source}").tag == f"{SVG}svg"


@pytest.mark.parametrize("name", ["fontsize", "width", "height", "penwidth"])
@pytest.mark.parametrize("number", ['""', "x", "nan", "inf", "-1", "1e999", '"1,5"', "0", "１"])
def test_a_size_that_is_no_size_is_drawn(name, number):
    root = parsed(f"digraph {{ node [{name}={number}] edge [{name}={number}] a -> b [label=x] }}")

    assert words(root) == ["a", "b", "x"]


@pytest.mark.parametrize("name", ["fontsize", "width", "height"])
@pytest.mark.parametrize("number", ["nan", "inf", "-1", "1e999"])
def test_a_size_that_is_no_size_leaves_all_coordinates_finite(name, number):
    picture = svg(f"digraph {{ node [{name}={number}] edge [{name}={number}] a -> b [label=x] }}")

    assert re.findall(r'"[^"<>]*\b(?:nan|inf)\b[^"<>]*"', picture) == []


@pytest.mark.parametrize("character", [*"\0\x08\x0b\x1b\x1f\ufffe\uffff\ud800"], ids=ascii)
def test_a_character_that_xml_forbids_is_drawn_somehow(character):
    assert texts(parsed(f'digraph {{ a [label="x{character}y"] }}'))[0][0::2][0] == "x"


def test_the_picture_is_all_that_there_is_of_a_script():
    root = parsed('digraph { a [label="<script>alert(1)</script>"] }')

    assert (texts(root), list(root.iter(f"{SVG}script"))) == (["<script>alert(1)</script>"], [])


def test_a_deep_nest_of_groups_is_drawn():
    assert parsed("digraph " + "{" * 100_000 + "a" + "}" * 100_000).tag == f"{SVG}svg"


def test_a_long_chain_of_edges_is_drawn():
    assert len(curves("digraph { " + " -> ".join(f"n{i}" for i in range(3000)) + " }")) == 2999


# ---- how edges look ----


def only_path(attributes, graph=""):
    [path] = parsed(f"digraph {{{graph} a -> b [{attributes}]}}").iter(f"{SVG}path")
    return path.attrib


def test_an_edge_is_as_wide_as_its_pen():
    assert only_path("penwidth=2.5")["stroke-width"] == "2.5"


def test_an_edge_may_be_dashed():
    assert "stroke-dasharray" in only_path("style=dashed")


def test_an_edge_without_a_head_ends_at_its_node():
    root = parsed("digraph {a -> b [arrowhead=none]}")

    assert list(root.iter(f"{SVG}polygon")) == []


def test_edges_are_straight_lines_if_asked():
    source = "digraph {rankdir=LR splines=line a -> b a -> c}"
    for path in parsed(source).iter(f"{SVG}path"):
        x0, y0, *controls, x3, y3 = map(float, re.findall(r"-?[\d.]+", path.attrib["d"]))

        assert controls == [x0, y0, x3, y3]


@pytest.mark.parametrize("source", ["a [tooltip=hint]", "a -> b [tooltip=hint]"])
def test_a_tooltip_is_the_title_of_what_it_is_about(source):
    [title] = parsed(f"digraph {{{source}}}").iter(f"{SVG}title")

    assert title.text == "hint"


def test_ranks_stand_as_far_apart_as_asked():
    def width(ranksep):
        return float(
            parsed(f"digraph {{rankdir=LR ranksep={ranksep} a -> b}}").attrib["width"][:-2]
        )

    assert width(3.0) - width(2.0) == pytest.approx(72, abs=1)
