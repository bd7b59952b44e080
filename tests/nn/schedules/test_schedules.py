"""Schedules set the rates that their formulas say, and go on from a state dict."""

import json
import math

import pytest

from engine import Value
from nn.optim import SGD
from nn.optim.adaptive import Adagrad, Adam
from nn.schedules import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    Schedule,
    SequentialLR,
    StepLR,
)
from nn.schedules.onecycle import OneCycleLR
from nn.schedules.plateau import ReduceLROnPlateau


def sgd(lr=1.0, **settings):
    return SGD([Value(0.0)], lr=lr, **settings)


def two_groups():
    return SGD([{"params": [Value(0.0)]}, {"params": [Value(0.0)], "lr": 0.5}], lr=1.0)


def rates(schedule, epochs):
    found = []
    for _ in range(epochs):
        found.append(schedule.optimizer.lr)
        schedule.step()
    return found


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda o: StepLR(o, 2, gamma=0.5), [1, 1, 0.5, 0.5, 0.25]),
        (lambda o: MultiStepLR(o, [3, 1, 3], gamma=0.5), [1, 0.5, 0.5, 0.125, 0.125]),
        (lambda o: ExponentialLR(o, 0.5), [1, 0.5, 0.25, 0.125, 0.0625]),
        (lambda o: ConstantLR(o, 0.25, 2), [0.25, 0.25, 1, 1, 1]),
        (lambda o: LinearLR(o, 0.25, 1.0, 3), [0.25, 0.5, 0.75, 1, 1]),
        (lambda o: LinearLR(o, 1.0, 0.0, 2), [1, 0.5, 0, 0, 0]),
        (lambda o: CosineAnnealingLR(o, 2), [1, 0.5, 0, 0.5, 1]),
        (lambda o: CosineAnnealingLR(o, 2, eta_min=0.5), [1, 0.75, 0.5, 0.75, 1]),
        (lambda o: CosineAnnealingWarmRestarts(o, 1, 2), [1, 1, 0.5, 1, (2 + 2**0.5) / 4]),
        (lambda o: LambdaLR(o, lambda epoch: 1 / (1 + epoch)), [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]),
    ],
)
def test_the_rates_are_those_of_the_formula(make, expected):
    assert rates(make(sgd()), 5) == pytest.approx(expected, rel=1e-15, abs=1e-15)


def test_one_cycle_goes_up_to_max_lr_and_down_while_momentum_goes_the_other_way():
    optimizer = sgd(momentum=0.5)
    schedule = OneCycleLR(optimizer, 1.0, total_steps=11, pct_start=3 / 11, div_factor=4.0)
    lrs, momenta = [], []
    for _ in range(11):
        lrs.append(optimizer.lr)
        momenta.append(optimizer.momentum)
        schedule.step()

    assert (lrs[0], max(lrs), lrs[10]) == pytest.approx((0.25, 1.0, 0.25e-4), rel=1e-12)
    assert lrs.index(max(lrs)) == momenta.index(min(momenta)) == 2
    assert (momenta[0], min(momenta), momenta[10]) == pytest.approx((0.95, 0.85, 0.95))


def test_one_cycle_turns_the_first_beta_of_adam():
    optimizer = Adam([Value(0.0)])
    OneCycleLR(optimizer, 1.0, total_steps=11)

    assert optimizer.param_groups[0]["betas"] == (0.95, 0.999)


@pytest.mark.parametrize("pct_start", [0.1, 1.0])
def test_a_phase_of_one_cycle_that_takes_no_step_is_passed(pct_start):
    schedule = OneCycleLR(sgd(), 1.0, total_steps=10, pct_start=pct_start)

    assert all(0 < rate <= 1.0 for rate in rates(schedule, 10))


def test_a_plateau_reduces_the_rate_after_patience_bad_epochs():
    schedule = ReduceLROnPlateau(sgd(), factor=0.5, patience=1)
    found = []
    for metric in (3.0, 3.0, Value(3.0), 2.0, 2.0, 2.0, math.nan, math.nan):
        schedule.step(metric)
        found.append(schedule.get_last_lr()[0])

    assert found == [1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125]


def test_a_plateau_stops_at_min_lr():
    schedule = ReduceLROnPlateau(sgd(), patience=0, min_lr=0.05)
    for _ in range(4):
        schedule.step(1.0)

    assert schedule.optimizer.lr == 0.05


