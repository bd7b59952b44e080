"""Values in place of numbers: infix arithmetic, NumPy, conversions, and comparisons."""

import math
from math import inf, nan
from operator import add, ge, gt, le, lt, mul, sub, truediv
from operator import pow as power

import numpy as np
import pytest

from engine import LostGradientWarning, Value
from engine.ops import TABLE
from tests.engine.operands import bits, every_number, every_wrong_partner, name

INFIX = [add, sub, mul, truediv, power]

every_infix = pytest.mark.parametrize("infix", INFIX, ids=lambda f: f.__name__)


# ---- infix arithmetic ----


@every_infix
@every_number
def test_infix_takes_any_number_on_the_right(infix, k):
    v = Value(1.5)
    if infix is power and k < 0:
        v.data = 2.0

    assert infix(v, k).data == infix(v.data, float(k))


@every_infix
@every_number
def test_infix_takes_any_number_on_the_left(infix, k):
    v = Value(2.0)
    z = infix(k, v)

    assert (type(z), z.data) == (Value, infix(float(k), 2.0))


@every_infix
@every_number
def test_a_number_on_either_side_is_remembered_as_a_float(infix, k):
    v = Value(2.0)

    assert infix(v, k).inputs == (v, float(k))
    assert infix(k, v).inputs == (float(k), v)


@every_infix
def test_infix_of_two_values_remembers_both_in_order(infix):
    x, y = Value(2.0), Value(3.0)
    z = infix(x, y)

    assert (z.data, z.inputs) == (infix(2.0, 3.0), (x, y))


@every_infix
def test_infix_has_the_slopes_of_its_row(infix):
    x, y = Value(2.0), Value(3.0)
    infix(x, y).backward()

    expected = {
        add: (1.0, 1.0),
        sub: (1.0, -1.0),
        mul: (3.0, 2.0),
        truediv: (1 / 3, -(2 / 3) / 3),
        power: (12.0, 8.0 * math.log(2.0)),
    }[infix]
    assert (x.grad, y.grad) == expected


@every_infix
@pytest.mark.parametrize("k", [3, 0.5, np.float64(1.5)])
def test_infix_with_a_number_has_the_slope_it_has_with_a_value(infix, k):
    for f in (lambda v, k: infix(v, k), lambda v, k: infix(k, v)):
        x, y, z = Value(2.0), Value(2.0), Value(k)
        f(x, k).backward()
        f(y, z).backward()

        assert bits([x.grad]) == bits([y.grad])


@every_infix
@every_wrong_partner
def test_infix_with_what_is_no_number_is_a_type_error_naming_it(infix, wrong):
    v = Value(2.0)

    with pytest.raises(TypeError, match=f"^expected a number or a Value, got {name(wrong)} "):
        infix(v, wrong)
    with pytest.raises(TypeError, match=f"^expected a number or a Value, got {name(wrong)} "):
        infix(wrong, v)


def test_the_error_for_a_long_operand_is_short():
    with pytest.raises(TypeError) as caught:
        Value(2.0) + list(range(1000))

    assert len(str(caught.value)) < 120


def test_an_operand_too_large_for_a_float_is_an_overflow_error():
    with pytest.raises(OverflowError):
        Value(2.0) * 10**400


def test_infix_in_place_makes_a_new_node():
    x = z = Value(2.0)
    z += 1
    z *= z

    assert (x.data, z.data) == (2.0, 9.0)


def test_sum_adds_values():
    xs = [Value(x) for x in (1.0, 2.0, 3.0)]
    z = sum(xs)
    z.backward()

    assert (z.data, [x.grad for x in xs]) == (6.0, [1.0, 1.0, 1.0])


def test_math_prod_multiplies_values():
    xs = [Value(x) for x in (5.0, 2.0, 3.0)]
    z = math.prod(xs)
    z.backward()

    assert (z.data, [x.grad for x in xs]) == (30.0, [6.0, 15.0, 10.0])


def test_minus_negates():
    x = Value(2.0)
    z = -x
    z.backward()

    assert (z.data, x.grad) == (-2.0, -1.0)


def test_plus_changes_neither_number_nor_slope():
    x = Value(2.0)
    z = +x
    z.backward()

    assert (z.data, x.grad) == (2.0, 1.0)


@pytest.mark.parametrize(("x", "slope"), [(-2.0, -1.0), (2.0, 1.0), (0.0, 0.0)])
def test_abs_is_the_size_and_its_slope_the_sign(x, slope):
    v = Value(x)
    z = abs(v)
    z.backward()

    assert (z.data, v.grad) == (abs(x), slope)


def test_both_edges_of_a_square_count():
    a = Value(3.0)
    z = a * a
    z.backward()

    assert (z.inputs, a.grad) == ((a, a), 6.0)


