"""Evaluating a model leaves no graph, no gradient, and the mode it found."""

import random

import pytest

from engine import Value
from nn import MLP, Dropout, Linear, Sequential
from nn.evaluation import outputs_of
from nn.module import in_eval_mode


def test_outputs_are_plain_numbers_in_the_shape_that_the_model_gives():
    one, two = MLP(2, [3, 1], rng=random.Random(0)), MLP(2, [3, 2], rng=random.Random(0))
    inputs = [[0.5, -1.0], [2.0, 0.0]]

    assert outputs_of(one, inputs) == [one(x).data for x in inputs]
    assert outputs_of(two, inputs) == [[y.data for y in two(x)] for x in inputs]
    assert all(type(y) is float for y in outputs_of(one, inputs))


def test_no_graph_is_recorded():
    made = []
    w = Value(2.0)
    outputs_of(lambda x: made.append(w * x) or made[-1], [3.0])

    assert (made[0].data, made[0].op) == (6.0, None)


def test_the_mode_is_the_one_it_was():
    model = Sequential(Linear(1, 1, rng=random.Random(0)), Dropout(0.5, rng=random.Random(0)))
    model[1].eval()
    modes = lambda: [m.training for m in model.modules()]  # noqa: E731
    with in_eval_mode(model):
        within = modes()

    assert (within, modes()) == ([False, False, False], [True, True, False])


def test_the_mode_is_the_one_it_was_after_an_error_too():
    model = Dropout(0.5)
    with pytest.raises(TypeError), in_eval_mode(model):
        model("text")

    assert model.training


def test_evaluation_takes_a_training_model_as_it_is():
    model = Dropout(0.5, rng=random.Random(0))

    assert {y for (y,) in outputs_of(model, [[1.0]] * 20)} == {0.0, 2.0}
