"""The optimisers: their steps by hand, groups, and bad input."""

import math
import random

import pytest

from engine import Value
from nn import MLP, SGD, data
from nn.optim import Optimizer
from nn.optim.adaptive import Adagrad, Adam, AdamW, RMSprop
from nn.optim.lbfgs import LBFGS
from nn.optim.linesearch import Point, strong_wolfe
from tests.nn.optim.optimizers import KINDS, parameters, run

# ---- steps by hand ----


def test_weight_decay_of_sgd_adds_the_parameter_to_its_gradient():
    (p,) = parameters(0.5, at=2.0)

    SGD([p], lr=0.5, weight_decay=0.25).step()

    assert p.data == 2.0 - 0.5 * (0.5 + 0.25 * 2.0)


def test_dampening_spares_the_first_step():
    (p,) = parameters(1.0, at=0.0)
    optimizer = SGD([p], lr=1.0, momentum=0.5, dampening=0.75)
    optimizer.step()
    optimizer.step()

    assert optimizer.velocities == [0.5 * 1.0 + 0.25 * 1.0]


def test_nesterov_looks_a_velocity_ahead():
    (p,) = parameters(1.0, at=0.0)

    SGD([p], lr=1.0, momentum=0.5, nesterov=True).step()

    assert p.data == -(1.0 + 0.5 * 1.0)


def test_the_first_step_of_adam_is_lr_whatever_the_gradient():
    ps = parameters(1e-3, -1e5, at=0.0)

    Adam(ps, lr=0.5).step()

    assert [p.data for p in ps] == pytest.approx([-0.5, 0.5], rel=2e-5)  # eps is 1e-8 beside 1e-3


def test_adamw_shrinks_a_parameter_without_gradient():
    (p,) = parameters(0.0, at=2.0)

    AdamW([p], lr=0.5, weight_decay=0.5).step()

    assert p.data == 1.5


def test_adagrad_slows_down_as_one_over_the_root_of_t():
    (p,) = parameters(2.0, at=0.0)
    optimizer = Adagrad([p], lr=1.0, eps=1e-300)
    optimizer.step()
    optimizer.step()

    assert p.data == -(1 + 2 / math.sqrt(8))


def test_rmsprop_divides_by_the_root_of_the_mean_square():
    (p,) = parameters(2.0, at=0.0)

    RMSprop([p], lr=1.0, alpha=0.75, eps=1e-300).step()

    assert p.data == -2.0


def test_centered_rmsprop_survives_a_variance_rounded_below_zero():
    (p,) = parameters(0.1, at=0.0)
    optimizer = RMSprop([p], lr=1e-9, alpha=0.5, centered=True)
    for _ in range(200):
        optimizer.step()

    state = optimizer.state[0]
    assert state["square_avg"][0] - state["grad_avg"][0] ** 2 <= 0.0
    assert math.isfinite(p.data)


def test_lbfgs_finds_the_minimum_of_a_quadratic_in_a_dozen_evaluations():
    ps = [Value(3.0), Value(-2.0)]
    optimizer = LBFGS(ps, line_search_fn="strong_wolfe", max_iter=20)
    calls = []

    def closure():
        optimizer.zero_grad()
        loss = (ps[0] - 1) ** 2 + 10 * (ps[1] + 0.5) ** 2
        loss.backward()
        calls.append(loss.data)
        return loss

    first = optimizer.step(closure)

    assert first.data == calls[0] == 26.5
    assert [p.data for p in ps] == pytest.approx([1.0, -0.5], abs=1e-5)
    assert len(calls) <= 12


@pytest.mark.parametrize("line_search_fn", [None, "strong_wolfe"])
def test_an_error_in_the_closure_leaves_lbfgs_as_it_was(line_search_fn):
    p = Value(3.0)
    optimizer = LBFGS([p], lr=0.1, line_search_fn=line_search_fn)
    calls = []

    def closure():
        calls.append(p.data)
        if len(calls) == 3:
            raise ArithmeticError("no")
        optimizer.zero_grad()
        loss = (p - 1) ** 4
        loss.backward()
        return loss

    before = optimizer.state_dict()
    with pytest.raises(ArithmeticError, match="no"):
        optimizer.step(closure)

    assert calls[2] != 3.0
    assert p.data == 3.0
    assert optimizer.state_dict() == before


def test_a_rate_of_zero_stops_lbfgs_where_it_is():
    p = Value(3.0)
    optimizer = LBFGS([p], line_search_fn="strong_wolfe")
    optimizer.param_groups[0]["lr"] = 0.0  # as a schedule may end

    def closure():
        optimizer.zero_grad()
        loss = p * p
        loss.backward()
        return loss

    optimizer.step(closure)

    assert p.data == 3.0


