"""Earlier frames show what the model gave then."""

import math

import pytest

from engine import Value
from nn import (
    MLP,
    Dropout,
    Film,
    LayerNorm,
    Linear,
    LogSoftmax,
    Module,
    Normalization,
    ReLU,
    Sequential,
    Softmax,
)
from nn.film.snapshots import Snapshots
from nn.plot.answers import answers
from tests.nn.film.films import XOR, network


def test_filming_a_module_asks_it_for_nothing_before_the_film_is_shown(monkeypatch):
    model = network()
    film = Film(model, *XOR, resolution=2)
    monkeypatch.setattr(MLP, "__call__", lambda *_: pytest.fail("it was asked"))

    film.record(1.0)

    assert list(film.frames[1].state) == [p.data for p in model.parameters()]


class Branching(Module):
    """What it gives is decided by Python, which no program has."""

    def __init__(self):
        self.w = Value(0.0)

    def __call__(self, x):
        return self.w * 1.0 if x[0] > 0.5 else -self.w


@pytest.mark.parametrize(
    "model",
    [
        network(),
        network((4, 3)),
        Sequential(Linear(2, 3), ReLU(), Dropout(0.5), Linear(3, 2), Softmax()),
        Sequential(Normalization([0.5, 0.5], [0.5, 0.5]), LayerNorm(2), Linear(2, 2), LogSoftmax()),
        MLP(2, [2, 1], activation=lambda z: z if z.data > 0 else z * 0.5),
        Branching(),
    ],
    ids=["mlp", "classes", "softmax", "norms", "activation-of-ones-own", "branching"],
)
def test_an_earlier_frame_shows_what_the_model_gave_then_to_the_last_bit(model):
    film = Film(model, *XOR, resolution=9)
    expected = []
    for step in range(1, 4):
        for i, p in enumerate(model.parameters()):
            p.data = math.sin(step + i)
        film.record(1.0)
        expected.append(answers(model, film.snapshots.samples))
    numbers = [p.data for p in model.parameters()]

    assert [film.snapshots.outputs(shot.state) for shot in film.frames[1:]] == expected
    assert [p.data for p in model.parameters()] == numbers
    assert all(module.training for module in model.modules())


@pytest.mark.parametrize(
    ("model", "recorded"),
    [(network(), True), (Branching(), False), (MLP(2, [2, 1], activation=lambda z: z * z), False)],
)
def test_a_program_is_made_of_what_is_sure_not_to_branch(model, recorded):
    snapshots = Snapshots(model, [[0.0, 1.0]])
    snapshots.outputs(snapshots.state())

    assert (snapshots.program is not None) == recorded


def test_of_a_function_the_outputs_are_kept():
    answers = [1.0]
    film = Film(lambda x: answers[-1], *XOR, resolution=2)
    answers.append(-1.0)
    film.record(1.0)
    answers.append(1.0)

    assert [shot.state[0] for shot in film.frames] == [[1.0], [-1.0]]


def test_a_model_that_has_grown_is_refused():
    model = Sequential(Linear(2, 1))
    film = Film(model, *XOR, resolution=2)
    model.append(Linear(1, 1))

    with pytest.raises(ValueError, match="the model had 3 parameters, and has 5 now"):
        film.reel()


def test_numbers_that_are_none_name_their_step_and_leave_the_model_as_it_is():
    model = network()
    film = Film(model, *XOR, resolution=2)
    bias = model.layers[1].neurons[0].bias
    bias.data = math.nan
    film.record(1.0)
    bias.data = 0.25
    film.record(1.0)

    with pytest.raises(ValueError, match=r"^after step 1 the model gives nan at the point \["):
        film.reel()
    assert bias.data == 0.25
