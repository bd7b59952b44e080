"""Checkpoints: a run that is resumed has the bits of one that never stopped."""

import random
import sys

import pytest

from engine import Value
from nn import (
    LBFGS,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    CosineAnnealingLR,
    Dropout,
    EarlyStopping,
    Linear,
    ReduceLROnPlateau,
    RMSprop,
    Sequential,
    Tanh,
    cross_entropy,
    fit,
    load_checkpoint,
)
from tests.nn.training.runs import INPUTS, LINE, TARGETS, Line, bits, optimized

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
    assert len(load_checkpoint(path)["history"]["epochs"]) == 2  # without it the run starts anew
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
