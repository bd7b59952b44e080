"""The labels of edges: on no box, on no other label, and as large as the text of boxes."""

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine import Value, draw
from engine.renderers.svg import svg
from tests.engine.pictures import every_renderer, neuron, square
from tests.engine.renderers.svg_pictures import SVG, parsed

RANKDIRS = ["LR", "RL", "TB", "BT"]
WIDE = 0.62  # of a letter, in em: wider than a digit of Helvetica, Arial or Liberation Sans


def rectangles(root):
    """(left, top, right, bottom) of the boxes and ellipses, and of the texts that have a halo."""
    boxes, labels = [], []
    for element in list(root.iter())[1:]:
        a = element.attrib
        if element.tag == f"{SVG}rect" and a["fill"] != "white":
            x, y = float(a["x"]), float(a["y"])
            boxes.append((x, y, x + float(a["width"]), y + float(a["height"])))
        elif element.tag == f"{SVG}ellipse":
            x, y, rx, ry = (float(a[k]) for k in ("cx", "cy", "rx", "ry"))
            boxes.append((x - rx, y - ry, x + rx, y + ry))
        elif element.tag == f"{SVG}text" and a.get("paint-order") == "stroke":
            x, y, size = (float(a[k]) for k in ("x", "y", "font-size"))
            half = len(element.text) * WIDE * size / 2
            labels.append((x - half, y - 0.75 * size, x + half, y + 0.05 * size))
    return boxes, labels


def apart(a, b):
    return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def labelled(edges, attributes):
    arrows = "; ".join(f'n{tail} -> n{head} [label="{text}"]' for tail, head, text in edges)
    return f"digraph {{ {attributes} edge [fontsize=11] node [shape=box] {arrows} }}"


numbers = st.floats(-1e9, 1e9).map(lambda x: f"{x:.3g}")
ends = st.integers(0, 7)


@settings(max_examples=60, deadline=None)
@given(
    edges=st.lists(st.tuples(ends, ends, numbers), min_size=1, max_size=14),
    rankdir=st.sampled_from(RANKDIRS),
    splines=st.sampled_from(["", "splines=line"]),
)
@example(edges=[(0, 1, "0"), (1, 1, "10")], rankdir="RL", splines="")
@example(edges=[(0, 0, "0"), (1, 1, "0")], rankdir="TB", splines="")
def test_no_label_lies_on_a_box_in_any_graph(edges, rankdir, splines):
    boxes, labels = rectangles(parsed(labelled(edges, f"rankdir={rankdir} {splines}")))

    assert len(labels) == len(edges)
    assert [(a, b) for a in labels for b in boxes if not apart(a, b)] == []


@settings(max_examples=60, deadline=None)
@given(
    edges=st.lists(st.tuples(ends, ends, numbers), min_size=1, max_size=14),
    rankdir=st.sampled_from(RANKDIRS),
)
def test_every_label_lies_on_the_picture(edges, rankdir):
    root = parsed(labelled(edges, f"rankdir={rankdir}"))
    left, top, width, height = map(float, root.attrib["viewBox"].split())

    _, labels = rectangles(root)

    assert [
        a for a in labels if a[0] < left or a[1] < top or a[2] > left + width or a[3] > top + height
    ] == []


@st.composite
def formulas(draw_from):
    """A Value computed from a few leaves by random operations, and differentiated."""
    values = [Value(draw_from(st.floats(-3, 3)), f"x{i}") for i in range(3)]
    for _ in range(draw_from(st.integers(1, 8))):
        a, b = (draw_from(st.sampled_from(values)) for _ in range(2))
        values.append(draw_from(st.sampled_from([a + b, a * b, a - b, a * 2.5, -a])))
    values[-1].backward()
    return values[-1]


@settings(max_examples=60, deadline=None)
@given(z=formulas(), rankdir=st.sampled_from(RANKDIRS))
@pytest.mark.parametrize("derivatives", ["local", "products"])
def test_no_label_lies_on_a_box_or_a_label_in_the_picture_of_a_formula(z, rankdir, derivatives):
    diagram = draw(z, rankdir=rankdir, derivatives=derivatives, program="builtin")
    boxes, labels = rectangles(ElementTree.fromstring(diagram.pipe()))

    assert [(a, b) for a in labels for b in boxes if not apart(a, b)] == []
    assert [pair for pair in combinations(labels, 2) if not apart(*pair)] == []


@settings(max_examples=12, deadline=None)
@given(z=formulas(), rankdir=st.sampled_from(RANKDIRS))
@every_renderer
def test_every_renderer_draws_every_label_of_a_formula(program, z, rankdir):
    diagram = draw(z, rankdir=rankdir, derivatives="products", parameters=[z], program=program)
    root = ElementTree.fromstring(diagram.pipe(quiet=True))

    wanted = sorted(re.findall(r'-> \w+ \[label="?([^\s"]+)', diagram.source))
    found = [e for e in root.iter(f"{SVG}text") if e.attrib.get("paint-order") == "stroke"]
    assert sorted(e.text for e in found) == wanted


@every_renderer
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_the_labels_of_edges_are_as_large_as_the_text_of_boxes(program, rankdir):
    picture = draw(neuron(), derivatives=True, rankdir=rankdir, program=program).pipe().decode()

    assert {float(size) for size in re.findall(r'font-size="([\d.]+)"', picture)} == {11.0}


@every_renderer
def test_every_label_of_an_edge_has_a_halo(program):
    root = ElementTree.fromstring(draw(square(), derivatives=True, program=program).pipe())
    colored = [e for e in root.iter(f"{SVG}text") if e.attrib.get("fill") == "#a04000"]

    assert [e.text for e in colored] == ["3", "3"]
    assert {(e.attrib["paint-order"], e.attrib["stroke"]) for e in colored} == {("stroke", "white")}


@pytest.mark.parametrize("rankdir", RANKDIRS)
def test_the_label_of_a_single_edge_is_beside_its_line(rankdir):
    root = parsed(labelled([(0, 1, "0.5")], f"rankdir={rankdir}"))
    _, [label] = rectangles(root)
    [path] = root.iter(f"{SVG}path")
    numbers = list(map(float, re.findall(r"-?[\d.]+", path.attrib["d"])))
    points = list(zip(numbers[0::2], numbers[1::2]))

    assert all(apart(label, (x, y, x, y)) for x, y in points)
    assert min(abs((label[1] + label[3]) / 2 - y) + abs((label[0] + label[2]) / 2 - x)
               for x, y in points) < 40  # fmt: skip


def test_the_title_of_a_graph_is_drawn_apart_from_its_boxes():
    for place in ("t", "b"):
        source = f'digraph {{ label="a title" labelloc={place} node [shape=box] a -> b }}'
        texts = {e.text: float(e.attrib["y"]) for e in parsed(source).iter(f"{SVG}text")}

        assert (texts["a title"] < texts["a"]) == (place == "t")


def test_an_invisible_edge_is_not_drawn():
    assert "<path" not in svg("digraph { a -> b [style=invis label=x] }")
