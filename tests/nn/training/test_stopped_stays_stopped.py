"""Early stopping and checkpoints: a run that was stopped stays stopped, also when it is resumed."""

import json
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn import (
    MLP,
    SGD,
    Adam,
    CosineAnnealingLR,
    EarlyStopping,
    cross_entropy,
    fit,
    load_checkpoint,
)
from nn.saving.checkpoints import save_checkpoint
from tests.nn.training.runs import INPUTS, TARGETS, bits


def run(path, patience, *, lr=0.5, seed=0, kind=Adam, resume=True, **options):
    """A run over two dozen points that early stopping ends soon."""
    model = MLP(2, [3, 2], activation="tanh", rng=random.Random(seed))
    optimizer = kind(model.parameters(), lr=lr)
    given = {
        "schedule": CosineAnnealingLR(optimizer, T_max=30),
        "early_stopping": EarlyStopping(patience=patience),
        **options,
    }
    history = fit(
        model,
        (INPUTS[8:], TARGETS[8:]),
        optimizer=optimizer,
        loss=cross_entropy,
        epochs=30,
        batch_size=5,
        seed=seed,
        validation=(INPUTS[:8], TARGETS[:8]),
        checkpoint=path,
        resume=resume,
        progress=False,
        **given,
    )
    return history, bits(model)


RUNS = {
    "lr": st.sampled_from([0.1, 0.5, 2.0]),
    "seed": st.integers(0, 99),
    "kind": st.sampled_from([SGD, Adam]),
    "replay": st.sampled_from([False, "auto"]),
}


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 3), st.fixed_dictionaries(RUNS))
def test_a_stopped_run_that_is_resumed_does_no_step(patience, chosen):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.json"
        first, weights = run(path, patience, **chosen)
        content = path.read_bytes()
        for _ in range(2):
            again, same = run(path, patience, **chosen)

            assert (same, again.losses, again.epochs) == (weights, first.losses, first.epochs)
            assert again.stopped == first.stopped
            assert path.read_bytes() == content


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 2), st.integers(1, 4), st.fixed_dictionaries(RUNS))
def test_more_patience_goes_on_as_if_it_had_been_there_from_the_start(patience, more, chosen):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.json"
        run(path, patience, **chosen)
        longer, weights = run(path, patience + more, **chosen)
        whole, same = run(Path(folder) / "whole.json", patience + more, **chosen)

        assert (weights, longer.losses, longer.epochs) == (same, whole.losses, whole.epochs)
        assert longer.stopped == whole.stopped


def test_the_checkpoint_says_that_early_stopping_ended_the_run(tmp_path):
    history, _ = run(tmp_path / "run.json", 1)

    assert history.stopped == "early stopping"
    assert load_checkpoint(tmp_path / "run.json")["history"]["stopped"] == "early stopping"


def test_the_checkpoint_of_another_run_says_nothing_of_its_end(tmp_path):
    run(tmp_path / "run.json", 100)

    assert list(load_checkpoint(tmp_path / "run.json")["history"]) == ["losses", "epochs"]


def test_a_checkpoint_of_a_former_version_stays_stopped_too(tmp_path):
    path = tmp_path / "run.json"
    history, weights = run(path, 1)
    states = load_checkpoint(path)
    del states["history"]["stopped"]
    save_checkpoint(path, json.loads(json.dumps(states)))

    again, same = run(path, 1)

    assert (again.losses, same) == (history.losses, weights)


def test_less_patience_stops_where_the_run_is(tmp_path):
    path = tmp_path / "run.json"
    first, _ = run(path, 3)
    again, _ = run(path, 1)

    assert (again.stopped, again.losses) == ("early stopping", first.losses)


def test_a_run_that_a_callback_ended_goes_on(tmp_path):
    path = tmp_path / "run.json"
    options = {"early_stopping": None, "callbacks": [lambda history: len(history.epochs) == 2]}
    first, _ = run(path, 1, **options)
    again, _ = run(path, 1, **options)

    assert (len(first.epochs), first.stopped) == (2, "a callback")
    assert (len(again.epochs), again.stopped) == (30, "all epochs done")


@pytest.mark.parametrize("waited", [0, 1, 2, 5])
def test_early_stopping_is_over_once_it_has_waited_for_its_patience(waited):
    stopping = EarlyStopping(patience=2)
    stopping.load_state_dict({"best": 1.0, "best_weights": [], "waited": waited})

    assert stopping.over == (waited >= 2)
