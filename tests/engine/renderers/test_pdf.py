"""A picture in SVG becomes a page of PDF: its shapes, its colours and all of its letters."""

import re
import xml.etree.ElementTree as ElementTree
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, draw, tanh
from engine.renderers.pdf import pdf
from tests.engine.pictures import every_renderer, texts

LETTERS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)


def picture(inside, size='width="100pt" height="50pt" viewBox="0 0 100 50"'):
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{inside}</svg>'


def drawing(page):
    """What the page draws: the operators of its one stream, after a look at every object."""
    places = [int(x) for x in re.findall(rb"^(\d{10}) 00000 n $", page, flags=re.MULTILINE)]
    for i, place in enumerate(places, 1):
        assert page[place:].startswith(b"%d 0 obj\n" % i)
    assert page[int(page.split()[-2]) :].startswith(b"xref\n")
    length, held = re.search(
        rb"/Length (\d+) .*?\nstream\n(.*)\nendstream", page, re.DOTALL
    ).groups()
    assert len(held) == int(length)
    return zlib.decompress(held).decode("ascii")


def said(operators):
    """The texts of a page, one for each element of the picture."""
    found = []
    for line in operators.splitlines():
        if "BT" in line and "1 Tr" not in line:
            runs = re.findall(r"/(F\d) \S+ Tf <(\w*)> Tj", line)
            coding = {"F1": "cp1252", "F2": "cp1252", "F3": "utf-16-be"}
            found.append("".join([bytes.fromhex(code).decode(coding[f]) for f, code in runs]))
    return found


def neuron(label="w"):
    w, x = Value(2.0, label=label), Value(-0.5, label="x")
    y = tanh(w * x + 1.5)
    y.backward()
    return y


@every_renderer
def test_the_page_says_what_the_picture_says(program):
    svg = draw(neuron(), program=program, derivatives=True).pipe(encoding="utf-8")

    assert said(drawing(pdf(svg))) == texts(svg.encode())


@given(LETTERS)
@settings(max_examples=60, deadline=None)
def test_any_letters_come_into_the_page(letters):
    svg = draw(neuron(letters), program="builtin").pipe(encoding="utf-8")

    assert said(drawing(pdf(svg))) == texts(svg.encode())


@every_renderer
def test_the_page_is_as_large_as_the_picture(program):
    svg = draw(neuron(), program=program).pipe(encoding="utf-8")

    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf(svg)).groups()
    root = ElementTree.fromstring(svg)
    width = float(root.get("width").removesuffix("pt"))
    assert float(box[0]) == pytest.approx(width, abs=0.01)
    assert float(box[1]) == pytest.approx(float(root.get("height").removesuffix("pt")), abs=1)


def test_pixels_are_three_quarters_of_a_point():
    page = pdf(picture("", 'width="100" height="50" viewBox="0 0 100 50"'))

    assert b"/MediaBox [0 0 75.00 37.50]" in page


@every_renderer
def test_a_picture_is_the_same_page_each_time(program):
    svg = draw(neuron(), program=program).pipe(encoding="utf-8")

    assert pdf(svg) == pdf(svg)


@every_renderer
def test_what_is_begun_is_ended(program):
    operators = drawing(pdf(draw(neuron(), program=program).pipe(encoding="utf-8"))).split()

    for begin, end in (("q", "Q"), ("BT", "ET")):
        assert operators.count(begin) == operators.count(end) > 0


SHAPES = [
    ('<polygon points="1,2 3,4 5,6"/>', "1.00 2.00 m 3.00 4.00 l 5.00 6.00 l h"),
    ('<polyline points="1,2 3,4" stroke="black"/>', "1.00 2.00 m 3.00 4.00 l"),
    ('<line x1="1" y1="2" x2="3" y2="4"/>', "1.00 2.00 m 3.00 4.00 l"),
    ('<path d="M1,2C3,4 5,6 7,8"/>', "1.00 2.00 m 3.00 4.00 5.00 6.00 7.00 8.00 c"),
    ('<path d="M1 2 L3 4 5 6 Z"/>', "1.00 2.00 m 3.00 4.00 l 5.00 6.00 l h"),
    (
        '<rect x="1" y="2" width="3" height="4"/>',
        "4.00 2.00 m 4.00 6.00 l 1.00 6.00 l 1.00 2.00 l h",
    ),
]


@pytest.mark.parametrize(("element", "outline"), SHAPES)
def test_a_shape_has_its_outline(element, outline):
    assert outline in drawing(pdf(picture(element)))


def test_a_circle_goes_through_its_four_ends():
    operators = drawing(pdf(picture('<circle cx="10" cy="20" r="5"/>')))

    ends = re.findall(r"(\S+ \S+) (?:m|c)(?= )", operators)
    assert ends == ["10.00 15.00", "15.00 20.00", "10.00 25.00", "5.00 20.00", "10.00 15.00"]


@pytest.mark.parametrize(
    ("fill", "operator"),
    [("#ff8000", "1.000 0.502 0.000 rg"), ("white", "1.000 1.000 1.000 rg"), ("none", None)],
)
def test_a_shape_has_its_colour(fill, operator):
    element = f'<polygon fill="{fill}" stroke="transparent" points="1,2 3,4 5,6"/>'
    operators = drawing(pdf(picture(element)))

    assert (operator in operators) if operator else ("rg" not in operators)
    assert "RG" not in operators


@pytest.mark.parametrize(("anchor", "x"), [("start", 50.0), ("middle", 43.33), ("end", 36.66)])
def test_text_stands_by_its_anchor(anchor, x):
    element = f'<text x="50" y="9" font-size="10" text-anchor="{anchor}">AA</text>'

    assert f"BT 1 0 0 -1 {x:.2f} 9.00 Tm" in drawing(pdf(picture(element)))


def test_a_halo_is_drawn_below_its_text():
    svg = picture('<text x="1" y="2" stroke="white" stroke-width="5">a</text>')
    operators = drawing(pdf(svg))

    assert operators.index("1 Tr") < operators.index("0.000 0.000 0.000 rg")


def test_what_is_no_svg_is_refused():
    with pytest.raises(ValueError, match="no picture in SVG: syntax error"):
        pdf("digraph {}")
