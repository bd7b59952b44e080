"""Layers take one sample and give a list; dropout and normalisation keep to their formulas."""

import copy
import math
import pickle
import random

import numpy as np
import pytest

from engine import Value, check_gradients, softplus, topological_order
from engine.value import arguments
from nn import Normalization, Standardizer
from nn.activations import (
    ELU,
    GELU,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from nn.layers import Dropout, Flatten, Identity, LayerNorm, Linear, Sequential
from nn.mlp import MLP

ACTIVATIONS = [ReLU, LeakyReLU, ELU, GELU, SiLU, Softplus, Sigmoid, Tanh, Softmax, LogSoftmax]
SHAPELESS = [*ACTIVATIONS, Dropout, Identity, Flatten, lambda: LayerNorm(3)]


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


# ---- Dropout ----


def test_dropout_in_eval_mode_gives_what_it_takes():
    x = [Value(1.0), Value(2.0)]

    assert Dropout(0.9).eval()(x) == x


def test_dropout_of_probability_0_gives_what_it_takes():
    x = [Value(1.0), Value(2.0)]

    assert Dropout(0)(x) == x


def test_dropout_of_probability_1_gives_zeros():
    assert data_of(Dropout(1)([Value(3.0), 7.0])) == [0.0, 0.0]


@pytest.mark.parametrize("dropout", [Dropout(0.0), Dropout(1.0), Dropout(0.5).eval()])
def test_dropout_that_leaves_nothing_to_chance_draws_nothing(dropout):
    dropout.rng = random.Random(0)

    dropout([1.0, 2.0, 3.0])

    assert dropout.rng.getstate() == random.Random(0).getstate()


def test_dropout_divides_what_it_keeps_by_the_probability_of_keeping():
    source = random.Random(2)
    expected = [1.0 / (1.0 - 0.2) if source.random() >= 0.2 else 0.0 for _ in range(50)]

    outputs = Dropout(0.2, rng=random.Random(2))([1.0] * 50)

    assert outputs == expected
    assert {0.0, 1.25} == set(outputs)


def test_dropout_keeps_a_number_whose_draw_is_p_itself():
    class Source(random.Random):
        def random(self):
            return 0.5

    assert Dropout(0.5, rng=Source())([3.0]) == [6.0]  # draws are below 1: [p, 1) has 1 - p of them


def test_dropout_drops_the_part_p_of_many():
    outputs = Dropout(0.3, rng=random.Random(0))([1.0] * 10_000)

    assert outputs.count(0.0) / 10_000 == pytest.approx(0.3, abs=4 * math.sqrt(0.21 / 10_000))


def test_dropout_keeps_the_mean():
    outputs = Dropout(0.3, rng=random.Random(0))([1.0] * 10_000)

    assert sum(outputs) / 10_000 == pytest.approx(1.0, abs=4 * math.sqrt(0.3 / 0.7 / 10_000))


def test_the_gradient_of_dropout_is_what_it_multiplied_by():
    x = [Value(1.0) for _ in range(20)]

    outputs = Dropout(0.5, rng=random.Random(0))(x)
    for y in outputs:
        y.backward()

    assert [v.grad for v in x] == data_of(outputs)
    assert {v.grad for v in x} == {0.0, 2.0}


def test_dropout_draws_from_the_module_random_if_none_is_given():
    random.seed(1)
    first = Dropout()([1.0] * 30)
    random.seed(1)

    assert Dropout()([1.0] * 30) == first


def test_dropout_goes_on_as_before_from_a_state_of_its_random_source():
    dropout = Dropout(0.5, rng=random.Random(0))
    dropout([1.0] * 7)
    state = dropout.rng.getstate()
    expected = dropout([1.0] * 30)

    resumed = Dropout(0.5, rng=random.Random(99))
    resumed.rng.setstate(state)

    assert resumed([1.0] * 30) == expected


def test_the_random_source_of_dropout_is_no_parameter():
    model = Sequential(Dropout(rng=random.Random(0)))

    assert (model.parameters(), model.state_dict()) == ([], {})


# ---- LayerNorm ----


def test_layer_norm_gives_mean_0_and_variance_1():
    outputs = data_of(LayerNorm(4, eps=0.0)([1.0, 2.0, 5.0, -3.0]))

    # Four numbers of about 1 in size, each rounded a few times.
    assert sum(outputs) == pytest.approx(0.0, abs=1e-15)
    assert sum(y * y for y in outputs) / 4 == pytest.approx(1.0, rel=1e-15)


def test_layer_norm_of_equal_numbers_is_its_bias():
    layer = LayerNorm(3)
    layer.bias[1].data = 7.0

    assert data_of(layer([5.0, 5.0, 5.0])) == [0.0, 7.0, 0.0]


def test_eps_is_added_to_the_variance():
    assert LayerNorm(2, eps=3.0, elementwise_affine=False)([1.0, 3.0]) == [-0.5, 0.5]


def test_layer_norm_starts_with_weights_of_one_and_biases_of_zero():
    assert LayerNorm(2).state_dict() == {"weight": [1.0, 1.0], "bias": [0.0, 0.0]}


def test_layer_norm_multiplies_by_its_weights_and_adds_its_biases():
    layer = LayerNorm(2, eps=0.0)
    layer.load_state_dict({"weight": [2.0, 3.0], "bias": [10.0, 20.0]})

    assert data_of(layer([-1.0, 1.0])) == [8.0, 23.0]


@pytest.mark.parametrize(
    ("layer", "names"),
    [
        (LayerNorm(2, bias=False), ["weight"]),
        (LayerNorm(2, elementwise_affine=False), []),
    ],
)
def test_layer_norm_has_only_the_parameters_that_are_asked_for(layer, names):
    assert list(layer.state_dict()) == names


def test_the_gradients_of_layer_norm_agree_with_differences():
    layer = LayerNorm(3)
    layer.load_state_dict({"weight": [0.5, -2.0, 3.0], "bias": [0.1, 0.2, 0.3]})

    check_gradients(lambda *x: layer(x)[0] * layer(x)[1] + layer(x)[2], [1.0, -2.0, 0.5])


# ---- activations ----


@pytest.mark.parametrize(
    ("module", "x", "y"),
    [
        (ReLU(), [-1.0, 0.0, 2.0], [0.0, 0.0, 2.0]),
        (LeakyReLU(), [-1.0, 2.0], [-0.01, 2.0]),
        (LeakyReLU(0.5), [-1.0, 2.0], [-0.5, 2.0]),
        (ELU(), [-1.0, 2.0], [math.expm1(-1.0), 2.0]),
        (ELU(3.0), [-1.0, 2.0], [3.0 * math.expm1(-1.0), 2.0]),
        (GELU(), [0.0, 40.0, -40.0], [0.0, 40.0, 0.0]),
        (SiLU(), [0.0, 2.0], [0.0, 2.0 / (1.0 + math.exp(-2.0))]),
        (Softplus(), [0.0, 1000.0], [math.log(2.0), 1000.0]),
        (Softplus(2.0), [0.0, 1000.0], [math.log(2.0) / 2.0, 1000.0]),
        (Sigmoid(), [0.0, 1000.0, -1000.0], [0.5, 1.0, 0.0]),
        (Tanh(), [0.0, 0.5], [0.0, math.tanh(0.5)]),
        (Softmax(), [1000.0, 1000.0], [0.5, 0.5]),
        (LogSoftmax(), [0.0, 1000.0], [-1000.0, 0.0]),
        (Identity(), (1.0, 2.0), [1.0, 2.0]),
        (Flatten(), [[1.0, 2.0], [[3.0], 4.0]], [1.0, 2.0, 3.0, 4.0]),
    ],
    ids=repr,
)
def test_a_module_of_numbers_has_these_values(module, x, y):
    assert module(x) == y


def test_softplus_does_not_become_linear_above_a_threshold():
    assert Softplus()([21.0]) == [softplus(21.0)] != [21.0]


def test_log_softmax_keeps_the_differences_of_large_numbers():
    assert LogSoftmax()([1e15, 1e15]) == [-math.log(2.0)] * 2


def test_softmax_of_values_sums_to_one():
    assert sum(data_of(Softmax()([Value(1.0), 2.0, Value(-3.0)]))) == pytest.approx(1.0, rel=1e-15)


@pytest.mark.parametrize("make", SHAPELESS)
def test_a_module_takes_values_and_gives_nodes_that_depend_on_them(make):
    x = [Value(0.1), Value(-0.2), Value(0.3)]

    outputs = make()(x)

    assert len(outputs) == 3
    assert all(x[i] in topological_order(y) for i, y in enumerate(outputs))


@pytest.mark.parametrize("make", [*ACTIVATIONS, Dropout, Identity, Flatten])
def test_a_module_without_parameters_gives_floats_for_floats(make):
    assert [type(y) for y in make()([0.5, -0.5])] == [float, float]


@pytest.mark.parametrize("make", [*ACTIVATIONS, Dropout, Identity, Flatten, lambda: LayerNorm(1)])
def test_a_bare_number_is_a_list_of_one(make):
    model = make().eval()

    assert data_of(model(Value(2.0))) == data_of(model([2.0]))


@pytest.mark.parametrize("make", SHAPELESS)
def test_a_module_leaves_its_input_list_alone(make):
    x = [Value(0.1), Value(-0.2), Value(0.3)]
    before = list(x)

    assert make().eval()(x) is not x
    assert x == before


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (Linear(2, 3), "Linear(2, 3)"),
        (Linear(2, 3, bias=False), "Linear(2, 3, bias=False)"),
        (Dropout(0.25), "Dropout(p=0.25)"),
        (LayerNorm(4), "LayerNorm(4)"),
        (LayerNorm(4, 0.1, bias=False), "LayerNorm(4, eps=0.1, bias=False)"),
        (LayerNorm(4, elementwise_affine=False), "LayerNorm(4, elementwise_affine=False)"),
        (LeakyReLU(0.2), "LeakyReLU(negative_slope=0.2)"),
        (ELU(2), "ELU(alpha=2.0)"),
        (Softplus(), "Softplus(beta=1.0)"),
        (Softmax(-1), "Softmax(dim=-1)"),
        (LogSoftmax(), "LogSoftmax(dim=None)"),
        (GELU(), "GELU()"),
    ],
)
def test_the_repr_of_a_module_makes_it_again(module, text):
    assert repr(module) == text
    assert repr(eval(text)) == text


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


