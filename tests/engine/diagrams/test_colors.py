"""Colours: parameters, gradients by their size, and the legend that explains them."""

import re

import pytest

import engine
import engine.renderers.render
from engine import Value, draw
from engine.diagrams import colors
from nn import Neuron
from tests.engine.pictures import every_renderer, look_of, neuron, nodes, texts

pytestmark = pytest.mark.usefixtures("no_choice_of_renderer_and_a_folder_of_its_own")


def test_a_parameter_is_yellow_and_an_input_blue():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    diagram = draw(w * x, parameters=[w])

    assert f'fillcolor="{colors.PARAMETER}"' in look_of(diagram, "w|")
    assert f'fillcolor="{colors.INPUT}"' in look_of(diagram, "x|")


def test_the_parameters_may_be_those_of_a_model():
    model = Neuron(2, activation="tanh")
    diagram = draw(model([Value(1.0, "x"), 2.0]), parameters=model)

    assert diagram.source.count(colors.PARAMETER) == 3 + 1  # and the legend


def test_the_parameters_of_a_model_are_called_by_their_place_in_it():
    model = Neuron(2, activation="tanh")
    model.weights[1].label = "mine"
    source = draw(model([Value(1.0, "x"), 2.0]), parameters=model).source

    assert all(f'"{name}|data' in source for name in ("w0", "mine", "b"))
    assert model.weights[0].label == ""


def test_known_parameters_bring_a_legend():
    w = Value(2.0)

    kinds = ["parameter", "computed", "operation", "constant"]
    assert list(legend(draw(w * 3.0, parameters=[w]))) == kinds


def test_without_known_parameters_there_is_no_legend():
    assert legend(draw(neuron())) == {}


@pytest.mark.parametrize("wrong", [3.0, "w", [1.0]])
def test_parameters_that_are_none_are_refused(wrong):
    with pytest.raises(TypeError, match="parameters are Values, or a model, got "):
        draw(Value(1.0), parameters=wrong)


def legend(diagram):
    """A colour for each text of the legend."""
    found = {k: v for k, v in nodes(diagram).items() if k.startswith("legend")}
    return {text: re.search(r'color="?([#\w]+)', look)[1] for text, look in found.values()}


def with_gradients(*gradients):
    leaves = [Value(1.0, f"x{i}") for i in range(len(gradients))]
    z = engine.maximum(*leaves)
    z.backward()
    for x, gradient in zip(leaves, gradients):
        x.grad = gradient
    return z


def test_each_decade_of_gradients_has_a_colour_down_to_the_fifth():
    z = with_gradients(1.5, -0.15, 0.015, 0.0015, 0.00015, 1e-9)
    diagram = draw(z, color="gradient")

    assert list(legend(diagram)) == [
        "grad 1 to 10",
        "grad 0.1 to 1",
        "grad 0.01 to 0.1",
        "grad 0.001 to 0.01",
        "grad below 0.001",
    ]
    assert len(set(legend(diagram).values())) == 5


def test_a_box_has_the_colour_that_the_legend_says():
    diagram = draw(with_gradients(1.5, 0.015), color="gradient")

    assert legend(diagram)["grad 0.01 to 0.1"] in look_of(diagram, "x1|")


def test_gradients_of_zero_and_those_that_are_not_finite_have_colours_of_their_own():
    diagram = draw(with_gradients(float("nan"), float("-inf"), 0.0, 2.0), color="gradient")

    assert list(legend(diagram)) == ["grad inf or nan", "grad 1 to 10", "grad 0"]
    assert look_of(diagram, "x0|") == look_of(diagram, "x1|")


def test_the_colours_of_gradients_grow_darker_in_grey_too():
    def grey(color):
        red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert sorted(colors.SCALE, key=grey, reverse=True) == colors.SCALE


def test_no_operation_has_a_colour_that_stands_for_a_gradient():
    diagram = draw(neuron(), color="gradient")
    fills = {look for name, (_, look) in nodes(diagram).items() if name.endswith("_op")}

    assert all("fillcolor=white" in look for look in fills)


@pytest.mark.parametrize("extreme", [5e-324, 1.7e308])
def test_a_gradient_of_any_size_has_a_colour(extreme):
    assert len(legend(draw(with_gradients(extreme), color="gradient"))) == 2


@every_renderer
def test_the_legend_is_in_the_picture(program):
    picture = draw(with_gradients(1.5, 0.5), color="gradient", program=program).pipe()

    assert {"grad 1 to 10", "grad 0.1 to 1"} < set(texts(picture))


def test_an_unknown_color_lists_the_known():
    with pytest.raises(ValueError, match="unknown color 'red': take one of kind, gradient"):
        draw(Value(1.0), color="red")
