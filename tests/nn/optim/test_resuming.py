"""States of optimisers and schedules: going on to the last bit, and what does not fit."""

import json
import random

import pytest

from nn import MLP, SGD, data
from nn.optim.adaptive import Adagrad, Adam, AdamW, RMSprop
from nn.optim.lbfgs import LBFGS
from nn.schedules import CosineAnnealingLR, ExponentialLR, LinearLR, SequentialLR
from nn.schedules.onecycle import OneCycleLR
from nn.schedules.plateau import ReduceLROnPlateau
from tests.nn.optim.optimizers import KINDS, parameters, run

MAKERS = {
    "SGD": lambda ps: SGD(ps, lr=0.1),
    "SGD with dampened momentum": lambda ps: SGD(ps, 0.1, momentum=0.9, dampening=0.2),
    "Nesterov": lambda ps: SGD(ps, 0.1, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "Adagrad": lambda ps: Adagrad(ps, 0.1, lr_decay=0.1, initial_accumulator_value=0.1),
    "RMSprop": lambda ps: RMSprop(ps, 0.01, momentum=0.5, centered=True),
    "Adam": lambda ps: Adam(ps, 0.05, weight_decay=1e-3),
    "AMSGrad": lambda ps: Adam(ps, 0.05, amsgrad=True),
    "AdamW": lambda ps: AdamW(ps, 0.05),
    "LBFGS": lambda ps: LBFGS(ps, 0.5, max_iter=2, history_size=4),
    "LBFGS with a line search": lambda ps: LBFGS(ps, max_iter=2, line_search_fn="strong_wolfe"),
}


SCHEDULES = {
    "no schedule": lambda _: None,
    "ExponentialLR": lambda o: ExponentialLR(o, 0.9),
    "CosineAnnealingLR": lambda o: CosineAnnealingLR(o, T_max=7),
    "warm-up": lambda o: SequentialLR(o, [LinearLR(o), ExponentialLR(o, 0.9)], [5]),
    "ReduceLROnPlateau": lambda o: ReduceLROnPlateau(o, patience=0, threshold=0.3),
    "OneCycleLR": lambda o: OneCycleLR(o, 0.1, 12, cycle_momentum=type(o) in (SGD, Adam, AdamW)),
}


class Training:
    def __init__(self, optimiser, schedule):
        self.model = MLP(2, [3, 1], activation="tanh", rng=random.Random(0))
        ps = self.model.parameters()
        groups = [ps] if optimiser.startswith("LBFGS") else [ps[:4], ps[4:]]
        self.optimizer = MAKERS[optimiser]([{"params": group} for group in groups])
        self.schedule = SCHEDULES[schedule](self.optimizer)

    def go(self, steps):
        inputs, targets = data.xor()
        for _ in range(steps):
            _, loss = run(self.model, self.optimizer, inputs, targets, 1)
            if self.schedule is not None:
                self.schedule.step(*[loss] if self.schedule.needs_metric else [])
        return self

    def saved(self):
        parts = [self.model, self.optimizer, self.schedule]
        return json.dumps([part and part.state_dict() for part in parts])

    def load(self, text):
        for part, state in zip([self.model, self.optimizer, self.schedule], json.loads(text)):
            if part is not None:
                part.load_state_dict(state)
        return self


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimiser", MAKERS)
def test_resuming_gives_the_same_bits_as_going_on(optimiser, schedule):
    whole = Training(optimiser, schedule).go(12)

    for k in (0, 1, 6):
        half = Training(optimiser, schedule).go(k).saved()
        resumed = Training(optimiser, schedule).load(half)
        assert resumed.saved() == half
        assert resumed.go(12 - k).saved() == whole.saved()


@pytest.mark.parametrize("optimiser", MAKERS)
def test_a_state_dict_is_a_copy_that_json_does_not_change(optimiser):
    training = Training(optimiser, "no schedule").go(3)
    state = training.optimizer.state_dict()
    text = json.dumps(state)
    training.go(3)

    assert json.dumps(state) == text
    assert json.loads(text) == state


def test_parameters_are_their_places_in_a_state_dict():
    optimizer = SGD([{"params": parameters(1.0, 1.0)}, {"params": parameters(1.0)}], lr=0.1)

    assert [group["params"] for group in optimizer.state_dict()["param_groups"]] == [[0, 1], [2]]


def test_a_rate_that_a_schedule_brought_down_to_zero_can_be_loaded():
    optimizer = SGD(parameters(1.0), lr=0.1)
    schedule = LinearLR(optimizer, end_factor=0.0, total_iters=1)
    schedule.step()
    state = optimizer.state_dict()
    other = SGD(parameters(1.0), lr=0.1)
    other.load_state_dict(state)

    assert other.lr == 0.0


def test_a_schedule_may_be_there_or_not_when_a_state_dict_is_loaded():
    plain, scheduled = SGD(parameters(1.0), lr=0.1), SGD(parameters(1.0), lr=0.2)
    ExponentialLR(scheduled, 0.5)
    before, after = plain.state_dict(), scheduled.state_dict()
    plain.load_state_dict(after)
    scheduled.load_state_dict(before)

    assert (plain.lr, scheduled.lr) == (0.2, 0.1)


def broken(change, kind=Adam):
    """A state dict after a change, and what it is for."""
    optimizer = kind([{"params": parameters(1.0, 2.0)}, {"params": parameters(3.0)}])
    optimizer.step()
    state = json.loads(json.dumps(optimizer.state_dict()))
    change(state)
    return optimizer, state


def setter(*path, to):
    def change(state):
        for key in path[:-1]:
            state = state[key]
        state[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (setter("optimizer", to="AdamW"), "it is of AdamW, not of Adam"),
        (setter("optimizer", to=[1]), r"it is of \[1\], not of Adam"),
        (lambda s: s.pop("state"), "missing state"),
        (setter("epoch", to=3), "unexpected epoch"),
        (setter("state", to=None), "state is a list of 2, got NoneType None"),
        (lambda s: s["state"].pop(), "state is a list of 2, got 1"),
        (lambda s: s["param_groups"].pop(), "param_groups is a list of 2, got 1"),
        (setter("param_groups", 1, to=[]), r"group 1: expected a dict, got list \[\]"),
        (setter("param_groups", 1, "params", to=[2, 3]), "group 1: params is a list of 1, got 2"),
        (
            setter("param_groups", 0, "params", to=[0, 2]),
            r"group 0: params are \[0, 1\], got \[0, 2\]",
        ),
        (setter("param_groups", 0, "params", to=2), "group 0: params is a list of 2, got int 2"),
        (setter("param_groups", 0, "momentum", to=0.5), "group 0: unexpected momentum"),
        (lambda s: s["param_groups"][0].pop("eps"), "group 0: missing eps"),
        (setter("param_groups", 0, "lr", to=-1.0), "group 0: the learning rate is a finite number"),
        (setter("param_groups", 0, "lr", to="0.1"), "group 0: the learning rate: expected a num"),
        (setter("param_groups", 0, "lr", to=10**400), "group 0: int too large"),
        (setter("param_groups", 0, "betas", to=[0.9]), r"betas are two numbers, got \[0.9\]"),
        (setter("param_groups", 0, "amsgrad", to=1), "amsgrad is True or False, got 1"),
        (setter("param_groups", 0, "amsgrad", to=True), "group 0: missing max_exp_avg_sq"),
        (setter("state", 0, to="x"), "group 0: expected a dict, got str 'x'"),
        (setter("state", 0, "step", to=-1), "step is a whole number of at least 0, got -1"),
        (setter("state", 0, "step", to=1.5), "step is a whole number, got float 1.5"),
        (setter("state", 0, "step", to=True), "step is a whole number, got bool True"),
        (setter("state", 0, "step", to=10**400), "step is a whole number of at least 0, got 1000"),
        (setter("state", 0, "exp_avg", to=[1.0]), "exp_avg is a list of 2, got 1"),
        (setter("state", 0, "exp_avg", to=[1.0, None]), "group 0: expected a number"),
        (setter("state", 0, "exp_avg_sq", 1, to=-1.0), "exp_avg_sq is at least 0, got -1.0"),
    ],
)
def test_a_state_dict_that_does_not_fit_is_refused_and_changes_nothing(change, message):
    optimizer, state = broken(change)
    before = optimizer.state_dict()

    with pytest.raises(ValueError, match=f"^state dict does not fit: .*{message}"):
        optimizer.load_state_dict(state)
    assert optimizer.state_dict() == before


