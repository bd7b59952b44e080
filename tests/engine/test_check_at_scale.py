"""The judge knows its own error: large and small functions, steep ones, noise and kinks."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import GradientError, Op, check_gradients, exp, log, maximum, relu, tanh
from engine.ops import TABLE
from nn.losses import mse_loss

quick = settings(max_examples=60, deadline=None)


def op(f, slope):
    return Op("own", "own", f, lambda z, x: slope(x))


# ---- right derivatives ----


def test_a_large_loss_is_not_accused_for_its_rounding():
    def loss(w, b):
        return mse_loss([w * 1.5 + b, w * 2.1 + b, w * 3.0 + b], [452600.0, 358500.0, 352100.0])

    assert check_gradients(loss, [1.0, 0.0]) is None


SHAPES = {
    "square": lambda x: x * x,
    "tanh": tanh,
    "exp": exp,
    "wave": lambda x: (3 * x).sin() + x,
    "root": lambda x: (x * x + 1).sqrt(),
}


@quick
@given(st.sampled_from(sorted(SHAPES)), st.floats(-2, 2), st.integers(-100, 100))
def test_a_right_derivative_passes_at_any_height(name, x, power):
    f = SHAPES[name]

    assert check_gradients(lambda x: f(x) * 10.0**power, [x]) is None


@quick
@given(st.sampled_from(sorted(SHAPES)), st.floats(0.1, 2), st.integers(-90, 60))
def test_a_right_derivative_passes_on_any_scale_of_its_input(name, x, power):
    f, scale = SHAPES[name], 10.0**power

    assert check_gradients(lambda x: f(x / scale), [x * scale]) is None


@quick
@given(st.floats(-1e15, 1e15), st.floats(-2, 2))
def test_a_height_that_hides_the_slope_is_no_reason_to_accuse(height, x):
    assert check_gradients(lambda x: tanh(x) + height, [x]) is None
    assert check_gradients(lambda x: (tanh(x) + height) - height, [x]) is None


@pytest.mark.parametrize("x", [1e-12, 1e-100, 1e12, 1e100])
def test_log_is_right_anywhere(x):
    assert check_gradients(log, [x]) is None


@pytest.mark.parametrize("x", [20.0, 40.0, -40.0])
def test_a_slope_below_the_rounding_passes(x):
    assert check_gradients(tanh, [x]) is None


# ---- wrong ones ----


@pytest.mark.parametrize(
    ("f", "slope", "x"),
    [
        (lambda x: x * x * 1e-7, lambda x: 3e-7 * x, 3.0),
        (lambda x: x**3, lambda x: 4 * x * x, 1e-3),
        (lambda x: x * x, lambda x: 0.0 * x, 1e-7),
        (lambda x: math.tanh(1e30 * x), lambda x: 2e30 + 0 * x, 0.0),
    ],
)
def test_a_wrong_slope_of_a_small_or_steep_function_is_caught(f, slope, x):
    with pytest.raises(GradientError, match=r"^own at "):
        check_gradients(op(f, slope), [x], order=1)


@quick
@given(
    st.floats(0.1, 2),
    st.integers(-100, 100),
    st.integers(-30, 30),
    st.sampled_from([0.0, 0.5, 0.999, 1.0001, 2.0, -1.0]),
)
def test_a_wrong_factor_is_caught_at_any_height_and_scale(x, height, width, factor):
    a, b = 10.0**height, 10.0**-width

    def slope(x):
        return factor * a * b * (b * x).cos()

    with pytest.raises(GradientError, match=r"^own at "):
        check_gradients(op(lambda x: a * math.sin(b * x), slope), [x / b], order=1)


@quick
@given(st.floats(0.1, 2), st.integers(-40, 40))
def test_a_wrong_second_derivative_is_caught_at_any_height(x, height):
    a = 10.0**height

    with pytest.raises(GradientError, match="d/dx0 d/dx0 is"):
        check_gradients(op(lambda x: a * x**3, lambda x: 3 * a * float(x) * x), [x])


def test_a_function_whose_noise_hides_half_of_its_digits_is_still_judged():
    with pytest.raises(GradientError, match="does it use"):
        check_gradients(lambda x: (x.detach() * x + 1e8) - 1e8, [1.0], order=1)


# ---- kinks ----


@pytest.mark.parametrize("f", [relu, abs, TABLE["leaky_relu"], lambda x: abs(x) * 1e-20 + x])
def test_a_slope_between_those_of_a_kink_passes(f):
    assert check_gradients(f, [0.0]) is None


@quick
@given(st.floats(-1e6, 1e6), st.booleans())
def test_a_tie_passes_at_any_height(x, twice):
    assert check_gradients(maximum, [x, x]) is None
    assert check_gradients(lambda x, y: maximum(x, y) * x, [x, x], order=1 + twice) is None


@quick
@given(st.floats(-1, 1), st.sampled_from([-1.0, 1.0]), st.floats(1e-3, 10))
def test_a_slope_beyond_both_of_a_kink_is_caught_and_called_one(x, side, far):
    """The slopes are -1 and 1."""
    wrong = op(lambda y: abs(y - x), lambda y: side * (1 + far) + 0 * y)

    with pytest.raises(GradientError, match=r"by the engine, between -1 and 1, a kink, by diff"):
        check_gradients(wrong, [x], order=1)


@quick
@given(st.floats(-12, -1), st.booleans())
def test_beside_a_kink_the_side_is_what_counts(exponent, right):
    x = 10.0**exponent * (1 if right else -1)
    assert check_gradients(relu, [x]) is None

    with pytest.raises(GradientError, match=r"^own at "):
        check_gradients(op(lambda x: max(x, 0.0), lambda x: float(x < 0)), [x], order=1)


def test_a_far_kink_does_not_decide():
    assert check_gradients(lambda x: relu(x - 1e-5), [0.0]) is None
    with pytest.raises(GradientError, match=r"d/dx0 is 0\.5 by the engine, 0 by diff"):
        check_gradients(op(lambda x: max(x - 1e-5, 0.0), lambda x: 0.5 + 0 * x), [0.0], order=1)


def test_where_differences_do_not_settle_the_check_says_that_it_cannot_tell():
    def saw(x):  # its teeth are shorter than most steps
        return x + 3 * math.sin(1e20 * float(x))

    with pytest.raises(ValueError, match=r"^cannot tell whether saw at \(0\.3\) has the slope 1 "):
        check_gradients(saw, [0.3], order=1)
