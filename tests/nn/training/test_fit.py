"""The training loop: the plain loop it stands for, what it records, and how it ends."""

import math
import random
import sys

import pytest

from engine import Op, Value
from nn import (
    LBFGS,
    MLP,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    CosineAnnealingLR,
    DataLoader,
    Dropout,
    EarlyStopping,
    Linear,
    Module,
    ReduceLROnPlateau,
    RMSprop,
    Sequential,
    StepLR,
    Tanh,
    TrainingError,
    cross_entropy,
    data,
    fit,
    l2_penalty,
    load_checkpoint,
    mse_loss,
)
from nn.metrics import accuracy_score, classes

INPUTS, TARGETS = data.moons(n=24)


def network(seed=0):
    return MLP(2, [3, 2], activation="tanh", rng=random.Random(seed))


def bits(model):
    return [p.data.hex() for p in model.parameters()]


def accuracy(targets, outputs):
    return accuracy_score(targets, classes(outputs))


class Line(Module):
    def __init__(self, slope=0.0):
        self.slope = Value(slope)

    def __call__(self, x):
        return self.slope * x


LINE = ([1.0, 2.0], [2.0, 4.0])


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


def optimized(model, **options):
    return fit(model, LINE, optimizer=SGD(model.parameters(), lr=0.1), progress=False, **options)


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


# ---- checkpoints ----

OPTIMIZERS = {
    "SGD": lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "Adagrad": Adagrad,
    "RMSprop": lambda p: RMSprop(p, momentum=0.5, centered=True),
    "Adam": lambda p: Adam(p, lr=0.01, amsgrad=True),
    "AdamW": AdamW,
    "LBFGS": lambda p: LBFGS(p, lr=0.1, max_iter=3),
    "LBFGS with a line search": lambda p: LBFGS(p, max_iter=3, line_search_fn="strong_wolfe"),
}
SCHEDULES = {
    "none": lambda optimizer: None,
    "cosine": lambda optimizer: CosineAnnealingLR(optimizer, T_max=6),
    "plateau": lambda optimizer: ReduceLROnPlateau(optimizer, patience=0, threshold=0.5),
}


def run_to(epochs, make, schedule, path=None, resume=False):
    """A run of its own over data that needs every state: dropout, shuffling, early stopping."""
    rng = random.Random(5)
    model = Sequential(
        Linear(2, 4, rng=rng), Tanh(), Dropout(0.3, rng=rng), Dropout(0.1), Linear(4, 2, rng=rng)
    )
    optimizer = make(model.parameters())
    history = fit(
        model,
        (INPUTS, TARGETS),
        optimizer=optimizer,
        loss=cross_entropy,
        epochs=epochs,
        batch_size=7,
        validation=(INPUTS[:9], TARGETS[:9]),
        schedule=schedule(optimizer),
        early_stopping=EarlyStopping(patience=99, restore_best=False),
        checkpoint=path,
        resume=resume,
        progress=False,
    )
    return model, history


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_resumed_run_has_the_bits_of_one_that_never_stopped(make, schedule, tmp_path):
    path = tmp_path / "run.json"
    random.seed(8)
    whole, whole_history = run_to(6, make, schedule)
    random.seed(8)
    run_to(2, make, schedule, path)
    random.seed(9)
    resumed, history = run_to(6, make, schedule, path, resume=True)

    assert bits(resumed) == bits(whole)
    assert history.losses == whole_history.losses
    assert history.epochs == whole_history.epochs


def test_a_checkpoint_may_be_written_every_few_epochs_and_at_the_end(tmp_path):
    path, there = tmp_path / "run.json", []

    def look(history):
        there.append(len(load_checkpoint(path)["history"]["epochs"]) if path.exists() else 0)

    optimized(Line(), epochs=5, checkpoint=path, checkpoint_every=2, callbacks=look)

    assert there == [0, 0, 2, 2, 4]
    assert len(load_checkpoint(path)["history"]["epochs"]) == 5


def test_a_checkpoint_is_never_far_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["nn.training.loop"], "SECONDS", 0.0)
    path, there = tmp_path / "run.json", []
    look = lambda history: there.append(path.exists())  # noqa: E731
    optimized(Line(), epochs=3, checkpoint=path, checkpoint_every=99, callbacks=look)

    assert there == [False, True, True]


def test_a_run_without_a_checkpoint_yet_starts_from_the_beginning(tmp_path):
    model = Line()
    history = optimized(model, epochs=2, checkpoint=tmp_path / "run.json", resume=True)

    assert history.steps == 2
    assert (tmp_path / "run.json").exists()


def test_a_run_that_was_done_is_not_done_again(tmp_path):
    path, model = tmp_path / "run.json", Line()
    optimized(model, epochs=2, checkpoint=path)
    slope = model.slope.data
    history = optimized(model, epochs=2, checkpoint=path, resume=True)

    assert (model.slope.data, history.steps) == (slope, 2)


def other_line():
    model = Line(7.0)
    model.offset = Value(1.0)
    return model


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (
            lambda path: optimized(other_line(), epochs=3, checkpoint=path, resume=True),
            "missing offset",
        ),
        (
            lambda path: optimized(Line(), epochs=3, batch_size=1, checkpoint=path, resume=True),
            "batch_size is 1 here and None there",
        ),
        (
            lambda path: optimized(
                Line(),
                epochs=3,
                early_stopping=EarlyStopping(monitor="loss"),
                checkpoint=path,
                resume=True,
            ),
            "wanted .*early_stopping",
        ),
    ],
)
def test_the_checkpoint_of_another_run_is_refused(start, message, tmp_path):
    path = tmp_path / "run.json"
    optimized(Line(), epochs=1, checkpoint=path)

    with pytest.raises(ValueError, match=f"^cannot resume from .*run.json: .*{message}"):
        start(path)


def test_a_checkpoint_that_does_not_fit_changes_nothing(tmp_path):
    path = tmp_path / "run.json"
    optimized(Line(), epochs=1, checkpoint=path)
    model = Line(7.0)
    optimizer = Adam(model.parameters(), lr=0.25)
    random.seed(3)
    expected = random.random()
    random.seed(3)

    with pytest.raises(ValueError, match="it is of SGD, not of Adam"):
        fit(model, LINE, optimizer=optimizer, epochs=2, checkpoint=path, resume=True)
    assert (model.slope.data, optimizer.lr, random.random()) == (7.0, 0.25, expected)


def test_settings_that_differ_from_those_of_the_checkpoint_are_named(tmp_path):
    path = tmp_path / "run.json"
    optimized(Line(), epochs=1, checkpoint=path, settings={"noise": 0.1, "width": 3})

    with pytest.raises(
        ValueError, match=r": noise was 0.1 and is 0.2 now; width was 3 and is None"
    ):
        optimized(Line(), epochs=2, checkpoint=path, resume=True, settings={"noise": 0.2})


def test_a_damaged_checkpoint_is_refused(tmp_path):
    path = tmp_path / "run.json"
    optimized(Line(), epochs=1, checkpoint=path)
    path.write_text(path.read_text().replace("losses", "lasses"))

    with pytest.raises(ValueError, match=r"^cannot load .*: it is not as it was written"):
        optimized(Line(), epochs=2, checkpoint=path, resume=True)


def test_resume_without_a_checkpoint_is_refused():
    with pytest.raises(ValueError, match=r"^resume=True needs the checkpoint"):
        optimized(Line(), epochs=1, resume=True)
