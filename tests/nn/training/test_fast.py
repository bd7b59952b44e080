"""Fast replay: as near to the exact one as it says, with the same errors."""

import math
import random
import re

import pytest

from engine import Value, compiled
from engine.programs.plan import NoPlanError
from nn import (
    MLP,
    SGD,
    Adam,
    AdamW,
    Dropout,
    Linear,
    Module,
    Sequential,
    TrainingError,
    binary_cross_entropy_with_logits,
    cross_entropy,
    data,
    fit,
    hinge_loss,
    l2_penalty,
    mse_loss,
)
from nn.command.main import main
from nn.training import plans

MOONS = data.moons(n=50)
SIGNS = (MOONS[0], [2 * t - 1 for t in MOONS[1]])
FLOATS = (MOONS[0], [float(t) for t in MOONS[1]])
needs_c = pytest.mark.skipif(not compiled, reason="needs the compiled build")


# ---- training ----


class Shared(Module):
    """A model that uses a parameter twice, so that its gradients are summed from several places."""

    def __init__(self):
        self.w = [Value(0.3), Value(-0.2), Value(0.1)]

    def __call__(self, x):
        hidden = (self.w[0] * x[0] + self.w[1] * x[1]).tanh()
        return self.w[0] * hidden + self.w[2]

    def parameters(self):
        return self.w


def mlp(*sizes, activation="tanh"):
    return MLP(2, sizes, activation=activation, rng=random.Random(0))


def linear(n, m, **options):
    return Linear(n, m, rng=random.Random(n), **options)


CASES = {
    "XOR": (lambda: mlp(4, 1), data.xor(), mse_loss, lambda p: SGD(p, lr=0.2)),
    "hinge": (
        lambda: mlp(5, 6, 1, activation="relu"),
        SIGNS,
        hinge_loss,
        lambda p: SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
    ),
    "Adam": (lambda: mlp(7, 2), MOONS, cross_entropy, lambda p: Adam(p, lr=0.05)),
    "three classes": (
        lambda: mlp(9, 3, activation="gelu"),
        data.blobs(n=40),
        cross_entropy,
        lambda p: AdamW(p, lr=0.05, weight_decay=0.1),
    ),
    "smoothed": (
        lambda: mlp(4, 3, activation="silu"),
        data.blobs(n=40),
        lambda x, t: cross_entropy(x, t, label_smoothing=0.1),
        lambda p: Adam(p, lr=0.05, amsgrad=True),
    ),
    "logits": (
        lambda: mlp(6, 1, activation="sigmoid"),
        FLOATS,
        binary_cross_entropy_with_logits,
        lambda p: Adam(p, lr=0.05),
    ),
    "layers": (
        lambda: Sequential(linear(2, 6), linear(6, 5, bias=False), linear(5, 2)),
        MOONS,
        cross_entropy,
        lambda p: SGD(p, lr=0.05),
    ),
    "dropout": (
        lambda: Sequential(linear(2, 6), Dropout(0.3, rng=random.Random(0)), linear(6, 2)),
        MOONS,
        cross_entropy,
        lambda p: SGD(p, lr=0.05),
    ),
    "elu": (lambda: mlp(12, 1, activation="elu"), FLOATS, mse_loss, lambda p: SGD(p, lr=0.05)),
    "shared": (Shared, FLOATS, mse_loss, lambda p: SGD(p, lr=0.05)),
}


def trained(fast, make, samples, loss, optimizer, **options):
    model = make()
    options = {"epochs": 6, "batch_size": 8, "replay": True, **options}
    moved_by = optimizer(model.parameters())
    history = fit(
        model, samples, optimizer=moved_by, loss=loss, fast=fast, progress=False, **options
    )
    return [p.data for p in model.parameters()], history


@pytest.mark.parametrize("batch_size", [2, 7, 8, 50, None])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fast_training_is_near_the_exact_one(case, batch_size):
    try:
        wanted, record = trained(False, *case, batch_size=batch_size)
    except NoPlanError as error:  # such as a batch smaller than the number of classes
        with pytest.raises(NoPlanError, match=str(error)):
            trained(True, *case, batch_size=batch_size)
        return
    found, history = trained(True, *case, batch_size=batch_size)

    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-11)
    assert history.losses == pytest.approx(record.losses, rel=1e-9, abs=1e-11)
    assert history.deviation < 1e-13
    assert record.deviation is None


def test_a_batch_of_one_sample_keeps_the_bits():
    (found, _), (wanted, _) = [
        trained(fast, *CASES["hinge"], batch_size=1) for fast in (True, False)
    ]

    assert found == wanted


def test_a_penalty_is_part_of_it():
    def outcome(fast):
        model = mlp(8, 8, 1, activation="relu")
        penalty = lambda: 0.01 * l2_penalty(model.parameters())  # noqa: E731
        optimizer = SGD(model.parameters(), lr=0.1)
        options = {"penalty": penalty, "loss": hinge_loss, "replay": True, "progress": False}
        fit(model, SIGNS, optimizer=optimizer, epochs=20, fast=fast, **options)
        return [p.data for p in model.parameters()]

    assert outcome(True) == pytest.approx(outcome(False), rel=1e-9, abs=1e-11)


