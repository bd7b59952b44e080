"""The op table at its edges: outside a domain, on a boundary, at a kink."""

import math
from math import inf, nan

import pytest

import engine
from engine import Value, grad
from engine.ops import TABLE
from tests.engine.points import EPSILON, gradient


def bits(numbers):
    return [float(x).hex() for x in numbers]


# ---- domains ----


OUTSIDE = [
    ("log", [0.0], ValueError, "log(0.0): math domain error"),
    ("log", [-1.0], ValueError, "log(-1.0): math domain error"),
    ("log", [-inf], ValueError, "log(-inf): math domain error"),
    ("log1p", [-1.0], ValueError, "log1p(-1.0): math domain error"),
    ("log1p", [-2.0], ValueError, "log1p(-2.0): math domain error"),
    ("sqrt", [-1.0], ValueError, "sqrt(-1.0): math domain error"),
    ("sqrt", [-5e-324], ValueError, "sqrt(-5e-324): math domain error"),
    ("asin", [1.5], ValueError, "asin(1.5): math domain error"),
    ("asin", [-1.5], ValueError, "asin(-1.5): math domain error"),
    ("acos", [2.0], ValueError, "acos(2.0): math domain error"),
    ("sin", [inf], ValueError, "sin(inf): math domain error"),
    ("cos", [-inf], ValueError, "cos(-inf): math domain error"),
    ("tan", [inf], ValueError, "tan(inf): math domain error"),
    ("exp", [1000.0], OverflowError, "exp(1000.0): math range error"),
    ("expm1", [1000.0], OverflowError, "expm1(1000.0): math range error"),
    ("sinh", [1000.0], OverflowError, "sinh(1000.0): math range error"),
    ("sinh", [-1000.0], OverflowError, "sinh(-1000.0): math range error"),
    ("cosh", [-1000.0], OverflowError, "cosh(-1000.0): math range error"),
    ("div", [1.0, 0.0], ZeroDivisionError, "1.0 / 0.0: "),
    ("div", [0.0, 0.0], ZeroDivisionError, "0.0 / 0.0: "),
    ("div", [-1.0, -0.0], ZeroDivisionError, "(-1.0) / (-0.0): "),
    ("pow", [0.0, -1.0], ZeroDivisionError, "0.0 ** (-1.0): "),
    ("pow", [-0.0, -0.5], ZeroDivisionError, "(-0.0) ** (-0.5): "),
    ("pow", [-8.0, 0.5], ValueError, "(-8.0) ** 0.5: a negative number has no real power"),
    ("pow", [1e200, 2.0], OverflowError, "1e+200 ** 2.0: "),
]  # fmt: skip


@pytest.mark.parametrize(("name", "point", "error", "message"), OUTSIDE)
def test_floats_outside_the_domain_raise_pythons_error_naming_op_and_numbers(
    name, point, error, message
):
    with pytest.raises(error) as caught:
        TABLE[name](*point)

    assert type(caught.value) is error
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(("name", "point", "error", "message"), OUTSIDE)
def test_values_outside_the_domain_raise_the_error_that_floats_raise(name, point, error, message):
    with pytest.raises(error) as caught:
        TABLE[name](*map(Value, point))

    assert type(caught.value) is error
    assert str(caught.value).startswith(message)


def test_a_domain_error_hides_the_inner_error_that_says_less():
    with pytest.raises(ValueError, match="log") as caught:
        engine.log(-1.0)

    assert caught.value.__context__ is None


# ---- boundaries: the value exists, the derivative is infinite or one-sided ----


