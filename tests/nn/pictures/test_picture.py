"""The picture of a network: a circle for each neuron, a line for each weight."""

import random
import re
import shutil

import pytest

from engine import draw
from nn import MLP, Dropout, Layer, LayerNorm, Linear, Module, Neuron, ReLU, Sequential, Softplus

RENDERERS = ["builtin", *(["dot"] if shutil.which("dot") else [])]
every_renderer = pytest.mark.parametrize("program", RENDERERS)
BLUE, VERMILION, GREY = "#0072b2", "#c25400", "#8a8a8a"
WEIGHT = re.compile(
    r'\t(\w+) -> (\w+) \[color="(#\w+)" penwidth=([\d.]+)(?: style=dashed)?'
    r' tooltip="w[0-9_]* = (\S+)"\]'
)


def weights(diagram):
    """(tail, head, colour, width, weight) of each line."""
    found = [m for m in map(WEIGHT.search, diagram.source.splitlines()) if m]
    return [(m[1], m[2], m[3], float(m[4]), float(m[5])) for m in found]


def circles(diagram):
    """The label and the tooltip of each circle by its name."""
    pattern = re.compile(r'\t(\w+) \[label=(\S+) .*tooltip="(.*?)".*width=0.5\]')
    found = [m for m in map(pattern.match, diagram.source.splitlines()) if m]
    return {m[1]: (m[2], m[3]) for m in found}


def network(*sizes, activation="tanh"):
    return MLP(sizes[0], list(sizes[1:]), activation=activation, rng=random.Random(0))


def neuron(*numbers):
    model = Neuron(len(numbers))
    for w, x in zip(model.weights, numbers):
        w.data = x
    return model


def test_each_input_and_each_neuron_is_a_circle():
    labels = [label for label, _ in circles(draw(network(2, 4, 1))).values()]

    assert labels == ["x0", "x1", "tanh", "tanh", "tanh", "tanh", "linear"]


def test_each_weight_is_a_line_between_the_circles_that_it_joins():
    model = network(2, 3, 1)

    assert [(tail, head, w) for tail, head, _, _, w in weights(draw(model))] == [
        *[
            (f"x{j}", f"n0_{i}", float(f"{model.layers[0].neurons[i].weights[j].data:.4g}"))
            for j in range(2)
            for i in range(3)
        ],
        *[
            (f"n0_{i}", "n1_0", float(f"{model.layers[1].neurons[0].weights[i].data:.4g}"))
            for i in range(3)
        ],
    ]


def test_positive_weights_are_blue_negative_ones_vermilion_and_zero_grey():
    assert [color for _, _, color, *_ in weights(draw(neuron(2.0, -2.0, 0.0)))] == [
        BLUE,
        VERMILION,
        GREY,
    ]


def test_the_lines_of_negative_weights_alone_are_dashed():
    lines = draw(neuron(2.0, -2.0, 0.0, -0.0)).source.splitlines()

    assert ["dashed" in line for line in lines if 'tooltip="w' in line] == [
        False,
        True,
        False,
        False,
    ]


def test_the_larger_a_weight_the_wider_its_line():
    small, large, larger = [width for *_, width, _ in weights(draw(neuron(0.5, -1.0, 4.0)))]

    assert small < large < larger


def test_a_network_of_zeros_is_drawn():
    assert [width for *_, width, _ in weights(draw(neuron(0.0, 0.0)))] == [0.3, 0.3]


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_a_weight_that_is_not_finite_is_shown(number):
    lines = weights(draw(neuron(float(number), 1.0)))

    assert [str(w) for *_, w in lines] == [number, "1.0"]
    assert lines[0][2] not in (BLUE, VERMILION, GREY)


def test_a_bias_is_in_the_tooltip():
    model = network(2, 2, 1)
    model.layers[0].neurons[1].bias.data = 0.25

    assert circles(draw(model))["n0_1"][1] == "layers.0 neuron 1: tanh, b0_1 = 0.25"


@pytest.mark.parametrize(
    ("model", "labels"),
    [
        (Neuron(1, activation="sin"), ["x0", "sin"]),
        (Layer(1, 2), ["x0", "relu", "relu"]),
        (Linear(2, 1, bias=False), ["x0", "x1", "linear"]),
        (
            Sequential(Linear(1, 2), ReLU(), Dropout(0.5), Linear(2, 1), Softplus()),
            ["x0", "relu", "relu", "softplus"],
        ),
        (Sequential(network(1, 1), Layer(1, 1)), ["x0", "linear", "relu"]),
    ],
    ids=["Neuron", "Layer", "Linear", "Sequential", "Sequential of others"],
)
def test_what_is_made_of_neurons_is_drawn(model, labels):
    assert [label for label, _ in circles(draw(model)).values()] == labels


def test_a_wide_layer_shows_its_first_and_last_neurons_and_how_many_are_left_out():
    found = draw(network(64, 20, 2))

    assert [name for name in circles(found) if name.startswith("x")] == [
        *[f"x{i}" for i in range(8)],
        *["x61", "x62", "x63"],
    ]
    assert "53 more" in found.source
    assert "9 more" in found.source


def test_a_layer_of_sixteen_is_drawn_in_full():
    assert len([name for name in circles(draw(network(16, 1))) if name.startswith("x")]) == 16


@every_renderer
def test_the_legend_tells_the_colours(program):
    picture = draw(network(2, 1), program=program).pipe().decode()

    assert "positive weight" in picture
    assert "negative weight" in picture


@every_renderer
def test_the_numbers_are_shown_where_the_mouse_points(program):
    assert "w0 = 0.5<" in draw(neuron(0.5), program="builtin").pipe().decode()
    assert "w0 = 0.5" in draw(neuron(0.5), program=program).pipe().decode()


def places(picture, label):
    """The heights of a text's occurrences."""
    return [
        float(m[1])
        for m in re.finditer(rf'<text [^>]*\by="([-\d.]+)"[^>]*>{label}</text>', picture)
    ]


@every_renderer
def test_inputs_stand_in_their_order(program):
    picture = draw(network(12, 5, 1), program=program).pipe().decode()
    heights = [places(picture, f"x{i}")[0] for i in range(12)]

    assert heights == sorted(heights)


@pytest.mark.parametrize("model", [LayerNorm(2), Sequential(Linear(2, 2), LayerNorm(2))])
def test_a_model_that_is_not_made_of_neurons_is_refused(model):
    with pytest.raises(
        TypeError,
        match="draw takes MLP, Layer, Neuron, Linear, and Sequential of these and of activations; "
        r"it has no picture of LayerNorm\(2\)",
    ):
        draw(model)


def test_a_model_of_ones_own_is_refused():
    class Mine(Module):
        pass

    with pytest.raises(TypeError, match=r"it has no picture of Mine\(\)"):
        draw(Mine())


@pytest.mark.parametrize("model", [Sequential(), Sequential(Dropout(0.5))])
def test_a_model_without_weights_is_refused(model):
    with pytest.raises(TypeError, match="draw takes a module with weights, got Sequential"):
        draw(model)


def test_a_model_takes_no_options_of_graphs():
    with pytest.raises(TypeError, match="a model is drawn with format, rankdir and program alone"):
        draw(network(2, 1), depth=2)


@every_renderer
def test_a_hostile_name_of_an_activation_is_text(program):
    def hostile(x):
        return x

    hostile.__name__ = "<script>a|b"
    picture = draw(Neuron(1, activation=hostile), program=program).pipe().decode()

    assert "<script" not in picture
    assert "&lt;script&gt;a|b" in picture
