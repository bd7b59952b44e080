"""Schedules by hand: their defaults, their rates at each epoch, and what they keep."""

from math import cos, pi

import pytest

from engine import Value
from nn import SGD
from nn.optim.adaptive import Adagrad, Adam
from nn.schedules import Schedule
from nn.schedules.formulas import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    StepLR,
)
from nn.schedules.onecycle import OneCycleLR
from nn.schedules.plateau import ReduceLROnPlateau
from nn.schedules.sequential import SequentialLR


def optimizer(lr=1.0, **settings):
    return SGD([Value(1.0)], lr=lr, **settings)


def rates(schedule, n):
    """The rate of the first group at epochs 0 to n - 1."""
    found = []
    for epoch in range(n):
        assert schedule.last_epoch == epoch
        assert schedule.get_last_lr() == [g["lr"] for g in schedule.optimizer.param_groups]
        found.append(schedule.get_last_lr()[0])
        if epoch + 1 < n:
            schedule.step()
    return found


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (lambda o: StepLR(o, 3), {"step_size": 3, "gamma": 0.1}),
        (lambda o: MultiStepLR(o, [5, 2]), {"milestones": [2, 5], "gamma": 0.1}),
        (lambda o: ExponentialLR(o, 0.5), {"gamma": 0.5}),
        (lambda o: ConstantLR(o), {"factor": 1 / 3, "total_iters": 5}),
        (lambda o: LinearLR(o), {"start_factor": 1 / 3, "end_factor": 1.0, "total_iters": 5}),
        (lambda o: CosineAnnealingLR(o, 7), {"T_max": 7, "eta_min": 0.0}),
        (lambda o: CosineAnnealingWarmRestarts(o, 7), {"T_0": 7, "T_mult": 1, "eta_min": 0.0}),
        (lambda o: LambdaLR(o, lambda epoch: 1.0), {}),
    ],
)
def test_the_state_of_a_schedule_is_its_settings_and_the_epoch(make, settings):
    schedule = make(optimizer(0.5))
    name = type(schedule).__name__

    assert type(schedule).__module__ == "nn"
    assert not schedule.needs_metric
    own = {"schedule": name, **settings, "base_lrs": [0.5], "last_epoch": 0}
    assert schedule.state_dict() == own


def waves(start, end, parts):
    """From start to end along half a wave of the cosine, at these parts of the way."""
    return [end + (start - end) * (1 + cos(pi * part)) / 2 for part in parts]


@pytest.mark.parametrize("b", [1.0, 0.5])
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda o: StepLR(o, 2, gamma=0.5), lambda b: [b, b, b / 2, b / 2, b / 4, b / 4, b / 8]),
        (lambda o: MultiStepLR(o, [1, 4], 0.5), lambda b: [b, *[b / 2] * 3, *[b / 4] * 3]),
        (lambda o: ExponentialLR(o, 0.5), lambda b: [b / 2**t for t in range(7)]),
        (lambda o: ConstantLR(o, 0.5, 2), lambda b: [b / 2, b / 2, b, b, b, b, b]),
        (
            lambda o: LinearLR(o, 0.25, 0.75, 4),
            lambda b: [b * x for x in (0.25, 0.375, 0.5, 0.625, 0.75, 0.75, 0.75)],
        ),
        (
            lambda o: CosineAnnealingLR(o, 4, 0.25),
            lambda b: waves(b, 0.25, [t / 4 for t in range(7)]),
        ),
        (
            lambda o: CosineAnnealingWarmRestarts(o, 1, 2, 0.25),
            lambda b: waves(b, 0.25, (0, 0, 1 / 2, 0, 1 / 4, 1 / 2, 3 / 4)),
        ),
        (
            lambda o: CosineAnnealingWarmRestarts(o, 2),
            lambda b: waves(b, 0.0, (0, 1 / 2, 0, 1 / 2, 0, 1 / 2, 0)),
        ),
        (lambda o: LambdaLR(o, lambda epoch: 1 + epoch), lambda b: [b * t for t in range(1, 8)]),
    ],
)
def test_the_rates_of_seven_epochs_are_those_of_the_docstring(make, expected, b):
    assert rates(make(optimizer(b)), 7) == pytest.approx(expected(b), rel=1e-15)


