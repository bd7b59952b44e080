"""Gradients of gradients, to any order, against closed forms and mpmath; infinite ones."""

# (A partial takes all that the op took, whatever it ignores.)

import math
from math import inf

import mpmath
import pytest

from engine import (
    Op,
    Value,
    atan,
    cosh,
    dot,
    erf,
    exp,
    gelu,
    grad,
    hypot,
    log,
    logsumexp,
    sigmoid,
    silu,
    sin,
    softplus,
    sqrt,
    tan,
    tanh,
)


def derivatives(f, x, order):
    """f and its first `order` derivatives at x."""
    v = Value(x)
    results = [f(v)]
    for _ in range(order):
        results.append(grad(results[-1], v))
    return [d.data for d in results]


# ---- higher orders ----


@pytest.mark.parametrize("x", [-2.0, -0.5, 0.0, 0.5, 3.0])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_a_power_has_all_its_derivatives(n, x):
    expected = [math.perm(n, k) * x ** max(n - k, 0) for k in range(6)]

    assert derivatives(lambda v: v**n, x, 5) == pytest.approx(expected, rel=1e-15, abs=0)


@pytest.mark.parametrize("x", [-2.0, -0.5, 0.0, 0.5, 3.0])
def test_a_power_by_multiplication_has_all_its_derivatives(x):
    assert derivatives(lambda v: v * v * v, x, 4) == [x**3, 3 * x**2, 6 * x, 6.0, 0.0]


@pytest.mark.parametrize("x", [-3.0, -0.5, 0.25, 2.0])
def test_a_reciprocal_has_all_its_derivatives(x):
    expected = [(-1) ** k * math.factorial(k) * x ** -(k + 1) for k in range(5)]

    assert derivatives(lambda v: 1 / v, x, 4) == pytest.approx(expected, rel=1e-14)


def test_every_derivative_of_exp_is_exp():
    assert derivatives(exp, 1.5, 6) == [math.exp(1.5)] * 7


def test_the_derivatives_of_sin_go_round():
    s, c = math.sin(0.7), math.cos(0.7)

    assert derivatives(sin, 0.7, 8) == [s, c, -s, -c, s, c, -s, -c, s]


def test_the_derivatives_of_cosh_alternate():
    s, c = math.sinh(0.7), math.cosh(0.7)

    assert derivatives(cosh, 0.7, 4) == [c, s, c, s, c]


SMOOTH = {
    "tanh": (tanh, mpmath.tanh),
    "sigmoid": (sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "softplus": (softplus, lambda x: mpmath.log1p(mpmath.exp(x))),
    "gelu": (gelu, lambda x: x * mpmath.erfc(-x / mpmath.sqrt(2)) / 2),
    "silu": (silu, lambda x: x / (1 + mpmath.exp(-x))),
    "erf": (erf, mpmath.erf),
    "tan": (tan, mpmath.tan),
    "atan": (atan, mpmath.atan),
    "log of a square": (lambda x: log(x * x), lambda x: mpmath.log(x * x)),
    "root of a sum": (lambda x: sqrt(x * x + 1), lambda x: mpmath.sqrt(x * x + 1)),
    "hypot": (lambda x: hypot(x, 2.0), lambda x: mpmath.hypot(x, 2)),
    "logsumexp": (
        lambda x: logsumexp(x, 2 * x, 1.0),
        lambda x: mpmath.log(mpmath.exp(x) + mpmath.exp(2 * x) + mpmath.e),
    ),
    "power of two": (lambda x: 2**x, lambda x: mpmath.mpf(2) ** x),
    "x to the x": (lambda x: (x * x) ** x, lambda x: (x * x) ** x),
    "a quotient": (lambda x: sin(x) / (x * x + 1), lambda x: mpmath.sin(x) / (x * x + 1)),
    "a dot": (lambda x: dot([x, x], [x, 3.0], sin(x)), lambda x: x * x + 3 * x + mpmath.sin(x)),
}


@pytest.mark.parametrize("x", [-1.1, 0.3, 0.8])
@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives_to_the_fourth_agree_with_mpmath(name, x):
    ours, exact = SMOOTH[name]
    with mpmath.workdps(60):
        expected = [float(mpmath.diff(exact, mpmath.mpf(x), n)) for n in range(5)]

    # Each order multiplies and adds a few more numbers of the size of the derivatives.
    scale = max(map(abs, expected))
    assert derivatives(ours, x, 4) == pytest.approx(expected, rel=1e-12, abs=1e-14 * scale)


def test_mixed_partials_are_symmetric():
    x, y = Value(0.7), Value(-1.3)
    z = tanh(x * y) * exp(x) + sin(x - y) / (x * x + 1)
    dx, dy = grad(z, [x, y])

    # The two orders of differentiation round differently: a few units in the last place.
    assert grad(dx, y).data == pytest.approx(grad(dy, x).data, rel=1e-14)


def test_a_hessian_is_that_of_the_closed_form():
    x, y = Value(0.5), Value(2.0)
    rows = [[h.data for h in grad(g, [x, y])] for g in grad(x * x * y**3, [x, y])]

    assert rows == [[2 * 8.0, 2 * 0.5 * 3 * 4.0], [2 * 0.5 * 3 * 4.0, 0.25 * 6 * 2.0]]


def test_a_function_linear_in_an_input_has_second_derivative_zero():
    x, y = Value(0.5), Value(2.0)

    assert grad(grad(x * y, x), x).data == 0.0


def test_the_second_derivative_of_relu_is_zero():
    x = Value(0.5)

    assert grad(grad(x.relu(), x), x).data == 0.0


# ---- infinities ----


@pytest.mark.parametrize("f", [sqrt, lambda x: x**0.5])
def test_a_derivative_may_be_infinite(f):
    x = Value(0.0)

    assert grad(f(x), x).data == inf


@pytest.mark.parametrize("f", [sqrt, lambda x: x**0.5])
def test_the_derivative_of_an_infinite_derivative_is_infinite(f):
    x = Value(0.0)

    assert grad(grad(f(x), x), x).data == -inf


@pytest.mark.parametrize("f", [sqrt, lambda x: x**0.5])
def test_backward_through_an_infinite_derivative_does_not_raise(f):
    x = Value(0.0)
    grad(f(x), x).backward()

    assert x.grad == -inf


def test_an_infinite_derivative_does_not_reach_an_input_beside_it():
    x, y = Value(0.0), Value(3.0)

    assert [g.data for g in grad(sqrt(x) + y * y, [x, y])] == [inf, 6.0]


def test_an_input_that_is_not_asked_for_is_not_differentiated():
    def slope(z, y):
        raise RuntimeError("asked")

    fragile = Op("fragile", "fragile", lambda y: y, slope)
    x, y = Value(2.0), Value(3.0)

    assert grad(x * fragile(y), x).data == 3.0
