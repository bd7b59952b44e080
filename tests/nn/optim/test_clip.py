"""Gradients are cut to a size, and their norm is told."""

import math

import pytest

from engine import Value
from nn.optim.clip import clip_grad_norm_, clip_grad_value_


def parameters(*grads):
    ps = [Value(1.0) for _ in grads]
    for p, grad in zip(ps, grads):
        p.grad = grad
    return ps


def grads(ps):
    return [p.grad for p in ps]


@pytest.mark.parametrize(
    ("norm_type", "norm"), [(1, 7.0), (2, 5.0), (2.0, 5.0), (math.inf, 4.0), (3, 91 ** (1 / 3))]
)
def test_the_norm_of_all_gradients_is_returned_as_a_float(norm_type, norm):
    found = clip_grad_norm_(parameters(3.0, -4.0), 1e9, norm_type)

    assert type(found) is float
    assert found == pytest.approx(norm, rel=1e-15)


def test_gradients_are_scaled_to_the_largest_norm_allowed():
    ps = parameters(3.0, -4.0)
    clip_grad_norm_(ps, max_norm=1.0)

    assert grads(ps) == pytest.approx([0.6, -0.8], rel=2.1e-7)  # of 1 / (5 + 1e-6)


def test_gradients_within_the_norm_keep_their_bits():
    ps = parameters(0.1, -0.3)
    clip_grad_norm_(ps, max_norm=1.0)

    assert grads(ps) == [0.1, -0.3]


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_the_norm_of_huge_and_tiny_gradients_neither_overflows_nor_vanishes(size):
    assert clip_grad_norm_(parameters(3 * size, 4 * size), 1.0) == pytest.approx(5 * size)


def test_gradients_of_zero_stay_zero():
    ps = parameters(0.0, 0.0)

    assert clip_grad_norm_(ps, 1.0) == 0.0
    assert grads(ps) == [0.0, 0.0]


def test_no_gradients_have_norm_zero():
    assert clip_grad_norm_([], 1.0) == 0.0


def test_a_single_value_is_a_parameter():
    (p,) = parameters(5.0)
    clip_grad_value_(p, 2.0)

    assert p.grad == 2.0


@pytest.mark.parametrize("grad", [math.inf, math.nan])
def test_a_norm_that_is_not_finite_is_an_error_if_wanted_and_changes_nothing(grad):
    ps = parameters(1.0, grad)

    with pytest.raises(ArithmeticError, match=f"the norm of the grads is {grad}"):
        clip_grad_norm_(ps, 1.0, error_if_nonfinite=True)
    assert repr(grads(ps)) == repr([1.0, grad])


def test_each_gradient_is_brought_into_the_interval():
    ps = parameters(-3.0, 0.5, 3.0, -math.inf, math.nan)
    clip_grad_value_(ps, 2.0)

    assert repr(grads(ps)) == "[-2.0, 0.5, 2.0, -2.0, nan]"


@pytest.mark.parametrize(
    ("clip", "kind", "message"),
    [
        (lambda p: clip_grad_norm_([p], -1.0), ValueError, "max_norm is at least 0, got -1.0"),
        (lambda p: clip_grad_norm_([p], math.nan), ValueError, "max_norm is at least 0, got nan"),
        (lambda p: clip_grad_norm_([p], "1"), TypeError, "expected a number or a Value, got str"),
        (lambda p: clip_grad_norm_([p], 1.0, 0), ValueError, "positive number or inf, got 0.0"),
        (lambda p: clip_grad_norm_([p, p], 1.0), ValueError, "number 1 is given again"),
        (lambda p: clip_grad_norm_([1.0], 1.0), TypeError, "a parameter is a Value, got float"),
        (lambda p: clip_grad_norm_(3, 1.0), TypeError, r"as of model.parameters\(\), got 3"),
        (lambda p: clip_grad_value_([p], -1.0), ValueError, "clip_value is at least 0, got -1.0"),
        (
            lambda p: clip_grad_value_([p], math.nan),
            ValueError,
            "clip_value is at least 0, got nan",
        ),
    ],
)
def test_impossible_clipping_is_refused(clip, kind, message):
    with pytest.raises(kind, match=message):
        clip(Value(1.0))