@pytest.mark.parametrize("kind", [ConstantLR, LinearLR])
def test_a_factor_above_one_is_refused(kind):
    with pytest.raises(ValueError, match=r"factor is at most 1, got 1\.5$"):
        kind(optimizer(), 1.5)
    assert kind(optimizer(), 1.0).optimizer.lr == 1.0


@pytest.mark.parametrize("kind", [CosineAnnealingLR, CosineAnnealingWarmRestarts])
def test_a_least_rate_below_zero_is_named(kind):
    with pytest.raises(ValueError, match=r"^eta_min is a finite number of at least 0, got -1\.0$"):
        kind(optimizer(), 7, eta_min=-1.0)


def test_a_function_for_each_group_and_one_for_all():
    def two():
        return SGD([{"params": [Value(1.0)]}, {"params": [Value(1.0)], "lr": 0.5}], lr=1.0)

    assert LambdaLR(two(), lambda epoch: 2.0).get_last_lr() == [2.0, 1.0]
    assert LambdaLR(two(), [lambda epoch: 3, lambda epoch: 4]).get_last_lr() == [3.0, 2.0]
    with pytest.raises(
        ValueError, match=r"^lr_lambda is one for all groups or a list of 2, got 1$"
    ):
        LambdaLR(two(), [lambda epoch: 1.0])
    with pytest.raises(TypeError, match=r"^lr_lambda is a function of the epoch, got 0\.5$"):
        LambdaLR(two(), 0.5)


# ---- what all share ----


def test_a_schedule_of_ones_own_has_to_say_the_rate():
    with pytest.raises(NotImplementedError, match=r"^Schedule does not say what the rate is$"):
        Schedule(optimizer())


@pytest.mark.parametrize("rate", [-1.0, float("inf"), float("nan")])
def test_a_rate_that_is_none_is_named_with_its_epoch(rate):
    schedule = LambdaLR(optimizer(), lambda epoch: rate if epoch == 2 else 1.0)
    schedule.step()

    with pytest.raises(
        ValueError, match=rf"^LambdaLR comes to a learning rate of {rate} at epoch 2$"
    ):
        schedule.step()
    assert (schedule.last_epoch, schedule.optimizer.lr) == (1, 1.0)


def test_a_rate_of_zero_is_a_rate():
    assert rates(LambdaLR(optimizer(), lambda epoch: 0.0), 2) == [0.0, 0.0]


def test_the_rates_that_are_handed_out_are_a_copy():
    schedule = StepLR(optimizer(), 3)
    schedule.get_last_lr().append(2.0)
    schedule.state_dict()["base_lrs"].append(2.0)

    assert (schedule.get_last_lr(), schedule.base_lrs) == ([1.0], [1.0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(schedule="ConstantLR"), "it is of ConstantLR, not of StepLR"),
        (lambda d: d.pop("schedule"), "missing schedule"),
        (lambda d: d.pop("base_lrs"), "missing base_lrs"),
        (lambda d: d.update(gamma=0.25), r"gamma is 0\.25 there and 0\.5 here"),
        (lambda d: d.update(base_lrs=[1.0, 1.0]), "base_lrs is a list of 1, got 2"),
        (lambda d: d.update(base_lrs=[0.0]), "the learning rate is a positive number, got 0"),
        (lambda d: d.update(last_epoch=-1), "last_epoch is a whole number of at least 0, got -1"),
        (lambda d: d.update(last_epoch=0.5), "last_epoch is a whole number, got float 0.5"),
    ],
)
def test_a_state_that_does_not_fit_says_what_differs_and_changes_nothing(change, message):
    schedule = StepLR(optimizer(), 2, gamma=0.5)
    schedule.step()
    before, given = schedule.state_dict(), schedule.state_dict()
    change(given)

    with pytest.raises(ValueError, match=f"^state dict does not fit: {message}"):
        schedule.load_state_dict(given)
    assert schedule.state_dict() == before
    assert schedule.get_last_lr() == [1.0]