@pytest.mark.parametrize("first", [1e-3, 1.0, 50.0])
def test_a_line_search_ends_low_and_flat_enough(first):
    for seed in range(50):
        rng = random.Random(seed)
        a, w = rng.uniform(-3, 3), rng.uniform(0.1, 9)
        f = lambda t, a=a, w=w: (t - 1) ** 2 + a * math.sin(w * t)  # noqa: E731
        slope = lambda t, a=a, w=w: 2 * (t - 1) + a * w * math.cos(w * t)  # noqa: E731
        point = lambda t, f=f, slope=slope: Point(t, f(t), [], slope(t))  # noqa: E731
        start = point(0.0)
        if start.slope < 0:
            end, _ = strong_wolfe(point, start, first, 1.0, 25)

            assert end.f <= start.f + 1e-4 * end.t * start.slope
            assert abs(end.slope) <= 0.9 * abs(start.slope)


@pytest.mark.parametrize("kind", KINDS)
def test_every_optimiser_learns_xor(kind):
    inputs, targets = data.xor()
    model = MLP(2, [4, 1], activation="tanh", rng=random.Random(0))
    lr = 0.5 if kind is LBFGS else 0.1
    first, last = run(model, kind(model.parameters(), lr=lr), inputs, targets, 300)

    assert last < first / 5


# ---- groups ----


def test_each_group_has_its_own_settings():
    p, q = parameters(1.0, 1.0, at=0.0)

    SGD([{"params": [p]}, {"params": q, "lr": 0.5}], lr=0.25).step()

    assert (p.data, q.data) == (-0.25, -0.5)


def test_setting_lr_sets_it_in_every_group():
    p, q = parameters(1.0, 1.0)
    optimizer = SGD([{"params": [p]}, {"params": [q], "lr": 0.5}], lr=0.25)
    optimizer.lr, optimizer.momentum = 2.0, 0.5

    assert [group["lr"] for group in optimizer.param_groups] == [2.0, 2.0]
    assert [group["momentum"] for group in optimizer.param_groups] == [0.5, 0.5]


def test_a_group_added_later_begins_its_own_count_of_steps():
    p, q = parameters(1.0, 1.0, at=0.0)
    optimizer = Adam([p], lr=0.5)
    optimizer.step()
    optimizer.add_param_group({"params": [q], "lr": 0.25})
    optimizer.step()

    assert [state["step"] for state in optimizer.state] == [2, 1]
    assert q.data == pytest.approx(-0.25, rel=1e-7)  # eps is 1e-8 beside 1
    assert optimizer.parameters == [p, q]


def test_zero_grad_reaches_every_group():
    p, q = parameters(1.0, 1.0)

    SGD([{"params": [p]}, {"params": [q]}], lr=0.25).zero_grad()

    assert (p.grad, q.grad) == (0.0, 0.0)


def test_the_repr_has_the_settings_of_each_group():
    p, q = parameters(1.0, 1.0)
    optimizer = Adagrad([{"params": [p]}, {"params": [q], "lr": 0.5}])

    assert repr(optimizer) == (
        "Adagrad(\n"
        "  1 parameter: lr=0.01, lr_decay=0.0, weight_decay=0.0, initial_accumulator_value=0.0, "
        "eps=1e-10\n"
        "  1 parameter: lr=0.5, lr_decay=0.0, weight_decay=0.0, initial_accumulator_value=0.0, "
        "eps=1e-10\n)"
    )


# ---- bad input ----


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lr", [0.0, -0.1, math.inf, math.nan])
def test_a_learning_rate_that_is_not_positive_is_refused(kind, lr):
    with pytest.raises(ValueError, match=f"the learning rate is a positive number, got {lr}"):
        kind(parameters(1.0), lr=lr)
    with pytest.raises(ValueError, match=f"the learning rate is a positive number, got {lr}"):
        kind([{"params": parameters(1.0), "lr": lr}])
    optimizer = kind(parameters(1.0))
    with pytest.raises(ValueError, match=f"the learning rate is a positive number, got {lr}"):
        optimizer.lr = lr


@pytest.mark.parametrize("kind", KINDS)
def test_no_parameters_are_refused(kind):
    for nothing in ([], iter([]), [{"params": []}]):
        with pytest.raises(ValueError, match="the optimiser got no parameters"):
            kind(nothing)