@pytest.mark.parametrize(
    ("name", "point", "slopes"),
    [
        ("sqrt", [0.0], [inf]),
        ("sqrt", [-0.0], [-inf]),
        ("asin", [1.0], [inf]),
        ("asin", [-1.0], [inf]),
        ("acos", [1.0], [-inf]),
        ("acos", [-1.0], [-inf]),
        ("pow", [0.0, 0.5], [inf, 0.0]),
        ("pow", [0.0, 0.0], [0.0, 0.0]),
        ("pow", [0.0, 1.0], [1.0, 0.0]),
        ("pow", [0.0, 2.0], [0.0, 0.0]),
        ("pow", [0.0, 3.0], [0.0, 0.0]),
        ("pow", [0.0, 1.5], [0.0, 0.0]),
        ("pow", [5.0, 0.0], [0.0, math.log(5)]),
        ("pow", [-2.0, 3.0], [12.0, nan]),
        ("pow", [-2.0, -1.0], [-0.25, nan]),
        ("pow", [-2.0, 0.0], [0.0, nan]),
        ("div", [0.0, 2.0], [0.5, 0.0]),
        ("log", [5e-324], [inf]),
        ("div", [1.0, 5e-324], [inf, -inf]),
        ("hypot", [0.0, 0.0], [0.0, 0.0]),
        ("exp", [-inf], [0.0]),
        ("tanh", [inf], [0.0]),
        ("sigmoid", [-inf], [0.0]),
        ("softplus", [inf], [1.0]),
        ("relu", [inf], [1.0]),
        ("elu", [-inf, 1.0], [0.0, -1.0]),
        ("atan", [inf], [0.0]),
        ("log", [inf], [0.0]),
        ("maximum", [inf, 1.0], [1.0, 0.0]),
        ("minimum", [-inf, 1.0], [1.0, 0.0]),
    ],
)
def test_slopes_at_a_boundary(name, point, slopes):
    assert gradient(TABLE[name], point) == pytest.approx(slopes, rel=EPSILON, nan_ok=True)


@pytest.mark.parametrize(
    ("name", "point", "slopes"),
    [
        ("relu", [0.0], [0.0]),
        ("relu", [-0.0], [0.0]),
        ("abs", [0.0], [0.0]),
        ("abs", [-0.0], [0.0]),
        ("leaky_relu", [0.0, 0.25], [0.25, 0.0]),
        ("elu", [0.0, 0.5], [0.5, 0.0]),
        ("maximum", [3.0, 3.0], [0.5, 0.5]),
        ("minimum", [3.0, 3.0], [0.5, 0.5]),
        ("maximum", [1.0, 2.0, 2.0, 2.0, 2.0], [0.0, 0.25, 0.25, 0.25, 0.25]),
        ("minimum", [-1.0, 7.0, -1.0], [0.5, 0.0, 0.5]),
        ("maximum", [0.0, -0.0], [0.5, 0.5]),
        ("sign", [0.0], [0.0]),
        ("heaviside", [0.0, 0.5], [0.0, 1.0]),
    ],
)
def test_slopes_at_a_kink_are_what_the_table_says(name, point, slopes):
    assert gradient(TABLE[name], point) == slopes


@pytest.mark.parametrize("x", [-3.0, -2.0, -0.5, 0.5, 2.0])
@pytest.mark.parametrize("n", [-3, -2, -1, 0, 1, 2, 3, 4, 7])
def test_whole_powers_have_all_derivatives_at_either_sign(x, n):
    v = Value(x)
    first = grad(v**n, v)
    second = grad(first, v)
    third = grad(second, v)

    assert first.data == n * x ** (n - 1)
    assert second.data == n * (n - 1) * x ** (n - 2)
    assert third.data == n * (n - 1) * (n - 2) * x ** (n - 3)


@pytest.mark.parametrize("n", range(6))
def test_whole_powers_have_all_derivatives_at_zero(n):
    v = Value(0.0)
    derivatives = [v**n]
    for _ in range(4):
        derivatives.append(grad(derivatives[-1], v))

    factorial = math.factorial(n)
    assert [d.data for d in derivatives] == [factorial if k == n else 0.0 for k in range(5)]


@pytest.mark.parametrize("name", ["sqrt", "log", "pow", "div"])
def test_the_second_derivative_where_the_first_is_infinite_is_infinite_or_nan(name):
    x = Value(5e-324 if name in ("log", "div") else 0.0)
    z = {"pow": lambda: x**0.5, "div": lambda: 1 / x}.get(name, lambda: TABLE[name](x))()
    second = grad(grad(z, x), x)

    assert not math.isfinite(second.data)


@pytest.mark.parametrize("order", [[nan, 1.0, 2.0], [1.0, nan, 2.0], [1.0, 2.0, nan]])
@pytest.mark.parametrize("name", ["maximum", "minimum", "logsumexp"])
def test_nan_wins_whatever_its_place(name, order):
    assert math.isnan(TABLE[name](*order))


@pytest.mark.parametrize("name", ["relu", "abs", "sign"])
def test_minus_zero_becomes_zero(name):
    assert bits([TABLE[name](-0.0)]) == bits([0.0])
