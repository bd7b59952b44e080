"""Steps of each optimiser by the formula of its docstring, and the settings that it begins with."""

from math import sqrt

import pytest

from engine import Value
from nn import SGD
from nn.optim import Optimizer
from nn.optim.adaptive import Adagrad, Adam, AdamW, RMSprop
from tests.nn.optim.optimizers import parameters

GRADS = [1.5, -0.25, 0.75, 3.0]
AT, LR, DECAY = 2.0, 0.125, 0.5
NEAR = 1e-13  # of a few roundings in another order


def after(optimizer):
    """The parameter after a step with each of GRADS."""
    (p,) = optimizer.parameters
    for p.grad in GRADS:
        optimizer.step()
    return p.data


@pytest.mark.parametrize("dampening", [0.0, 0.75])
def test_sgd_with_momentum_follows_its_formula(dampening):
    x, velocity = AT, None
    for grad in GRADS:
        g = grad + DECAY * x
        velocity = g if velocity is None else 0.5 * velocity + (1 - dampening) * g
        x -= LR * velocity
    optimizer = SGD([Value(AT)], LR, momentum=0.5, dampening=dampening, weight_decay=DECAY)

    assert after(optimizer) == pytest.approx(x, rel=NEAR)
    assert optimizer.velocities == [pytest.approx(velocity, rel=NEAR)]
    assert optimizer.state[0]["step"] == len(GRADS)


def test_nesterov_follows_its_formula():
    x, velocity = AT, 0.0
    for g in GRADS:
        velocity = 0.5 * velocity + g
        x -= LR * (g + 0.5 * velocity)

    assert after(SGD([Value(AT)], LR, momentum=0.5, nesterov=True)) == pytest.approx(x, rel=NEAR)


def test_sgd_without_momentum_remembers_nothing():
    optimizer = SGD([Value(AT)], LR)

    assert after(optimizer) == AT - LR * sum(GRADS)
    assert optimizer.state == [{"step": 0, "momentum_buffer": [0.0]}]


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("centered", [False, True])
def test_rmsprop_follows_its_formula(momentum, centered):
    x, v, m, b = AT, 0.0, 0.0, 0.0
    for grad in GRADS:
        g = grad + DECAY * x
        v = 0.75 * v + 0.25 * g**2
        m = 0.75 * m + 0.25 * g
        b = momentum * b + g / (sqrt(v - m**2 if centered else v) + 0.5)
        x -= LR * b
    optimizer = RMSprop([Value(AT)], LR, 0.75, 0.5, DECAY, momentum, centered)

    assert after(optimizer) == pytest.approx(x, rel=NEAR)
    state = optimizer.state[0]
    assert state["square_avg"] == [pytest.approx(v, rel=NEAR)]
    assert state["momentum_buffer"] == [pytest.approx(b if momentum else 0.0, rel=NEAR)]
    assert ("grad_avg" in state) == centered


@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize("kind", [Adam, AdamW])
def test_adam_and_adamw_follow_their_formula(kind, amsgrad):
    x, m, v, largest = AT, 0.0, 0.0, 0.0
    for t, grad in enumerate(GRADS, 1):
        if kind is AdamW:
            x, g = (1 - LR * DECAY) * x, grad
        else:
            g = grad + DECAY * x
        m = 0.75 * m + 0.25 * g
        v = 0.5 * v + 0.5 * g**2
        largest = max(v, largest) if amsgrad else v
        x -= LR * (m / (1 - 0.75**t)) / (sqrt(largest / (1 - 0.5**t)) + 0.25)
    optimizer = kind([Value(AT)], LR, (0.75, 0.5), 0.25, DECAY, amsgrad)

    assert after(optimizer) == pytest.approx(x, rel=NEAR)
    state = optimizer.state[0]
    assert (state["step"], state["exp_avg"]) == (4, [pytest.approx(m, rel=NEAR)])
    assert ("max_exp_avg_sq" in state) == amsgrad


