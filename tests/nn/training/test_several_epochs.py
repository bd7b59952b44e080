"""Several epochs of mini-batches at once leave what they leave one by one."""

import random

import pytest

from engine import compiled
from nn import MLP, SGD, Adam, DataLoader, Dropout, Layer, Sequential, TrainingError, fit, mse_loss
from nn.training.machine_stepper import MachineStepper


def made(seed):
    rng = random.Random(seed)
    n = rng.choice([5, 8, 20])
    inputs = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(n)]
    targets = [rng.gauss(0, 1) for _ in range(n)]
    own = random.Random(seed + 1)
    parts = [Layer(2, 3, activation="tanh", rng=own)]
    parts += [Dropout(0.3, rng=own)] if rng.random() < 0.4 else []
    model = Sequential(*parts, Layer(3, 1, activation="linear", rng=own))
    options = {"shuffle": rng.random() < 0.7, "seed": seed, "drop_last": rng.random() < 0.3}
    loader = DataLoader(inputs, targets, rng.choice([1, 2, 4]), **options)
    steps = rng.choice([{"epochs": 150}, {"steps": 700}, {"epochs": 61}])
    make = rng.choice([lambda p: SGD(p, lr=0.1, momentum=0.5), lambda p: Adam(p, lr=0.01)])
    return model, loader, make(model.parameters()), steps, own


def left(seed, replay):
    model, loader, optimizer, steps, rng = made(seed)
    history = fit(
        model, loader, optimizer=optimizer, loss=mse_loss, replay=replay, progress=False, **steps
    )
    numbers = [repr(p.data) + repr(p.grad) for p in model.parameters()]
    figures = repr(history.losses), repr(history.epochs), history.stopped
    return figures, numbers, loader.epoch, repr(optimizer.state_dict()), rng.getstate()


@pytest.mark.parametrize("seed", range(12))
def test_several_epochs_leave_what_graphs_leave(seed):
    assert left(seed, True) == left(seed, False)


def failed(replay):
    """A training that leaves the domain of its loss after many epochs."""
    model = MLP(1, [1], activation="linear", rng=random.Random(0))
    loader = DataLoader([[1.0], [2.0], [3.0]], [1.0, 2.0, 3.0], 1, shuffle=True)
    optimizer, history = SGD(model.parameters(), lr=0.002), []

    def loss(outputs, targets):
        return sum([y - t for y, t in zip(outputs, targets)]) + (outputs[0] + 8.0).sqrt()

    with pytest.raises(TrainingError) as raised:
        fit(
            model, loader, optimizer=optimizer, loss=loss, epochs=5000, replay=replay,
            progress=False, callbacks=() if replay else [lambda h: history.append(h) and False],
        )  # fmt: skip
    return str(raised.value), [p.data.hex() for p in model.parameters()], loader.epoch


def test_an_error_among_several_epochs_is_that_of_graphs():
    assert failed(True) == failed(False)


@pytest.mark.skipif(not compiled, reason="a pure build has no machine that does epochs alone")
def test_epochs_without_anything_between_them_are_done_together(monkeypatch):
    counts, several = [], MachineStepper.several_epochs
    monkeypatch.setattr(
        MachineStepper,
        "several_epochs",
        lambda self, arrays, count: counts.append(count) or several(self, arrays, count),
    )
    model, loader, optimizer, _, _ = made(0)
    fit(model, loader, optimizer=optimizer, loss=mse_loss, epochs=400, replay=True, progress=False)

    assert max(counts) > 1
