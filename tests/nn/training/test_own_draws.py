"""Random numbers that a loss draws itself: refused by replay, and left as they were."""

import random

import pytest

from engine.programs.plan import NoPlanError
from nn import MLP, SGD, Linear, Module, data, fit, l2_penalty, mse_loss, weights_of

OWN = random.Random(5)
INPUTS, TARGETS = data.moons(n=16)
SEQUENCES = [[float(i + j) for j in range(1 + i % 3)] for i in range(8)]


class Summed(Module):
    def __init__(self):
        super().__init__()
        self.layer = Linear(1, 1, rng=random.Random(0))

    def __call__(self, sequence):
        return sum(self.layer([x])[0] for x in sequence)


def trained(replay, loss=mse_loss, penalty=None, ragged=False, **options):
    random.seed(7)
    OWN.seed(5)
    model = Summed() if ragged else MLP(2, [3, 1], activation="tanh", rng=random.Random(0))
    fit(
        model,
        (SEQUENCES, [float(i) for i in range(8)]) if ragged else (INPUTS, TARGETS),
        optimizer=SGD(model.parameters(), lr=1e-3),
        loss=loss,
        penalty=penalty and (lambda: penalty(model)),
        epochs=2,
        replay=replay,
        progress=False,
        **options,
    )
    return [p.data.hex() for p in model.parameters()], random.getstate(), OWN.getstate()


def noisy(outputs, targets):
    return mse_loss(outputs, targets) * (1 + random.random())


def noisy_by_its_own(outputs, targets):
    return mse_loss(outputs, targets) * (1 + OWN.random())


def noisy_penalty(model):
    return random.random() * l2_penalty(weights_of(model))


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("size", [1, 4, None])
@pytest.mark.parametrize(
    "drawing", [{"loss": noisy}, {"loss": noisy_by_its_own}, {"penalty": noisy_penalty}]
)
def test_a_loss_that_draws_is_not_replayed_as_if_it_drew_once(drawing, size, ragged):
    options = {**drawing, "batch_size": size, "ragged": ragged}

    with pytest.raises(NoPlanError):
        trained(True, **options)
    assert trained("auto", **options) == trained(False, **options)


def test_the_reason_says_that_random_numbers_are_drawn():
    with pytest.raises(NoPlanError, match=r"^the loss draws random numbers that are no Dropout's$"):
        trained(True, loss=noisy, batch_size=4)
