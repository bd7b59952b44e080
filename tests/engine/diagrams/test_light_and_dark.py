"""Pictures are readable in the light and in the dark, and tell the kinds of leaves without colours.

Contrast is measured as WCAG 2.2 has it: 4.5 : 1 for text (1.4.3), 3 : 1 for lines (1.4.11).
"""

import re
from itertools import combinations
from random import Random
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, draw, tanh
from engine.diagrams import colors
from engine.diagrams.dark import for_light_and_dark
from nn import MLP
from tests.engine.pictures import SVG, every_renderer, look_of, neuron, nodes, texts

NAMED = {"white": "#ffffff", "black": "#000000"}


def luminance(color):
    color = NAMED.get(color, color)
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a, b):
    dark, light = sorted([luminance(a), luminance(b)])
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_of_contrast_is_the_one_of_wcag():
    assert contrast("black", "white") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)  # their own example


# ---- the palette ----


FILLS = [colors.PAPER, colors.INPUT, colors.PARAMETER, colors.TARGET, colors.OPERATION]
FILLS += [*colors.SCALE, colors.NOT_FINITE]
ON_PAPER = [colors.INK, colors.QUIET, colors.ON_EDGES, colors.POSITIVE, colors.NEGATIVE]
LINES = [colors.INK, colors.QUIET, colors.POSITIVE, colors.NEGATIVE, colors.NO_WEIGHT]
LINES += [colors.NO_NUMBER]
THEMES = {"light": {c: c for c in colors.IN_THE_DARK}, "dark": colors.IN_THE_DARK}
every_theme = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)


@every_theme
@pytest.mark.parametrize("fill", FILLS)
def test_text_stands_out_from_what_fills_its_box(theme, fill):
    assert contrast(theme[colors.INK], theme[fill]) >= 4.5


@every_theme
@pytest.mark.parametrize("text", ON_PAPER)
def test_text_outside_boxes_stands_out_from_the_background(theme, text):
    assert contrast(theme[text], theme[colors.PAPER]) >= 4.5


@every_theme
@pytest.mark.parametrize("line", LINES)
def test_lines_stand_out_from_the_background(theme, line):
    assert contrast(theme[line], theme[colors.PAPER]) >= 3


@every_theme
@pytest.mark.parametrize("fill", FILLS)
def test_the_border_of_a_box_stands_out_from_both_of_its_sides(theme, fill):
    assert contrast(theme[colors.INK], theme[fill]) >= 3
    assert contrast(theme[colors.INK], theme[colors.PAPER]) >= 3


def test_every_colour_has_one_for_the_dark():
    own = {v for v in vars(colors).values() if isinstance(v, str) and re.match("#|white|black", v)}

    assert {*own, *FILLS} <= colors.IN_THE_DARK.keys()


@every_theme
def test_the_fills_of_kinds_differ_in_each_theme(theme):
    assert len({theme[fill] for fill in FILLS[:5]}) == 5


# ---- kinds without colours ----


def shape_of(look):
    """What is left of a look where there are no colours."""
    return {k: v for k, v in look.items() if "color" not in k}


@pytest.mark.parametrize(("one", "other"), list(combinations(colors.KINDS, 2)))
def test_two_kinds_differ_without_colours(one, other):
    assert shape_of(colors.KINDS[one]) != shape_of(colors.KINDS[other])


def outline(program, diagram):
    """For each first text of a box: how its outline looks without colours."""
    found, shape = {}, None
    diagram.program = program
    for e in ElementTree.fromstring(diagram.pipe()).iter():
        tag, a = e.tag.removeprefix(SVG), e.attrib
        if tag in ("polygon", "path", "rect", "ellipse") and a.get("fill") not in ("none", None):
            round_corners = tag == "path" or a.get("rx", "0") != "0"
            shape = tag == "ellipse", round_corners, a.get("stroke-width", "1")
        elif tag == "text" and shape:
            found.setdefault(e.text, shape)
            shape = None
    return found