def test_each_group_has_its_own_rate():
    schedule = ExponentialLR(two_groups(), 0.5)
    schedule.step()

    assert schedule.get_last_lr() == [0.5, 0.25]


def test_a_warm_up_is_followed_by_another_schedule_from_its_beginning():
    optimizer = sgd()
    parts = [LinearLR(optimizer, 0.5, total_iters=2), StepLR(optimizer, 2, gamma=0.5)]
    schedule = SequentialLR(optimizer, parts, milestones=[2])

    assert rates(schedule, 7) == [0.5, 0.75, 1.0, 1.0, 0.5, 0.5, 0.25]


def test_sequences_can_be_parts_of_sequences():
    optimizer = sgd()
    inner = SequentialLR(optimizer, [ConstantLR(optimizer), StepLR(optimizer, 1)], [1])
    schedule = SequentialLR(optimizer, [LinearLR(optimizer, 0.5, total_iters=2), inner], [2])

    assert rates(schedule, 5) == pytest.approx([0.5, 0.75, 1 / 3, 1.0, 0.1])


def test_a_second_schedule_starts_at_the_rate_from_before_the_first():
    optimizer = sgd()
    ExponentialLR(optimizer, 0.5).step()

    assert rates(ExponentialLR(optimizer, 0.5), 1) == [1.0]


def test_a_rate_set_by_hand_is_what_a_new_schedule_starts_at():
    optimizer = sgd()
    ExponentialLR(optimizer, 0.5).step()
    optimizer.lr = 0.25

    assert rates(ExponentialLR(optimizer, 0.5), 2) == [0.25, 0.125]


# ---- resuming ----

MAKERS = {
    "StepLR": lambda o: StepLR(o, 3),
    "MultiStepLR": lambda o: MultiStepLR(o, [2, 5]),
    "ExponentialLR": lambda o: ExponentialLR(o, 0.9),
    "ConstantLR": lambda o: ConstantLR(o),
    "LinearLR": lambda o: LinearLR(o),
    "CosineAnnealingLR": lambda o: CosineAnnealingLR(o, 7),
    "CosineAnnealingWarmRestarts": lambda o: CosineAnnealingWarmRestarts(o, 2, 2),
    "LambdaLR": lambda o: LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
    "OneCycleLR": lambda o: OneCycleLR(o, [0.5, 0.1], 10),
    "SequentialLR": lambda o: SequentialLR(o, [LinearLR(o), OneCycleLR(o, 0.5, 10)], [4]),
    "ReduceLROnPlateau": lambda o: ReduceLROnPlateau(o, patience=0, cooldown=1),
}


def settings(schedule):
    groups = schedule.optimizer.param_groups
    return [[group["lr"], group["momentum"]] for group in groups], schedule.get_last_lr()


def advanced(schedule, epochs):
    for _ in range(epochs):
        schedule.step(*[1.0] if schedule.needs_metric else [])
    return schedule


@pytest.mark.parametrize("name", MAKERS)
def test_a_loaded_schedule_has_the_same_rates_then_and_later(name):
    whole = advanced(MAKERS[name](two_groups()), 5)
    resumed = MAKERS[name](two_groups())
    resumed.load_state_dict(json.loads(json.dumps(whole.state_dict())))

    assert settings(resumed) == settings(whole)
    assert settings(advanced(resumed, 4)) == settings(advanced(whole, 4))
    assert resumed.state_dict() == whole.state_dict()


