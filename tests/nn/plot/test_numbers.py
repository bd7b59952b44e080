"""Plots of numbers of any size: each is drawn, without a word of the packages that draw it."""

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine import Value
from nn import Linear, Module, Sequential
from nn.plot import (
    plot_confusion_matrix,
    plot_decision_regions,
    plot_decision_surface,
    plot_histograms,
    plot_learning_rate,
    plot_loss,
    plot_losses,
)
from tests.nn.plot.drawn import SQUARE, history_of

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
from matplotlib.figure import Figure

from nn.plot.svg import svg_of


class Numbers(Module):
    def __init__(self, numbers):
        self.numbers = [Value(x) for x in numbers]


def histories(numbers):
    return history_of(
        *[{"loss": x, "val_loss": y, "lr": x} for x, y in zip(numbers, numbers[::-1])]
    )


def surface(numbers, ax):
    """A model that says one of the numbers, or another."""
    plot_decision_surface(lambda x: numbers[int(x[0] > 0.5) % len(numbers)], SQUARE, [0] * 4, ax, 5)


def points(numbers, ax):
    inputs = [[x, y] for x, y in zip(numbers, numbers[::-1])]
    plot_decision_regions(lambda x: x[0], inputs, [0] * len(inputs), ax, 5)


PLOTS = {
    "loss": plot_loss,
    "losses": lambda numbers, ax: plot_losses(histories(numbers), ax),
    "rates": lambda numbers, ax: plot_learning_rate(histories(numbers), ax),
    "bars": lambda numbers, ax: plot_histograms(Numbers(numbers), ax),
    "histograms": lambda numbers, ax: plot_histograms(Numbers(numbers), ax, bins=7),
    "surface": surface,
    "points": points,
}
ANY = ["loss", "losses", "rates"]  # these draw inf and nan as gaps
HARD = [[0.5], [0.5] * 3, [0.0] * 3, [1e-28, 1.0], [1e-28, 1e-27], [1e-320], [5e-324, 1e-323]]
HARD += [[-1.0, -2.0], [-1e-320, 1e-320], [1e16, 1e16 + 2], [1.0, 1.0 + 2**-52], [1e300, 5e-324]]
HARD += [[1e300, -1e300], [0.0, 1e300], [0.0, 1e-320]]
HUGE = [[1.7e308], [1e308, 1.7e308], [-1e308, 1.7e308], [5e-324, 1.7e308]]
NOT_FINITE = [[math.nan], [1.0, math.nan, 0.5], [math.inf] * 2, [1.0, math.inf], [-math.inf, 1.0]]


def draw(name, numbers):
    """The picture. pytest makes an error of each warning."""
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    PLOTS[name](numbers, figure.subplots())
    return ElementTree.fromstring(svg_of(figure))


@pytest.mark.parametrize("name", PLOTS)
@given(numbers=st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=4))
@settings(max_examples=6)
def test_numbers_of_any_size_make_a_picture_without_a_warning(name, numbers):
    assert len(list(draw(name, numbers).iter())) > 20


@pytest.mark.parametrize("name", PLOTS)
@pytest.mark.parametrize("numbers", HARD, ids=str)
def test_numbers_that_leave_an_axis_no_range_make_a_picture(name, numbers):
    assert len(list(draw(name, numbers).iter())) > 20


@pytest.mark.parametrize("name", [name for name in PLOTS if name != "points"])
@pytest.mark.parametrize("numbers", HUGE, ids=str)
def test_numbers_near_the_largest_of_all_make_a_picture(name, numbers):
    assert len(list(draw(name, numbers).iter())) > 20


@pytest.mark.parametrize("name", ANY)
@pytest.mark.parametrize("numbers", NOT_FINITE, ids=str)
def test_numbers_that_are_not_finite_leave_a_gap(name, numbers):
    assert len(list(draw(name, numbers).iter())) > 20


@pytest.mark.parametrize("numbers", HUGE, ids=str)
def test_points_too_far_out_for_a_plot_are_refused(numbers, ax):
    with pytest.raises(
        ValueError, match=r"^a plot shows numbers up to 1e\+300, got 1\.?\d*e\+308$"
    ):
        points(numbers, ax)


@given(st.lists(st.floats(1e-100, 1e100), min_size=2, max_size=5))
@example([1.0, 1e-28])
@example([9.99999999999997e99, 9.99999999999997e99])
@settings(max_examples=20)
def test_the_axis_of_a_loss_ends_where_no_one_can_see_a_difference_to_zero(losses):
    ax = Figure().subplots()
    plot_loss(losses, ax)
    low, high = ax.get_ylim()
    words = [text.get_text() for text in ax.texts]

    assert low >= max(losses) * 0.9e-10 or low > min(losses) / 10
    assert high >= max(losses)
    if min(losses) < max(losses) * 1e-10:
        assert words == [f"goes down to {min(losses):.1g}"]
    else:
        assert words == []
        assert low <= min(losses)


def test_a_second_loss_that_is_zero_brings_the_whole_axis_back(ax):
    plot_loss([1.0, 1e-28], ax)
    plot_loss([3.0, 0.0], ax)

    assert (ax.get_yscale(), list(ax.texts)) == ("linear", [])
    assert ax.get_ylim()[0] < 0 < 3 < ax.get_ylim()[1]


@pytest.mark.parametrize("classes", [1, 48, 49, 130, 1500])
def test_a_matrix_of_many_classes_has_numbers_or_a_scale_of_colours(classes):
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    ax = figure.subplots()
    plot_confusion_matrix(list(range(classes)), list(range(classes)), ax)
    numbers = len(ax.texts) == classes**2
    figure.draw_without_rendering()

    assert numbers or not ax.texts
    assert len(figure.axes) == (1 if numbers else 2)
    assert 0 < len(ax.get_yticklabels()) <= 50


@pytest.mark.parametrize("layers", [16, 17, 100])
def test_a_legend_counts_the_layers_for_which_it_has_no_room(layers, ax):
    plot_histograms(Sequential(*[Linear(2, 2) for _ in range(layers)]), ax)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    ax.figure.draw_without_rendering()  # a legend without room would warn

    assert len(names) == 16
    assert names[0] == "0 (6)"
    assert names[-1] == ("15 (6)" if layers == 16 else f"\u2026 {layers - 15} more")
    assert len(ax.patches) == layers


@pytest.mark.parametrize("classes", [7, 30, 31, 256])
def test_a_legend_counts_the_classes_for_which_it_has_no_room(classes, ax):
    plot_decision_regions(lambda x: [0.0] * classes, SQUARE, [0, 1, 2, classes - 1], ax, 5)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    ax.figure.draw_without_rendering()

    assert len(names) <= 30
    assert names[-1] == f"class {classes - 1}" or re.fullmatch("\u2026 [0-9]+ more", names[-1])
