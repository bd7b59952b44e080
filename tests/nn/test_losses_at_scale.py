"""Losses of numbers of any size, against the same formulas with a thousand bits."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine import Value
from nn import (
    binary_cross_entropy,
    cross_entropy,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
)

mpmath = pytest.importorskip("mpmath")

MANTISSAS = st.floats(1.0, 10.0) | st.floats(-10.0, -1.0)
SIZES = st.builds(lambda m, e: m * 10.0**e, MANTISSAS, st.integers(-300, 300))
PROBABILITIES = st.builds(lambda m, e: m * 10.0**e, st.floats(0.1, 0.999), st.integers(-300, 0))


def exact(formula, *numbers):
    """The formula of numbers as they are, rounded once; beyond all floats it is infinite."""
    with mpmath.workprec(1100):
        z = formula(*[mpmath.mpf(x) for x in numbers])
        return math.inf if abs(z) > mpmath.mpf(2) ** 1024 else float(z)


def close(wanted):
    # a few roundings, and numbers below the smallest normal one have fewer digits
    return pytest.approx(wanted, rel=1e-14, abs=1e-307)


@given(SIZES, SIZES)
def test_distances_are_right_at_any_scale(x, t):
    assert mse_loss(x, t) == close(exact(lambda x, t: (x - t) ** 2, x, t))
    assert l1_loss(x, t) == close(exact(lambda x, t: abs(x - t), x, t))


@given(SIZES, SIZES, SIZES)
def test_hubers_loss_is_right_at_any_scale(x, t, delta):
    assume(delta > 0)

    def formula(x, t, delta):
        d = abs(x - t)
        return d * d / 2 if d <= delta else delta * (d - delta / 2)

    assert huber_loss(x, t, delta=delta) == close(exact(formula, x, t, delta))


@given(PROBABILITIES, st.sampled_from([0.0, 0.25, 1.0]) | PROBABILITIES)
def test_binary_cross_entropy_is_right_however_small_the_probability(p, t):
    def formula(p, t):
        return -t * max(mpmath.log(p), -100) - (1 - t) * mpmath.log1p(-p)

    assert binary_cross_entropy(p, t) == close(exact(formula, p, t))


def test_a_small_probability_is_not_rounded_away():
    p = Value(1e-20)
    loss = binary_cross_entropy(p, 0.0)
    loss.backward()

    assert (loss.data, p.grad) == (1e-20, 1.0)


@given(st.lists(SIZES, min_size=2, max_size=4))
def test_cross_entropy_is_right_at_any_scale(logits):
    def formula(first, *others):
        others = [mpmath.exp(x - first) if x - first < 10**5 else mpmath.inf for x in others]
        return mpmath.log1p(mpmath.fsum(others))

    wanted = exact(formula, *logits)
    assume(math.isfinite(wanted))

    # what a difference of logits rounds away is a share of the difference
    assert cross_entropy(logits, 0) == pytest.approx(wanted, rel=1e-12, abs=1e-307)


@given(SIZES, PROBABILITIES)
def test_the_divergence_is_right_at_any_scale(x, t):
    assert kl_div(x, t) == close(exact(lambda x, t: t * (mpmath.log(t) - x), x, t))