def test_amsgrad_keeps_the_largest_square_when_gradients_fall():
    (p,) = parameters(4.0)
    optimizer = Adam([p], betas=(0.5, 0.5), amsgrad=True)
    optimizer.step()
    p.grad = 0.0
    optimizer.step()

    assert optimizer.state[0]["exp_avg_sq"] == [4.0]
    assert optimizer.state[0]["max_exp_avg_sq"] == [8.0]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (
            SGD,
            {"lr": 1e-3, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False},
        ),
        (
            Adagrad,
            {
                "lr": 1e-2,
                "lr_decay": 0,
                "weight_decay": 0,
                "initial_accumulator_value": 0,
                "eps": 1e-10,
            },
        ),
        (
            RMSprop,
            {
                "lr": 1e-2,
                "alpha": 0.99,
                "eps": 1e-8,
                "weight_decay": 0,
                "momentum": 0,
                "centered": False,
            },
        ),
        (
            Adam,
            {
                "lr": 1e-3,
                "betas": (0.9, 0.999),
                "eps": 1e-8,
                "weight_decay": 0,
                "amsgrad": False,
            },
        ),
        (
            AdamW,
            {
                "lr": 1e-3,
                "betas": (0.9, 0.999),
                "eps": 1e-8,
                "weight_decay": 1e-2,
                "amsgrad": False,
            },
        ),
    ],
)
def test_an_optimiser_begins_with_the_settings_of_pytorch(kind, settings):
    p = Value(1.0)

    assert kind([p]).param_groups == [{"params": [p], **settings}]
    assert kind.__module__ == "nn"


@pytest.mark.parametrize("kind", [SGD, Adagrad, RMSprop, Adam, AdamW])
def test_a_setting_out_of_its_range_is_named(kind):
    p = Value(1.0)
    for name in kind.rules:
        if name not in ("dampening", "betas", "nesterov", "centered", "amsgrad"):
            words = "the learning rate" if name == "lr" else name
            with pytest.raises(ValueError, match=f"^{words} is "):
                kind([p], **{name: -0.5})


def test_the_momentum_is_read_and_set_in_every_group():
    p, q = parameters(1.0, 1.0)
    optimizer = SGD([{"params": [p], "momentum": 0.25, "lr": 1.0}, {"params": [q]}], lr=0.5)

    assert (optimizer.momentum, optimizer.lr) == (0.25, 1.0)
    optimizer.momentum = 0.5
    assert [group["momentum"] for group in optimizer.param_groups] == [0.5, 0.5]
    with pytest.raises(ValueError, match=r"^momentum is at least 0 and below 1, got 1"):
        optimizer.momentum = 1.0


def test_a_rate_set_by_hand_forgets_what_a_schedule_began_with():
    (p,) = parameters(1.0)
    optimizer = SGD([p], lr=1.0)
    optimizer.param_groups[0]["initial_lr"] = 4.0
    optimizer.lr = 0.5
    optimizer.lr = 0.25  # without one too

    assert optimizer.param_groups[0] == {**optimizer.param_groups[0], "lr": 0.25}
    assert "initial_lr" not in optimizer.param_groups[0]


def test_a_step_returns_what_its_closure_returns_and_moves_after_it():
    (p,) = parameters(0.0)

    def closure():
        p.grad = 1.0
        return "the loss"

    assert SGD([p], lr=0.5).step(closure) == "the loss"
    assert p.data == 0.5
    assert SGD([p], lr=0.5).step() is None


def test_an_optimiser_of_ones_own_has_to_say_how_it_moves():
    class Own(Optimizer):
        rules = {}

    with pytest.raises(NotImplementedError, match=r"^Own does not say how it moves parameters$"):
        Own([Value(1.0)], {}).step()
    assert Own([Value(1.0)], {}).state == [{}]


