"""Columns of equal numbers, and of numbers as large, as small or as close as floats can be."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn import Standardizer

LARGEST = 1.7976931348623157e308
NUMBERS = st.floats(-LARGEST / 2, LARGEST / 2)
quick = settings(max_examples=300, deadline=None)


def column(numbers):
    return [[x] for x in numbers]


@pytest.mark.parametrize("number", [0.1, 14.62, -0.3, 1e155, 1e-170, 5e-324, LARGEST])
@pytest.mark.parametrize("n", [1, 3, 7, 54])
def test_a_constant_column_is_only_shifted(number, n):
    scale = Standardizer(column([number] * n))

    assert (scale.means, scale.deviations) == ([number], [1.0])


@quick
@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 40))
def test_any_number_over_and_over_becomes_zero(number, n):
    scale = Standardizer(column([number] * n))

    assert scale.deviations == [1.0]
    assert scale(column([number])) == [[0.0]]


@pytest.mark.parametrize("size", [1e155, 1e-170, 1e-300, 1e300])
def test_squares_that_are_no_floats_do_not_matter(size):
    scale = Standardizer(column([size, 3 * size]))

    assert scale.means == pytest.approx([2 * size], rel=1e-15)
    assert scale.deviations == pytest.approx([size], rel=1e-15)


@quick
@given(st.lists(NUMBERS, min_size=2, max_size=8))
def test_mean_and_deviation_are_those_of_exact_arithmetic(numbers):
    scale = Standardizer(column(numbers))
    exact = [Fraction(x) for x in numbers]
    mean = sum(exact) / len(exact)
    variance = sum((x - mean) ** 2 for x in exact) / len(exact)

    size = max(map(abs, numbers))
    assert float(abs(Fraction(scale.means[0]) - mean)) <= math.ulp(size)
    assert scale.deviations[0] > 0
    if variance:
        off = abs(Fraction(scale.deviations[0]) ** 2 - variance)
        slack = Fraction(2 * math.ulp(size))  # the mean's own rounding
        assert off <= slack * (2 * Fraction(scale.deviations[0]) + slack)


@quick
@given(st.lists(st.floats(-100, 100), min_size=2, max_size=8), st.integers(-900, 900))
def test_a_power_of_two_changes_no_digit(numbers, power):
    numbers = [x if abs(x) > 1e-9 else 0.0 for x in numbers]
    plain, scaled = (Standardizer(column([math.ldexp(x, p) for x in numbers])) for p in (0, power))

    assert scaled.means == [math.ldexp(plain.means[0], power)]
    if min(numbers) < max(numbers):
        assert scaled.deviations == pytest.approx(
            [math.ldexp(plain.deviations[0], power)], rel=1e-15
        )


def test_a_column_wider_than_a_float_is_refused_by_its_place():
    with pytest.raises(ValueError, match=r"^column 1 has numbers from -1\.7e\+308 to 1\.7e\+308, "):
        Standardizer([[0.0, 1.7e308], [1.0, -1.7e308]])
