"""Histograms of parameters and of their gradients."""

import random
import re

import pytest

from engine import Value
from nn import MLP, Linear, Module, Sequential, Tanh
from nn.plot import (
    plot_histograms,
)

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")


def names_in_the_legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


class Line(Module):
    def __init__(self):
        self.slope, self.offset = Value(2.0), Value(1.0)


class Net(Module):
    """Layers in an attribute, in a dict, and a number of its own."""

    def __init__(self):
        self.body = MLP(2, [3, 1], rng=random.Random(0))
        self.heads = {"left": Linear(1, 2), "right": Linear(1, 2, bias=False)}
        self.scale = Value(1.0)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (MLP(2, [4, 1]), ["layers.0 (12)", "layers.1 (5)"]),
        (MLP(2, [4, 1]).layers[0], ["Layer (12)"]),
        (MLP(2, [4, 1]).layers[0].neurons[0], ["Neuron (3)"]),
        (Sequential(Linear(2, 3), Tanh(), Linear(3, 1)), ["0 (9)", "2 (4)"]),
        (Sequential(Sequential(Linear(2, 3))), ["0.0 (9)"]),
        (Linear(2, 3), ["Linear (9)"]),
        (Line(), ["Line (2)"]),
        (
            Net(),
            ["body.layers.0 (9)", "body.layers.1 (4)", "heads.left (4)", "heads.right (2)"]
            + ["Net (1)"],
        ),
    ],
    ids=lambda x: type(x).__name__,
)
def test_the_weights_and_biases_of_a_layer_make_one_histogram(model, names, ax):
    assert names_in_the_legend(plot_histograms(model, ax, bins=30)) == names
    assert len(ax.patches) == len(names)


def heights(patch):
    """The heights of a histogram's bins, of the outline that goes around them."""
    return [y for _, y in patch.get_xy()[1:-1:2]]


def test_a_histogram_shows_the_share_of_parameters_in_each_bin(ax):
    model = Linear(1, 2)
    model.load_state_dict({"weight": [[0.0], [1.0]], "bias": [1.0, 2.0]})

    assert heights(plot_histograms(model, ax, bins=2).patches[0]) == [0.25, 0.75]


def test_histograms_of_gradients_show_these(ax):
    model = Line()
    model.slope.grad, model.offset.grad = -3.0, 5.0
    plot_histograms(model, ax, gradients=True, bins=2)

    assert ax.patches[0].get_xy()[:, 0].tolist()[0::4] == [-3.0, 5.0]
    assert (ax.get_title(), ax.get_xlabel()) == ("Gradients of each layer", "gradient")


def test_twelve_layers_can_be_told_apart_by_colour_and_line(ax):
    model = Sequential(*[Linear(1, 2) for _ in range(12)])
    lines = plot_histograms(model, ax).get_legend().get_lines()

    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 12


@pytest.mark.parametrize("x", [0.0, 3.0, -1e-300, 1e100])
def test_parameters_that_are_all_the_same_stand_in_one_bin(x, ax):
    model = Line()
    model.slope.data = model.offset.data = x
    outline = plot_histograms(model, ax, bins=5).patches[0]

    assert sorted(heights(outline)) == [0, 0, 0, 0, 1]
    assert len(set(outline.get_xy()[:, 0])) == 6


def test_parameters_that_differ_in_their_last_bit_have_bins_that_can_be_drawn(ax):
    model = Line()
    model.slope.data, model.offset.data = 1.0, 1.0 + 2**-52
    outline = plot_histograms(model, ax, bins=30).patches[0]

    assert len(set(outline.get_xy()[:, 0])) == 31


def test_a_gradient_that_is_not_finite_is_refused_with_its_name():
    model = MLP(2, [2, 1], rng=random.Random(0))
    model.layers[0].neurons[1].bias.grad = float("inf")

    with pytest.raises(ValueError, match=r"^the gradient of b0_1 is inf$"):
        plot_histograms(model, gradients=True)


def test_a_parameter_that_is_not_finite_is_refused_with_its_name():
    model = MLP(2, [1], rng=random.Random(0))
    model.layers[0].neurons[0].weights[1].data = float("nan")

    with pytest.raises(ValueError, match=r"^w0_0_1 is nan$"):
        plot_histograms(model)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: plot_histograms([Value(1.0)]), TypeError, "takes a Module, got list [Value("),
        (lambda: plot_histograms(MLP), TypeError, "takes a Module, got type <class 'nn.MLP'>"),
        (lambda: plot_histograms(Tanh()), ValueError, "the model has no parameters: Tanh()"),
        (lambda: plot_histograms(Line(), bins=0), ValueError, "bins is a whole number of at least"),
        (lambda: plot_histograms(Line(), bins="10"), TypeError, "bins is a whole number, got str"),
        (
            lambda: plot_histograms(Line(), gradients=1),
            TypeError,
            "gradients is True or False, got 1",
        ),
    ],
)
def test_what_has_no_histogram_is_refused(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
