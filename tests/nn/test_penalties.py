"""Penalties are sums over parameters, whose gradients pull them towards zero."""

import random

import pytest

from engine import Value
from nn import MLP, SGD, Module
from nn.layers import LayerNorm, Linear, Sequential
from nn.penalties import l1_penalty, l2_penalty, weights_of


def values(*numbers):
    return [Value(x) for x in numbers]


def test_l1_is_the_sum_of_magnitudes():
    assert l1_penalty(values(3.0, -4.0, 0.0)).data == 7.0


def test_l2_is_the_sum_of_squares():
    assert l2_penalty(values(3.0, -4.0, 0.0)).data == 25.0


def test_the_gradient_of_l1_is_the_sign():
    parameters = values(3.0, -4.0, 0.0)

    l1_penalty(parameters).backward()

    assert [p.grad for p in parameters] == [1.0, -1.0, 0.0]


def test_the_gradient_of_l2_is_twice_the_parameter():
    parameters = values(3.0, -4.0, 0.1)

    l2_penalty(parameters).backward()

    assert [p.grad for p in parameters] == [6.0, -8.0, 0.2]


@pytest.mark.parametrize("penalty", [l1_penalty, l2_penalty])
def test_a_penalty_on_one_parameter_is_a_value(penalty):
    assert isinstance(penalty(values(1.0)), Value)


@pytest.mark.parametrize("penalty", [l1_penalty, l2_penalty])
def test_a_penalty_takes_what_can_be_walked_through_only_once(penalty):
    assert penalty(iter(values(1.0, 1.0))).data == 2.0


def test_half_of_l2_times_w_steps_as_weight_decay_does():
    w, lr = 0.25, 0.5  # powers of two: every product is exact
    model = MLP(2, [3, 1], rng=random.Random(0))
    expected = [p.data - lr * (w * p.data) for p in model.parameters()]

    (w / 2 * l2_penalty(model.parameters())).backward()
    SGD(model.parameters(), lr).step()

    assert [p.data for p in model.parameters()] == expected


def test_the_weights_of_an_mlp_are_all_but_its_biases():
    model = MLP(2, [3, 1])

    assert weights_of(model) == [
        w for layer in model.layers for neuron in layer.neurons for w in neuron.weights
    ]


def test_the_weights_of_layers_are_all_but_their_biases():
    model = Sequential(Linear(2, 2), LayerNorm(2))

    assert weights_of(model) == [*model[0].weight[0], *model[0].weight[1], *model[1].weight]


def test_the_weights_of_one_neuron_leave_its_bias_out():
    neuron = MLP(2, [1]).layers[0].neurons[0]

    assert weights_of(neuron) == neuron.weights


def test_a_module_called_bias_has_weights():
    class Shifted(Module):
        def __init__(self):
            self.bias = Linear(1, 1)

    model = Shifted()

    assert weights_of(model) == model.bias.weight[0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: l1_penalty([]), "l1_penalty takes at least 1 parameter, got 0"),
        (lambda: l2_penalty([]), "l2_penalty takes at least 1 parameter, got 0"),
    ],
)
def test_a_penalty_on_nothing_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("penalty", [l1_penalty, l2_penalty])
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ([1.0], "a parameter is a Value, got float 1.0"),
        ([[Value(1.0)]], "a parameter is a Value, got list"),
        (Linear(1, 1), r"parameters are a list of Values, as of model.parameters\(\), got Linear"),
    ],
)
def test_what_is_no_list_of_values_is_refused(penalty, parameters, message):
    with pytest.raises(TypeError, match=message):
        penalty(parameters)
