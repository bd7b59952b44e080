"""A replayed training has eager's bits where callbacks change what is trained, and validates so."""

import random

import pytest

from engine import ops
from nn import MLP, SGD, Dropout, Linear, Module, Sequential, data, fit, l2_penalty, mse_loss

DATA = data.moons(60)


def trained(make, change, replay, penalty=None, loss=mse_loss, **options):
    model = make()
    epoch = []

    def callback(history):
        epoch.append(1)
        change(model, len(epoch))

    history = fit(
        model,
        DATA,
        optimizer=SGD(model.parameters(), lr=0.1),
        loss=loss,
        penalty=(lambda: penalty(model)) if penalty else None,
        validation=DATA,
        callbacks=[callback] if change else (),
        replay=replay,
        epochs=6,
        progress=False,
        **options,
    )
    losses = [x.hex() for x in history.losses]
    return losses, repr(history.epochs), [p.data.hex() for p in model.parameters()]


def mlp():
    return MLP(2, [3, 1], activation="tanh", rng=random.Random(0))


SETTINGS = {"factor": 0.0, "scale": 1.0}


@pytest.fixture(autouse=True)
def afresh():
    SETTINGS.update(factor=0.0, scale=1.0)


def relu(model, epoch):
    if epoch == 3:
        for neuron in model.layers[0].neurons:
            neuron.activation = ops.relu


def anneal(model, epoch):
    SETTINGS["factor"], SETTINGS["scale"] = 0.01 * epoch, 1.0 / epoch


def tamed(model):
    return SETTINGS["factor"] * l2_penalty(model.parameters())


def scaled(outputs, targets):
    return SETTINGS["scale"] * mse_loss(outputs, targets)


@pytest.mark.parametrize("size", [None, 16])
@pytest.mark.parametrize(
    ("change", "penalty", "loss"),
    [(relu, None, mse_loss), (anneal, tamed, mse_loss), (anneal, None, scaled)],
    ids=["an activation", "a penalty", "a loss"],
)
def test_what_a_callback_changes_is_recorded_anew(change, penalty, loss, size):
    found = []
    for replay in (False, True):
        SETTINGS.update(factor=0.0, scale=1.0)
        found.append(trained(mlp, change, replay, penalty, loss, batch_size=size))

    assert found[1] == found[0]


class Bent(Module):
    """Its outputs are bent above a bound, in eval mode only."""

    def __init__(self, bound=10.0):
        self.inner, self.bound = mlp(), bound

    def __call__(self, x):
        y = self.inner(x)
        return y * 2.0 if not self.training and y.data > self.bound else y


@pytest.mark.parametrize("bound", [0.2, 0.4, 0.5, 0.6, 0.7, 0.8])
def test_an_if_of_the_validation_goes_its_way_in_each_epoch(bound):
    make = lambda: Bent(bound)  # noqa: E731

    assert trained(make, None, True) == trained(make, None, False)


class Clipped(Bent):
    def __call__(self, x):
        y = self.inner(x)
        return y if y.data < self.bound else y * 0.5


def test_what_a_callback_makes_unfit_for_replay_is_trained_on_graphs():
    def lower(model, epoch):
        model.bound = {2: 0.3, 4: 99.0}.get(epoch, model.bound)

    make = lambda: Clipped(99.0)  # noqa: E731

    assert trained(make, lower, True) == trained(make, lower, False)


def test_a_rate_of_dropout_may_be_changed():
    def make():
        rng = random.Random(0)
        return Sequential(Linear(2, 3, rng=rng), Dropout(0.1, rng=rng), MLP(3, [1], rng=rng))

    def change(model, epoch):
        model[1].p = 0.1 * epoch

    assert trained(make, change, True) == trained(make, change, False)
