"""Values and derivatives of the op table against mpmath, to the rounding."""

import math
from functools import cache
from itertools import product

import mpmath
import pytest

from engine import Value
from engine.ops import TABLE
from tests.engine.points import EPSILON, gradient, grid, is_defined

REFERENCES = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "pow": lambda x, y: x**y,
    "neg": lambda x: -x,
    "abs": lambda x: abs(x),
    "exp": mpmath.exp,
    "expm1": mpmath.expm1,
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "sqrt": mpmath.sqrt,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "asin": mpmath.asin,
    "acos": mpmath.acos,
    "atan": mpmath.atan,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "logsigmoid": lambda x: -mpmath.log1p(mpmath.exp(-x)),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "relu": lambda x: max(x, mpmath.mpf(0)),
    "leaky_relu": lambda x, y: x if x > 0 else y * x,
    "elu": lambda x, y: x if x > 0 else y * mpmath.expm1(x),
    "gelu": lambda x: x * mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "maximum": max,
    "minimum": min,
    "hypot": lambda *xs: mpmath.sqrt(sum(x * x for x in xs)),
    "logsumexp": lambda *xs: mpmath.log(sum(mpmath.exp(x) for x in xs)),
}
TAILS = [-1000.0, -700.0, -100.0, -40.0, -20.0, -5.0, -1e-9, 1e-9, 1e-3, 20.0, 40.0, 100.0, 1000.0]
NEAR_AN_EDGE = [-0.999999, 0.999999]

# These formulas add to 1 what may be too small to show there; what is lost is one rounding of 1.
ROUNDED_AT_ONE = {"logsumexp": EPSILON}
SLOPES_ROUNDED_AT_ONE = {"tanh": EPSILON, "sigmoid": EPSILON, "logsumexp": EPSILON}


def points_against_mpmath(op):
    n = op.arity or 3
    steep = TAILS + NEAR_AN_EDGE if n == 1 else TAILS[:: n + 1]
    extreme = [p for p in product(steep, repeat=n) if len(set(p)) == n and is_defined(op, p)]
    return [p for p in grid(op) if len(p) == n][:: 1 if n < 3 else 10] + extreme


def worst_error(numbers, exact, rounding, absolute=0.0):
    """The largest |number - exact| in units of the rounding it may have, over all of them."""
    floor = mpmath.mpf(5e-324)  # the spacing of floats at 0
    return max(
        float(abs(mpmath.mpf(x) - e) / (4 * EPSILON * r + absolute + floor))
        for x, e, r in zip(numbers, exact, rounding)
    )


@cache  # asked again for the rounding
def partial(f, point, *orders):
    """A derivative of f by mpmath at a tuple, which takes differences.

    Of 400 digits they leave enough, even where erf's slope of 1e-174 is the difference of ones.
    """
    with mpmath.workdps(400):
        return mpmath.diff(f, point, orders)


@pytest.fixture
def _fifty_digits():
    with mpmath.workdps(50):
        yield


@pytest.mark.usefixtures("_fifty_digits")
@pytest.mark.parametrize("name", REFERENCES)
def test_values_are_exact_up_to_the_rounding_of_inputs_and_result(name):
    """Within 4 units of rounding of the result, plus what 4 units in the inputs would change."""
    f, op = REFERENCES[name], TABLE[name]
    for point in points_against_mpmath(op):
        xs = tuple([mpmath.mpf(x) for x in point])
        exact = f(*xs)
        rounding = abs(exact)
        for i, x in enumerate(xs):
            rounding += abs(x * partial(f, xs, *[int(j == i) for j in range(len(xs))]))

        error = worst_error([op(*point)], [exact], [rounding], ROUNDED_AT_ONE.get(name, 0.0))

        assert error <= 1, point


@pytest.mark.usefixtures("_fifty_digits")
@pytest.mark.parametrize("name", REFERENCES)
def test_partials_are_exact_up_to_the_rounding_of_inputs_and_result(name):
    """As for the values; the change of a partial with the inputs is a second derivative."""
    f, op = REFERENCES[name], TABLE[name]
    for point in points_against_mpmath(op):
        if name == "pow" and point[0] < 0:
            continue  # the slope in the exponent is nan there
        xs = tuple([mpmath.mpf(x) for x in point])
        places = range(len(xs))
        exact = [partial(f, xs, *[int(j == i) for j in places]) for i in places]
        rounding = [
            abs(e)
            + sum(
                abs(x * partial(f, xs, *[(j == i) + (j == k) for j in places]))
                for k, x in enumerate(xs)
            )
            for i, e in enumerate(exact)
        ]

        error = worst_error(
            gradient(op, point), exact, rounding, SLOPES_ROUNDED_AT_ONE.get(name, 0.0)
        )

        assert error <= 1, point


@pytest.mark.parametrize(
    ("name", "x", "slope"),
    [
        ("softplus", -700.0, mpmath.exp(-700)),
        ("logsigmoid", 700.0, mpmath.exp(-700)),
        ("sigmoid", -700.0, mpmath.exp(-700)),
        ("erfc", 20.0, -2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-400)),
        ("silu", -700.0, -699 * mpmath.exp(-700)),
        ("elu", -700.0, mpmath.exp(-700)),
    ],
)
def test_slopes_do_not_vanish_in_a_tail_where_floats_can_hold_them(name, x, slope):
    v = Value(x)
    TABLE[name](v).backward()

    assert v.grad == pytest.approx(float(slope), rel=1e-13, abs=0)  # e**-400 costs three digits


@pytest.mark.parametrize("x", [-1e308, -1000.0, 1000.0, 1e308])
@pytest.mark.parametrize(
    "name",
    ["tanh", "sigmoid", "softplus", "logsigmoid", "erf", "erfc", "atan"]
    + ["relu", "leaky_relu", "elu", "gelu", "silu"],
)
def test_activations_and_their_slopes_are_finite_far_out(name, x):
    v = Value(x)
    z = TABLE[name](v)
    z.backward()

    assert math.isfinite(z.data)
    assert math.isfinite(v.grad)


@pytest.mark.parametrize(
    ("name", "x", "value", "slope"),
    [
        ("tanh", 1000.0, 1.0, 0.0),
        ("tanh", -1000.0, -1.0, 0.0),
        ("sigmoid", 1000.0, 1.0, 0.0),
        ("sigmoid", -1000.0, 0.0, 0.0),
        ("softplus", 1000.0, 1000.0, 1.0),
        ("softplus", -1000.0, 0.0, 0.0),
        ("logsigmoid", 1000.0, 0.0, 0.0),
        ("logsigmoid", -1000.0, -1000.0, 1.0),
        ("gelu", 1000.0, 1000.0, 1.0),
        ("gelu", -1000.0, 0.0, 0.0),
        ("silu", 1000.0, 1000.0, 1.0),
        ("silu", -1000.0, 0.0, 0.0),
        ("elu", -1000.0, -1.0, 0.0),
    ],
)
def test_activations_at_a_thousand_are_their_limits(name, x, value, slope):
    v = Value(x)
    z = TABLE[name](v)
    z.backward()

    assert (z.data, v.grad) == (value, slope)