def test_the_state_of_epoch_zero_is_loaded_with_its_first_rate():
    schedule = StepLR(optimizer(), 1, gamma=0.5)
    first = StepLR(optimizer(4.0), 1, gamma=0.5).state_dict()
    schedule.step()
    schedule.load_state_dict(first)

    assert (schedule.last_epoch, schedule.optimizer.lr, schedule.base_lrs) == (0, 4.0, [4.0])


def test_a_state_whose_rate_is_none_leaves_the_schedule_where_it_was():
    schedule = ExponentialLR(optimizer(), 2.0)
    schedule.step()

    with pytest.raises(ValueError, match=r"^state dict does not fit: ExponentialLR comes to"):
        schedule.load_state_dict({**schedule.state_dict(), "last_epoch": 5000})
    assert (schedule.last_epoch, schedule.optimizer.lr) == (1, 2.0)


# ---- a sequence ----


def test_each_part_of_a_sequence_begins_at_its_own_epoch_zero():
    o = optimizer()
    parts = [ConstantLR(o, 0.5, 9), StepLR(o, 1, gamma=0.5), LinearLR(o, 0.5, 1.0, 2)]
    schedule = SequentialLR(o, parts, [1, 4])

    assert rates(schedule, 8) == [0.5, 1.0, 0.5, 0.25, 0.5, 0.75, 1.0, 1.0]
    assert schedule.state_dict() == {
        "schedule": "SequentialLR",
        "milestones": [1, 4],
        "base_lrs": [1.0],
        "last_epoch": 7,
        "schedulers": [part.state_dict() for part in parts],
    }
    assert [part.last_epoch for part in parts] == [0, 2, 3]
    assert {kind.__module__ for kind in (Schedule, SequentialLR)} == {"nn"}


@pytest.mark.parametrize(
    ("parts", "milestones", "kind", "message"),
    [
        (2, [], ValueError, r"^SequentialLR takes one more schedule than milestones, got 2 and 0$"),
        (
            2,
            [1, 2],
            ValueError,
            r"^SequentialLR takes one more schedule than milestones, got 2 and 2",
        ),
        (3, [2, 1], ValueError, r"^milestones grow from one to the next, got \[2, 1\]$"),
        (3, [2, 2], ValueError, r"^milestones grow from one to the next, got \[2, 2\]$"),
        (2, [0], ValueError, r"^a milestone is a whole number of at least 1, got 0"),
    ],
)
def test_a_sequence_that_does_not_go_together_is_refused(parts, milestones, kind, message):
    o = optimizer()

    with pytest.raises(kind, match=message):
        SequentialLR(o, [ConstantLR(o) for _ in range(parts)], milestones)


def test_a_sequence_takes_schedules_of_the_epoch_and_of_its_own_optimiser():
    o = optimizer()

    with pytest.raises(TypeError, match=r"^SequentialLR joins schedules of the epoch, got 0\.5$"):
        SequentialLR(o, [0.5, ConstantLR(o)], [1])
    with pytest.raises(TypeError, match=r"^SequentialLR joins schedules of the epoch, got <nn"):
        SequentialLR(o, [ConstantLR(o), ReduceLROnPlateau(o)], [1])
    with pytest.raises(ValueError, match=r"^ConstantLR is a schedule of another optimiser$"):
        SequentialLR(o, [ConstantLR(o), ConstantLR(optimizer())], [1])


def test_a_sequence_takes_the_states_of_its_parts():
    def made(gamma=0.5):
        o = optimizer()
        return SequentialLR(o, [ConstantLR(o, 0.5), StepLR(o, 1, gamma=gamma)], [1])

    schedule, twin = made(), made()
    rates(schedule, 4)
    twin.load_state_dict(schedule.state_dict())

    assert twin.state_dict() == schedule.state_dict()
    assert rates_from(twin, 3) == rates_from(schedule, 3) == [0.25, 0.125, 0.0625]
    given = schedule.state_dict()
    with pytest.raises(
        ValueError, match=r"^state dict does not fit: schedulers is a list of 2, got 1"
    ):
        made().load_state_dict({**given, "schedulers": given["schedulers"][:1]})
    with pytest.raises(
        ValueError, match=r"^state dict does not fit: gamma is 0\.5 there and 0\.25"
    ):
        made(0.25).load_state_dict(given)


