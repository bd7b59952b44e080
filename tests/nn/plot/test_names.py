"""Names in plots: they are text, whatever letters and signs they have."""

import random
import warnings
from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formulas.escapes import one_line
from nn import Linear, Module
from nn.plot import (
    plot_confusion_matrix,
    plot_decision_regions,
    plot_decision_surface,
    plot_histograms,
    plot_loss,
)
from tests.nn.plot.drawn import SQUARE, right_of_the_middle

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
from matplotlib import rc_context
from matplotlib.figure import Figure

from nn.plot import fonts
from nn.plot.names import MissingLetters, columns, written
from nn.plot.svg import svg_of


class Heads(Module):
    """Layers under names of any text."""

    def __init__(self, names):
        self.heads = {name: Linear(1, 1, rng=random.Random(0)) for name in names}


def parameters(names, ax, bins):
    names = [f"{i}{name[:3]}" for i, name in enumerate(names)]  # the legend has little room
    plot_histograms(Heads(names), ax, bins=bins)
    return [f"heads.{name} (2)" for name in names]


def loss(names, ax):
    plot_loss([0.5, 0.2], ax, ylabel=names[0])
    return names[:1]


def confusion(names, ax):
    plot_confusion_matrix([0, 1], [0, 1], ax, labels=names)
    return names * 2


def classes(names, ax):
    plot_confusion_matrix(names, names, ax)
    return names * 2


def surface(names, ax):
    plot_decision_surface(right_of_the_middle, SQUARE, [0, 0, 1, 1], ax, 5, names=names)
    return names


def regions(names, ax):
    targets = [0, 0, 1, 1]
    look = {"names": names, "labels": names}
    plot_decision_regions(right_of_the_middle, SQUARE, targets, ax, 5, **look)
    return names * 2


# What each plot is to show of two names.
PLOTS = {
    "loss": loss,
    "confusion": confusion,
    "classes": classes,
    "surface": surface,
    "regions": regions,
    "bars": lambda names, ax: parameters(names, ax, None),
    "histograms": lambda names, ax: parameters(names, ax, 5),
}
every_plot = pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
# What TeX, mathtext, XML, matplotlib's legends and its fonts read as more than text.
SIGNS = st.sampled_from(list("$\\^_%{}&<>'\"#~-|[]`\0\n\r\t\x1b\u2028\u202e\ufffe 晴한あ😀مa"))
SIGNS |= st.characters(max_codepoint=0x2FFFF)
NAMES = st.text(SIGNS, min_size=1, max_size=9).filter(lambda name: one_line(name).strip())


def texts(svg):
    """The texts in a picture."""
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(element.itertext()) for element in found]


def drawn(plot, names):
    """What the plot should show that is not among the texts of its picture."""
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MissingLetters)
        wanted = plot(names, figure.subplots())
    shown = texts(svg_of(figure))
    return list((Counter(map(one_line, wanted)) - Counter(shown)).elements())


@every_plot
@given(names=st.lists(NAMES, min_size=2, max_size=2, unique=True))
@settings(max_examples=6)
def test_a_name_of_any_text_is_in_the_svg_unchanged(plot, names):
    assert drawn(plot, names) == []


HARD = ["$x$", "$\\foo$", "$\\frac{a}", "\\$", "a\\", "x^_%", "{", "}", "a\0b", "a\nb", "_x", "_"]
HARD += [
    "$$",
    "<b>&amp;",
    "--",
    "]]>",
    "'\"",
    "晴",
    "湿度 %",
    "日本",
    "カタカナ",
    "한글",
    "😀 ok",
    "مرحبا",
]


@every_plot
def test_a_name_that_others_would_read_is_in_the_svg_as_it_is(plot):
    assert [drawn(plot, list(pair)) for pair in zip(HARD[::2], HARD[1::2])] == [[]] * 12


@every_plot
@pytest.mark.parametrize("format", ["png", "svg", "pdf"])
def test_a_name_with_dollars_is_drawn_in_every_format(plot, format, tmp_path):
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    plot(["$\\foo$", "\\frac$$"], figure.subplots())
    figure.savefig(tmp_path / "drawn", format=format)

    assert (tmp_path / "drawn").stat().st_size > 1000


@every_plot
def test_a_name_is_no_tex_where_a_user_draws_all_text_with_tex(plot):
    with rc_context({"text.usetex": True}):
        ax = Figure().subplots()
        plot(["$\\foo$", "b"], ax)
        legend = ax.get_legend().get_texts() if ax.get_legend() else []
        named = [ax.xaxis.label, ax.yaxis.label, *legend]

    assert {text.get_usetex() for text in named} == {False}
    assert {text.get_parse_math() for text in named} == {False}


@every_plot
def test_letters_that_no_font_has_make_one_warning_that_names_a_font(plot, monkeypatch, tmp_path):
    monkeypatch.setattr(fonts, "candidates", lambda: iter([]))
    figure = Figure(layout="constrained")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        plot(["晴", "雨"], figure.subplots())
        figure.savefig(tmp_path / "drawn.png")
        figure.savefig(tmp_path / "drawn.svg")
    messages = [str(warning.message) for warning in caught]

    assert len(messages) == 1
    assert messages[0].startswith("no font here has the letters '晴")
    assert messages[0].endswith(" of a plot: install one that has them, such as Noto Sans CJK")
    assert caught[0].filename == __file__


def test_an_svg_names_fonts_of_other_computers():
    figure = Figure()
    figure.subplots().set_title("a")
    svg = svg_of(figure).decode()

    assert all(f"'{family}'" in svg for family in fonts.FAMILIES)


def test_a_font_that_has_the_letters_draws_them(monkeypatch):
    from matplotlib import get_data_path

    # DejaVu lacks it; this font of mathematics, which comes with matplotlib, has it.
    letter = "\ue0c0"
    path = f"{get_data_path()}/fonts/ttf/STIXNonUni.ttf"
    monkeypatch.setattr(fonts, "candidates", lambda: iter([("STIXNonUnicode", path)]))
    ax = Figure().subplots()
    plot_loss([0.5], ax, ylabel=letter)

    assert ax.yaxis.label.get_fontfamily() == ["sans-serif", "STIXNonUnicode"]


@given(st.sets(st.integers(0, 99)), st.integers(0, 99))
@settings(max_examples=100)
def test_the_ranges_of_a_font_hold_what_it_has(codes, other):
    ends = fonts.ends_of(codes)

    assert all(fonts.is_inside(ends, code) for code in codes)
    assert fonts.is_inside(ends, other) == (other in codes)


@given(st.text(min_size=1))
@settings(max_examples=100)
def test_a_long_name_keeps_its_beginning_and_its_end(name):
    text = written(name)
    begin, dots, end = text.partition("\u2026")

    assert columns(text) <= 32
    if text != one_line(name):
        assert dots
        assert one_line(name).startswith(begin)
        assert one_line(name).endswith(end)
        assert columns(text) >= 29


def test_titles_of_our_own_are_whole():
    ax = Figure().subplots()
    regions(["a", "b"], ax)

    assert ax.get_title() == "Decision regions; black edge: wrong"


@every_plot
def test_names_of_hundreds_of_letters_leave_room_for_the_plot(plot):
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    ax = figure.subplots()
    plot(["晴" * 300, "a name " * 300], ax)
    figure.draw_without_rendering()  # a layout that fails would warn

    assert ax.get_window_extent().width > 60
    assert ax.get_window_extent().height > 60
