"""SVG: how nodes and edges look, and that no source makes it fail."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.renderers.svg import svg
from tests.engine.renderers.svg_pictures import SVG, boxes, curves, parsed, texts


def words(root):
    """All text as sorted words, since who breaks and groups lines does it in his own way."""
    return sorted(" ".join(texts(root)).split())


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
