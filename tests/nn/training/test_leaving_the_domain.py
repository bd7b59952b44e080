"""A step out of a function's domain is a step too far: a TrainingError, and the way back."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine import Value, log
from engine.ops import TABLE
from nn import SGD, Adam, Module, TrainingError, fit
from nn.losses import binary_cross_entropy
from nn.optim import LBFGS


class Number(Module):
    """x: [1] -> f(p * x)."""

    def __init__(self, p, f):
        self.p, self.f = Value(p), f

    def __call__(self, x):
        return self.f(self.p * x[0])


def total(outputs, targets):
    return sum(y - t for y, t in zip(outputs, targets))


def trained(p, f, x=1.0, *, lr, loss=total, optimizer=SGD, **options):
    model = Number(p, f)
    made = optimizer([model.p], lr=lr)
    options = {"steps": 4, "progress": False, "loss": loss} | options
    with pytest.raises(TrainingError) as caught:
        fit(model, ([[x]], [0.0]), optimizer=made, **options)
    return model.p.data, str(caught.value)


@pytest.mark.parametrize("replay", [False, True])
def test_a_step_out_of_the_domain_of_log_is_named_and_undone(replay):
    p, message = trained(3.0, lambda x: x - log(x), lr=10, replay=replay)

    assert p == 3.0
    assert message == (
        "step 2: log(-3.666666666666668): math domain error: try a smaller learning rate"
    )


INSIDE = {"log": 0.5, "log1p": 0.5, "log2": 0.5, "log10": 0.5, "sqrt": 0.5, "asin": 0.5}
INSIDE |= {"acos": 0.5, "atanh": 0.5, "acosh": 1.5, "logit": 0.5}
INSIDE = {name: x for name, x in INSIDE.items() if name in TABLE}


@pytest.mark.parametrize("replay", [False, True])
@pytest.mark.parametrize("optimizer", [SGD, Adam])
@pytest.mark.parametrize("name", INSIDE)
def test_a_step_out_of_any_domain_is_undone(name, optimizer, replay):
    inside = INSIDE[name]

    p, message = trained(inside, TABLE[name], lr=100, optimizer=optimizer, replay=replay)

    assert p == inside
    assert message.startswith(f"step 2: {name}(")


@pytest.mark.parametrize("replay", [False, True])
def test_a_root_as_a_power_is_undone_too(replay):
    p, message = trained(0.5, lambda x: x**0.5, lr=100, replay=replay)

    assert p == 0.5
    assert message.endswith("try a smaller learning rate")


@settings(max_examples=40, deadline=None)
@given(st.floats(0.01, 100), st.floats(1.5, 1e6), st.sampled_from([False, True]))
def test_eager_and_replayed_steps_end_alike(p, far, replay):
    """The slope of log is 1/p: a rate of far * p**2 leads to p - far * p, below 0."""
    back, message = trained(p, log, lr=far * p * p, replay=replay)

    assert back == p
    assert message.startswith("step 2: log(-")


def test_the_first_step_outside_has_no_advice():
    p, message = trained(-1.0, log, lr=0.1)

    assert (p, message) == (-1.0, "step 1: log(-1.0): math domain error")


def test_a_prediction_that_is_no_probability_any_more_is_undone():
    p, message = trained(0.5, lambda x: x, lr=10, loss=binary_cross_entropy)

    assert p == 0.5
    assert message.startswith("step 2: binary_cross_entropy takes an input between 0 and 1, got -")


def test_the_figures_of_an_epoch_may_be_outside_too():
    p, message = trained(3.0, lambda x: x - log(x), lr=10, steps=1, validation=([[1.0]], [0.0]))

    assert p == 3.0
    assert message.startswith("after step 1: log(-3.66")


def test_an_error_that_is_no_domain_stays_what_it_is():
    model = Number(1.0, lambda x: x)

    def loss(outputs, targets):
        raise ValueError("layer takes 2 inputs, got 3")

    with pytest.raises(ValueError, match=r"^layer takes 2 inputs, got 3$"):
        fit(model, ([[1.0]], [0.0]), optimizer=SGD([model.p], lr=0.1), loss=loss, steps=1)


# ---- the line search ----


def minimised(f, start, steps=3, **options):
    x = Value(start)
    optimizer = LBFGS([x], line_search_fn="strong_wolfe", **options)

    def closure():
        optimizer.zero_grad()
        loss = f(x)
        loss.backward()
        return loss

    for _ in range(steps):
        optimizer.step(closure)
    return x.data


def test_a_line_search_shortens_a_trial_outside_the_domain():
    assert minimised(lambda x: x - log(x), 3.0) == pytest.approx(1.0, abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.01, 50), st.floats(-3, 8))
@example(0.01, -2.9418721507451986)  # small steps at first: 0.79 after 6 calls, as in PyTorch
def test_a_line_search_comes_back_from_any_distance(start, exponent):
    x = minimised(lambda x: x - log(x), start, steps=12, lr=10**exponent)

    assert x == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("f", "start", "lowest"),
    [
        (lambda x: -log(1 - x) - 4 * x, 0.1, 0.75),  # a barrier
        (lambda x: (x - 1).exp().exp() - 3 * x, 9e-1, None),  # an overflow
        (lambda x: -(x.sqrt()) + x, 2.0, 0.25),
        (lambda x: x.asin() * 0.5 - x, 0.1, 0.75**0.5),
    ],
)
def test_other_places_without_a_value_are_too_far_too(f, start, lowest):
    x = minimised(f, start, lr=5.0, steps=8)

    if lowest is not None:
        assert x == pytest.approx(lowest, abs=1e-2)


def test_fit_with_a_line_search_reaches_the_minimum():
    model = Number(3.0, lambda x: x - log(x))
    optimizer = LBFGS([model.p], line_search_fn="strong_wolfe")
    fit(model, ([[1.0]], [0.0]), optimizer=optimizer, loss=total, steps=3, progress=False)

    assert model.p.data == pytest.approx(1.0, abs=1e-3)


def test_without_a_line_search_fit_gives_the_parameters_back():
    p, message = trained(3.0, lambda x: x - log(x), lr=30, optimizer=LBFGS)

    assert p == 3.0
    assert "log(-" in message


def test_a_trial_of_the_replay_outside_the_domain_is_no_plan():
    """Replay compares with a graph at parameters moved by 2**-10, here beyond 1."""
    model = Number(0.9999, lambda x: x.asin())
    options = {"optimizer": SGD([model.p], lr=1e-6), "loss": total, "steps": 2}
    history = fit(model, ([[1.0]], [0.0]), replay="auto", progress=False, **options)

    assert history.steps == 2
    assert model.p.data < 0.9999
