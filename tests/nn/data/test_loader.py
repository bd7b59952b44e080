"""Mini-batches, the split, and standardising."""

import itertools
import json
import math
import random

import pytest

from nn.data.loader import DataLoader, check_data
from nn.data.preparation import Standardizer, one_hot, train_test_split

INPUTS = [[float(i), -float(i)] for i in range(10)]
TARGETS = list(range(10))


def taken(loader):
    return [targets for _, targets in loader]


@pytest.mark.parametrize(
    ("size", "batches"), [(None, [10]), (10, [10]), (4, [4, 4, 2]), (1, [1] * 10), (99, [10])]
)
def test_one_argument_chooses_full_batch_mini_batch_or_stochastic(size, batches):
    loader = DataLoader(INPUTS, TARGETS, size)

    assert [len(targets) for targets in taken(loader)] == batches
    assert len(loader) == len(batches)


def test_a_loader_shows_what_it_gives():
    assert repr(DataLoader(INPUTS, TARGETS, 3)) == (
        "DataLoader(10 samples, batch_size=3, shuffle=False, seed=0)"
    )


def test_drop_last_leaves_out_a_smaller_batch():
    assert taken(DataLoader(INPUTS, TARGETS, 4, drop_last=True)) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_inputs_stay_with_their_targets():
    for inputs, targets in DataLoader(INPUTS, TARGETS, 3, shuffle=True):
        assert inputs == [INPUTS[t] for t in targets]


def test_every_epoch_has_every_sample_once_in_an_order_of_its_own():
    loader = DataLoader(INPUTS, TARGETS, 3, shuffle=True)
    first, second = [[t for batch in taken(loader) for t in batch] for _ in range(2)]

    assert sorted(first) == sorted(second) == TARGETS
    assert first != second
    assert TARGETS not in (first, second)


def test_the_seed_decides_the_order():
    def epochs(seed):
        loader = DataLoader(INPUTS, TARGETS, 3, shuffle=True, seed=seed)
        return taken(loader), taken(loader)

    assert epochs(1) == epochs(1)
    assert epochs(1) != epochs(2)


def test_the_module_random_is_left_alone():
    random.seed(3)
    expected = random.random()
    random.seed(3)
    taken(DataLoader(INPUTS, TARGETS, 3, shuffle=True))

    assert random.random() == expected


