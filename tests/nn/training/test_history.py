"""The record of a training as a mapping and as a table."""

import copy
import pickle
import sys
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import MLP, SGD, History, fit

figures = st.lists(
    st.dictionaries(st.text(max_size=4), st.floats(allow_nan=False), max_size=4), max_size=5
)


def record(epochs):
    history = History()
    history.epochs += epochs
    return history


def test_a_history_is_a_mapping_of_what_fit_found():
    model = MLP(2, [1])
    history = fit(
        model,
        ([[0.0, 1.0]] * 3, [1.0] * 3),
        optimizer=SGD(model.parameters(), 0.1),
        epochs=2,
    )

    assert isinstance(history, Mapping)
    assert list(history.keys()) == ["loss", "lr"]
    assert dict(history) == {"loss": history["loss"], "lr": [0.1, 0.1]}
    assert {**history} == dict(history.items())


@given(figures)
def test_a_history_is_the_mapping_of_the_figures_that_every_epoch_has(epochs):
    history = record(epochs)
    shared = set.intersection(*map(set, epochs)) if epochs else set()

    assert set(history) == set(history.keys()) == shared
    assert len(history) == len(shared)
    assert dict(history) == {name: [e[name] for e in epochs] for name in shared}
    assert all((name in history) == (name in shared) for e in epochs for name in e)
    assert "no such figure" not in history


def test_a_history_without_epochs_is_true_and_equal_to_itself_only():
    history = History()

    assert history
    assert list(history) == []
    assert history == history
    assert history != History()
    assert len({history, History()}) == 2


def test_a_figure_that_is_not_there_is_a_key_error_with_those_that_are():
    with pytest.raises(KeyError, match=r"no figure 'val_loss'; there are loss, lr"):
        record([{"loss": 1.0, "lr": 0.1}])["val_loss"]


@given(figures)
def test_a_history_as_a_table_has_a_row_for_each_epoch(epochs):
    pandas = pytest.importorskip("pandas")
    table = record(epochs).to_pandas()

    assert list(table.index) == list(range(1, len(epochs) + 1))
    assert table.index.name == "epoch"
    assert set(table.columns) == {name for e in epochs for name in e}
    for number, figures_of_it in zip(table.index, epochs):
        row = table.loc[number]
        assert {k: row[k] for k in row.index if not pandas.isna(row[k])} == figures_of_it


def test_without_pandas_an_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(ModuleNotFoundError, match=r"^to_pandas needs pandas: pip install pandas$"):
        History().to_pandas()


def test_epochs_that_wait_are_there_when_they_are_asked_for():
    history = History()
    history.add({"loss": 3.0, "lr": 0.1})
    history.add_many({"loss": [2.0, 1.0], "lr": [0.1, 0.2]})
    counted, latest = history.epoch_count, history.latest

    assert (counted, latest) == (3, {"loss": 1.0, "lr": 0.2})
    assert history.epochs == [
        {"loss": 3.0, "lr": 0.1},
        {"loss": 2.0, "lr": 0.1},
        {"loss": 1.0, "lr": 0.2},
    ]
    assert (history.epoch_count, history.latest) == (3, {"loss": 1.0, "lr": 0.2})


def test_epochs_that_wait_are_copied_with_the_record():
    history = History()
    history.add_many({"loss": [2.0, 1.0], "lr": [0.1, 0.2]})

    assert pickle.loads(pickle.dumps(history)).epochs == history.epochs
    assert copy.deepcopy(history).epochs == history.epochs