# ---- Normalization ----


def test_normalization_brings_columns_to_mean_0_and_deviation_1():
    rows = [[1.0, 50.0], [3.0, 70.0]]
    scale = Standardizer(rows)
    layer = Normalization(scale.means, scale.deviations)

    assert [layer(row) for row in rows] == [[-1.0, -1.0], [1.0, 1.0]]


def test_an_inverted_normalization_undoes_it():
    numbers = [0.25, -3.0]
    forth = Normalization([2.0, -1.0], [0.5, 4.0])
    back = Normalization([2.0, -1.0], [0.5, 4.0], invert=True)

    assert back(forth(numbers)) == numbers


def test_normalization_of_numbers_records_nothing_and_of_values_a_gradient():
    layer = Normalization([2.0], [0.5])
    x = Value(3.0)
    (y,) = layer([x])
    y.backward()

    assert layer([3.0]) == [2.0]
    assert (y.data, x.grad) == (2.0, 2.0)


def test_the_numbers_of_a_normalization_are_no_parameters():
    assert Normalization([1.0], [2.0]).parameters() == []


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Normalization([0.0], [0.0]), ValueError, "^a deviation is a positive number, got"),
        (lambda: Normalization(["a"], [1.0]), TypeError, "^a mean: expected a number or a Value"),
        (lambda: Normalization([], []), ValueError, "^normalization has at least 1 input, got 0"),
        (lambda: Normalization([1.0], [1.0, 2.0]), ValueError, "for each mean is needed, got 2 fo"),
        (lambda: Normalization([1.0], [1.0])([1.0, 2.0]), ValueError, "^normalization takes 1 inp"),
    ],
)
def test_what_makes_no_normalization_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
