"""Plots of what a model decides in the plane."""

import random
import re

import pytest

from nn import MLP, Dropout, Linear, Sequential, data
from nn.plot import (
    plot_decision_regions,
    plot_decision_surface,
)
from tests.nn.plot.drawn import DRAWN, SQUARE, right_of_the_middle

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
from matplotlib.figure import Figure


def names_in_the_legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def wrong_ones(ax):
    """The points with a black edge."""
    marked = [c for c in ax.collections[1:] if len(c.get_offsets()) and not any(edge(c))]
    return [tuple(map(float, point)) for c in marked for point in c.get_offsets()]


def edge(collection):
    return collection.get_edgecolor()[0][:3]


def test_decision_regions_show_every_point_and_a_name_for_each_class(ax):
    model = MLP(2, [3], rng=random.Random(0))
    inputs, targets = data.blobs(n=30)
    plot_decision_regions(model, inputs, targets, ax, resolution=5)

    assert sum(len(c.get_offsets()) for c in ax.collections[1:]) == 30
    assert names_in_the_legend(ax) == [f"class {k}" for k in range(3)]


def test_points_in_the_region_of_another_class_have_a_black_edge(ax):
    plot_decision_regions(lambda x: [x[0], x[1]], [[1, 0], [0, 1], [3, 2]], [0, 1, 1], ax)

    assert wrong_ones(ax) == [(3.0, 2.0)]


@pytest.mark.parametrize(
    "model",
    [right_of_the_middle, lambda x: [x[0] - 0.5], lambda x: x[0] - 0.5],
    ids=["a Value", "a list of one", "a float"],
)
def test_a_model_of_one_output_means_class_one_above_zero(model, ax):
    plot_decision_regions(model, SQUARE, [0, 0, 1, 0], ax, resolution=5)

    assert wrong_ones(ax) == [(1.0, 1.0)]


def test_the_threshold_of_a_model_of_one_output_can_be_that_of_probabilities(ax):
    plot_decision_regions(lambda x: x[0], [[0.4, 0.0], [0.6, 0.0]], [0, 1], ax, 5, threshold=0.5)

    assert wrong_ones(ax) == []


def test_targets_of_xor_are_classes_though_they_are_floats(ax):
    plot_decision_regions(right_of_the_middle, *data.xor(), ax, resolution=5)

    assert names_in_the_legend(ax) == ["class 0", "class 1"]


def test_eight_classes_can_be_told_apart_by_colour_and_shape(ax):
    inputs = [[float(k), 0.0] for k in range(8)]
    plot_decision_regions(lambda x: [-abs(x[0] - k) for k in range(8)], inputs, range(8), ax, 9)
    points = [c for c in ax.collections[1:] if len(c.get_offsets())]
    looks = {(*c.get_facecolor()[0], c.get_paths()[0].vertices.tobytes()) for c in points}

    assert len(points) == len(looks) == 8


@pytest.mark.parametrize("plot", [plot_decision_surface, plot_decision_regions])
def test_a_plot_in_the_middle_of_a_training_leaves_no_trace(plot, ax):
    rng = random.Random(0)
    model = Sequential(Linear(2, 1, rng=random.Random(1)), Dropout(0.5, rng=rng), Dropout().eval())
    before = rng.getstate()
    plot(model, *data.xor(), ax, 5)

    assert rng.getstate() == before
    assert [module.training for module in model.modules()] == [True, True, True, False]


def test_a_surface_has_a_line_where_the_prediction_is_a_half(ax):
    plot_decision_surface(lambda x: x[0], SQUARE, [0, 0, 1, 1], ax)
    line = ax.collections[1].get_paths()[0].vertices

    # On a grid an affine function is interpolated exactly, up to rounding.
    assert {round(float(x), 12) for x in line[:, 0]} == {0.5}


@pytest.mark.parametrize("x", [0.2, 0.5])
def test_a_model_that_says_the_same_everywhere_makes_a_surface_without_a_line(x, ax):
    plot_decision_surface(lambda _: x, SQUARE, [0, 0, 1, 1], ax)

    assert len(ax.collections) == 1 + 2  # the surface and the points of either kind


