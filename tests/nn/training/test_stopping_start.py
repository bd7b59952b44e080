"""Early stopping that waits for no epoch before a certain one."""

import pytest

from nn import EarlyStopping


def epochs_until_the_stop(stopping, losses):
    for epoch, loss in enumerate(losses, 1):
        if stopping.update({"val_loss": loss}, []):
            return epoch
    return None


@pytest.mark.parametrize("start", [0, 1, 5, 30])
def test_the_first_epochs_are_not_waited_for(start):
    stopping = EarlyStopping(patience=4, start_from_epoch=start)

    assert epochs_until_the_stop(stopping, [1.0] * 60) == max(start, 1) + 4


def test_the_best_of_the_first_epochs_is_remembered():
    stopping = EarlyStopping(patience=2, start_from_epoch=3)

    assert epochs_until_the_stop(stopping, [0.5, 0.1, 0.3, 0.2, 0.2, 0.2]) == 5
    assert stopping.best == 0.1


def test_a_gain_after_the_start_begins_the_wait_anew():
    stopping = EarlyStopping(patience=3, start_from_epoch=2)

    assert epochs_until_the_stop(stopping, [1.0, 1.0, 1.0, 1.0, 0.5, 0.6, 0.6, 0.6]) == 8


def test_a_gain_during_the_start_does_not_shorten_it():
    stopping = EarlyStopping(patience=2, start_from_epoch=4)

    assert epochs_until_the_stop(stopping, [1.0, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6]) == 6


def test_a_state_taken_up_during_the_start_goes_on_from_there():
    losses = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    first, second = [EarlyStopping(patience=2, start_from_epoch=4) for _ in range(2)]
    assert epochs_until_the_stop(first, losses[:3]) is None
    second.load_state_dict(first.state_dict())

    assert epochs_until_the_stop(second, losses[3:]) == 3


def test_one_that_was_pickled_without_the_setting_starts_at_once():
    old = EarlyStopping(patience=2)
    del old.__dict__["start_from_epoch"]
    old.restart()

    assert epochs_until_the_stop(old, [1.0] * 9) == 3


@pytest.mark.parametrize("start", [-1, 1.5, "2"])
def test_a_start_that_is_no_number_of_epochs_is_refused(start):
    with pytest.raises((TypeError, ValueError), match="start_from_epoch"):
        EarlyStopping(start_from_epoch=start)