@every_renderer
@pytest.mark.parametrize("color", ["kind", "gradient"])
def test_a_renderer_draws_each_kind_with_an_outline_of_its_own(program, color):
    w, x, t = Value(2.0, "w"), Value(3.0, "x"), Value(1.0, "t")
    z = tanh(w * x) - t
    z.label = "z"
    z.backward()

    found = outline(program, draw(z, parameters=[w], targets=[t], color=color))

    assert len({found[name] for name in "wxtz"}) == 4


@settings(max_examples=30, deadline=None)
@given(kinds=st.lists(st.sampled_from(["input", "parameter", "target"]), min_size=1, max_size=8))
@pytest.mark.parametrize("collapse", [False, True])
def test_leaves_of_different_kinds_look_different_in_any_picture(kinds, collapse):
    leaves = [Value(1.0, f"{'abcdefgh'[i]}") for i in range(len(kinds))]
    kind_of = dict(zip(leaves, kinds))
    chosen = {k: [v for v in leaves if kind_of[v] == k] for k in ("parameter", "target")}

    diagram = draw(
        sum(leaves), parameters=chosen["parameter"], targets=chosen["target"], collapse=collapse
    )

    for v in leaves:
        assert look_of_label(diagram, v.label) == shape_of(colors.KINDS[kind_of[v]])


def look_of_label(diagram, label):
    look = next(
        look
        for text, look in nodes(diagram).values()
        if text.strip("{}").startswith(f"{label}|") or f"{label}\\n1 " in text
    )
    return dict(re.findall(r'(style|penwidth|shape)="?([\w.,]+)', look))


def test_targets_that_are_none_are_refused():
    with pytest.raises(TypeError, match=r"targets are Values, got float 1\.0"):
        draw(Value(1.0), targets=[1.0])


def test_a_model_takes_no_targets():
    with pytest.raises(TypeError, match="a model is drawn with format, rankdir and program alone"):
        draw(MLP(1, [1]), targets=[Value(1.0)])


# ---- zeros ----


@pytest.mark.parametrize("collapse", [False, True])
def test_a_zero_has_no_sign(collapse):
    x = [Value(-0.0, f"x{i}") for i in range(3)]
    z = x[0] * x[1] * -0.0 + x[2]
    z.grad = x[0].grad = x[1].grad = -0.0

    source = draw(z, derivatives="products", collapse=collapse).source

    assert not re.search(r"-0\b(?!\.)", source)


@given(st.floats(allow_nan=False))
def test_a_number_that_is_no_zero_keeps_its_sign(number):
    [text] = [t for t in texts(draw(Value(number), program="builtin").pipe()) if "data" in t]

    assert text.startswith("data -") == (number < 0)


# ---- the dark ----


def pictures():
    w = Value(2.0, "w")
    yield draw(neuron(), derivatives=True)
    yield draw(neuron(), color="gradient")
    yield draw(w * 2.0 - w, parameters=[w], rankdir="TB")
    yield draw(neuron(), collapse=True)
    yield draw(MLP(2, [3, 1], rng=Random(0)))


def in_the_dark(svg):
    """The rules of a picture's style sheet: a colour for each (property, colour)."""
    style = re.search(r"<style>(.*?)</style>", svg)[1]
    rules = re.findall(r'\[(fill|stroke)="([^"]+)"\]\{\1:(#\w+)\}', style)
    return {(name, color): dark for name, color, dark in rules}


@every_renderer
@pytest.mark.parametrize("number", range(5))
def test_every_colour_of_a_picture_changes_in_the_dark(program, number):
    diagram = list(pictures())[number]
    diagram.program = program
    svg = diagram.pipe(encoding="utf-8")
    rules = in_the_dark(svg)

    used = set(re.findall(r'\b(fill|stroke)="([^"]+)"', svg.split("</style>")[1]))
    used = {(k, c) for k, c in used if c not in ("none", "transparent")}
    assert used <= rules.keys()
    assert all(dark == colors.IN_THE_DARK[color] for (_, color), dark in rules.items())
    assert "prefers-color-scheme:dark" in svg