@needs_c
def test_it_computes_other_bits():
    found, wanted = [trained(fast, *CASES["Adam"], batch_size=None)[0] for fast in (True, False)]

    assert found != wanted


@pytest.mark.skipif(compiled, reason="of the pure build")
def test_a_pure_build_stays_exact():
    found, history = trained(True, *CASES["Adam"])

    assert found == trained(False, *CASES["Adam"])[0]
    assert history.deviation == 0.0


# ---- errors ----


def test_a_loss_that_is_not_finite_is_reported_as_ever():
    messages, weights = [], []
    for fast in (True, False):
        model = MLP(1, [1], activation="linear", rng=random.Random(0))
        samples = ([[float(i)] for i in range(8)], [1e3] * 8)
        optimizer = SGD(model.parameters(), lr=1e3)
        with pytest.raises(TrainingError) as caught:
            fit(
                model,
                samples,
                optimizer=optimizer,
                steps=500,
                replay=True,
                fast=fast,
                progress=False,
            )
        messages.append(re.sub(r"\(.*?\)", "(number)", str(caught.value)))
        weights.append([p.data for p in model.parameters()])

    assert messages[0] == messages[1]
    assert weights[0] == pytest.approx(weights[1], rel=1e-9)


class Logarithm(Module):
    """A model that leaves the logarithm's domain when its weight falls below 0."""

    def __init__(self):
        self.w = Value(1.0)

    def __call__(self, x):
        return (self.w * x[0]).log()

    def parameters(self):
        return [self.w]


def test_an_error_of_the_domain_is_reported_as_in_exact_mode():
    messages = []
    for fast in (True, False):
        model = Logarithm()
        samples = ([[1.0 + i] for i in range(8)], [-9.0] * 8)
        optimizer = SGD(model.parameters(), lr=0.02)
        with pytest.raises(ArithmeticError, match="math domain error") as caught:
            fit(
                model,
                samples,
                optimizer=optimizer,
                steps=500,
                replay=True,
                fast=fast,
                progress=False,
            )
        messages.append(str(caught.value)[:12])

    assert messages[0] == messages[1]


def test_fast_is_for_replayed_steps():
    with pytest.raises(ValueError, match="fast is for replayed steps: it takes replay=True"):
        trained(True, *CASES["XOR"], replay=False)


def test_where_there_is_no_plan_auto_trains_on_graphs():
    make, samples, loss, optimizer = CASES["XOR"]

    def chosen(outputs, targets):
        return float(outputs[0]) * loss(outputs, targets)

    _, history = trained(True, make, samples, chosen, optimizer, batch_size=None, replay="auto")

    assert history.deviation is None


@needs_c
def test_gradients_that_differ_too_much_are_refused(monkeypatch):
    monkeypatch.setattr(plans, "TOLERANCE", 1e-30)

    with pytest.raises(NoPlanError, match=r"fast gradients differ by .* of the largest, more than"):
        trained(True, *CASES["Adam"], batch_size=None)


@needs_c
def test_the_samples_that_are_compared_are_enough_to_be_fast():
    samples = data.moons(n=200)
    _, history = trained(True, CASES["Adam"][0], samples, *CASES["Adam"][2:], batch_size=None)

    assert 0 < history.deviation < 1e-13


@pytest.mark.parametrize(
    ("found", "wanted", "apart"),
    [
        ((1.0, [2.0, 1.0]), (1.0, [2.0, 1.5]), 0.25),
        ((3.0, [2.0]), (2.0, [2.0]), 0.5),
        ((1.0, [math.inf, math.nan]), (1.0, [math.inf, math.nan]), 0.0),
        ((1.0, [0.0]), (1.0, [0.0]), 0.0),
        ((1.0, [1e-9]), (1.0, [0.0]), math.inf),
        ((1.0, []), (1.0, []), 0.0),
    ],
)
def test_deviation_is_a_share_of_the_largest(found, wanted, apart):
    assert plans.deviation(found, wanted) == apart


def test_a_checkpoint_remembers_it(tmp_path):
    file = tmp_path / "checkpoint.json"
    trained(True, *CASES["Adam"], epochs=2, checkpoint=file)

    with pytest.raises(ValueError, match="fast was True and is None now"):
        trained(False, *CASES["Adam"], epochs=4, checkpoint=file, resume=True)


def test_a_resumed_run_goes_on_as_if_it_had_not_stopped(tmp_path):
    file = tmp_path / "checkpoint.json"
    trained(True, *CASES["Adam"], epochs=3, checkpoint=file)
    found, _ = trained(True, *CASES["Adam"], epochs=6, checkpoint=file, resume=True)

    assert found == trained(True, *CASES["Adam"], epochs=6)[0]


def test_the_command_says_how_far_it_is_off(tmp_path, capsys):
    main(["train", "xor", "--fast", "--epochs", "300", "--output", str(tmp_path)])

    assert "fast: gradients differ by " in capsys.readouterr().out


def test_the_command_refuses_it_without_replay(tmp_path, capsys):
    code = main(["train", "xor", "--fast", "--no-replay", "--output", str(tmp_path)])

    assert code == 2
    assert "fast is for replayed steps" in capsys.readouterr().err
