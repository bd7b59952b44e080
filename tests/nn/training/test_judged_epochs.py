"""Epochs that are judged: what replay finds out after each of them is what graphs find out."""

import random

import pytest

from engine import compiled
from nn import (
    MLP,
    SGD,
    Adam,
    Dropout,
    EarlyStopping,
    Layer,
    LayerNorm,
    Sequential,
    binary_cross_entropy_with_logits,
    cross_entropy,
    data,
    fit,
    hinge_loss,
    huber_loss,
    mse_loss,
)
from nn.metrics import accuracy_score, classes, r2_score
from nn.schedules import ExponentialLR, ReduceLROnPlateau
from nn.training import judged
from nn.training.history import History

TRAINING, HELD_OUT = data.moons(n=30, seed=1), data.moons(n=22, seed=2)
SIGNS = [(x, [2.0 * t - 1.0 for t in ts]) for x, ts in (TRAINING, HELD_OUT)]
ASKED: list[int] = []


def network(outputs=1, seed=0):
    return MLP(2, [4, outputs], activation="tanh", rng=random.Random(seed))


def counted(targets, outputs):
    """A metric that does more than to read its arguments."""
    ASKED.append(len(outputs))
    return float(len(ASKED))


def share_of_large(targets, outputs):
    return sum([abs(t - y) < 0.5 for t, y in zip(targets, outputs)]) / len(targets)


def raising(targets, outputs):
    if outputs[0] > 0.02:
        raise LookupError("so large")
    return outputs[0]


CASES = {
    "mse": (1, mse_loss, {"r2": r2_score}),
    "of one's own": (1, mse_loss, {"share": share_of_large}),
    "logits": (
        1,
        binary_cross_entropy_with_logits,
        {"a": lambda t, y: accuracy_score(t, classes(y))},
    ),
    "classes": (2, cross_entropy, {"accuracy": accuracy_score, "first": lambda t, y: y[0][0]}),
    "no metric": (2, cross_entropy, {}),
    "huber": (1, huber_loss, {"r2": r2_score}),
}


def trained(outputs, loss, replay, *, model=None, make=SGD, epochs=60, data=TRAINING, **options):
    model = model() if model else network(outputs)
    optimizer = make(model.parameters(), lr=0.1)
    for name in ("schedule", "early_stopping"):
        if name in options:
            options[name] = options[name](optimizer)
    history = fit(
        model,
        data,
        optimizer=optimizer,
        loss=loss,
        epochs=epochs,
        replay=replay,
        progress=False,
        **options,
    )
    return history, model


def left(run):
    history, model = run
    return (
        [p.data.hex() for p in model.parameters()],
        repr(history.losses),
        repr(history.epochs),
        history.stopped,
    )


