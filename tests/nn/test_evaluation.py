"""Evaluating a model leaves no graph, no gradient, and the mode it found."""

import random

import pytest

from engine import Value
from nn import MLP, Dropout, Linear, Module, Sequential
from nn.evaluation import MANY, outputs_of, outputs_side_by_side, rows_of_outputs
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


@pytest.mark.parametrize("kind", [list, tuple, "numpy"])
def test_many_samples_have_the_bits_of_each_alone(kind):
    model = MLP(2, [5, 3], activation="gelu", rng=random.Random(0))
    rng = random.Random(1)
    inputs = [[rng.gauss(0, 3), rng.gauss(0, 3)] for _ in range(3 * MANY + 1)]
    wanted = [[y.data for y in model(x)] for x in inputs]
    if kind == "numpy":
        np = pytest.importorskip("numpy", reason="needs numpy, of the extra test")
        given = np.array(inputs)
    else:
        given = kind(map(kind, inputs))

    assert outputs_of(model, given) == wanted


def test_many_bare_numbers_are_samples_too():
    model = MLP(1, [2, 1], activation="tanh", rng=random.Random(0))
    inputs = [i / 10 for i in range(2 * MANY)]

    assert outputs_of(model, inputs) == [model(x).data for x in inputs]


def test_a_model_of_ones_own_is_asked_for_each_sample():
    class Step(Module):
        def __init__(self):
            self.w = Value(2.0)

        def __call__(self, x):
            return self.w * x if x > 0 else self.w

    inputs = [i - MANY for i in range(2 * MANY)]

    assert outputs_of(Step(), inputs) == [2.0 * x if x > 0 else 2.0 for x in inputs]


def test_an_activation_of_ones_own_is_asked_for_each_sample():
    bent = lambda v: v * 2 if v.data > 0 else v * 3  # noqa: E731
    model = MLP(1, [2, 1], activation=bent, rng=random.Random(0))
    inputs = [float(i - MANY) for i in range(2 * MANY)]

    assert outputs_of(model, inputs) == [model(x).data for x in inputs]


def test_dropout_draws_for_each_of_many_samples():
    inputs = [[1.0]] * (2 * MANY)
    one = Dropout(0.5, rng=random.Random(0))
    two = Dropout(0.5, rng=random.Random(0))

    assert outputs_of(one, inputs) == [two(x) for x in inputs]


@pytest.mark.parametrize(
    ("inputs", "error"),
    [([[1.0, 2.0]] * 50 + [[1.0]], "takes 2 inputs, got 1"), ([["a", "b"]] * 50, "number")],
    ids=["a short row", "text"],
)
def test_many_samples_raise_what_one_raises(inputs, error):
    model = MLP(2, [2, 1], rng=random.Random(0))

    with pytest.raises((TypeError, ValueError), match=error):
        outputs_of(model, inputs)


@pytest.mark.parametrize("samples", [2, 50, 1100])
@pytest.mark.parametrize("outputs", [1, 3])
def test_outputs_side_by_side_are_the_outputs(samples, outputs):
    model = MLP(2, [3, outputs], activation="tanh", rng=random.Random(0))
    inputs = [[0.01 * i, 1.0] for i in range(samples)]

    assert outputs_side_by_side(model, inputs).tolist() == [
        y for row in rows_of_outputs(model, inputs) for y in row
    ]
