"""Decision regions and surfaces ask a model many points: by a program where that is sure."""

from random import Random

import pytest

import engine
from engine import no_grad
from nn import MLP, Dropout, LayerNorm, Linear, Module, Sequential, Tanh
from nn.plot.answers import answers

POINTS = [[i / 3 - 2, j / 5 + 0.1] for i in range(12) for j in range(9)]


class Counted(Module):
    """A model of one's own, which has an `if` in it."""

    calls = 0

    def __call__(self, x):
        self.calls += 1
        return x[0] - x[1] if x[0] > 0.5 else x[0] * x[1]


MODELS = {
    "tanh": MLP(2, [8, 3], rng=Random(1)),
    "one output": MLP(2, [4, 1], activation="relu", rng=Random(2)),
    "layers": Sequential(Linear(2, 6), LayerNorm(6), Tanh(), Dropout(0.5), Linear(6, 2)),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_the_answers_for_many_points_have_the_bits_of_the_model_in_eval_mode(model):
    with no_grad():
        model.eval()
        wanted = [model(x) for x in POINTS]
        model.train()

    found = answers(model, POINTS)

    assert found == [[v.data for v in (y if isinstance(y, list) else [y])] for y in wanted]
    assert model.training


def test_a_model_of_ones_own_is_asked_at_each_point():
    model = Counted()

    assert answers(model, POINTS) == [[a - b if a > 0.5 else a * b] for a, b in POINTS]
    assert model.calls == len(POINTS)


@pytest.mark.skipif(not engine.compiled, reason="needs the compiled build")
def test_a_straight_model_is_asked_once(monkeypatch):
    asked = []
    call = MLP.__call__
    monkeypatch.setattr(MLP, "__call__", lambda self, x: asked.append(x) or call(self, x))

    answers(MODELS["tanh"], POINTS)

    assert len(asked) == 1