def test_a_loader_resumes_with_the_epoch_of_its_state():
    loader = DataLoader(INPUTS, TARGETS, 3, shuffle=True)
    taken(loader)
    state = json.loads(json.dumps(loader.state_dict()))
    rest = [taken(loader) for _ in range(3)]
    other = DataLoader(INPUTS, TARGETS, 3, shuffle=True)
    other.load_state_dict(state)

    assert [taken(other) for _ in range(3)] == rest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 4}, "batch_size is 3 here and 4 there"),
        ({"samples": 9}, "samples is 10 here and 9 there"),
        ({"epoch": -1}, "epoch is -1"),
        ({"odd": 1}, "wanted .* got"),
    ],
)
def test_the_state_of_another_loader_is_refused_and_changes_nothing(change, message):
    loader = DataLoader(INPUTS, TARGETS, 3)

    with pytest.raises(ValueError, match=f"^state dict does not fit: {message}"):
        loader.load_state_dict({**loader.state_dict(), **change})
    assert loader.epoch == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: DataLoader([], []), ValueError, "^there are no samples$"),
        (
            lambda: DataLoader(INPUTS, [1]),
            ValueError,
            "target for each input is needed, got 1 for 10",
        ),
        (lambda: DataLoader("ab", [1, 2]), TypeError, "^inputs are a list, got str 'ab'$"),
        (
            lambda: check_data([[1.0], [1.0, 2.0]], [0, 1]),
            ValueError,
            r"^input 1 has another shape",
        ),
        (
            lambda: DataLoader([[[1.0, 2.0], [math.inf]]], [0]),
            ValueError,
            "column 1, item 0 is inf",
        ),
        (lambda: DataLoader([[1.0], [[2.0, "a"]]], [0, 1]), TypeError, "item 1 is text: 'a'$"),
        (lambda: DataLoader([1.0, [2.0]], [0, 1]), ValueError, r"^input 1 has another shape"),
        (lambda: DataLoader([[1.0], 2.0], [0, 1]), ValueError, r"^input 1 has another shape"),
        (lambda: DataLoader([[1.0, math.nan]], [0]), ValueError, "^input 0, column 1 is nan$"),
        (lambda: DataLoader([1.0, math.inf], [0, 0]), ValueError, "^input 1 is inf$"),
        (lambda: DataLoader([[1.0]], [math.nan]), ValueError, "^target 0 is nan$"),
        (
            lambda: DataLoader(INPUTS, TARGETS, 0),
            ValueError,
            "^batch_size is a whole number of at least 1, got 0$",
        ),
        (
            lambda: DataLoader(INPUTS, TARGETS, 2.0),
            TypeError,
            "^batch_size is a whole number, got float 2.0$",
        ),
        (lambda: DataLoader(INPUTS, TARGETS, 11, drop_last=True), ValueError, "no batch is left"),
        (lambda: train_test_split(INPUTS, TARGETS, 1.0), ValueError, "between 0 and 1, got 1.0"),
        (lambda: train_test_split([1.0], [1]), ValueError, "^nothing is left to train on"),
        (
            lambda: train_test_split([1.0, 2.0, 3.0], ["a", "a", "b"], stratify=True),
            ValueError,
            "nothing of class 'b' is left to train on",
        ),
        (lambda: Standardizer([[1.0, 2.0]])([[1.0]]), ValueError, "^expected 2 numbers in a row"),
        (lambda: DataLoader([["a"]], [0]), TypeError, "^input 0, column 0 is text: 'a'$"),
        (
            lambda: DataLoader(INPUTS, TARGETS, shuffle="yes"),
            TypeError,
            "^shuffle is True or False",
        ),
        (
            lambda: train_test_split(INPUTS, TARGETS, stratify=TARGETS),
            TypeError,
            "^stratify is True",
        ),
        (lambda: one_hot(1.5, 3), TypeError, r"^a class is a whole number, got float 1\.5$"),
        (lambda: one_hot(3, 3), ValueError, "^a class is between 0 and 2, got 3$"),
    ],
)
def test_what_is_no_data_is_refused_with_what_was_got(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(("n", "size", "held_out"), [(10, 0.25, 3), (8, 0.25, 2), (3, 0.01, 1)])
def test_a_split_holds_out_the_share_rounded_up_and_loses_nothing(n, size, held_out):
    train_inputs, test_inputs, train, test = train_test_split(INPUTS[:n], TARGETS[:n], size)

    assert len(test) == held_out
    assert sorted(train + test) == TARGETS[:n]
    assert (train_inputs, test_inputs) == ([INPUTS[t] for t in train], [INPUTS[t] for t in test])


def test_a_stratified_split_keeps_the_share_of_each_class():
    labels = [0] * 20 + [1] * 8
    *_, train, test = train_test_split([[0.0]] * 28, labels, 0.25, stratify=True)

    assert (test.count(0), test.count(1), train.count(0), train.count(1)) == (5, 2, 15, 6)


def test_the_seed_decides_the_split():
    splits = [train_test_split(INPUTS, TARGETS, seed=seed)[3] for seed in (0, 0, 1, 2)]

    assert splits[0] == splits[1]
    assert any(a != b for a, b in itertools.pairwise(splits))


def test_standardised_columns_have_mean_zero_and_deviation_one():
    rows = [[1.0, 10.0, 7.0], [2.0, 30.0, 7.0], [6.0, 20.0, 7.0]]
    columns = list(zip(*Standardizer(rows)(rows), strict=True))

    for column in columns[:2]:
        assert sum(column) == pytest.approx(0.0, abs=1e-12)
        assert sum([x * x for x in column]) / 3 == pytest.approx(1.0)
    assert columns[2] == (0.0, 0.0, 0.0)


def test_targets_may_be_words_of_any_length():
    inputs = [[float(i)] for i in range(8)]
    held_out_targets = train_test_split(inputs, ["left", "right"] * 4, stratify=True)[3]

    assert sorted(held_out_targets) == ["left", "right"]


@pytest.mark.parametrize("size", [None, 2])
@pytest.mark.parametrize("sample", [{1.0, 2.0}, frozenset([1.0]), {0: 1.0}])
def test_a_sample_without_an_order_is_named(sample, size):
    kind = type(sample).__name__
    with pytest.raises(TypeError, match=rf"^input 1 is a list, got {kind} "):
        DataLoader([[1.0, 2.0], sample], [0, 1], size)