@pytest.mark.parametrize("optimiser", [kind.__name__ for kind in KINDS])
def test_a_state_dict_of_any_other_optimiser_is_refused(optimiser):
    optimizer = Training(optimiser, "no schedule").go(1).optimizer
    for other in KINDS:
        if other.__name__ != optimiser:
            state = Training(other.__name__, "no schedule").go(1).optimizer.state_dict()
            with pytest.raises(ValueError, match=f"is of {other.__name__}, not of {optimiser}"):
                optimizer.load_state_dict(state)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (setter("state", 0, "ro", to=[1.0] * 5), "ro is a list of at most 4, got"),
        (setter("state", 0, "ro", to=[]), "old_dirs is a list of 0, got 1"),
        (setter("state", 0, "old_stps", 0, to=[1.0]), "old_stps is a list of 13, got 1"),
        (setter("state", 0, "t", to="1"), "expected a number"),
        (setter("state", 0, "d", to=[1.0]), "d is a list of 13, got 1"),
    ],
)
def test_a_history_of_lbfgs_that_does_not_fit_is_refused(change, message):
    optimizer = Training("LBFGS", "no schedule").go(2).optimizer
    before = optimizer.state_dict()
    state = optimizer.state_dict()
    change(state)

    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(state)
    assert optimizer.state_dict() == before


def test_no_state_dict_at_all_is_refused():
    with pytest.raises(ValueError, match="does not fit: expected a dict, got NoneType None"):
        SGD(parameters(1.0)).load_state_dict(None)
