"""The judge near 0: an even function looks flat to a step that reaches far over 0."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import GradientError, Op, check_gradients, cosh, maximum, relu, sqrt

quick = settings(max_examples=60, deadline=None)
beside_zero = st.builds(
    lambda sign, k: sign * 10.0**-k, st.sampled_from([1, -1]), st.floats(1, 140)
)


def flat(f):
    return Op("flat", "flat", f, lambda z, x: 0.0 * x)


@quick
@given(beside_zero)
def test_a_lost_slope_of_an_even_function_is_caught_beside_zero(x):
    with pytest.raises(GradientError, match=r"is -?0 by the engine"):
        check_gradients(flat(lambda x: x * x), [x])


EVEN_OR_FLAT = {
    "square": lambda x: x * x,
    "cosh": cosh,
    "root": lambda x: sqrt(1 + x * x),
    "relu": relu,
    "flat": lambda x: maximum(x, 1.0),
    "square on a height": lambda x: x * x + 1e5,
}


@quick
@given(st.sampled_from(sorted(EVEN_OR_FLAT)), beside_zero)
def test_a_right_slope_passes_beside_zero(name, x):
    assert check_gradients(EVEN_OR_FLAT[name], [x]) is None
