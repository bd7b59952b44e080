"""Matrices: which dot products are a matrix, and which would disturb one another."""

import pytest

from engine.machine import matrices as module
from engine.machine.matrices import Dots, Matrix, matrices

OUT = 40  # the place of the first row


@pytest.fixture(autouse=True)
def small_ones(monkeypatch):
    monkeypatch.setattr(module, "SMALL", 0)


def made(*taken, live=True):
    return matrices(Dots(OUT, live, [[*row] for row in taken]))


def test_a_layer_of_parameters_is_a_matrix():
    (layer,) = made((0, 1, 20, 21, 2), (3, 4, 20, 21, 5))

    assert isinstance(layer, Matrix)
    assert (layer.inputs, layer.weights, layer.biases) == ([20], [0, 3], [2, 5])
    assert (layer.out, layer.count, layer.rows, layer.ordered) == (OUT, 2, 1, True)


def test_inputs_with_the_same_weights_are_one_matrix():
    (layer,) = made((0, 1, 20, 21), (2, 3, 20, 21), (0, 1, 30, 31), (2, 3, 30, 31))

    assert (layer.inputs, layer.weights) == ([20, 30], [0, 2])


def test_each_input_may_have_the_neurons_in_its_own_order():
    (layer,) = made((0, 1, 20, 21), (2, 3, 20, 21), (2, 3, 30, 31), (0, 1, 30, 31))

    assert (layer.order, layer.ordered) == ([0, 1, 1, 0], False)


def test_weights_may_stand_behind_the_inputs():
    (scores,) = made((20, 21, 22, 23), (20, 21, 24, 25))

    assert (scores.inputs, scores.weights) == ([20], [22, 24])


@pytest.mark.parametrize(
    "taken",
    [
        [(0, 1, 20, 22), (2, 3, 20, 22)],  # inputs with a gap
        [(0, 2, 20, 21), (3, 5, 20, 21)],  # weights with a gap
        [(20, 21, 20, 21), (20, 21, 20, 21)],  # squares
    ],
)
def test_dot_products_of_other_numbers_are_no_matrix(taken):
    assert [type(c) for c in made(*taken)] == [Dots]


@pytest.mark.parametrize(
    "taken",
    [
        [(0, 1, 20, 21), (1, 2, 20, 21)],  # weights that overlap
        [(0, 1, 20, 21), (2, 3, 21, 22)],  # other inputs, which overlap
        [(0, 1, 20, 21), (0, 1, 21, 22)],  # the same weights
        [(0, 1, 20, 21, 2), (3, 4, 20, 21, 0)],  # a bias that is a weight
        [(0, 1, 20, 21), (0, 1, 20, 21)],  # the same again
        [(0, 1, 20, 21), (OUT - 1, OUT, 20, 21)],  # the first is a weight of the second
    ],
)
def test_dot_products_that_would_disturb_one_another_are_not_one_matrix(taken):
    assert [c.rows * len(c.weights) for c in made(*taken) if isinstance(c, Matrix)] in (
        [1],
        [1, 1],
    )


def test_a_clash_leaves_a_smaller_matrix():
    found = made((0, 1, 20, 21, 9), (2, 3, 20, 21, 9), (4, 5, 20, 21, 21))

    assert [type(c) for c in found] == [Matrix, Matrix, Dots]
    assert [c.weights for c in found[:2]] == [[0], [2]]


def test_dot_products_that_pass_no_gradient_on_stay_dots():
    (dots,) = made((0, 1, 20, 21), (2, 3, 20, 21), live=False)

    assert isinstance(dots, Dots)
    assert (dots.operands, dots.follow(0)) == ([0, 1, 20, 21, 2, 3, 20, 21], True)


def test_few_numbers_are_not_worth_a_matrix(monkeypatch):
    monkeypatch.setattr(module, "SMALL", 5)
    (dots,) = made((0, 1, 20, 21), (2, 3, 20, 21))

    assert (type(dots), dots.rows) == (Dots, 2)
