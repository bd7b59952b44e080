"""Which dot products are neurons, and which neurons a layer may hold."""

import pytest

from engine import ops
from engine.programs.neurons import as_dots, as_layer, layers, neuron_inputs


def is_scalar(x):
    return x < 0


def dot(*operands, reached=True):
    return ops.dot, operands, reached


def grouped(*steps, differentiated=True):
    return layers(steps, is_scalar, differentiated)


def test_a_neuron_is_a_dot_product_of_scalars_with_rows():
    assert neuron_inputs(dot(~0, ~1, 4, 5), is_scalar) == (4, 5, 0)
    assert neuron_inputs(dot(~0, ~1, 4, 5, ~2), is_scalar) == (4, 5, 1)


@pytest.mark.parametrize(
    "step",
    [
        dot(4, ~1, 4, 5),  # a weight is a row
        dot(~0, ~1, 4, ~5),  # an input is a scalar
        dot(~0, 4, 5),  # a bias is a row
        dot(~0),  # a bias alone
        dot(~0, 4, reached=False),
        (ops.mul, (~0, 4), True),
    ],
)
def test_other_steps_are_no_neurons(step):
    assert neuron_inputs(step, is_scalar) == ()


def test_neurons_of_the_same_inputs_are_a_layer():
    steps = [dot(~0, 4), dot(~1, 5), dot(~2, 4)]

    assert grouped(*steps) == [[0, 2], [1]]


def test_a_neuron_with_a_bias_is_in_no_layer_with_one_that_has_none():
    assert grouped(dot(~0, 4, ~1), dot(~2, 4)) == [[0], [1]]


def test_a_layer_ends_where_another_step_takes_its_input():
    steps = [dot(~0, 4), (ops.tanh, (4,), True), dot(~1, 4)]

    assert grouped(*steps) == [[0], [1], [2]]
    assert grouped(*steps, differentiated=False) == [[0, 2], [1]]


def test_a_layer_is_its_dot_products():
    layer = as_layer(7, [(~0, ~1, 4, 5, ~2), (~3, ~4, 4, 5, ~5)])

    assert layer == ("layer", 7, (4, 5), ((~0, ~1), (~3, ~4)), (~2, ~5))
    assert as_dots(layer) == [("dot", 7, (~0, ~1, 4, 5, ~2)), ("dot", 8, (~3, ~4, 4, 5, ~5))]
    assert as_dots(as_layer(0, [(~0, 4)])) == [("dot", 0, (~0, 4))]
    assert as_dots(("tanh", 3, (1,))) == [("tanh", 3, (1,))]
