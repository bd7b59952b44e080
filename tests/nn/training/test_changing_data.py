"""Data that a callback changes between epochs: replay sees the numbers of now, as graphs do."""

import random

import pytest

from engine import tanh
from nn import MLP, SGD, Linear, Module, data, fit


class Recurrent(Module):
    def __init__(self):
        super().__init__()
        self.cell = Linear(2, 1, rng=random.Random(0))

    def __call__(self, sequence):
        state = 0.0
        for x in sequence:
            state = tanh(self.cell([x, state])[0])
        return state


def mlp():
    return MLP(2, [3, 1], activation="tanh", rng=random.Random(0))


def moons():
    inputs, targets = data.moons(n=20)
    return [[*x] for x in inputs], [float(t) for t in targets]


def sequences():
    rng = random.Random(1)
    inputs = [[rng.uniform(-1, 1) for _ in range(1 + i % 4)] for i in range(20)]
    return inputs, [sum(x) for x in inputs]


def augmented(inputs, targets, held_out, weights, epoch):
    rng = random.Random(epoch)
    for x in inputs:
        x[0] += rng.gauss(0, 0.1)


def corrected(inputs, targets, held_out, weights, epoch):
    targets[epoch] = 0.5


def judged_by_others(inputs, targets, held_out, weights, epoch):
    held_out[0][epoch][0] += 1.0


def weighed(inputs, targets, held_out, weights, epoch):
    weights[epoch] += epoch


def longer(inputs, targets, held_out, weights, epoch):
    if epoch == 2:
        inputs[2].append(1.0)
    inputs[2][0] += 0.5


def trained(make, given, change, replay, size):
    model, (inputs, targets), held_out = make(), given(), given()
    weights = [1.0] * len(inputs)

    def callback(history):
        change(inputs, targets, held_out, weights, len(history.epochs))

    history = fit(
        model,
        (inputs, targets),
        optimizer=SGD(model.parameters(), lr=0.1),
        sample_weight=weights,
        validation=held_out,
        callbacks=[callback],
        epochs=5,
        batch_size=size,
        replay=replay,
        progress=False,
    )
    bits = [p.data.hex() for p in model.parameters()], [p.grad.hex() for p in model.parameters()]
    return bits, [x.hex() for x in history.losses], repr(history.epochs)


@pytest.mark.parametrize("size", [1, 4, 20])
@pytest.mark.parametrize("change", [augmented, corrected, judged_by_others, weighed])
@pytest.mark.parametrize(("make", "given"), [(mlp, moons), (Recurrent, sequences)])
def test_what_a_callback_changes_in_the_data_is_trained_on(make, given, change, size):
    eager = trained(make, given, change, False, size)

    assert trained(make, given, change, True, size) == eager


@pytest.mark.parametrize("size", [1, 4])
def test_a_sequence_that_grows_stays_in_the_batch_of_its_former_length(size):
    eager = trained(Recurrent, sequences, longer, False, size)

    assert trained(Recurrent, sequences, longer, True, size) == eager