def test_a_state_dict_says_parameters_by_their_place():
    p, q, r = parameters(1.0, 1.0, 1.0)
    optimizer = SGD([{"params": [p, q]}, {"params": [r], "lr": 0.5}], lr=0.25, momentum=0.5)
    optimizer.step()
    found = optimizer.state_dict()

    assert found["optimizer"] == "SGD"
    assert [group["params"] for group in found["param_groups"]] == [[0, 1], [2]]
    assert [group["lr"] for group in found["param_groups"]] == [0.25, 0.5]
    assert found["state"] == [
        {"step": 1, "momentum_buffer": [1.0, 1.0]},
        {"step": 1, "momentum_buffer": [1.0]},
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(optimizer="Adam"), "it is of Adam, not of SGD"),
        (lambda d: d.pop("state"), "missing state"),
        (lambda d: d.update(more=1), "unexpected more"),
        (lambda d: d.update(state=[]), "state is a list of 1, got 0"),
        (lambda d: d.update(param_groups=()), r"param_groups is a list of 1, got tuple \(\)"),
        (lambda d: d["param_groups"].append({}), "param_groups is a list of 1, got 2"),
        (lambda d: d["param_groups"][0].pop("lr"), "group 0: missing lr"),
        (
            lambda d: d["param_groups"][0].update(lr=-1),
            "group 0: the learning rate is a finite number of at",
        ),
        (
            lambda d: d["param_groups"][0].update(initial_lr=-1),
            "group 0: initial_lr is a finite number of at",
        ),
        (
            lambda d: d["param_groups"][0].update(params=[0]),
            "group 0: params is a list of 2, got 1",
        ),
        (
            lambda d: d["param_groups"][0].update(params=[1, 0]),
            r"group 0: params are \[0, 1\], got \[1, 0\]",
        ),
        (
            lambda d: d["param_groups"].__setitem__(0, None),
            "group 0: expected a dict, got NoneType",
        ),
        (lambda d: d["state"][0].update(step=-1), "group 0: step is a whole number"),
        (
            lambda d: d["state"][0].update(momentum_buffer=[0.0]),
            "group 0: momentum_buffer is a list of 2, got 1",
        ),
    ],
)
def test_a_state_dict_of_another_optimiser_is_refused_and_changes_nothing(change, message):
    optimizer = SGD(parameters(1.0, 1.0), lr=0.25, momentum=0.5)
    before = optimizer.state_dict()
    given = optimizer.state_dict()
    change(given)

    with pytest.raises(ValueError, match=f"^state dict does not fit: {message}"):
        optimizer.load_state_dict(given)
    assert optimizer.state_dict() == before


def test_a_rate_that_a_schedule_brought_to_zero_is_loaded_with_the_rate_it_began_at():
    optimizer, twin = SGD(parameters(1.0), lr=0.25), SGD(parameters(1.0), lr=1.0)
    optimizer.param_groups[0].update(lr=0.0, initial_lr=0.5)
    twin.load_state_dict(optimizer.state_dict())

    assert twin.state_dict() == optimizer.state_dict()
    assert twin.param_groups[0]["initial_lr"] == 0.5


@pytest.mark.parametrize(
    ("params", "kind", "message"),
    [
        ([{"lr": 0.5}], TypeError, r"^a parameter group is a dict with 'params', got {'lr': 0.5}"),
        (
            [{"params": [Value(1.0)]}, Value(2.0)],
            TypeError,
            r"^a parameter group is a dict with 'params', got Value\(",
        ),
        (
            [{"params": [Value(1.0)], "pace": 0.5}],
            ValueError,
            r"^SGD has lr, momentum, dampening, weight_decay, nesterov: no setting 'pace'$",
        ),
        ([{"params": []}], ValueError, r"^the optimiser got no parameters$"),
        ([Value(1.0), Value(1.0) * 2], ValueError, r"^a parameter is a leaf, number 1 was made by"),
        ([Value(1.0), 2.0], TypeError, r"^a parameter is a Value, got float 2\.0$"),
    ],
)
def test_what_is_no_list_of_parameters_is_refused(params, kind, message):
    with pytest.raises(kind, match=message):
        SGD(params)


def test_a_parameter_that_comes_twice_is_named_by_its_number_among_all():
    p, q = parameters(1.0, 1.0)

    with pytest.raises(ValueError, match=r"^a parameter is to be given once, number 2 is given"):
        SGD([{"params": [p, q]}, {"params": [q]}])
    with pytest.raises(ValueError, match=r"^a parameter is to be given once, number 1 is given"):
        SGD([p, p])


def test_the_repr_of_two_groups_has_a_line_for_each():
    p, q, r = parameters(1.0, 1.0, 1.0)
    optimizer = SGD([{"params": [p, q]}, {"params": [r], "lr": 0.5}], lr=0.25)

    rest = "momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False"
    lines = ["SGD(", f"  2 parameters: lr=0.25, {rest}", f"  1 parameter: lr=0.5, {rest}", ")"]
    assert repr(optimizer) == "\n".join(lines)


def test_adamw_may_shrink_a_parameter_to_zero():
    (p,) = parameters(0.0, at=2.0)

    AdamW([p], lr=0.5, weight_decay=2.0).step()

    assert p.data == 0.0
