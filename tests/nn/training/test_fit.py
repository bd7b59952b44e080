"""The training loop: the plain loop it stands for, what it records, and what it refuses."""

import random

import pytest

from engine import Value
from nn import (
    LBFGS,
    SGD,
    Adam,
    DataLoader,
    Dropout,
    EarlyStopping,
    Linear,
    Module,
    ReduceLROnPlateau,
    Sequential,
    StepLR,
    Tanh,
    cross_entropy,
    fit,
    l2_penalty,
)
from nn.metrics import accuracy_score
from tests.nn.training.runs import INPUTS, LINE, TARGETS, Line, accuracy, bits, network, optimized


@pytest.mark.parametrize("batch_size", [None, 5, 1])
def test_fit_does_what_the_plain_loop_does_to_the_last_bit(batch_size):
    plain, fitted = network(), network()
    optimizer = Adam(plain.parameters(), lr=0.05)
    losses = []
    loader = DataLoader(INPUTS, TARGETS, batch_size, shuffle=True, seed=4)
    for _ in range(3):
        for inputs, targets in loader:
            loss = cross_entropy([plain(x) for x in inputs], targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.data)
    history = fit(
        fitted,
        (INPUTS, TARGETS),
        optimizer=Adam(fitted.parameters(), lr=0.05),
        loss=cross_entropy,
        epochs=3,
        batch_size=batch_size,
        seed=4,
        progress=False,
    )

    assert bits(fitted) == bits(plain)
    assert history.losses == losses


def test_penalty_and_clipping_are_those_of_the_plain_loop():
    model = Line(1.0)
    fit(
        model,
        LINE,
        optimizer=SGD(model.parameters(), lr=0.1),
        steps=1,
        penalty=lambda: 0.5 * l2_penalty([model.slope]),
        max_norm=0.5,
        progress=False,
    )

    # The slope of the loss, -5 + 1, is cut to 0.5.
    assert model.slope.data == pytest.approx(1.0 + 0.1 * 0.5, rel=1e-6)


def test_the_record_has_figures_of_every_epoch():
    model = network()
    history = fit(
        model,
        (INPUTS[:16], TARGETS[:16]),
        optimizer=SGD(model.parameters(), lr=0.1),
        loss=cross_entropy,
        epochs=2,
        batch_size=8,
        validation=(INPUTS[16:], TARGETS[16:]),
        metrics={"accuracy": accuracy},
        schedule=None,
        progress=False,
    )
    outputs = [model(x) for x in INPUTS[16:]]

    assert [set(e) for e in history.epochs] == [{"loss", "lr", "val_loss", "val_accuracy"}] * 2
    assert history["loss"][0] == (history.losses[0] + history.losses[1]) / 2
    assert history["val_loss"][-1] == cross_entropy(outputs, TARGETS[16:]).data
    assert history["val_accuracy"][-1] == accuracy(TARGETS[16:], outputs)
    assert (history.steps, history.stopped) == (4, "all epochs done")


def test_metrics_without_held_out_data_are_those_of_the_training_data():
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    history = fit(
        model,
        (INPUTS, TARGETS),
        optimizer=optimizer,
        loss=cross_entropy,
        epochs=1,
        metrics={"accuracy": accuracy_score},
        progress=False,
    )

    assert history["accuracy"] == [accuracy(TARGETS, [model(x) for x in INPUTS])]


def test_steps_may_end_within_an_epoch():
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    history = fit(
        model,
        (INPUTS, TARGETS),
        optimizer=optimizer,
        loss=cross_entropy,
        steps=5,
        batch_size=6,
        progress=False,
    )

    assert (history.steps, len(history.epochs), history.stopped) == (5, 2, "all steps done")


@pytest.mark.parametrize(("each", "rates"), [("epoch", [1.0, 0.5]), ("step", [0.25, 0.0625])])
def test_a_schedule_steps_each_epoch_or_each_step(each, rates):
    model = Line()
    optimizer = SGD(model.parameters(), lr=1.0)
    history = fit(
        model,
        LINE,
        optimizer=optimizer,
        epochs=2,
        batch_size=1,
        schedule=StepLR(optimizer, step_size=1, gamma=0.5),
        schedule_each=each,
        max_norm=0.01,
        progress=False,
    )

    assert history["lr"] == rates


def test_a_schedule_that_waits_for_a_figure_gets_the_validation_loss():
    model = Line()
    optimizer = SGD(model.parameters(), lr=1e-3)
    history = fit(
        model,
        LINE,
        optimizer=optimizer,
        epochs=4,
        validation=([1.0], [0.0]),
        schedule=ReduceLROnPlateau(optimizer, patience=0),
        progress=False,
    )

    assert history["lr"][-1] < 1e-3


def test_a_schedule_that_waits_for_a_metric_cannot_step_each_step():
    model = Line()
    optimizer = SGD(model.parameters(), lr=0.1)

    with pytest.raises(ValueError, match=r"waits for a metric takes schedule_each='epoch'$"):
        fit(
            model,
            LINE,
            optimizer=optimizer,
            epochs=1,
            schedule=ReduceLROnPlateau(optimizer),
            schedule_each="step",
        )


