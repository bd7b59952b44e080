"""Sequences of many lengths: replayed with the bits of eager training, whatever comes when."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, compiled, sigmoid, tanh
from engine.programs.plan import NoPlanError
from nn import (
    MLP,
    SGD,
    Adam,
    DataLoader,
    Dropout,
    Linear,
    Module,
    cross_entropy,
    fit,
    mse_loss,
)
from nn.metrics import r2_score
from nn.training import courses, turns

LENGTHS = st.lists(st.integers(1, 6), min_size=2, max_size=9)


class Recurrent(Module):
    """A state that looks at one step after the other; it gives its last output, or all of them."""

    def __init__(self, zero=float, outputs=1, each=False, drop=0.0):
        super().__init__()
        self.cell, self.gate = (
            Linear(4, 2, rng=random.Random(0)),
            Linear(4, 2, rng=random.Random(1)),
        )
        self.readout = Linear(2, outputs, rng=random.Random(2))
        self.dropout = Dropout(drop, rng=random.Random(3)) if drop else None
        self.zero, self.each = zero, each

    def __call__(self, sequence):
        state, found = [self.zero() for _ in range(2)], []
        for step in sequence:
            seen = [*step, *state]
            update = [sigmoid(z) for z in self.gate(seen)]
            state = [(1 - u) * h + u * tanh(z) for u, h, z in zip(update, state, self.cell(seen))]
            outputs = self.readout(self.dropout(state) if self.dropout else state)
            found.append(outputs if len(outputs) > 1 else outputs[0])
        return found if self.each else found[-1]


def sequences(lengths, seed=1):
    rng = random.Random(seed)
    return [[[rng.uniform(-1, 1) for _ in range(2)] for _ in range(n)] for n in lengths]


def each_step(outputs, targets, loss=mse_loss):
    """The mean over the sequences of their own means."""
    losses = [loss(ys, ts) for ys, ts in zip(outputs, targets)]
    return sum(losses[1:], losses[0]) / len(losses)


def trained(model, data, **options):
    """The bits of the weights, and of all losses and figures."""
    options = {"optimizer": Adam(model.parameters(), lr=0.05), "epochs": 3, **options}
    history = fit(model, data, progress=False, **options)
    bits = [p.data.hex() for p in model.parameters()]
    return bits, [x.hex() for x in history.losses], history.epochs


def equal(make, data, **options):
    """Whether replay gives what eager training gives; makes a model and optimiser for each."""
    eager = trained(make(), data(), **options)
    return trained(make(), data(), replay=True, **options) == eager


@settings(deadline=None, max_examples=15)
@given(
    LENGTHS,
    st.sampled_from([1, 2, 3, 100]),
    st.booleans(),
    st.integers(0, 3),
    st.sampled_from(["last", "each", "classes"]),
)
def test_replay_has_the_bits_of_eager_training(lengths, size, shuffle, seed, kind):
    rng, inputs = random.Random(seed), sequences(lengths)
    targets = {
        "last": [rng.random() for _ in lengths],
        "each": [[rng.random() for _ in range(n)] for n in lengths],
        "classes": [rng.randrange(3) for _ in lengths],
    }[kind]
    loss = {"last": mse_loss, "each": each_step, "classes": cross_entropy}[kind]

    def make():
        return Recurrent(each=kind == "each", outputs=3 if kind == "classes" else 1)

    options = {"batch_size": size, "shuffle": shuffle, "seed": seed, "loss": loss}
    eager = trained(make(), (inputs, targets), **options)

    assert trained(make(), (inputs, targets), replay="auto", **options) == eager
    if kind != "classes":
        assert trained(make(), (inputs, targets), replay=True, **options) == eager


@pytest.mark.parametrize("size", [1, 2])
def test_a_length_that_comes_late_is_learned_as_on_graphs(size):
    lengths = [2] * 40 + [5] + [2] * 10 + [3]
    data = sequences(lengths), [float(n) for n in lengths]

    assert equal(Recurrent, lambda: data, batch_size=size, shuffle=False, epochs=2)


@pytest.mark.skipif(not compiled, reason="a call of the machine in C")
def test_steps_of_all_lengths_go_without_python_between_them(monkeypatch):
    lengths = [1, 2, 3, 4] * 5
    data = sequences(lengths), [0.5] * len(lengths)
    calls = []
    train = turns.Turns.train
    monkeypatch.setattr(
        turns.Turns, "train", lambda self, *a: calls.append(len(a[5])) or train(self, *a)
    )

    trained(Recurrent(), data, batch_size=1, epochs=40, replay=True)

    assert max(calls) >= len(lengths) - 1


@pytest.mark.parametrize(
    "options",
    [
        {"max_norm": 0.1},
        {"steps": 7, "epochs": None},
        {"optimizer": "momentum"},
        {"validation": (sequences([3, 1, 2]), [0.1, 0.2, 0.3]), "metrics": {"r2": r2_score}},
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [1, 2])
def test_what_is_around_the_steps_is_as_on_graphs(options, size):
    lengths = [3, 1, 3, 2, 2, 3, 1]
    data = sequences(lengths), [0.1 * n for n in lengths]
    found = []
    for replay in (False, True):
        model = Recurrent()
        own = {**options, "batch_size": size, "replay": replay}
        if own.get("optimizer"):
            own["optimizer"] = SGD(model.parameters(), lr=0.1, momentum=0.9)
        found.append(trained(model, data, **own))

    assert found[0] == found[1]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_dropout_draws_in_the_order_of_the_batches(size):
    lengths = [3, 1, 3, 2, 2, 3, 1]
    data = sequences(lengths), [0.1 * n for n in lengths]
    states = []
    for replay in (False, True):
        model = Recurrent(drop=0.5)
        states.append(
            (trained(model, data, batch_size=size, replay=replay), model.dropout.rng.getstate())
        )

    assert states[0] == states[1]


@pytest.mark.parametrize("replay", [False, "auto", True])
@pytest.mark.parametrize("size", [1, 2])
def test_a_run_that_ended_within_an_epoch_goes_on_as_on_graphs(tmp_path, replay, size):
    lengths = [3, 1, 3, 2, 2, 3, 1]
    data = sequences(lengths), [0.1 * n for n in lengths]
    bits = []
    for own in (False, replay):
        path = tmp_path / f"{own}.json"
        model = Recurrent()
        trained(model, data, steps=5, epochs=None, batch_size=size, checkpoint=path, replay=own)
        model = Recurrent()
        options = {"batch_size": size, "checkpoint": path, "resume": True, "replay": own}
        bits.append(trained(model, data, steps=12, epochs=None, **options))

    assert bits[0] == bits[1]


@pytest.mark.parametrize("zero", [lambda: 0.0, lambda: 0, lambda: Value(0.0)])
@pytest.mark.parametrize("lengths", [[3, 1, 3, 2], [3, 3, 3]])
def test_states_that_begin_at_zero_are_replayed(zero, lengths):
    data = sequences(lengths), [0.1 * n for n in lengths]

    assert equal(lambda: Recurrent(zero), lambda: data, batch_size=1)


@pytest.mark.skipif(not compiled, reason="one plan for all lengths")
@pytest.mark.parametrize("zero", [float, lambda: Value(0.0)])
def test_single_sequences_of_all_lengths_share_one_plan(zero, monkeypatch):
    made = []
    monkeypatch.setattr(courses.Courses, "made", lambda *a: made.append(a))
    lengths = [3, 1, 3, 2]

    trained(Recurrent(zero), (sequences(lengths), [0.1] * 4), batch_size=1, epochs=1, replay=True)

    assert not made


@pytest.mark.parametrize("state", [Value(0.0), "bias", "first"])
def test_a_state_that_may_change_is_not_taken_for_zeros(state):
    model = Recurrent()
    for v in model.readout.bias:
        v.data = 0.0
    made = {
        "bias": lambda: Value(model.readout.bias[0].data),
        "first": lambda: Value(0.0 if model.cell.weight[0][0].data == before else 1.0),
    }
    before = model.cell.weight[0][0].data
    model.zero = made.get(state, lambda: state)

    with pytest.raises(NoPlanError, match="neither an input nor a parameter"):
        trained(model, (sequences([2, 2]), [0.1, 0.2]), batch_size=1, replay=True)


@pytest.mark.parametrize("replay", [False, True])
@pytest.mark.parametrize("size", [1, 2, 4, None])
def test_a_ragged_row_where_none_is_meant_is_named(replay, size):
    model = MLP(4, [1])
    rows = [[1.0] * 4, [2.0] * 4, [3.0] * 3, [4.0] * 4, [5.0] * 4]

    with pytest.raises(ValueError, match=r"has another shape than the first.*\[3\.0, 3\.0, 3\.0\]"):
        fit(
            model,
            (rows, [0.0] * 5),
            optimizer=SGD(model.parameters(), 0.1),
            epochs=1,
            batch_size=size,
            replay=replay,
            progress=False,
        )


def test_replay_names_a_ragged_row_before_the_first_step():
    model = MLP(4, [1])
    rows = [*[[1.0] * 4] * 50, [3.0] * 3]
    before = [p.data for p in model.parameters()]

    with pytest.raises(NoPlanError, match=r"^input 50 has another shape than the first: "):
        fit(
            model,
            (rows, [0.0] * 51),
            optimizer=SGD(model.parameters(), 0.1),
            epochs=1,
            batch_size=1,
            shuffle=False,
            replay=True,
            progress=False,
        )
    assert [p.data for p in model.parameters()] == before


def test_few_shapes_have_plans_at_a_time(monkeypatch):
    monkeypatch.setattr(courses, "MOST", 2)
    lengths = [1, 2, 3, 4, 1, 2, 3, 4]
    data = sequences(lengths), [0.1 * n for n in lengths]

    assert equal(Recurrent, lambda: data, batch_size=1)


def test_of_many_shapes_the_commonest_have_plans_which_are_made_once(monkeypatch):
    made = []

    class Counted(courses.BatchPlans):
        def __init__(self, loader, *others):
            made.append(len(loader.inputs[0]))
            super().__init__(loader, *others)

    monkeypatch.setattr(courses, "MOST", 3)
    monkeypatch.setattr(courses, "BatchPlans", Counted)
    lengths = [4, 4, 1, 2, 2, 2, 5, 5, 3, 3, 3, 3]
    data = sequences(lengths), [0.1 * n for n in lengths]

    assert equal(Recurrent, lambda: data, batch_size=2, epochs=4)
    assert sorted(made) == [2, 3, 4]


def test_a_loader_of_mixed_lengths_is_learned_on_graphs():
    lengths = [1, 2, 1, 2, 2]
    inputs, targets = sequences(lengths), [0.1 * n for n in lengths]

    def data():
        return DataLoader(inputs, targets, 2, shuffle=True, group_by_length=False)

    assert trained(Recurrent(), data(), replay="auto") == trained(Recurrent(), data())
    with pytest.raises(NoPlanError, match="group_by_length=True"):
        trained(Recurrent(), data(), replay=True)


def test_targets_of_another_shape_are_named():
    data = [[1.0], [2.0], [3.0]], [[1.0], [1.0, 2.0], [1.0]]

    with pytest.raises(NoPlanError, match=r"^target 1 has another shape than the first: \[1\.0, 2"):
        trained(MLP(1, [1]), data, replay=True)


class Gated(Module):
    """A cell whose first step has products of weights and zeros alone, as a GRU's has."""

    def __init__(self, n=2):
        super().__init__()
        rng = random.Random(0)
        self.input, self.state = Linear(2, n, rng=rng), Linear(n, n, rng=rng)
        self.readout, self.n = Linear(n, 1, rng=rng), n

    def __call__(self, sequence):
        state = [0.0] * self.n
        for step in sequence:
            state = [tanh(a + sigmoid(b)) for a, b in zip(self.input(step), self.state(state))]
        return self.readout(state)[0]


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("n", [2, 20])
def test_what_a_sample_computes_of_weights_alone_is_its_own(size, n):
    lengths = [3, 3, 2, 3, 2, 3, 3]
    data = sequences(lengths), [0.1 * i for i in range(7)]

    assert equal(lambda: Gated(n), lambda: data, batch_size=size)
