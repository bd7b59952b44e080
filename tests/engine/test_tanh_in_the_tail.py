"""The slope of tanh in its tail: what is promised of it, and what has all the digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Value, sigmoid, tanh

mpmath = pytest.importorskip("mpmath")


def exact_slope(x):
    with mpmath.workprec(200):
        return mpmath.mpf(1) / mpmath.cosh(mpmath.mpf(x)) ** 2


@given(st.floats(-40.0, 40.0))
def test_the_slope_of_tanh_is_off_by_three_roundings_near_1_at_most(x):
    v = Value(x)
    tanh(v).backward()

    assert abs(v.grad - exact_slope(x)) <= 3e-16


@given(st.floats(-340.0, 340.0))
def test_the_slope_written_with_sigmoid_has_all_its_digits(x):
    v = Value(x)
    wanted = exact_slope(x)
    slope = 4 * sigmoid(2 * v) * sigmoid(-2 * v)

    assert abs(slope.data - wanted) <= 1e-14 * wanted  # exp(2 x) has the rounding of 2 x
