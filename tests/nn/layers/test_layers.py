"""Layers take one sample and give a list: Linear, Sequential, and what is refused."""

import copy
import math
import pickle
import random

import numpy as np
import pytest

from engine import Value
from engine.value import arguments
from nn.activations import (
    ELU,
    GELU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
)
from nn.layers import Dropout, Flatten, Identity, LayerNorm, Linear, Sequential
from nn.mlp import MLP


def data_of(outputs):
    return [float(y) for y in outputs]


# ---- Linear ----


def test_linear_is_weight_times_x_plus_bias():
    layer = Linear(2, 2, rng=random.Random(0))
    layer.load_state_dict({"weight": [[1.0, 2.0], [3.0, 4.0]], "bias": [0.5, -0.5]})

    assert data_of(layer([10.0, 100.0])) == [210.5, 429.5]


def test_linear_without_bias_has_weights_only():
    layer = Linear(2, 3, bias=False)

    assert (layer.bias, list(layer.state_dict())) == (None, ["weight"])


def test_linear_without_bias_is_weight_times_x():
    layer = Linear(2, 1, bias=False)
    layer.load_state_dict({"weight": [[2.0, 3.0]]})

    assert data_of(layer([10.0, 100.0])) == [320.0]


def test_linear_draws_weights_row_by_row_and_then_biases():
    source = random.Random(4)
    bound = 1 / math.sqrt(3)
    expected = [source.uniform(-bound, bound) for _ in range(2 * 3 + 2)]

    assert [p.data for p in Linear(3, 2, rng=random.Random(4)).parameters()] == expected


def test_linear_draws_from_the_module_random_if_none_is_given():
    random.seed(3)
    first = Linear(2, 2).state_dict()
    random.seed(3)

    assert Linear(2, 2).state_dict() == first


def test_an_explicit_random_source_leaves_the_global_one_alone():
    state = random.getstate()

    Linear(2, 2, rng=random.Random(0))

    assert random.getstate() == state


def test_linear_of_one_output_gives_a_list():
    assert [type(y) for y in Linear(2, 1)([1.0, 2.0])] == [Value]


def test_linear_makes_its_inputs_into_nodes_once_for_all_outputs():
    a, b = Linear(1, 2)([5.0])

    assert arguments(a)[1] is arguments(b)[1]


def test_linear_gives_gradients_to_weights_biases_and_inputs():
    layer, x = Linear(1, 1), Value(3.0)
    layer.weight[0][0].data = 2.0

    layer([x])[0].backward()

    assert (layer.weight[0][0].grad, layer.bias[0].grad, x.grad) == (3.0, 1.0, 2.0)


@pytest.mark.parametrize("x", [(1.0, 2.0), [Value(1.0), 2], np.array([1.0, 2.0]), range(1, 3)])
def test_linear_takes_any_sequence_of_numbers(x):
    layer = Linear(2, 2, rng=random.Random(0))

    assert data_of(layer(x)) == data_of(layer([1.0, 2.0]))


# ---- Sequential ----


def test_sequential_passes_what_each_module_gives_to_the_next():
    first, second = Linear(2, 3), Linear(3, 1)

    assert data_of(Sequential(first, Tanh(), second)([1.0, 2.0])) == data_of(
        second([y.tanh() for y in first([1.0, 2.0])])
    )


def test_an_empty_sequential_gives_what_it_takes():
    assert Sequential()([1.0, 2.0]) == [1.0, 2.0]


def test_sequential_has_a_length_and_indices():
    a, b, c = Linear(2, 3), Tanh(), Linear(3, 1)
    model = Sequential(a, b, c)

    assert (len(model), model[0], model[-1], list(model)) == (3, a, c, [a, b, c])


def test_a_slice_of_a_sequential_is_one_of_the_same_modules():
    model = Sequential(Linear(2, 3), Tanh(), Linear(3, 1))

    part = model[:2]

    assert isinstance(part, Sequential)
    assert list(part) == [model[0], model[1]]


def test_append_gives_the_sequential_itself():
    model = Sequential(Linear(2, 3))

    assert model.append(Tanh()) is model
    assert repr(model) == "Sequential(\n  0: Linear(2, 3)\n  1: Tanh()\n)"


def test_a_sequential_of_more_than_ten_modules_keeps_their_order():
    modules = [Identity() for _ in range(12)]

    assert list(Sequential(*modules)) == modules


def test_state_dict_of_a_sequential_has_the_names_of_pytorch():
    model = Sequential(Linear(2, 3), Tanh(), Sequential(Linear(3, 1), LayerNorm(1)))

    assert list(model.state_dict()) == [
        "0.weight",
        "0.bias",
        "2.0.weight",
        "2.0.bias",
        "2.1.weight",
        "2.1.bias",
    ]


