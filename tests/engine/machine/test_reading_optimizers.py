"""What a machine is told about an optimiser: all of its numbers, read before a training."""

import pytest

from engine.machine.optimizers import (
    MOST,
    NUMBERS,
    copied,
    group_numbers,
    read_optimizer,
    read_steps,
)

SGD = {"momentum": 0.9, "dampening": 0.0, "weight_decay": 0.01, "nesterov": True}
ADAM = {"betas": (0.8, 0.99), "eps": 1e-8, "weight_decay": 0.0, "amsgrad": False}


def test_numbers_alone_are_of_one_group_of_all_parameters():
    name, (group,) = read_optimizer(("sgd", SGD), 3)

    assert name == "sgd"
    assert (group.first, group.count, group.numbers) == (0, 3, SGD)


def test_groups_follow_one_another():
    _, groups = read_optimizer(("sgd", [(2, SGD), (3, {**SGD, "momentum": 0.0})]), 5)

    assert [(group.first, group.count) for group in groups] == [(0, 2), (2, 3)]
    assert [group.numbers["momentum"] for group in groups] == [0.9, 0.0]


def test_one_step_stands_for_all_groups():
    assert read_steps(9, 2) == read_steps([9, 9], 2) == [9, 9]


def test_a_copy_is_equal_until_a_number_changes():
    for numbers in ({**SGD}, [(2, {**SGD}), (1, {**SGD})]):
        kept = copied(("sgd", numbers))
        assert kept == ("sgd", numbers)

        last = numbers if isinstance(numbers, dict) else numbers[-1][1]
        last["momentum"] = 0.8
        assert kept != ("sgd", numbers)


def test_betas_are_two_numbers_for_c():
    found = group_numbers("adam", ADAM)

    assert (found["beta1"], found["beta2"]) == (0.8, 0.99)
    assert "betas" not in found
    assert ADAM["betas"] == (0.8, 0.99)


def test_what_is_told_otherwise_is_left_out():
    assert group_numbers("sgd", {"lr": 0.1, **SGD}) == SGD


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_of_an_optimizer_is_wanted(name):
    numbers = {key: (0.9, 0.99) if key == "betas" else 0.5 for key in NUMBERS[name]}
    group_numbers(name, numbers)

    for key in numbers:
        fewer = {other: x for other, x in numbers.items() if other != key}
        with pytest.raises(ValueError, match=f"{name} has .*: '{key}' is missing"):
            group_numbers(name, fewer)


@pytest.mark.parametrize(
    ("optimizer", "error", "message"),
    [
        ("sgd", TypeError, r"an optimizer is a pair \(name, numbers\), got 'sgd'"),
        (("sgd", SGD, 1), TypeError, "an optimizer is a pair"),
        (("lion", SGD), ValueError, "the machine has the optimizers sgd, .*, got 'lion'"),
        ((1, SGD), ValueError, "the machine has the optimizers .*, got 1"),
        (("sgd", {**SGD, "eps": 1.0}), ValueError, "sgd has momentum, .*: no 'eps'"),
        (("sgd", None), TypeError, "the groups is a list, got None"),
        (("sgd", []), ValueError, "sgd has at least one group of parameters, got none"),
        (("sgd", [3]), TypeError, r"a group is a pair \(count, numbers\), got 3"),
        (("sgd", [(3, 0.1)]), TypeError, "the numbers of a group are a dict, got 0.1"),
        (("sgd", [(4, SGD)]), ValueError, "parameters of a group is from 0 to 3, got 4"),
        (("sgd", [("3", SGD)]), TypeError, "parameters of a group is an int, got '3'"),
        (("sgd", [(2, SGD)]), ValueError, "the groups have 3 parameters, got 2"),
    ],
)
def test_anything_else_is_refused(optimizer, error, message):
    with pytest.raises(error, match=message):
        read_optimizer(optimizer, 3)


@pytest.mark.parametrize(
    ("step", "error", "message"),
    [
        ([0, 0], ValueError, "a step for each group is wanted, got 2, 1"),
        ("7", TypeError, "step is an int, got '7'"),
        (-1, ValueError, f"step is from 0 to {MOST - 1}, got -1"),
    ],
)
def test_steps_are_whole_numbers_one_for_each_group(step, error, message):
    with pytest.raises(error, match=message):
        read_steps(step, 1)