def rates_from(schedule, n):
    found = []
    for _ in range(n):
        found.append(schedule.optimizer.lr)
        schedule.step()
    return found


# ---- one cycle ----


def test_one_cycle_has_the_rates_and_momenta_of_its_corners():
    o = optimizer(momentum=0.5)
    schedule = OneCycleLR(o, 1.0, 9, pct_start=3 / 8, anneal_strategy="linear", div_factor=4.0)
    peak = 3 / 8 * 9 - 1
    lrs, momenta = [], []
    for epoch in range(9):
        lrs.append(o.lr)
        momenta.append(o.momentum)
        if epoch < 8:
            schedule.step()

    up = [0.25 + 0.75 * t / peak for t in range(3)]
    down = [1.0 + (0.25e-4 - 1.0) * (t - peak) / (8 - peak) for t in range(3, 9)]
    assert lrs == pytest.approx(up + down, rel=1e-13)
    slow = [0.95 - 0.1 * t / peak for t in range(3)]
    fast = [0.85 + 0.1 * (t - peak) / (8 - peak) for t in range(3, 9)]
    assert momenta == pytest.approx(slow + fast, rel=1e-13)


def test_one_cycle_of_three_phases_goes_back_as_slowly_as_it_came():
    o = optimizer(momentum=0.5)
    schedule = OneCycleLR(
        o, 1.0, 9, pct_start=3 / 9, three_phase=True, div_factor=2.0, final_div_factor=4.0
    )
    momenta = []
    found = []
    for epoch in range(9):
        found.append(o.lr)
        momenta.append(o.momentum)
        if epoch < 8:
            schedule.step()

    first = waves(0.5, 1.0, (0, 1 / 2, 1))
    back, last = waves(1.0, 0.5, (1 / 2, 1)), waves(0.5, 0.125, (1 / 4, 1 / 2, 3 / 4, 1))
    assert found == pytest.approx(first + back + last, rel=1e-13)
    turned = waves(0.95, 0.85, (0, 1 / 2, 1)) + waves(0.85, 0.95, (1 / 2, 1))
    assert momenta == pytest.approx(turned + [0.95] * 4, rel=1e-13)


def test_the_settings_of_one_cycle_are_those_of_pytorch():
    o = optimizer(momentum=0.5)
    schedule = OneCycleLR(o, 2.0, epochs=3, steps_per_epoch=4)

    assert schedule.state_dict() == {
        "schedule": "OneCycleLR",
        "max_lrs": [2.0],
        "total_steps": 12,
        "pct_start": 0.3,
        "anneal_strategy": "cos",
        "cycle_momentum": True,
        "base_momentums": [0.85],
        "max_momentums": [0.95],
        "div_factor": 25.0,
        "final_div_factor": 1e4,
        "three_phase": False,
        "base_lrs": [2.0 / 25.0],
        "last_epoch": 0,
    }
    assert OneCycleLR.__module__ == "nn"


def test_one_cycle_turns_the_first_beta_alone_or_nothing():
    adam = Adam([Value(1.0)], betas=(0.5, 0.75))
    OneCycleLR(adam, 1.0, 9, max_momentum=0.875)
    assert adam.param_groups[0]["betas"] == (0.875, 0.75)

    still = Adam([Value(1.0)], betas=(0.5, 0.75))
    OneCycleLR(still, 1.0, 9, cycle_momentum=False)
    assert still.param_groups[0]["betas"] == (0.5, 0.75)

    OneCycleLR(Adagrad([Value(1.0)]), 1.0, 9, cycle_momentum=False)
    with pytest.raises(ValueError, match=r"^Adagrad has no momentum to cycle: give cycle_momentum"):
        OneCycleLR(Adagrad([Value(1.0)]), 1.0, 9)