def test_a_sequential_in_eval_mode_has_no_more_modules_or_parameters():
    model = Sequential(Linear(2, 3), Dropout())
    names = list(model.state_dict())

    model.eval()

    assert (len(model), list(model.state_dict())) == (2, names)


def test_a_module_that_is_there_twice_is_trained_once():
    shared = Linear(2, 2)

    assert len(Sequential(shared, Tanh(), shared).parameters()) == 6


def test_an_mlp_of_one_output_feeds_the_next_module():
    model = Sequential(MLP(2, [3, 1], rng=random.Random(0)), Sigmoid())

    assert data_of(model([1.0, 2.0])) == [model[0]([1.0, 2.0]).sigmoid().data]


def test_an_mlp_that_comes_last_gives_its_one_output_bare():
    assert isinstance(Sequential(Identity(), MLP(2, [1]))([1.0, 2.0]), Value)


def test_a_copied_sequential_predicts_the_same():
    model = Sequential(Linear(2, 3), LayerNorm(3), GELU(), Dropout(rng=random.Random(0))).eval()
    x = [1.0, 2.0]

    assert data_of(copy.deepcopy(model)(x)) == data_of(model(x))
    assert data_of(pickle.loads(pickle.dumps(model))(x)) == data_of(model(x))


# ---- what is refused ----


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Linear(0, 1), "linear has at least 1 input, got 0"),
        (lambda: Linear(1, -1), "linear has at least 1 output, got -1"),
        (lambda: LayerNorm(0), "layer_norm has at least 1 input, got 0"),
        (lambda: LayerNorm(2, eps=-1.0), "eps is at least 0, got -1.0"),
        (lambda: Linear(3, 2)([1.0, 2.0]), "linear takes 3 inputs, got 2"),
        (lambda: Linear(1, 2)([]), "linear takes 1 input, got 0"),
        (lambda: LayerNorm(2)([1.0]), "layer_norm takes 2 inputs, got 1"),
        (lambda: Dropout(1.5), "dropout takes a probability p between 0 and 1, got 1.5"),
        (lambda: Dropout(-0.1), "dropout takes a probability p between 0 and 1, got -0.1"),
        (lambda: Dropout(math.nan), "dropout takes a probability p between 0 and 1, got nan"),
        (lambda: Softplus(0.0), "beta is a positive number, got 0.0"),
        (lambda: Softmax(1), "a sample has 1 dimension, so dim is -1 or 0, got 1"),
        (lambda: LogSoftmax(-2), "a sample has 1 dimension, so dim is -1 or 0, got -2"),
        (lambda: Softmax()([]), "softmax takes at least 1 input, got 0"),
        (lambda: LogSoftmax()([]), "log_softmax takes at least 1 input, got 0"),
    ],
)
def test_a_wrong_number_is_refused_with_got_and_wanted(make, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Linear(2.0, 1), "linear has a whole number of inputs, got 2.0"),
        (lambda: Linear(2, 1, random.Random(0)), "bias is True or False, got <random.Random"),
        (lambda: Linear(2, 1, rng=0), "rng takes a random.Random, got 0"),
        (lambda: LayerNorm([3]), r"layer_norm has a whole number of inputs, got \[3\]"),
        (lambda: LayerNorm(3, bias=1), "bias is True or False, got 1"),
        (
            lambda: LayerNorm(3, elementwise_affine=None),
            "elementwise_affine is True or False, got None",
        ),
        (lambda: Dropout("half"), "expected a number or a Value, got str 'half'"),
        (lambda: Dropout(0.5, rng=1), "rng takes a random.Random, got 1"),
        (lambda: Softmax(0.5), "dim takes a whole number or None, got 0.5"),
        (lambda: ELU(Value(1.0)), "expected a number, got a Value"),
        (lambda: ReLU()("ab"), "relu takes a list of numbers, got str 'ab'"),
        (lambda: Tanh()([[1.0, 2.0]]), r"expected a number or a Value, got list \[1.0, 2.0\]"),
        (lambda: Identity()({1.0}), "identity takes a list of numbers, got set"),
        (lambda: Flatten()([[1.0], "ab"]), "flatten takes a list of numbers, got str 'ab'"),
        (lambda: Sequential(Linear(2, 1), Tanh), r"got a class: say Tanh\(\)"),
        (lambda: Sequential(math.tanh), "sequential takes modules, got builtin_function_or_method"),
        (lambda: Sequential([Tanh()]), "sequential takes modules, got list"),
    ],
)
def test_a_wrong_type_is_refused(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_an_index_beyond_the_modules_is_refused():
    with pytest.raises(IndexError, match="sequential has 1 module, got index 1"):
        Sequential(Tanh())[1]
