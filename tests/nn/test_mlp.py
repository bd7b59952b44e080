"""Neurons, layers and networks, in micrograd's calling convention."""

import pickle
import random

import numpy as np
import pytest

from engine import Value, tanh
from engine.value import arguments
from nn import MLP, Layer, Neuron


def test_a_neuron_is_activation_of_the_weighted_sum():
    neuron = Neuron(2, activation="tanh", rng=random.Random(0))
    (w0, w1), b = neuron.weights, neuron.bias
    b.data = 0.25

    assert neuron([2.0, -3.0]).data == tanh(0.25 + w0.data * 2.0 + w1.data * -3.0)


def test_weights_come_from_the_random_source_in_order():
    source = random.Random(7)
    expected = [source.uniform(-1, 1) for _ in range(3)]

    assert [w.data for w in Neuron(3, rng=random.Random(7)).weights] == expected


def test_the_default_random_source_is_the_module_random():
    random.seed(3)
    first = MLP(2, [2, 1]).state_dict()
    random.seed(3)

    assert MLP(2, [2, 1]).state_dict() == first


def test_an_explicit_random_source_leaves_the_global_one_alone():
    random.seed(5)
    state = random.getstate()

    MLP(2, [2, 1], rng=random.Random(0))

    assert random.getstate() == state


def test_biases_start_at_zero():
    assert Neuron(2).bias.data == 0.0


def test_nonlin_false_is_linear_whatever_the_activation():
    neuron = Neuron(1, nonlin=False, activation="tanh")

    assert neuron([100.0]).data == neuron.weights[0].data * 100.0


def test_the_last_layer_of_an_mlp_is_linear():
    model = MLP(1, [2, 2], activation="tanh")

    assert [layer.neurons[0].activation.__class__.__name__ for layer in model.layers] == [
        "Op",
        "function",
    ]


def test_a_single_output_comes_back_bare():
    assert isinstance(MLP(2, [3, 1])([1.0, 2.0]), Value)


def test_several_outputs_come_back_as_a_list():
    assert [type(y) for y in MLP(2, [3, 2])([1.0, 2.0])] == [Value, Value]


def test_a_hidden_layer_of_one_neuron_feeds_the_next():
    assert len(MLP(2, [1, 3])([1.0, 2.0])) == 3


def test_a_bare_number_is_a_vector_of_one():
    neuron = Neuron(1)

    assert neuron(2.0).data == neuron([2.0]).data


@pytest.mark.parametrize(
    "x", [(1.0, 2.0), [1, 2], [Value(1.0), 2.0], np.array([1.0, 2.0]), range(1, 3)]
)
def test_any_sequence_of_numbers_is_an_input(x):
    model = MLP(2, [2, 1], rng=random.Random(0))

    assert model(x).data == model([1.0, 2.0]).data


def test_gradients_reach_the_inputs():
    x = [Value(1.0), Value(2.0)]

    MLP(2, [2, 1], activation="tanh", rng=random.Random(0))(x).backward()

    assert all(v.grad != 0.0 for v in x)


def test_an_activation_may_be_any_function():
    model = Neuron(1, activation=lambda z: z * z)

    assert model([3.0]).data == (model.weights[0].data * 3.0) ** 2