@pytest.mark.parametrize("given", [{}, {"epochs": 3}, {"steps_per_epoch": 3}])
def test_one_cycle_has_to_know_its_steps(given):
    with pytest.raises(ValueError, match=r"^OneCycleLR takes total_steps, or epochs and steps_per"):
        OneCycleLR(optimizer(), 1.0, **given)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"total_steps": 0}, "total_steps is a whole number of at least 1, got 0"),
        ({"epochs": 0, "steps_per_epoch": 2}, "epochs is a whole number of at least 1, got 0"),
        ({"epochs": 2, "steps_per_epoch": 0}, "steps_per_epoch is a whole number of at least 1"),
        ({"pct_start": 1.5}, "pct_start is at most 1, got 1.5"),
        ({"pct_start": -0.5}, "pct_start is a finite number of at least 0"),
        ({"anneal_strategy": "sin"}, "anneal_strategy is 'cos' or 'linear', got 'sin'"),
        ({"div_factor": 0.0}, "div_factor is a positive number, got 0"),
        ({"final_div_factor": 0.0}, "final_div_factor is a positive number, got 0"),
        ({"max_lr": 0.0}, "max_lr is a positive number, got 0"),
        ({"base_momentum": 1.0}, "base_momentum is at least 0 and below 1, got 1"),
        ({"max_momentum": 1.0}, "max_momentum is at least 0 and below 1, got 1"),
        ({"max_lr": [1.0, 2.0]}, "max_lr is one for all groups or a list of 1, got 2"),
        ({"base_momentum": [0.5] * 2}, "base_momentum is one for all groups or a list of 1"),
        ({"max_momentum": [0.5] * 2}, "max_momentum is one for all groups or a list of 1"),
    ],
)
def test_a_setting_of_one_cycle_that_cannot_be_is_named(settings, message):
    steps = {} if "epochs" in settings else {"total_steps": 9}

    with pytest.raises(ValueError, match=f"^{message}"):
        OneCycleLR(optimizer(), **{"max_lr": 1.0, **steps, **settings})


@pytest.mark.parametrize("name", ["three_phase", "cycle_momentum"])
def test_a_flag_of_one_cycle_is_true_or_false(name):
    with pytest.raises(TypeError, match=f"^{name} is True or False, got 1$"):
        OneCycleLR(optimizer(), 1.0, 9, **{name: 1})


def test_one_cycle_may_be_stepped_to_its_end_and_not_beyond():
    schedule = OneCycleLR(optimizer(), 1.0, 2)
    schedule.step()
    schedule.step()

    with pytest.raises(ValueError, match=r"^OneCycleLR was made for 2 steps, got 3$"):
        schedule.step()


# ---- a plateau ----


def reduced(metrics, **settings):
    """The rates after each of the metrics."""
    schedule = ReduceLROnPlateau(optimizer(), **settings)
    found = []
    for metric in metrics:
        schedule.step(metric)
        found += schedule.get_last_lr()
    return found


def test_the_settings_of_a_plateau_are_those_of_pytorch():
    schedule = ReduceLROnPlateau(optimizer())

    assert schedule.state_dict() == {
        "schedule": "ReduceLROnPlateau",
        "mode": "min",
        "factor": 0.1,
        "patience": 10,
        "threshold": 1e-4,
        "threshold_mode": "rel",
        "cooldown": 0,
        "min_lrs": [0.0],
        "eps": 1e-8,
        "base_lrs": [1.0],
        "last_epoch": 0,
        "best": None,
        "num_bad_epochs": 0,
        "cooldown_counter": 0,
        "lrs": [1.0],
    }
    assert schedule.needs_metric
    assert ReduceLROnPlateau.__module__ == "nn"


def test_bad_epochs_are_not_counted_while_a_plateau_cools_down():
    found = reduced([1.0] * 9, factor=0.5, patience=1, cooldown=2)

    # bad: 2 and 3 of patience 1, then two epochs of rest, then again 2 bad ones
    assert found == [1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]


@pytest.mark.parametrize(
    ("settings", "bar"),
    [
        ({"threshold": 0.25}, 0.75),
        ({"threshold": 0.25, "threshold_mode": "abs"}, 0.75),
        ({"mode": "max", "threshold": 0.25}, 1.25),
        ({"mode": "max", "threshold": 0.25, "threshold_mode": "abs"}, 1.25),
    ],
)
def test_better_is_beyond_the_bar_and_not_on_it(settings, bar):
    away = 0.125 if "mode" in settings else -0.125

    assert reduced([1.0, bar], patience=0, factor=0.5, **settings) == [1.0, 0.5]
    assert reduced([1.0, bar + away], patience=0, factor=0.5, **settings) == [1.0, 1.0]