@pytest.mark.parametrize("name", MAKERS)
def test_a_state_dict_of_any_other_schedule_is_refused(name):
    schedule = advanced(MAKERS[name](two_groups()), 2)
    before = schedule.state_dict(), settings(schedule)
    for other, make in MAKERS.items():
        if other != name:
            with pytest.raises(ValueError, match=f"it is of {other}, not of {name}"):
                schedule.load_state_dict(make(two_groups()).state_dict())
    assert (schedule.state_dict(), settings(schedule)) == before


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("StepLR", {"step_size": 4}, "step_size is 4 there and 3 here"),
        ("StepLR", {"gamma": 0.5}, "gamma is 0.5 there and 0.1 here"),
        ("StepLR", {"gama": 0.5}, "unexpected gama"),
        ("StepLR", {"last_epoch": -1}, "last_epoch is a whole number of at least 0, got -1"),
        ("StepLR", {"last_epoch": "2"}, "last_epoch is a whole number, got str '2'"),
        ("StepLR", {"base_lrs": [1.0]}, "base_lrs is a list of 2, got 1"),
        ("StepLR", {"base_lrs": [1.0, -1.0]}, "the learning rate is a positive number, got -1.0"),
        ("OneCycleLR", {"last_epoch": 11}, "made for 10 steps, got 11"),
        ("OneCycleLR", {"total_steps": 5}, "total_steps is 5 there and 10 here"),
        ("SequentialLR", {"schedulers": []}, "schedulers is a list of 2, got 0"),
        ("SequentialLR", {"schedulers": [{}, {}]}, "missing schedule"),
        ("SequentialLR", {"milestones": [5]}, r"milestones is \[5\] there and \[4\] here"),
        ("ReduceLROnPlateau", {"best": "low"}, "expected a number"),
        ("ReduceLROnPlateau", {"lrs": [1.0]}, "lrs is a list of 2, got 1"),
        ("ReduceLROnPlateau", {"num_bad_epochs": -1}, "num_bad_epochs is a whole number of at"),
    ],
)
def test_a_state_dict_that_does_not_fit_is_refused_and_changes_nothing(name, change, message):
    schedule = advanced(MAKERS[name](two_groups()), 2)
    before = schedule.state_dict(), settings(schedule)

    with pytest.raises(ValueError, match=f"^state dict does not fit: .*{message}"):
        schedule.load_state_dict({**schedule.state_dict(), **change})
    assert (schedule.state_dict(), settings(schedule)) == before


def test_no_state_dict_at_all_is_refused():
    with pytest.raises(ValueError, match="does not fit: expected a dict, got int 3"):
        StepLR(sgd(), 3).load_state_dict(3)


# ---- bad input ----