def test_a_layer_makes_its_inputs_into_nodes_once_for_all_neurons():
    a, b = Layer(1, 2, nonlin=False)([5.0])

    assert arguments(a)[1] is arguments(b)[1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Neuron(0), "a neuron has at least 1 input, got 0"),
        (lambda: Layer(2, -1), "a layer has at least 1 neuron, got -1"),
        (lambda: MLP(2, [0, 1]), "a layer has at least 1 neuron, got 0"),
        (lambda: MLP(0, [1]), "a neuron has at least 1 input, got 0"),
        (lambda: MLP(2, []), "an MLP has at least 1 layer, got 0"),
        (lambda: Neuron(2, activation="swish"), "unknown activation 'swish': take one of linear, "),
        (lambda: Neuron(2)([1.0]), "neuron takes 2 inputs, got 1"),
        (lambda: Neuron(1)([1.0, 2.0]), "neuron takes 1 input, got 2"),
        (lambda: Layer(2, 2)([1.0, 2.0, 3.0]), "layer takes 2 inputs, got 3"),
        (lambda: MLP(2, [2, 1])([]), "layer takes 2 inputs, got 0"),
        (lambda: Neuron(2)(3.0), "neuron takes 2 inputs, got 1"),
    ],
)
def test_a_wrong_size_is_refused_with_got_and_wanted(make, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Neuron(2.0), "a neuron has a whole number of inputs, got 2.0"),
        (lambda: Layer(2, True), "a layer has a whole number of neurons, got True"),
        (lambda: Neuron(2, rng=0), "rng takes a random.Random, got 0"),
        (lambda: Neuron(2)("ab"), "neuron takes a list of numbers, got str 'ab'"),
        (lambda: Layer(2, 2)({1.0, 2.0}), "layer takes a list of numbers, got set"),
        (lambda: Neuron(2)(["a", 1.0]), "expected a number or a Value, got str 'a'"),
        (lambda: Neuron(2, "tanh"), "nonlin is True or False, got 'tanh': say activation='tanh'"),
        (
            lambda: Neuron(1, activation=float)(2.0),
            "the activation returned float, not a Value",
        ),
        (lambda: MLP(2, 1), "nouts takes a list of layer sizes, got 1"),
        (lambda: Neuron(2, activation=3), "activation takes a name or a function, got 3"),
    ],
)
def test_a_wrong_type_is_refused(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_micrograds_names_for_the_parts_of_a_neuron():
    neuron = Neuron(2, nonlin=False)

    assert (neuron.w, neuron.b, neuron.nonlin) == (neuron.weights, neuron.bias, False)


def test_a_pickled_model_predicts_the_same():
    model = MLP(2, [3, 1], activation="tanh")

    assert pickle.loads(pickle.dumps(model))([1.0, 2.0]).data == model([1.0, 2.0]).data


def test_repr_says_sizes_activation_and_parameters():
    model = MLP(2, [4, 1], activation="tanh")

    assert repr(model) == "MLP(2, [4, 1], activation='tanh', parameters=17)"
    assert repr(model.layers[0]) == "Layer(2, 4, activation='tanh')"
    assert repr(model.layers[1].neurons[0]) == "Neuron(4, activation='linear')"


def micrograd_pair(sizes):
    """The same network in micrograd and here, from the same seed."""
    nn = pytest.importorskip("micrograd.nn", reason="needs the package micrograd")
    random.seed(1337)
    theirs = nn.MLP(*sizes)
    random.seed(1337)
    return theirs, MLP(*sizes)


def test_an_mlp_starts_from_micrograds_own_parameters_bit_for_bit():
    theirs, ours = micrograd_pair((2, [16, 16, 1]))

    assert [p.data for p in ours.parameters()] == [p.data for p in theirs.parameters()]


def test_an_mlp_follows_microgradss_losses_over_100_steps():
    # micrograd sums in the order of a set, so its own last bits vary: hence 1e-9, not equality.
    theirs, ours = micrograd_pair((2, [8, 1]))
    points = [(random.Random(i).uniform(-1, 1), random.Random(-i).uniform(-1, 1)) for i in range(8)]
    losses = []
    for model in (theirs, ours):
        curve = []
        for _ in range(100):
            loss = sum((model(list(p)) - (1.0 if p[0] * p[1] > 0 else 0.0)) ** 2 for p in points)
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.data -= 0.01 * p.grad
            curve.append(loss.data)
        losses.append(curve)

    assert losses[1] == pytest.approx(losses[0], rel=1e-9, abs=1e-9)