@pytest.mark.parametrize(("mode", "worst"), [("min", float("inf")), ("max", -float("inf"))])
def test_the_worst_metric_there_is_is_not_a_best(mode, worst):
    assert reduced([worst], patience=0, factor=0.5, mode=mode) == [0.5]
    assert reduced([-worst], patience=0, factor=0.5, mode=mode) == [1.0]


def test_a_rate_that_would_hardly_change_stays():
    assert reduced([1.0, 1.0], patience=0, factor=0.5, eps=0.5) == [1.0, 1.0]
    assert reduced([1.0, 1.0], patience=0, factor=0.5, eps=0.25) == [1.0, 0.5]


def test_a_rate_does_not_fall_below_its_least():
    assert reduced([1.0] * 4, patience=0, factor=0.5, min_lr=0.375) == [1.0, 0.5, 0.375, 0.375]


def test_a_plateau_counts_its_epochs_and_keeps_the_best():
    schedule = ReduceLROnPlateau(optimizer(), patience=3)
    for metric in (3.0, 2.0, 2.5):
        schedule.step(metric)

    assert (schedule.last_epoch, schedule.best, schedule.num_bad_epochs) == (3, 2.0, 1)


def test_a_plateau_goes_on_from_its_state():
    schedule, twin = (
        ReduceLROnPlateau(optimizer(), factor=0.5, patience=1, cooldown=3) for _ in range(2)
    )
    for _ in range(4):
        schedule.step(1.0)
    twin.load_state_dict(schedule.state_dict())

    assert twin.state_dict() == schedule.state_dict()
    assert (twin.optimizer.lr, twin.cooldown_counter, twin.last_epoch) == (0.5, 2, 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lrs": [1.0, 1.0]}, "lrs is a list of 1, got 2"),
        ({"lrs": [-1.0]}, "the learning rate is a finite number of at least 0, got -1"),
        ({"best": "low"}, "expected a number or a Value, got str 'low'"),
        ({"num_bad_epochs": -1}, "num_bad_epochs is a whole number of at least 0, got -1"),
        ({"cooldown_counter": -1}, "cooldown_counter is a whole number of at least 0, got -1"),
        ({"patience": 3}, "patience is 3 there and 10 here"),
        ({"min_lrs": [1.0]}, r"min_lrs is \[1\.0\] there and \[0\.0\] here"),
    ],
)
def test_a_state_of_a_plateau_that_does_not_fit_is_refused(change, message):
    schedule = ReduceLROnPlateau(optimizer())

    with pytest.raises(ValueError, match=f"^state dict does not fit: {message}"):
        schedule.load_state_dict({**schedule.state_dict(), **change})
    assert schedule.state_dict() == ReduceLROnPlateau(optimizer()).state_dict()


def test_a_best_and_rates_of_whole_numbers_are_loaded_as_floats():
    schedule = ReduceLROnPlateau(optimizer())
    schedule.load_state_dict({**schedule.state_dict(), "best": 3, "lrs": [1]})

    assert (repr(schedule.best), repr(schedule.get_last_lr())) == ("3.0", "[1.0]")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "low"}, "mode is 'min' or 'max', got 'low'"),
        ({"threshold_mode": "share"}, "threshold_mode is 'rel' or 'abs', got 'share'"),
        ({"factor": 1.0}, "factor is at least 0 and below 1, got 1"),
        ({"factor": 0.0}, "factor is a positive number, got 0"),
        ({"patience": -1}, "patience is a whole number of at least 0, got -1"),
        ({"threshold": float("inf")}, "threshold is a finite number, got inf"),
        ({"cooldown": -1}, "cooldown is a whole number of at least 0, got -1"),
        ({"eps": -1.0}, "eps is a finite number of at least 0, got -1"),
        ({"min_lr": -1.0}, "min_lr is a finite number of at least 0, got -1"),
        ({"min_lr": [0.0, 0.0]}, "min_lr is one for all groups or a list of 1, got 2"),
    ],
)
def test_a_setting_of_a_plateau_that_cannot_be_is_named(settings, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        ReduceLROnPlateau(optimizer(), **settings)