@pytest.mark.parametrize(
    ("infix", "symbol"), [(add, "+"), (sub, "-"), (mul, "*"), (truediv, "/"), (power, "**")]
)
def test_a_node_shows_its_symbol(infix, symbol):
    assert infix(Value(2.0), 3)._op == symbol


def test_prev_is_a_set_of_values_also_for_numbers():
    x = Value(2.0)

    previous = (x * 3)._prev

    assert x in previous
    assert sorted(v.data for v in previous) == [2.0, 3.0]


def test_prev_of_a_square_has_one_member():
    x = Value(2.0)

    assert (x * x)._prev == {x}


# ---- NumPy ----


@pytest.mark.parametrize(
    "name", ["exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"]
)
def test_numpys_function_of_a_value_is_ours(name):
    x = Value(0.5)
    z = getattr(np, name)(x)

    assert (z.op, z.inputs) == (TABLE[name], (x,))


def test_numpys_absolute_of_a_value_is_ours():
    assert np.abs(Value(-0.5)).op is TABLE["abs"]


@every_infix
def test_an_array_of_values_is_computed_with_by_element(infix):
    xs = np.array([Value(2.0), Value(3.0)])
    zs = infix(xs, xs)

    assert [z.data for z in zs] == [infix(2.0, 2.0), infix(3.0, 3.0)]


@pytest.mark.parametrize("compare", [lt, le, gt, ge])
def test_numpy_scalars_compare_with_values(compare):
    assert compare(np.float64(2), Value(3.0)) == compare(2, 3)


# ---- as a number ----


def test_float_is_the_data():
    assert (float(Value(2.5)), type(float(Value(2.5)))) == (2.5, float)


def test_int_cuts_the_data():
    assert int(Value(-2.7)) == -2


@pytest.mark.parametrize("x", [0.0, -0.0, 1.0, -2.5, nan, inf])
def test_bool_is_that_of_the_float(x):
    assert bool(Value(x)) is bool(x)


@pytest.mark.parametrize("x", [2.5, 3.5, -2.567])
def test_round_is_that_of_the_float(x):
    assert (round(Value(x)), type(round(Value(x)))) == (round(x), int)
    assert (round(Value(x), 1), type(round(Value(x), 1))) == (round(x, 1), float)


@pytest.mark.parametrize("f", [math.floor, math.ceil, math.isnan])
def test_functions_of_math_take_a_value_as_a_float(f):
    assert f(Value(2.5)) == f(2.5)


@pytest.mark.parametrize("f", [math.sqrt, math.exp])
def test_functions_of_math_that_lose_a_gradient_warn_and_give_the_float(f):
    with pytest.warns(LostGradientWarning):
        answer = f(Value(2.5))

    assert (answer, type(answer)) == (f(2.5), float)


@pytest.mark.parametrize("spec", [".3f", "+.2e", ">12.4g", "08.2f", "%", "g"])
def test_format_is_that_of_the_float(spec):
    assert format(Value(2 / 3), spec) == format(2 / 3, spec)


def test_format_without_a_specification_is_the_repr():
    assert f"{Value(2)}" == "Value(data=2.0, grad=0.0)"


def test_percent_formatting_takes_a_value_as_a_float():
    assert "%.2f" % Value(2 / 3) == "0.67"  # noqa: UP031, the form under test


@pytest.mark.parametrize("compare", [lt, le, gt, ge])
@pytest.mark.parametrize("y", [1.0, 2.0, 3.0, nan, inf])
def test_comparisons_are_those_of_the_data(compare, y):
    x = Value(2.0)

    assert compare(x, Value(y)) is compare(2.0, y)
    assert compare(x, y) is compare(2.0, y)
    assert compare(y, x) is compare(y, 2.0)


@pytest.mark.parametrize("compare", [lt, le, gt, ge])
@every_number
def test_comparisons_take_any_number(compare, k):
    assert bool(compare(Value(2.0), k)) is compare(2.0, float(k))
    assert bool(compare(k, Value(2.0))) is compare(float(k), 2.0)


@pytest.mark.parametrize("compare", [lt, le, gt, ge])
@every_wrong_partner
def test_comparing_with_what_is_no_number_is_a_type_error_naming_it(compare, wrong):
    with pytest.raises(TypeError, match=f"got {name(wrong)} "):
        compare(Value(2.0), wrong)


def test_values_sort_by_their_data():
    values = [Value(x) for x in (2.0, -1.0, 0.5)]

    assert [v.data for v in sorted(values)] == [-1.0, 0.5, 2.0]


def test_max_of_values_is_one_of_them():
    x, y = Value(2.0), Value(3.0)

    assert max(x, y) is y