def test_dropout_is_on_while_training_and_off_while_judging():
    modes = []

    class Spy(Module):
        def __call__(self, x):
            modes.append(self.training)
            return x

    model = Sequential(Linear(2, 3, rng=random.Random(0)), Tanh(), Dropout(0.5), Spy())
    fit(
        model,
        ([[0.0, 1.0]], [1]),
        optimizer=SGD(model.parameters(), lr=0.1),
        loss=cross_entropy,
        epochs=1,
        validation=([[0.0, 1.0]], [1]),
        progress=False,
    )

    assert modes == [True, False]
    assert not model.training


def test_the_bar_shows_loss_and_figures(capsys):
    model = Line()
    fit(model, LINE, optimizer=SGD(model.parameters(), lr=0.1), steps=20)

    assert "loss=" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: fit(m, LINE, optimizer=Adam, epochs=1), TypeError, "^optimizer is one that was"),
        (lambda m: optimized(m, epochs=1, loss="mse"), TypeError, "^loss is a function .* got str"),
        (
            lambda m: optimized(m, epochs=1, penalty=0.1),
            TypeError,
            "^penalty is a function, such as",
        ),
        (
            lambda m: optimized(m, epochs=1, metrics=["x"]),
            TypeError,
            "^metrics are a dict of names",
        ),
        (
            lambda m: optimized(m, epochs=1, max_norm=0),
            ValueError,
            "^max_norm is a positive number",
        ),
        (
            lambda m: optimized(m, epochs=1, schedule="cosine"),
            TypeError,
            "^schedule is one that was",
        ),
        (lambda m: optimized(m, epochs=1, schedule=StepLR), TypeError, "^schedule is one that was"),
        (
            lambda m: optimized(m, epochs=1, schedule=StepLR(SGD(m.parameters()), 1)),
            ValueError,
            "^the schedule is that of another optimiser$",
        ),
        (
            lambda m: optimized(m, epochs=1, early_stopping=5),
            TypeError,
            "^early_stopping is an Early",
        ),
        (
            lambda m: optimized(m, epochs=1, early_stopping=EarlyStopping()),
            ValueError,
            "^early stopping monitors 'val_loss', .* needs validation data$",
        ),
        (
            lambda m: optimized(m, epochs=1, validation=([1.0], [])),
            ValueError,
            "^validation: a target for each input is needed, got 0 for 1$",
        ),
        (
            lambda m: optimized(m, epochs=1, loss=cross_entropy),
            ValueError,
            "^the model gives one number, and this loss takes one for each class",
        ),
        (
            lambda m: fit(
                m, DataLoader(*LINE), optimizer=SGD(m.parameters()), epochs=1, batch_size=2
            ),
            ValueError,
            "^a DataLoader has its own batch_size, got batch_size=2 too$",
        ),
        (
            lambda m: optimized(m),
            ValueError,
            "^fit takes either epochs or steps, got None and None$",
        ),
        (
            lambda m: optimized(m, epochs=1, steps=1),
            ValueError,
            "either epochs or steps, got 1 and 1",
        ),
        (
            lambda m: optimized(m, epochs=0),
            ValueError,
            "^epochs is a whole number of at least 1, got 0$",
        ),
        (
            lambda m: optimized(m, steps=1.5),
            TypeError,
            "^steps is a whole number, got float 1.5",
        ),
        (lambda m: optimized(m, epochs=1, schedule_each="week"), ValueError, "'step', got 'week'"),
        (lambda m: optimized(m, epochs=1, loss=lambda p, t: 1.0), TypeError, "is no Value but 1.0"),
        (
            lambda m: optimized(m, epochs=1, validation=5),
            TypeError,
            r"^data is \(inputs, targets\)",
        ),
        (
            lambda m: fit(print, LINE, optimizer=SGD(m.parameters()), epochs=1),
            TypeError,
            "^fit trains a Module, got builtin",
        ),
        (
            lambda m: fit(m, LINE, optimizer=SGD([Value(1.0)]), epochs=1),
            ValueError,
            "has parameters that are not the model's",
        ),
        (
            lambda m: fit(m, ([], []), optimizer=SGD(m.parameters()), epochs=1),
            ValueError,
            "no samples",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(Line())


def test_a_figure_that_is_not_there_is_refused_with_those_that_are():
    history = optimized(Line(), epochs=1)

    with pytest.raises(KeyError, match="no figure 'acc'; there are loss, lr"):
        history["acc"]


# ---- LBFGS, which evaluates the loss itself ----


def test_fit_gives_lbfgs_the_loss_to_evaluate():
    plain, fitted = network(), network()
    by_hand = LBFGS(plain.parameters(), max_iter=4, line_search_fn="strong_wolfe")

    def closure():
        by_hand.zero_grad()
        loss = cross_entropy([plain(x) for x in INPUTS], TARGETS)
        loss.backward()
        return loss

    losses = [by_hand.step(closure).data for _ in range(3)]
    optimizer = LBFGS(fitted.parameters(), max_iter=4, line_search_fn="strong_wolfe")
    history = fit(
        fitted,
        (INPUTS, TARGETS),
        optimizer=optimizer,
        loss=cross_entropy,
        epochs=3,
        shuffle=False,
        progress=False,
    )

    assert history.losses == losses
    assert bits(fitted) == bits(plain)
