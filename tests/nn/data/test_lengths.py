"""Batches of sequences: samples of one length meet in each."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data.loader import DataLoader, lengths_in, lengths_of

LENGTHS = st.lists(st.integers(1, 5), min_size=1, max_size=30)
SIZES = st.one_of(st.none(), st.integers(1, 9))


def sequences(lengths, features=None):
    if features is None:
        return [[float(i)] * n for i, n in enumerate(lengths)]
    return [[[float(i)] * features for _ in range(n)] for i, n in enumerate(lengths)]


@given(LENGTHS, SIZES, st.booleans(), st.integers(0, 3), st.booleans())
def test_every_sample_is_in_one_batch_and_a_batch_has_one_length(
    lengths, size, shuffle, seed, nested
):
    inputs = sequences(lengths, 2 if nested else None)
    loader = DataLoader(inputs, lengths, size, shuffle, seed)
    wanted = len(loader)

    for _ in range(3):
        batches = loader.batches()

        assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
        assert len(batches) == wanted
        if size is not None and size < len(lengths):
            assert all(len({lengths[i] for i in batch}) == 1 for batch in batches)
            assert all(len(batch) <= size for batch in batches)


@given(LENGTHS, SIZES, st.booleans(), st.integers(0, 3))
def test_a_batch_stands_where_its_first_sample_does_in_the_order(lengths, size, shuffle, seed):
    loader = DataLoader(sequences(lengths), lengths, size, shuffle, seed)
    place = {i: k for k, i in enumerate(loader.order(0))}
    batches = [[place[i] for i in batch] for batch in loader.batches()]

    assert [batch[0] for batch in batches] == sorted(batch[0] for batch in batches)
    assert all(batch == sorted(batch) for batch in batches)


@given(LENGTHS, st.booleans(), st.integers(0, 3))
def test_one_at_a_time_the_order_is_that_of_samples_of_one_length(lengths, shuffle, seed):
    ragged = DataLoader(sequences(lengths), lengths, 1, shuffle, seed)
    plain = DataLoader(lengths, lengths, 1, shuffle, seed)

    assert [ragged.batches() for _ in range(3)] == [plain.batches() for _ in range(3)]


def test_a_smaller_batch_of_each_length_is_left_out_by_drop_last():
    loader = DataLoader(sequences([1, 2, 1, 2, 1]), range(5), 2, drop_last=True)

    assert len(loader) == 2
    assert loader.batches() == [[0, 2], [1, 3]]


def test_no_batch_is_left_where_no_length_fills_one():
    with pytest.raises(ValueError, match=r"^no batch is left: .* in batches of 2 of one length$"):
        DataLoader(sequences([1, 2, 3]), range(3), 2, drop_last=True)


def test_lengths_are_mixed_if_that_is_asked_for():
    loader = DataLoader(sequences([1, 2, 1, 2, 1]), range(5), 2, group_by_length=False)

    assert loader.batches() == [[0, 1], [2, 3], [4]]
    assert "group_by_length" not in loader.state_dict()


def test_group_by_length_is_a_flag():
    with pytest.raises(TypeError, match="group_by_length is True or False"):
        DataLoader(sequences([1, 2]), range(2), 1, group_by_length="yes")


def test_targets_of_many_lengths_are_kept_apart_too():
    inputs, targets = [1.0, 2.0, 3.0], [[1.0], [1.0, 2.0], [3.0]]

    assert DataLoader(inputs, targets, 2).batches() == [[0, 2], [1]]


def test_a_state_of_grouped_batches_fits_no_other_loader():
    data = sequences([1, 2, 1, 2]), range(4)
    grouped, mixed = DataLoader(*data, 2), DataLoader(*data, 2, group_by_length=False)
    state = json.loads(json.dumps(grouped.state_dict()))

    grouped.load_state_dict(state)
    with pytest.raises(ValueError, match="state dict does not fit"):
        mixed.load_state_dict(state)


@pytest.mark.parametrize(
    ("x", "lengths"),
    [
        (1.0, ()),
        ([], (0,)),
        ([1.0, 2.0], (2,)),
        ((1.0,), (1,)),
        ([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], (3, 2)),
        ([[[1.0], [2.0]]], (1, 2, 1)),
        ([[1.0], [2.0, 3.0]], (2, ((1,), (2,)))),
        (np.zeros(3), (3,)),
        (np.zeros((3, 2)), (3, 2)),
        ([np.zeros(2)] * 3, (3, 2)),
        ("word", ()),
    ],
    ids=repr,
)
def test_lengths_are_those_of_every_list(x, lengths):
    assert lengths_in(x) == lengths


@pytest.mark.parametrize(
    "rows", [[1.0, 2.0], [[1.0], [2.0]], np.zeros((3, 2)), [[[1.0], [2.0]]] * 2]
)
def test_samples_that_are_alike_have_no_lengths(rows):
    assert lengths_of(rows, [0.0] * len(rows)) is None
