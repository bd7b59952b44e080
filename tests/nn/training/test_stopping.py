"""How a run ends: early, by a callback, by Ctrl-C, or at a loss that runs away."""

import math

import pytest

from engine import Op, Value
from nn import (
    LBFGS,
    SGD,
    EarlyStopping,
    TrainingError,
    fit,
    mse_loss,
)
from tests.nn.training.runs import LINE, Line, optimized


def test_early_stopping_puts_the_best_weights_back():
    model = Line()
    # It learns the slope 2; the held-out data wants 1.
    history = fit(
        model,
        LINE,
        optimizer=SGD(model.parameters(), lr=0.02),
        epochs=500,
        validation=([1.0], [1.0]),
        early_stopping=EarlyStopping(patience=3),
        progress=False,
    )
    best = min(history["val_loss"])

    assert history.stopped == "early stopping"
    assert len(history.epochs) == history["val_loss"].index(best) + 1 + 3
    assert (model.slope.data - 1.0) ** 2 == best


def test_early_stopping_can_leave_the_last_weights():
    model = Line()
    history = fit(
        model,
        LINE,
        optimizer=SGD(model.parameters(), lr=0.02),
        epochs=500,
        validation=([1.0], [1.0]),
        early_stopping=EarlyStopping(patience=3, restore_best=False),
        progress=False,
    )

    assert (model.slope.data - 1.0) ** 2 == history["val_loss"][-1]


def test_early_stopping_starts_afresh_with_each_run():
    stopping = EarlyStopping(monitor="loss", patience=2)
    first, second = Line(), Line(5.0)
    optimized(first, epochs=3, early_stopping=stopping)
    optimized(second, epochs=3, early_stopping=stopping)
    alone = Line(5.0)
    optimized(alone, epochs=3, early_stopping=EarlyStopping(monitor="loss", patience=2))

    assert second.slope.data == alone.slope.data != first.slope.data


def test_a_callback_may_be_given_alone():
    seen = []
    optimized(Line(), epochs=2, callbacks=lambda history: seen.append(history.steps))

    assert seen == [1, 2]


def test_best_weights_of_another_model_are_not_put_back():
    stopping = EarlyStopping(monitor="loss")
    stopping.update({"loss": 1.0}, [Value(1.0)])

    with pytest.raises(ValueError, match=r"^the best weights are 1, got 2 parameters$"):
        stopping.restore([Value(1.0), Value(2.0)])


def test_early_stopping_in_mode_max_waits_for_the_largest():
    stopping = EarlyStopping(monitor="score", patience=2, mode="max", min_delta=0.1)
    scores = [0.1, 0.5, 0.55, 0.58, 0.9]

    assert [stopping.update({"score": x}, []) for x in scores[:4]] == [False, False, False, True]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: EarlyStopping(patience=0), ValueError, "at least 1, got 0"),
        (lambda: EarlyStopping(min_delta=-1.0), ValueError, r"at least 0, got -1\.0"),
        (lambda: EarlyStopping(mode="best"), ValueError, "'min' or 'max', got 'best'"),
        (lambda: EarlyStopping().update({"loss": 1.0}, []), KeyError, "but there are loss"),
    ],
)
def test_impossible_early_stopping_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_callback_that_returns_true_ends_the_run():
    model, seen = Line(), []

    def callback(history):
        seen.append(history["loss"][-1])
        return len(seen) == 3

    history = fit(
        model,
        LINE,
        optimizer=SGD(model.parameters(), lr=0.01),
        epochs=9,
        callbacks=[callback],
        progress=False,
    )

    assert (history["loss"], history.stopped) == (seen, "a callback")


def test_a_loss_that_runs_away_ends_with_the_step_and_the_last_finite_weights():
    model = Line(1.0)
    finite = []

    def loss(predictions, targets):
        value = mse_loss(predictions, targets)
        if math.isfinite(value.data):
            finite.append(model.slope.data)
        return value

    with pytest.raises(
        TrainingError, match=r"^step \d+: .*: try a smaller learning rate$"
    ) as caught:
        fit(
            model,
            LINE,
            optimizer=SGD(model.parameters(), lr=1e80),
            loss=loss,
            steps=99,
            progress=False,
        )

    assert f"step {len(finite) + 1}:" in str(caught.value)
    assert model.slope.data == finite[-1]


def test_an_error_of_the_first_step_leaves_the_weights():
    model = Line(1.0)

    with pytest.raises(TrainingError, match=r"^step 1: the loss is nan$"):
        fit(
            model,
            LINE,
            optimizer=SGD(model.parameters(), lr=0.1),
            loss=lambda p, t: mse_loss(p, t) * math.nan,
            steps=1,
            progress=False,
        )
    assert model.slope.data == 1.0


def test_ctrl_c_keeps_what_was_learned():
    model, before = Line(), []

    def interrupted(z, x):
        before.append(model.slope.data)
        if len(before) == 4:
            raise KeyboardInterrupt
        return 1.0

    same = Op("same", "same", lambda x: x, interrupted)
    history = fit(
        model,
        LINE,
        optimizer=SGD(model.parameters(), lr=0.01),
        loss=lambda p, t: same(mse_loss(p, t)),
        epochs=99,
        progress=False,
    )

    assert (history.stopped, history.steps) == ("interrupted", 3)
    assert model.slope.data == before[-1] != 0.0


# ---- LBFGS, which evaluates the loss itself ----


def test_lbfgs_that_runs_away_leaves_the_weights_before_its_step():
    model = Line(1.0)
    steep = Op("steep", "steep", lambda x: math.exp(x * x), lambda z, x: 2 * x * z)
    optimizer = LBFGS(model.parameters(), lr=100.0)

    with pytest.raises(TrainingError, match=r"^step 1: .*steep"):
        fit(
            model,
            ([1.0], [0.0]),
            optimizer=optimizer,
            loss=lambda outputs, _: steep(outputs[0]) - 3 * outputs[0],
            epochs=1,
            progress=False,
        )
    assert model.slope.data == 1.0