@every_renderer
def test_text_without_a_colour_is_light_in_the_dark(program):
    svg = draw(neuron(), program=program).pipe(encoding="utf-8")

    assert f".chainrule text:not([fill]){{fill:{colors.IN_THE_DARK['black']}}}" in svg


@every_renderer
def test_the_background_changes_with_the_text(program):
    svg = draw(neuron(), program=program).pipe(encoding="utf-8")
    first = re.search(r"<(?:rect|polygon)\b[^>]*>", svg.split("</style>")[1])[0]

    assert 'fill="white"' in first
    assert luminance(in_the_dark(svg)["fill", "white"]) < 0.05


@every_renderer
def test_the_style_sheet_reaches_no_other_picture_of_the_page(program):
    svg = draw(neuron(), program=program).pipe(encoding="utf-8")
    style = re.search(r"\{(.*)\}</style>", svg)[1]

    assert all(
        rule.startswith(".chainrule ") for rule in style.removesuffix("}").split("}") if rule
    )
    assert svg.count('<svg class="chainrule" ') == 1


@every_renderer
@pytest.mark.parametrize("attribute", ["fillcolor", "color", "fontcolor"])
def test_a_picture_with_a_colour_of_somebody_else_stays_as_it_is(program, attribute):
    diagram = draw(neuron(), program=program)
    diagram.node("note", "mine", style="filled", **{attribute: "purple"})

    assert "<style>" not in diagram.pipe(encoding="utf-8")


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_any_text_that_is_no_picture_stays_as_it_is(text):
    assert for_light_and_dark(text) == text


def test_a_picture_as_a_png_has_no_style_sheet(program):
    diagram = draw(neuron(), program=program("echo no svg"))

    assert diagram.pipe() == b"no svg\n"


# ---- the legend ----


@every_renderer
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_the_legend_is_framed_and_named(program, rankdir):
    w = Value(2.0, "w")
    svg = draw(w * 3.0, parameters=[w], rankdir=rankdir, program=program).pipe(encoding="utf-8")

    assert texts(svg.encode()).count("legend") == 1
    assert 'stroke-dasharray="' in svg


def test_the_frame_of_the_legend_holds_its_entries_and_nothing_else():
    w = Value(2.0, "w")
    svg = draw(w * 3.0, parameters=[w], program="builtin").pipe()
    root = ElementTree.fromstring(svg)
    [frame] = [e.attrib for e in root.iter(f"{SVG}rect") if "stroke-dasharray" in e.attrib]
    left, top, width, height = (float(frame[k]) for k in ("x", "y", "width", "height"))

    within = [
        e.text
        for e in root.iter(f"{SVG}text")
        if left < float(e.attrib["x"]) < left + width and top < float(e.attrib["y"]) < top + height
    ]

    assert within == ["legend", "parameter", "computed", "operation", "constant"]


def test_the_legend_has_the_kinds_that_are_in_the_picture():
    w, t = Value(2.0, "w"), Value(1.0, "t")
    legend = [text for name, (text, _) in nodes(draw(w - t, parameters=[w], targets=[t])).items()
              if name.startswith("legend")]  # fmt: skip

    assert legend == ["parameter", "target", "computed", "operation"]


def test_an_entry_of_the_legend_looks_as_what_it_explains():
    w = Value(2.0, "w")
    diagram = draw(w * 1.0, parameters=[w])

    for look in (look_of(diagram, "w|"), look_of(diagram, "parameter")):
        assert f'fillcolor="{colors.PARAMETER}"' in look
        assert "penwidth=2.5" in look


def test_text_without_a_box_has_the_colour_of_the_page_in_mermaid():
    lines = draw(Value(2.0) * 3.5, format="mermaid").pipe(encoding="utf-8").splitlines()

    [style] = [line for line in lines if "fill:none" in line]
    assert style.endswith(" fill:none,stroke:none")