def test_a_model_that_says_the_same_everywhere_has_a_scale_that_can_be_read(ax):
    levels = plot_decision_surface(lambda _: 0.2, SQUARE, [0, 0, 1, 1], ax).collections[0].levels

    assert (levels[0], levels[-1]) == pytest.approx((0.1, 0.3), abs=1e-15)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("name", ["surface", "regions"])
def test_the_legend_stands_below_the_name_of_the_axis(name, rows):
    figure = Figure(figsize=(6, 4.5 + rows), layout="constrained")
    ax = figure.subplots(rows, squeeze=False)[0][0]
    DRAWN[name](ax).figure.draw_without_rendering()

    below = [text.get_window_extent().y1 for text in ax.get_legend().get_texts()]

    assert max(below) < ax.xaxis.label.get_window_extent().y0


@pytest.mark.parametrize("plot", [plot_decision_surface, plot_decision_regions])
@pytest.mark.parametrize(
    ("inputs", "targets", "error", "message"),
    [
        ([], [], ValueError, "there are no samples"),
        ([[0.0, 1.0]], [0, 1], ValueError, "a target for each input is needed, got 2 for 1"),
        ([[0.0]], [0], ValueError, "a point in the plane has 2 numbers, input 0 has 1: [0.0]"),
        ([[1, 2, 3]], [0], ValueError, "a point in the plane has 2 numbers, input 0 has 3"),
        ([0.5], [0], ValueError, "a point in the plane has 2 numbers, input 0 has 1: 0.5"),
        ([[0, 1], [0]], [0, 1], ValueError, "input 1 has another shape than the first: [0]"),
        ([[0, 1], [0, float("nan")]], [0, 1], ValueError, "input 1, column 1 is nan"),
        ([[0, "1"]], [0], TypeError, "input 0, column 1 is text: '1'"),
        ("ab", [0, 1], TypeError, "inputs are a list, got str 'ab'"),
    ],
)
def test_points_that_are_not_in_the_plane_are_refused(plot, inputs, targets, error, message):
    with pytest.raises(error, match=re.escape(message)):
        plot(right_of_the_middle, inputs, targets)


@pytest.mark.parametrize(
    ("targets", "error", "message"),
    [
        ([0, 0.5], ValueError, "target 1 is a class, 0, 1, 2 and so on, got 0.5"),
        ([0, -1], ValueError, "target 1 is a class, 0, 1, 2 and so on, got -1"),
        (["a", "b"], TypeError, "expected a number or a Value, got str 'a'"),
        ([[0.0, 1.0], [1.0, 0.0]], TypeError, "a number or a Value, got list [0.0, 1.0]"),
    ],
)
def test_targets_that_are_no_classes_have_no_regions(targets, error, message):
    with pytest.raises(error, match=re.escape(message)):
        plot_decision_regions(right_of_the_middle, [[0, 0], [1, 1]], targets)


@pytest.mark.parametrize("plot", [plot_decision_surface, plot_decision_regions])
@pytest.mark.parametrize(
    ("model", "resolution", "error", "message"),
    [
        (MLP(3, [1]), 5, ValueError, "layer takes 3 inputs, got 2"),
        ([1.0], 5, TypeError, "the model is a function of two inputs, got list [1.0]"),
        (lambda x: None, 5, TypeError, "expected a number or a Value, got NoneType None"),
        (lambda x: float("nan"), 5, ValueError, "the model gives nan at the point [-0.25, -0.25]"),
        (lambda x: 0.0, 1, ValueError, "resolution is a whole number of at least 2, got 1"),
    ],
)
def test_what_is_no_model_of_two_inputs_is_refused(plot, model, resolution, error, message):
    with pytest.raises(error, match=re.escape(message)):
        plot(model, SQUARE, [0, 0, 1, 1], resolution=resolution)


def test_a_surface_of_several_outputs_is_refused_with_the_plot_that_shows_them():
    message = "shows a model of 1 output, got 3: plot_decision_regions shows those of more"

    with pytest.raises(ValueError, match=message):
        plot_decision_surface(MLP(2, [3]), SQUARE, [0, 0, 1, 1])


def test_a_threshold_that_is_no_number_is_refused():
    with pytest.raises(TypeError, match=r"expected a number or a Value, got str '0\.5'"):
        plot_decision_regions(right_of_the_middle, SQUARE, [0, 0, 1, 1], threshold="0.5")