def test_a_parameter_given_twice_is_refused_across_groups_too():
    p, q = parameters(1.0, 1.0)
    message = "a parameter is to be given once, number 2 is given again"
    with pytest.raises(ValueError, match=message):
        Adam([{"params": [p, q]}, {"params": [q]}])
    optimizer = Adam([p, q])
    with pytest.raises(ValueError, match=message):
        optimizer.add_param_group({"params": [p]})
    assert len(optimizer.param_groups) == len(optimizer.state) == 1


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda p: SGD([p * 2]), ValueError, "a parameter is a leaf, number 0 was made by mul"),
        (lambda p: SGD(p), TypeError, "parameters are a list of Values, as of model.parameters"),
        (lambda p: SGD([p, {"params": []}]), TypeError, "a parameter is a Value, got dict"),
        (
            lambda p: SGD([{"params": [p]}, Value(1.0)]),
            TypeError,
            "a dict with 'params', got Value",
        ),
        (lambda p: SGD([{"lr": 0.1}]), TypeError, "a dict with 'params', got {'lr': 0.1}"),
        (lambda p: SGD([{"params": [p], "beta": 1}]), ValueError, "nesterov: no setting 'beta'"),
        (lambda p: SGD([{"params": 3}]), TypeError, r"as of model.parameters\(\), got 3"),
        (lambda p: SGD([p], weight_decay=-1), ValueError, "weight_decay is a finite number of at"),
        (
            lambda p: SGD([p], dampening=math.nan),
            ValueError,
            "dampening is a finite number, got nan",
        ),
        (lambda p: SGD([p], nesterov=1), TypeError, "nesterov is True or False, got 1"),
        (
            lambda p: SGD([p], nesterov=True),
            ValueError,
            "momentum above 0 and dampening 0, got mom",
        ),
        (
            lambda p: SGD([p], momentum=0.5, dampening=0.5, nesterov=True),
            ValueError,
            "got momentum 0.5 and dampening 0.5",
        ),
        (
            lambda p: Adagrad([p], lr_decay=-1),
            ValueError,
            "lr_decay is a finite number of at least",
        ),
        (lambda p: Adagrad([p], eps=0), ValueError, "eps is a positive number, got 0.0"),
        (
            lambda p: Adagrad([p], initial_accumulator_value=-1),
            ValueError,
            "initial_accumulator_value is a finite number of at least 0, got -1.0",
        ),
        (lambda p: RMSprop([p], alpha=1), ValueError, "alpha is at least 0 and below 1, got 1.0"),
        (lambda p: RMSprop([p], momentum=-1), ValueError, "momentum is at least 0 and below 1"),
        (lambda p: RMSprop([p], centered=None), TypeError, "centered is True or False, got None"),
        (
            lambda p: Adam([p], betas=(0.9, 1.0)),
            ValueError,
            "betas are at least 0 and below 1, got 1",
        ),
        (
            lambda p: Adam([p], betas=(-0.1, 0.9)),
            ValueError,
            "betas are at least 0 and below 1, got",
        ),
        (lambda p: Adam([p], betas=0.9), TypeError, "betas are two numbers, got 0.9"),
        (lambda p: Adam([p], betas=(0.9, math.nan)), ValueError, "and below 1, got nan"),
        (lambda p: Adam([p], eps=-1), ValueError, "eps is a positive number, got -1.0"),
        (lambda p: LBFGS([p], max_iter=0), ValueError, "max_iter is a whole number of at least 1"),
        (
            lambda p: LBFGS([p], max_iter=2.5),
            TypeError,
            "max_iter is a whole number, got float 2.5",
        ),
        (lambda p: LBFGS([p], max_eval=0), ValueError, "max_eval is a whole number of at least 1"),
        (lambda p: LBFGS([p], history_size=0), ValueError, "history_size is a whole number of at"),
        (
            lambda p: LBFGS([p], tolerance_grad=-1),
            ValueError,
            "tolerance_grad is a finite number of",
        ),
        (lambda p: LBFGS([p], line_search_fn="x"), ValueError, "None or 'strong_wolfe', got 'x'"),
        (
            lambda p: LBFGS([{"params": [p]}, {"params": [Value(1.0)]}]),
            ValueError,
            "LBFGS has one group of parameters, got a second",
        ),
        (
            lambda p: LBFGS([p]).step(),
            TypeError,
            r"evaluates the loss itself: call step\(closure\)",
        ),
        (
            lambda p: LBFGS([p]).step(lambda: None),
            TypeError,
            "the closure returns the loss, got None",
        ),
        (lambda p: Optimizer([p], {}).step(), NotImplementedError, "does not say how it moves"),
    ],
)
def test_an_impossible_optimiser_is_refused(make, kind, message):
    with pytest.raises(kind, match=message):
        make(Value(1.0))


@pytest.mark.parametrize("kind", [SGD, Adagrad, RMSprop, Adam, AdamW])
@pytest.mark.parametrize("grad", [math.inf, math.nan, 1e200])
def test_a_gradient_of_any_size_is_taken_without_an_exception(kind, grad):
    p, q = parameters(grad, 0.0)
    kind([p, q]).step()

    assert q.data == (1.0 if kind is not AdamW else 1.0 - 1e-3 * 1e-2)