@pytest.mark.parametrize("name", MAKERS)
def test_a_schedule_of_no_optimizer_is_refused(name):
    with pytest.raises(TypeError, match="a schedule takes an optimizer, got None"):
        MAKERS[name](None)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda o: StepLR(o, 0), ValueError, "step_size is a whole number of at least 1, got 0"),
        (lambda o: StepLR(o, 1.5), TypeError, "step_size is a whole number, got float 1.5"),
        (lambda o: StepLR(o, 1, 0.0), ValueError, "gamma is a positive number, got 0.0"),
        (lambda o: MultiStepLR(o, [0]), ValueError, "a milestone is a whole number of at least 1"),
        (lambda o: ExponentialLR(o, -0.5), ValueError, "gamma is a positive number, got -0.5"),
        (lambda o: ConstantLR(o, 1.5), ValueError, "factor is at most 1, got 1.5"),
        (lambda o: ConstantLR(o, total_iters=0), ValueError, "total_iters is a whole number of at"),
        (lambda o: LinearLR(o, 0.0), ValueError, "start_factor is a positive number, got 0.0"),
        (lambda o: LinearLR(o, 1.5), ValueError, "start_factor is at most 1, got 1.5"),
        (lambda o: LinearLR(o, end_factor=-1), ValueError, "end_factor is a finite number of at"),
        (lambda o: LinearLR(o, total_iters=-5), ValueError, "total_iters is a whole number of at"),
        (lambda o: CosineAnnealingLR(o, 0), ValueError, "T_max is a whole number of at least 1"),
        (lambda o: CosineAnnealingLR(o, 5, -1.0), ValueError, "eta_min is a finite number of at"),
        (lambda o: CosineAnnealingWarmRestarts(o, 0), ValueError, "T_0 is a whole number of at"),
        (lambda o: CosineAnnealingWarmRestarts(o, 1, 0), ValueError, "T_mult is a whole number of"),
        (lambda o: LambdaLR(o, 0.5), TypeError, "lr_lambda is a function of the epoch, got 0.5"),
        (lambda o: LambdaLR(o, [abs, abs]), ValueError, "one for all groups or a list of 1, got 2"),
        (lambda o: LambdaLR(o, lambda e: "1"), TypeError, "expected a number or a Value, got str"),
        (lambda o: LambdaLR(o, lambda e: -1.0), ValueError, "learning rate of -1.0 at epoch 0"),
        (lambda o: LambdaLR(o, lambda e: math.nan), ValueError, "learning rate of nan at epoch 0"),
        (lambda o: OneCycleLR(o, 0.1), ValueError, "total_steps, or epochs and steps_per_epoch"),
        (
            lambda o: OneCycleLR(o, 0.1, 0),
            ValueError,
            "total_steps is a whole number of at least 1",
        ),
        (
            lambda o: OneCycleLR(o, 0.1, epochs=-1, steps_per_epoch=3),
            ValueError,
            "epochs is a whole number of at least 1, got -1",
        ),
        (lambda o: OneCycleLR(o, 0.0, 5), ValueError, "max_lr is a positive number, got 0.0"),
        (lambda o: OneCycleLR(o, 0.1, 5, pct_start=2), ValueError, "pct_start is at most 1, got 2"),
        (lambda o: OneCycleLR(o, 0.1, 5, div_factor=0), ValueError, "div_factor is a positive"),
        (lambda o: OneCycleLR(o, 0.1, 5, max_momentum=1), ValueError, "max_momentum is at least 0"),
        (
            lambda o: OneCycleLR(o, 0.1, 5, anneal_strategy="log"),
            ValueError,
            "anneal_strategy is 'cos' or 'linear', got 'log'",
        ),
        (
            lambda o: OneCycleLR(Adagrad([Value(1.0)]), 0.1, 5),
            ValueError,
            "Adagrad has no momentum to cycle: give cycle_momentum=False",
        ),
        (lambda o: ReduceLROnPlateau(o, "low"), ValueError, "mode is 'min' or 'max', got 'low'"),
        (lambda o: ReduceLROnPlateau(o, factor=1), ValueError, "factor is at least 0 and below 1"),
        (lambda o: ReduceLROnPlateau(o, patience=-1), ValueError, "patience is a whole number of"),
        (
            lambda o: ReduceLROnPlateau(o, threshold_mode="x"),
            ValueError,
            "threshold_mode is 'rel' or 'abs', got 'x'",
        ),
        (lambda o: ReduceLROnPlateau(o, min_lr=[0, 0]), ValueError, "list of 1, got 2"),
        (lambda o: SequentialLR(o, [], []), ValueError, "one more schedule than milestones, got 0"),
        (
            lambda o: SequentialLR(o, [StepLR(o, 1)], [1]),
            ValueError,
            "one more schedule than milestones, got 1 and 1",
        ),
        (
            lambda o: SequentialLR(o, [StepLR(o, 1) for _ in range(3)], [2, 1]),
            ValueError,
            r"milestones grow from one to the next, got \[2, 1\]",
        ),
        (
            lambda o: SequentialLR(o, [StepLR(o, 1), StepLR(sgd(), 1)], [1]),
            ValueError,
            "StepLR is a schedule of another optimiser",
        ),
        (
            lambda o: SequentialLR(o, [StepLR(o, 1), ReduceLROnPlateau(o)], [1]),
            TypeError,
            "joins schedules of the epoch, got <nn.ReduceLROnPlateau",
        ),
        (lambda o: SequentialLR(o, [o], []), TypeError, r"joins schedules of the epoch, got SGD\("),
        (lambda o: Schedule(o), NotImplementedError, "Schedule does not say what the rate is"),
    ],
)
def test_an_impossible_schedule_is_refused(make, kind, message):
    with pytest.raises(kind, match=message):
        make(sgd())


def test_one_cycle_ends_after_its_steps():
    schedule = OneCycleLR(sgd(), 0.1, total_steps=3)
    rates(schedule, 3)

    with pytest.raises(ValueError, match="OneCycleLR was made for 3 steps, got 4"):
        schedule.step()
    assert schedule.last_epoch == 3


def test_a_rate_that_overflows_is_an_error():
    schedule = ExponentialLR(sgd(), 1e200)
    schedule.step()

    with pytest.raises(
        ValueError, match="ExponentialLR comes to a learning rate of inf at epoch 2"
    ):
        schedule.step()
    assert schedule.get_last_lr() == [1e200]


def test_a_rate_changed_by_something_else_is_not_overwritten():
    optimizer = sgd()
    first, second = StepLR(optimizer, 1), ExponentialLR(optimizer, 0.5)
    first.step()

    with pytest.raises(
        ValueError, match=r"had set the learning rates \[1.0\], now they are \[0.1\]"
    ):
        second.step()


@pytest.mark.parametrize("name", MAKERS)
def test_a_group_added_after_the_schedule_is_an_error(name):
    schedule = MAKERS[name](two_groups())
    schedule.optimizer.add_param_group({"params": [Value(0.0)]})

    with pytest.raises(ValueError, match="was made for 2 parameter groups, the optimiser has 3"):
        advanced(schedule, 1)
