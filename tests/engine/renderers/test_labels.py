"""Labels: any text is shown as it is, by every renderer."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from engine import Value, draw
from tests.engine.pictures import SVG, boxes, every_label, every_renderer, look_of, square, texts

pytestmark = pytest.mark.usefixtures("no_choice_of_renderer_and_a_folder_of_its_own")


@every_renderer
@every_label
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_any_label_is_shown_as_it_is(program, label, rankdir):
    assert label in texts(draw(Value(1.0, label), rankdir=rankdir, program=program).pipe())


@every_renderer
@every_label
def test_no_label_disturbs_the_rest_of_the_picture(program, label):
    z = Value(2.0, label) * Value(3.0, label)
    others = sorted(texts(draw(z, program=program).pipe()))
    for _ in range(2):
        others.remove(label)

    assert others == sorted(["*", "data 2", "data 3", "data 6", *["grad 0"] * 3])


@every_renderer
@every_label
def test_no_label_becomes_an_element_of_the_picture(program, label):
    tags = {
        e.tag
        for e in ElementTree.fromstring(draw(Value(1.0, label), program=program).pipe()).iter()
    }

    assert tags & {f"{SVG}script", f"{SVG}b", "script", "b"} == set()


@every_renderer
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_the_lines_of_a_label_are_lines(program, rankdir, line_break):
    label = f"one{line_break}two"

    assert texts(draw(Value(1.0, label), rankdir=rankdir, program=program).pipe()) == [
        "one",
        "two",
        "data 1",
        "grad 0",
    ]


@every_renderer
@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("\0", r"\x00"),
        ("\t", r"\t"),
        ("\r", r"\r"),
        ("\x1b", r"\x1b"),
        ("\x7f", r"\x7f"),
        ("\x85", r"\x85"),
        ("\ud800", r"\ud800"),
        ("\uffff", r"\uffff"),
    ],
    ids=ascii,
)
def test_a_character_that_no_picture_holds_is_shown_as_its_escape(program, character, shown):
    assert f"a{shown}b" in texts(draw(Value(1.0, f"a{character}b"), program=program).pipe())


@every_renderer
@pytest.mark.parametrize(
    "label",
    ["👩‍👧", "می‌خواهم", "क्‍ष", "损失　函数", "10\u00a0000", "soft\u00adhyphen"],
    ids=["emoji joined", "Persian", "Hindi", "a wide space", "a hard space", "a soft hyphen"],
)
def test_a_character_without_ink_is_part_of_its_label(program, label):
    assert label in texts(draw(Value(1.0, label), program=program).pipe())


@every_renderer
def test_a_very_long_label_is_shown_in_full(program):
    label = "long" * 2_000

    assert label in texts(draw(Value(1.0, label), program=program).pipe())


def test_a_label_that_is_no_text_is_shown_as_text():
    x = Value(1.0)
    x.label = 7

    assert boxes(draw(x)) == [["7", "data 1", "grad 0"]]


def test_the_fields_of_a_box_are_stacked_if_ranks_run_down():
    assert look_of(draw(Value(1.0, "x"), rankdir="TB"), "{x|") is not None


@pytest.mark.parametrize("rankdir", ["LR", "TB", "RL", "BT"])
def test_ranks_run_as_told(rankdir):
    assert f"rankdir={rankdir}" in draw(Value(1.0), rankdir=rankdir).source


@every_renderer
@pytest.mark.parametrize("rankdir", ["LR", "TB", "RL", "BT"])
def test_label_data_and_grad_stand_one_above_the_other(program, rankdir):
    svg = draw(square(), rankdir=rankdir, program=program).pipe()
    places = {
        "".join(e.itertext()): (float(e.attrib["x"]), float(e.attrib["y"]))
        for e in ElementTree.fromstring(svg).iter(f"{SVG}text")
    }
    (x, top), (x2, middle), (x3, bottom) = places["a"], places["data 3"], places["grad 6"]

    assert x == x2 == x3 and top < middle < bottom  # noqa: PT018 - a column is one claim


def test_one_font_is_named():
    assert set(re.findall(r"fontname=(\S+?)[\s\]]", draw(square()).source)) == {"Helvetica"}
