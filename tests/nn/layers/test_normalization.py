"""Normalisation of a sample, and by the columns of a table, keeps to its formula."""

import pytest

from engine import Value, check_gradients
from nn import Normalization, Standardizer
from nn.layers import LayerNorm


def data_of(outputs):
    return [float(y) for y in outputs]


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
