"""Where all samples go through the same operations, one of them is recorded, to the same bits."""

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import compiled
from nn import (
    MLP,
    SGD,
    Adam,
    DataLoader,
    Dropout,
    LayerNorm,
    Linear,
    Module,
    Sequential,
    Softmax,
    Tanh,
    TrainingError,
    binary_cross_entropy_with_logits,
    cross_entropy,
    fit,
    huber_loss,
    kl_div,
    l2_penalty,
    mse_loss,
    nll_loss,
)
from nn.evaluation import is_straight
from nn.training.objective import Objective
from nn.training.plans import BatchPlans


def samples(n, features=2, classes=None, seed=0):
    rng = random.Random(seed)
    inputs = [[rng.gauss(0, 1) for _ in range(features)] for _ in range(n)]
    targets = [rng.gauss(0, 1) if classes is None else i % classes for i in range(n)]
    return inputs, targets


def trained(make, data, replay, loss=mse_loss, optimizer=SGD, penalty=0.0, **options):
    model = make()
    history = fit(
        model,
        data,
        optimizer=optimizer(model.parameters(), lr=0.05),
        loss=loss,
        penalty=(lambda: penalty * l2_penalty(model.parameters())) if penalty else None,
        replay=replay,
        epochs=3,
        progress=False,
        **options,
    )
    return [x.hex() for x in history.losses], [p.data.hex() for p in model.parameters()]


def outcome(*given, **options):
    """What was trained, or the error of a training that left the finite numbers."""
    try:
        return trained(*given, **options)
    except TrainingError as error:
        return str(error)


def mlp(*sizes, activation="tanh", seed=0):
    return lambda: MLP(2, [*sizes], activation=activation, rng=random.Random(seed))


def layered(seed=0):
    rng = random.Random(seed)
    return Sequential(
        Linear(2, 4, rng=rng),
        LayerNorm(4),
        Tanh(),
        Dropout(0.3, rng=random.Random(seed)),
        Linear(4, 3, rng=rng),
    )


@settings(max_examples=25)
@given(
    st.integers(0, 999),
    st.lists(st.integers(1, 5), max_size=3),
    st.sampled_from(["tanh", "relu", "sigmoid", "gelu", "silu", "linear"]),
    st.sampled_from([mse_loss, huber_loss, binary_cross_entropy_with_logits]),
    st.sampled_from([None, 1, 7, 16]),
    st.sampled_from([0.0, 0.01]),
)
def test_a_batch_of_numbers_has_the_bits_of_its_graph(seed, sizes, activation, loss, size, penalty):
    make = mlp(*sizes, 1, activation=activation, seed=seed)
    inputs, targets = samples(40, seed=seed)
    if loss is binary_cross_entropy_with_logits:
        targets = [0.25 if t < 0 else 0.75 for t in targets]
    given = {"loss": loss, "batch_size": size, "penalty": penalty}

    assert outcome(make, (inputs, targets), True, **given) == outcome(
        make, (inputs, targets), False, **given
    )


@pytest.mark.parametrize("size", [None, 5, 16])
@pytest.mark.parametrize("make", [mlp(3), mlp(4, 3), layered], ids=["flat", "deep", "layers"])
def test_a_batch_of_classes_has_the_bits_of_its_graph(make, size):
    data = samples(48, classes=3)
    given = {"loss": cross_entropy, "optimizer": Adam, "batch_size": size}

    assert trained(make, data, True, **given) == trained(make, data, False, **given)


def last_two(outputs, targets):
    """A loss that leaves the first output of each sample alone."""
    return mse_loss([a + b for _, a, b in outputs], targets)


def backwards(outputs, targets):
    return mse_loss([c - 2 * b + a * c for a, b, c in outputs], targets)


def by_turns(outputs, targets):
    """A loss that takes the outputs of every other sample in another order."""
    mixed = [a * b + c if i % 2 else c * b + a for i, (a, b, c) in enumerate(outputs)]
    return mse_loss(mixed, targets)


def of_pairs(outputs, targets):
    pairs = zip(outputs, outputs[1:], targets)
    return sum([(a[0] - b[1]) ** 2 * t for a, b, t in pairs])


@pytest.mark.parametrize("loss", [last_two, backwards, by_turns, of_pairs])
def test_any_loss_of_several_outputs_has_the_bits_of_its_graph(loss):
    data, make = samples(24), mlp(3, 3)
    wanted = trained(make, data, False, loss=loss)

    assert trained(make, data, "auto", loss=loss) == wanted


def test_a_loss_may_take_a_parameter_for_each_sample():
    models = []

    def make():
        models.append(mlp(2, 1)())
        return models[-1]

    def loss(outputs, targets):
        w = models[-1].layers[0].neurons[0].weights[0]
        return mse_loss([w * y for y in outputs], targets)

    data = samples(24)

    assert trained(make, data, "auto", loss=loss) == trained(make, data, False, loss=loss)


@pytest.mark.parametrize("loss", [nll_loss, kl_div], ids=["nll", "kl"])
def test_a_model_may_end_in_all_its_numbers_at_once(loss):
    def make():
        return Sequential(Linear(2, 3, rng=random.Random(0)), Softmax())

    data = samples(24, classes=3)

    def named(outputs, targets):
        if loss is nll_loss:
            return nll_loss([[y.log() for y in ys] for ys in outputs], targets)
        uniform = [[1 / 3] * 3 for _ in targets]
        return kl_div([[y.log() for y in ys] for ys in outputs], uniform)

    assert trained(make, data, "auto", loss=named) == trained(make, data, False, loss=named)


def test_recording_does_not_grow_with_the_batch(monkeypatch):
    calls = []
    call = MLP.__call__
    monkeypatch.setattr(MLP, "__call__", lambda self, x: calls.append(1) or call(self, x))
    found = {}
    for n in (100, 1000):
        calls.clear()
        trained(mlp(3, 1), samples(n), True)
        found[n] = len(calls)

    assert found[100] == found[1000] < 30


def test_the_memory_of_a_recording_is_that_of_the_loss():
    model = mlp(16, 16, 1)()
    loader = DataLoader(*samples(1000))
    tracemalloc.start()
    given = (model.parameters(), list, False)
    machines = BatchPlans(loader, Objective(model, mse_loss), *given).machines
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert 1000 in machines
    # bytes: the graphs of all samples take more than three times as much
    assert peak < 1000 * (8000 if compiled else 20_000)


class Own(Module):
    def __init__(self):
        self.inner = mlp(3, 1)()

    def __call__(self, x):
        return self.inner(x)


def test_a_model_of_ones_own_is_recorded_sample_by_sample():
    assert not is_straight(Own())
    assert not is_straight(MLP(2, [2, 1], activation=lambda v: v * 2))
    assert not is_straight(lambda x: x)
    assert is_straight(layered())
    data = samples(20)
    assert trained(Own, data, True) == trained(Own, data, False)
