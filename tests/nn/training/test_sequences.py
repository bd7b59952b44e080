"""Training on sequences: [time] or [time][features], of one length or of many."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import tanh
from engine.programs.plan import NoPlanError
from nn import MLP, SGD, Adam, DataLoader, Linear, Module, cross_entropy, fit, mse_loss
from nn.data.preparation import train_test_split
from nn.metrics import r2_score

NUMBERS = st.floats(-2.0, 2.0)
SEQUENCES = st.lists(st.lists(NUMBERS, min_size=1, max_size=5), min_size=1, max_size=6)


class Recurrent(Module):
    """A state of two numbers that looks at one step of the sequence after the other."""

    def __init__(self, features=1, outputs=1):
        super().__init__()
        self.cell = Linear(features + 2, 2, rng=random.Random(0))
        self.readout = Linear(2, outputs, rng=random.Random(1))
        self.outputs = outputs

    def __call__(self, sequence):
        state = [0.0, 0.0]
        for step in sequence:
            numbers = list(step) if hasattr(step, "__len__") else [step]
            state = [tanh(z) for z in self.cell([*numbers, *state])]
        outputs = self.readout(state)
        return outputs if self.outputs > 1 else outputs[0]


def walks(lengths, features=None):
    rng = random.Random(1)
    if features is None:
        return [[rng.random() for _ in range(n)] for n in lengths]
    return [[[rng.random() for _ in range(features)] for _ in range(n)] for n in lengths]


def trained(model, data, **options):
    """The bits of the weights, and the record."""
    optimizer = Adam(model.parameters(), lr=0.05)
    options = {"epochs": 4, "batch_size": 3, "loss": mse_loss, **options}
    history = fit(model, data, optimizer=optimizer, progress=False, **options)
    return [p.data.hex() for p in model.parameters()], history


RAGGED = {
    "[time]": (walks([1, 4, 2, 5, 3]), 1),
    "[time][features]": (walks([3, 1, 2, 4, 1], features=2), 2),
    "arrays": ([np.array(x) for x in walks([2, 1, 3, 3, 1], features=2)], 2),
    "tuples": ([tuple(x) for x in walks([2, 1, 3, 3, 1])], 1),
}


@pytest.mark.parametrize(("inputs", "features"), RAGGED.values(), ids=RAGGED)
def test_sequences_of_other_lengths_are_learned(inputs, features):
    targets = [float(np.mean(x)) for x in inputs]
    options = {"epochs": 30, "validation": (inputs, targets), "metrics": {"r2": r2_score}}

    _, history = trained(Recurrent(features), (inputs, targets), **options)

    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history["val_r2"][-1] == history["val_r2"][-1]


def test_a_loader_gives_sequences_of_other_lengths_in_batches():
    inputs = walks([1, 4, 2])
    targets = [0.0, 1.0, 2.0]
    mixed = DataLoader(inputs, targets, batch_size=2, group_by_length=False)

    assert list(mixed) == [(inputs[:2], targets[:2]), (inputs[2:], [2.0])]
    assert list(DataLoader(inputs, targets, batch_size=2)) == [
        ([x], [t]) for x, t in zip(inputs, targets)
    ]


def test_sequences_of_other_lengths_are_split_too():
    train, test, *_ = train_test_split(walks([1, 4, 2, 3]), [0.0, 1.0, 2.0, 3.0])

    assert sorted(map(len, train + test)) == [1, 2, 3, 4]


def test_a_sequence_may_have_a_target_for_each_of_its_steps():
    inputs = walks([1, 4, 2])
    model = Recurrent()

    def loss(outputs, targets):
        return mse_loss(outputs, [goals[-1] for goals in targets])

    _, history = trained(model, (inputs, walks([2, 3, 4])), loss=loss)

    assert len(history["loss"]) == 4


@settings(deadline=None, max_examples=40)
@given(inputs=SEQUENCES, batch_size=st.integers(1, 3))
def test_auto_trains_any_sequences_as_eager_does(inputs, batch_size):
    data = inputs, [math.fsum(x) for x in inputs]

    eager, _ = trained(Recurrent(), data, epochs=2, batch_size=batch_size)

    assert trained(Recurrent(), data, epochs=2, batch_size=batch_size, replay="auto")[0] == eager


@settings(deadline=None, max_examples=40)
@given(inputs=SEQUENCES)
def test_replay_says_which_sequence_has_another_length(inputs):
    lengths = [len(x) for x in inputs]
    if len(set(lengths)) == 1:
        inputs, lengths = [*inputs, inputs[0] * 2], [*lengths, 2 * lengths[0]]
    other = next(i for i, n in enumerate(lengths) if n != lengths[0])

    mixed = DataLoader([*inputs, inputs[0]], [0.0] * (len(inputs) + 1), 2, group_by_length=False)

    with pytest.raises(NoPlanError, match=f"^input {other} has another shape .*group_by_length"):
        trained(Recurrent(), mixed, batch_size=None, replay=True)


def test_sequences_of_as_many_numbers_in_other_lists_are_not_replayed():
    inputs = [[[1.0, 2.0], [3.0]], [[1.0], [2.0, 3.0]]]

    with pytest.raises(NoPlanError, match=r"^input 1 has another shape than the first"):
        trained(Recurrent(2), (inputs, [0.0, 1.0]), replay=True)


@pytest.mark.parametrize("features", [None, 1, 3])
def test_sequences_of_one_length_are_replayed_with_the_bits_of_eager_training(features):
    inputs = walks([4] * 5, features)
    data = inputs, [float(np.sum(x)) for x in inputs]
    eager, record = trained(Recurrent(features or 1), data)
    replayed, copy = trained(Recurrent(features or 1), data, replay=True)

    assert (replayed, copy["loss"]) == (eager, record["loss"])


def test_classes_of_sequences_are_replayed_too():
    inputs = walks([3] * 6, features=2)
    data = inputs, [0, 1, 2, 0, 1, 2]
    eager, _ = trained(Recurrent(2, 3), data, loss=cross_entropy)

    assert trained(Recurrent(2, 3), data, loss=cross_entropy, replay=True)[0] == eager


@pytest.mark.parametrize("replay", [False, True])
def test_a_row_too_short_for_the_model_is_named(replay):
    model = MLP(2, [1])
    message = r"shape than the first.*\[1\.0\]"

    with pytest.raises(ValueError, match=message):
        fit(
            model,
            ([[1.0, 2.0], [1.0]], [0.0, 1.0]),
            optimizer=SGD(model.parameters(), 0.1),
            epochs=1,
            shuffle=False,
            replay=replay,
        )
