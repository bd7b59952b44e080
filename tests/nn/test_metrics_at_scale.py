"""R2 of equal targets, and of numbers of any size."""

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nn.metrics import r2_score

quick = settings(max_examples=300, deadline=None)
ANY = st.floats(allow_nan=False, allow_infinity=False)


def exact_r2(targets, predictions):
    targets, predictions = [list(map(Fraction, ys)) for ys in (targets, predictions)]
    mean = sum(targets) / len(targets)
    errors = sum((t - p) ** 2 for t, p in zip(targets, predictions))
    return 1 - errors / sum((t - mean) ** 2 for t in targets)


@quick
@given(ANY, ANY, st.integers(1, 40))
def test_equal_targets_have_a_score_of_one_or_zero(target, prediction, n):
    assert r2_score([target] * n, [prediction] * n) == float(target == prediction)


def test_the_score_of_a_tenth_three_times_is_zero():
    assert r2_score([0.1] * 3, [0.11] * 3) == 0.0


@pytest.mark.parametrize("size", [1e-308, 1e-200, 1e-160, 1.0, 1e155, 1e200, 5e307])
def test_a_score_does_not_depend_on_the_unit(size):
    score = r2_score([size, 3 * size], [size, 2 * size])

    assert score == pytest.approx(0.5, abs=1e-12)


@quick
@given(st.lists(st.tuples(ANY, ANY), min_size=2, max_size=6))
def test_a_score_is_that_of_exact_arithmetic(pairs):
    targets, predictions = zip(*pairs)
    assume(min(targets) < max(targets))
    exact = exact_r2(targets, predictions)

    try:
        wanted = float(exact)
    except OverflowError:
        wanted = -math.inf
    assert r2_score(targets, predictions) == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@quick
@given(st.lists(st.integers(0, 9), min_size=2, max_size=9), st.floats(0.01, 1e6))
def test_targets_a_last_place_apart_have_their_score(places, base):
    assume(min(places) < max(places))
    targets = [base + k * math.ulp(base) for k in places]
    predictions = [targets[0]] * len(targets)

    exact = float(exact_r2(targets, predictions))
    assert r2_score(targets, predictions) == pytest.approx(exact, rel=1e-9, abs=1e-9)