@pytest.mark.parametrize("held_out", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_figures_of_replay_are_those_of_graphs(case, held_out):
    outputs, loss, metrics = CASES[case]
    options = {"metrics": metrics, "validation": HELD_OUT if held_out else None}

    assert left(trained(outputs, loss, True, **options)) == left(
        trained(outputs, loss, False, **options)
    )


@pytest.mark.parametrize("make", [SGD, Adam])
def test_figures_are_the_same_with_dropout_and_norms(make):
    def model():
        rng = random.Random(5)
        parts = [Layer(2, 5, rng=rng), LayerNorm(5), Dropout(0.3, rng=rng), Layer(5, 1, rng=rng)]
        return Sequential(*parts)

    options = {
        "model": model, "make": make, "data": SIGNS[0], "validation": SIGNS[1],
        "metrics": {"r2": r2_score}, "schedule": lambda optimizer: ExponentialLR(optimizer, 0.98),
    }  # fmt: skip

    assert left(trained(1, hinge_loss, True, **options)) == left(
        trained(1, hinge_loss, False, **options)
    )


@pytest.mark.parametrize("monitor", ["loss", "val_loss", "val_r2"])
@pytest.mark.parametrize("patience", [1, 3, 200])
def test_early_stopping_ends_at_the_same_epoch(monitor, patience):
    def stopping(_optimizer):
        mode = "max" if monitor == "val_r2" else "min"
        return EarlyStopping(monitor=monitor, patience=patience, mode=mode, min_delta=1e-3)

    options = {
        "validation": HELD_OUT, "metrics": {"r2": r2_score}, "early_stopping": stopping,
        "make": Adam, "epochs": 150,
    }  # fmt: skip

    assert left(trained(1, mse_loss, True, **options)) == left(
        trained(1, mse_loss, False, **options)
    )


@pytest.mark.parametrize("validation", [HELD_OUT, None])
@pytest.mark.parametrize("patience", [0, 2, 5])
def test_a_plateau_lowers_the_rate_at_the_same_epoch(validation, patience):
    def plateau(optimizer):
        return ReduceLROnPlateau(optimizer, patience=patience, threshold=0.01, factor=0.5)

    options = {"validation": validation, "schedule": plateau, "epochs": 120}

    assert left(trained(1, mse_loss, True, **options)) == left(
        trained(1, mse_loss, False, **options)
    )


def test_a_metric_that_counts_its_calls_is_asked_once_an_epoch():
    counts = []
    for replay in (True, False):
        ASKED.clear()
        history, _ = trained(1, mse_loss, replay, metrics={"n": counted}, validation=HELD_OUT)
        counts.append(history["val_n"])

    assert counts == [[float(i) for i in range(1, 61)]] * 2


def test_a_metric_that_raises_ends_the_training_at_its_epoch():
    records = []
    for replay in (True, False):
        model, epochs = network(seed=4), []
        with pytest.raises(LookupError, match="so large"):
            fit(
                model, TRAINING, optimizer=SGD(model.parameters(), lr=0.1), epochs=400,
                metrics={"y": raising}, replay=replay, progress=False,
            )  # fmt: skip
        records.append(([p.data.hex() for p in model.parameters()], epochs))

    assert records[0] == records[1]


def test_a_held_out_loss_that_overflows_is_in_the_record():
    far = ([[1e200, -1e200]], [1e200])
    runs = []
    for replay in (True, False):
        model = Sequential(Layer(2, 1, activation="linear", rng=random.Random(0)))
        runs.append(trained(1, mse_loss, replay, model=lambda model=model: model, validation=far))

    assert left(runs[0]) == left(runs[1])
    assert runs[0][0]["val_loss"][-1] == float("inf")


@pytest.mark.skipif(not compiled, reason="a pure build has no machine that does epochs alone")
def test_many_judged_epochs_are_done_at_once(monkeypatch):
    stretches = []
    do = judged.JudgedStretch.do
    monkeypatch.setattr(
        judged.JudgedStretch,
        "do",
        lambda self, *given: (do(self, *given), stretches.append(self.done)),
    )
    trained(1, mse_loss, True, epochs=3000, validation=HELD_OUT, metrics={"r2": r2_score})

    assert sum(stretches) > 2000
    assert max(stretches) > 10


@pytest.mark.skipif(not compiled, reason="a pure build has no machine that does epochs alone")
def test_an_interruption_between_judged_epochs_keeps_whole_epochs(monkeypatch):
    calls = []

    def interrupted(self, *given):
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return figures(self, *given)

    figures = judged.JudgedStretch.figures
    monkeypatch.setattr(judged.JudgedStretch, "figures", interrupted)
    options = {"validation": HELD_OUT, "make": Adam}
    history, model = trained(1, mse_loss, True, epochs=3000, **options)
    again, twin = trained(1, mse_loss, False, epochs=history.steps, **options)

    assert history.stopped == "interrupted"
    assert len(history.epochs) == history.steps > 0
    assert [p.data for p in model.parameters()] == [p.data for p in twin.parameters()]
    assert history.epochs == again.epochs


def test_columns_with_several_figures_become_dicts():
    history = History()
    history.add_many({"loss": [2.0, 1.0], "lr": [0.1, 0.1], "val_loss": [3.0, 2.5]})

    assert history.latest == {"loss": 1.0, "lr": 0.1, "val_loss": 2.5}
    assert history["val_loss"] == [3.0, 2.5]


def test_a_loss_of_ones_own_is_judged_with_its_bits():
    def loss(outputs, targets):
        errors = [(y - t) * (y - t) for y, t in zip(outputs, targets)]
        total = errors[0] * errors[0]
        for error in errors[1:]:
            total = total + error * error
        return total / len(targets)

    assert left(trained(1, loss, True, validation=HELD_OUT)) == left(
        trained(1, loss, False, validation=HELD_OUT)
    )
