"""The graph: building it, walking it back, freeing it, and the semantics the design promises."""

# (A partial takes all that the op took, whatever it ignores.)

import asyncio
import gc
import math
import os
import random
import subprocess
import sys
import threading
import tracemalloc
import weakref
from contextlib import contextmanager, suppress
from contextvars import copy_context
from decimal import Decimal
from fractions import Fraction
from math import inf, nan
from operator import add, ge, gt, le, lt, mul, sub, truediv
from operator import pow as power
from pathlib import Path

import numpy as np
import pytest

import engine
from engine import Op, Value, dot, exp, grad, maximum, no_grad, tanh, topological_order
from engine.ops import TABLE
from engine.value import constant

ROOT = Path(__file__).parents[2]
INSTALLED = Path(engine.__file__).parents[1]  # that is ROOT, unless a wheel is tested

INFIX = [add, sub, mul, truediv, power]
NUMBERS = [
    3,
    -2,
    2.5,
    True,
    Fraction(3, 4),
    Decimal("1.25"),
    np.float64(1.5),
    np.float32(2.5),
    np.float16(0.5),
    np.longdouble(1.5),
    np.int64(3),
    np.int8(-2),
    np.uint8(4),
    np.bool_(True),
]
NO_NUMBERS = [
    "a",
    b"a",
    None,
    1j,
    [1.0],
    (1.0,),
    {1.0},
    np.array([1.0]),
    np.array(1.0),
    np.complex128(1),
]

every_infix = pytest.mark.parametrize("infix", INFIX, ids=lambda f: f.__name__)
every_number = pytest.mark.parametrize("k", NUMBERS, ids=lambda k: f"{type(k).__name__}({k})")
every_wrong_operand = pytest.mark.parametrize("wrong", NO_NUMBERS, ids=lambda x: type(x).__name__)


class Token:
    """Something to watch: a Value itself takes no weak reference."""


def name(x):
    return type(x).__name__


def bits(numbers):
    return [float(x).hex() for x in numbers]


def run(code, *options, **environment):
    """What a new Python prints, run in the repository."""
    done = subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- micrograd's example ----


def test_the_example_of_micrograds_readme_gives_its_numbers():
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()

    assert [f"{x:.4f}" for x in (g.data, a.grad, b.grad)] == ["24.7041", "138.8338", "645.5773"]


def test_random_programs_give_micrograds_gradients():
    micrograd = pytest.importorskip("micrograd.engine")

    def program(a, b):
        c = (a * b + b**3 - 2 * a).relu() + a / 3
        for k in range(4):
            c = c * a - (b + k) ** 2 + 1 / (c**2 + 2)
        return -c

    rng = random.Random(0)
    for _ in range(50):
        numbers = [rng.gauss(0, 1), rng.gauss(0, 1)]
        ours = [Value(x) for x in numbers]
        theirs = [micrograd.Value(x) for x in numbers]
        program(*ours).backward()
        program(*theirs).backward()

        # Theirs divides by multiplying with a power and sums in the order of a set.
        assert [x.grad for x in ours] == pytest.approx([x.grad for x in theirs], rel=1e-9)


# ---- a leaf ----


@every_number
def test_data_is_a_float_whatever_number_made_it(k):
    assert (type(Value(k).data), Value(k).data) == (float, float(k))


@every_wrong_operand
def test_a_value_of_what_is_no_number_is_a_type_error_naming_it(wrong):
    with pytest.raises(TypeError, match=f"expected a number.*, got {name(wrong)} "):
        Value(wrong)


def test_a_value_of_a_value_is_a_type_error_that_tells_what_to_do():
    message = r"^expected a number, got a Value: take its \.data, or v\.detach\(\)$"

    with pytest.raises(TypeError, match=message):
        Value(Value(2.0))


def test_a_number_too_large_for_a_float_is_an_overflow_error():
    with pytest.raises(OverflowError):
        Value(10**400)


def test_a_new_value_is_a_leaf_with_gradient_zero():
    v = Value(2)

    assert (v.data, v.grad, v.op, v.inputs, v._prev, v._op, v.label) == (
        2.0, 0.0, None, (), set(), "", "",
    )  # fmt: skip


def test_repr_shows_data_and_grad():
    assert repr(Value(2)) == "Value(data=2.0, grad=0.0)"


def test_repr_shows_the_label_when_there_is_one():
    assert repr(Value(2, label="a 'b'")) == """Value(data=2.0, grad=0.0, label="a 'b'")"""


def test_the_label_can_be_given_by_position_and_changed():
    v = Value(2, "a")
    v.label += "b"

    assert v.label == "ab"


def test_the_label_of_a_node_can_be_set():
    z = Value(2) * 3
    z.label = "z"

    assert repr(z) == "Value(data=6.0, grad=0.0, label='z')"


def test_attributes_can_be_set_from_outside():
    p = Value(2.0)
    p.m = 0.5

    assert p.m == 0.5


def test_an_attribute_of_one_value_is_not_one_of_another():
    Value(2.0).m = 0.5

    assert not hasattr(Value(2.0), "m")


def test_a_value_can_be_subclassed():
    class Parameter(Value):
        def __init__(self, data, name):
            super().__init__(data, label=name)
            self.name = name

    p = Parameter(3, "w")
    (p * p).backward()

    assert (p.name, p.grad, repr(p)) == ("w", 6.0, "Value(data=3.0, grad=6.0, label='w')")


@pytest.mark.parametrize("attribute", ["data", "grad"])
@every_number
def test_data_and_grad_stay_floats_when_written(attribute, k):
    v = Value(1.0)
    setattr(v, attribute, k)

    assert (type(getattr(v, attribute)), getattr(v, attribute)) == (float, float(k))


@pytest.mark.parametrize("attribute", ["data", "grad"])
@every_wrong_operand
def test_writing_what_is_no_number_is_a_type_error_and_changes_nothing(attribute, wrong):
    v = Value(1.0)
    before = getattr(v, attribute)

    with pytest.raises(TypeError, match=f"got {name(wrong)} "):
        setattr(v, attribute, wrong)
    assert getattr(v, attribute) == before


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
@every_wrong_operand
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


@pytest.mark.parametrize("f", [math.floor, math.ceil, math.sqrt, math.exp, math.isnan])
def test_functions_of_math_take_a_value_as_a_float(f):
    assert f(Value(2.5)) == f(2.5)


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
@every_wrong_operand
def test_comparing_with_what_is_no_number_is_a_type_error_naming_it(compare, wrong):
    with pytest.raises(TypeError, match=f"got {name(wrong)} "):
        compare(Value(2.0), wrong)


def test_values_sort_by_their_data():
    values = [Value(x) for x in (2.0, -1.0, 0.5)]

    assert [v.data for v in sorted(values)] == [-1.0, 0.5, 2.0]


def test_max_of_values_is_one_of_them():
    x, y = Value(2.0), Value(3.0)

    assert max(x, y) is y


# ---- the semantics the design promises, line by line ----


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda x: x.log(), ValueError, "log(0.0): math domain error"),
        (lambda x: (x - 1).log(), ValueError, "log(-1.0): math domain error"),
        (lambda x: 1 / x, ZeroDivisionError, "1.0 / 0.0: float division by zero"),
        (lambda x: x**-1, ZeroDivisionError, "0.0 ** (-1.0): "),
        (lambda x: (x - 8) ** (1 / 3), ValueError, "(-8.0) ** 0.3333333333333333: "),
        (lambda x: (-8) ** (x + 1 / 3), ValueError, "(-8.0) ** 0.3333333333333333: "),
        (lambda x: (x + 1000).exp(), OverflowError, "exp(1000.0): math range error"),
    ],
)
def test_outside_a_domain_pythons_own_error_names_op_and_numbers(f, error, message):
    with pytest.raises(error) as caught:
        f(Value(0.0))

    assert type(caught.value) is error
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("f", [lambda x: x.sqrt(), lambda x: x**0.5])
def test_an_infinite_derivative_is_an_infinite_gradient(f):
    x = Value(0.0)
    f(x).backward()

    assert x.grad == inf


@pytest.mark.parametrize("k", [nan, inf, -inf])
def test_nan_and_infinity_are_carried_as_floats_carry_them(k):
    x = Value(k)
    z = x * 2 + 1
    z.backward()

    assert bits([z.data, x.grad]) == bits([k, 2.0])


def test_a_product_that_overflows_is_infinite_as_for_floats():
    assert (Value(1e308) * 10).data == inf


def test_tied_maxima_share_the_gradient():
    x, y = Value(2.0), Value(2.0)
    maximum(x, y).backward()

    assert (x.grad, y.grad) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("n", "slope"),
    [(0, 0.0), (1, 1.0), (2, 0.0), (3, 0.0), (0.0, 0.0), (2.0, 0.0), (np.int64(1), 1.0)],
)
def test_whole_powers_at_zero_have_exact_gradients(n, slope):
    x = Value(0.0)
    (x**n).backward()

    assert x.grad == slope


def test_zero_to_a_positive_power_has_no_slope_in_the_exponent():
    y = Value(3.0)
    (0**y).backward()

    assert y.grad == 0.0


def test_the_exponents_gradient_at_a_negative_base_is_nan():
    x, y = Value(-2.0), Value(3.0)
    (x**y).backward()

    assert (x.grad, bits([y.grad])) == (12.0, ["nan"])


def test_equality_and_hash_are_identity():
    x, y = Value(2.0), Value(2.0)

    assert (x == y, x != y, x == 2.0, x == x) == (False, True, False, True)
    assert {x: "x", y: "y"}[x] == "x"


def test_writing_data_changes_this_node_only():
    x = Value(2.0)
    z = x * 3
    x.data = 5.0

    assert z.data == 6.0


@pytest.mark.parametrize("f", [lambda x, y: x * y, lambda x, y: dot([x], [y])])
def test_backward_differentiates_at_the_values_nodes_now_hold(f):
    x, y = Value(2.0), Value(3.0)
    z = f(x, y)
    x.data, y.data = 20.0, 30.0
    z.backward()

    assert (x.grad, y.grad) == (30.0, 20.0)


def test_a_maximum_whose_inputs_were_written_gives_its_gradient_to_the_largest_now():
    x, y = Value(2.0), Value(1.0)
    z = maximum(x, y)
    x.data = 5.0
    z.backward()

    assert (x.grad, y.grad) == (1.0, 0.0)


@pytest.mark.parametrize("written", [0.0, -1.0, inf, nan, 1e308])
def test_backward_does_not_raise_at_whatever_was_written(written):
    for op in TABLE.values():
        xs = [Value(0.5) for _ in range(op.arity or 3)]
        z = op(*xs)
        for x in xs:
            x.data = written
        z.backward()

        assert all(type(x.grad) is float for x in xs)


@pytest.mark.parametrize("wrong", ["a", None, 1j, [1.0]], ids=repr)
def test_a_wrong_operand_leaves_no_half_built_node(wrong):
    def fail():
        x = Value(2.0)
        x.token = Token()
        for f in (lambda: x + wrong, lambda: wrong * x, lambda: x**wrong, lambda: x.maximum(wrong)):
            with pytest.raises(TypeError):
                f()
        return weakref.ref(x.token)

    assert fail()() is None


def test_a_domain_error_leaves_the_graph_usable():
    x = Value(-1.0)
    z = x * 2
    with pytest.raises(ValueError, match=r"^log\(-2\.0\)"):
        z.log()
    z.backward()

    assert x.grad == 2.0


# ---- backward ----


def test_backward_sums_over_all_paths():
    x = Value(3.0)
    y = x * x
    z = y * x + y + x
    z.backward()

    assert x.grad == 3 * 9 + 2 * 3 + 1


def test_backward_twice_doubles_the_leaves():
    x = Value(3.0)
    z = x**3
    z.backward()
    z.backward()

    assert x.grad == 54.0


def test_backward_twice_does_not_count_inner_nodes_twice():
    x = Value(3.0)
    y = x * x
    z = y * x
    z.backward()
    z.backward()

    assert (z.grad, y.grad, x.grad) == (1.0, 3.0, 54.0)


def test_two_roots_over_a_shared_node_add_up():
    x = Value(3.0)
    shared = x * x
    first, second = shared * 2, shared.exp() * 0 + shared * 5
    first.backward()
    second.backward()

    assert x.grad == 2 * 6 + 5 * 6


def test_a_root_inside_another_graph_adds_up():
    x = Value(3.0)
    inner = x * x
    outer = inner * inner
    outer.backward()
    inner.backward()

    assert x.grad == 4 * 27 + 2 * 3


def test_a_graph_grown_after_backward_is_differentiated_whole():
    x = Value(3.0)
    y = x * x
    y.backward()
    x.zero_grad()
    (y * 10 + x).backward()

    assert x.grad == 61.0


def test_backward_on_a_leaf_adds_one():
    x = Value(3.0)
    x.backward()
    x.backward()

    assert x.grad == 2.0


def test_backward_on_a_constant_does_not_raise():
    k = constant(3.0)
    k.backward()

    assert k.data == 3.0


def test_backward_of_constants_only_does_not_raise():
    z = constant(3.0) * constant(2.0)
    z.backward()

    assert z.grad == 1.0


@every_number
def test_backward_starts_from_the_gradient_it_is_given(k):
    x = Value(3.0)
    (x * x).backward(k)

    assert (x.grad, type(x.grad)) == (6.0 * float(k), float)


def test_backward_takes_the_gradient_by_name():
    x = Value(3.0)
    (x * x).backward(gradient=0.5)

    assert x.grad == 3.0


@every_wrong_operand
def test_a_gradient_that_is_no_number_is_a_type_error_and_changes_nothing(wrong):
    x = Value(3.0)
    z = x * x
    z.backward()
    with pytest.raises(TypeError, match=f"got {name(wrong)} "):
        z.backward(wrong)

    assert (x.grad, z.grad) == (6.0, 1.0)


def test_backward_returns_nothing():
    assert Value(3.0).backward() is None


def test_backward_leaves_the_data_alone():
    x = Value(3.0)
    y = x * x
    y.exp().backward()

    assert (x.data, y.data) == (3.0, 9.0)


def test_a_leaf_that_the_output_does_not_depend_on_keeps_its_grad():
    x, other = Value(3.0), Value(4.0)
    other.grad = 7.0
    (x * 2).backward()

    assert other.grad == 7.0


def test_zero_grad_clears_the_whole_graph():
    x = Value(3.0)
    y = x * x
    z = y * x
    z.backward()
    z.zero_grad()

    assert (x.grad, y.grad, z.grad) == (0.0, 0.0, 0.0)


def test_zero_grad_of_a_leaf_clears_only_it():
    x = Value(3.0)
    z = x * x
    z.backward()
    x.zero_grad()

    assert (x.grad, z.grad) == (0.0, 1.0)


def test_a_gradient_may_be_set_before_backward_adds_to_it():
    x = Value(3.0)
    x.grad = 100.0
    (x * x).backward()

    assert x.grad == 106.0


def test_detach_is_a_leaf_with_the_same_data():
    x = Value(3.0, label="x")
    z = (x * x).detach()

    assert (z.data, z.inputs, z.op) == (9.0, (), None)


def test_no_gradient_flows_through_detach():
    x = Value(3.0)
    ((x * x).detach() * x).backward()

    assert x.grad == 9.0


def test_detach_of_a_leaf_is_another_value():
    x = Value(3.0)
    y = x.detach()
    y.data = 5.0

    assert x.data == 3.0


def test_no_gradient_flows_through_stop_gradient():
    x = Value(3.0)
    (engine.stop_gradient(x * x) * x).backward()

    assert x.grad == 9.0


# ---- interruptions ----


def failing(error):
    """An identity op whose partial raises `error` while `armed` is true."""

    def slope(z, x):
        if op.armed:
            raise error
        return 1.0

    op = Op("failing", "failing", lambda x: x, slope)
    op.armed = True
    return op


class OwnError(Exception):
    pass


every_interruption = pytest.mark.parametrize(
    "error", [KeyboardInterrupt, OwnError, MemoryError, SystemExit], ids=lambda e: e.__name__
)


@every_interruption
def test_an_interrupted_backward_leaves_the_leaves_as_they_were(error):
    op = failing(error)
    x, w = Value(3.0), Value(2.0)
    x.grad, w.grad = 5.0, 7.0
    z = op(x * w) * x + x * w
    with pytest.raises(error):
        z.backward()

    assert (x.grad, w.grad) == (5.0, 7.0)


@every_interruption
def test_the_backward_after_an_interrupted_one_is_exact(error):
    op = failing(error)
    x, w = Value(3.0), Value(2.0)
    z = op(x * w) * x + x * w
    with pytest.raises(error):
        z.backward()
    op.armed = False
    z.backward()

    assert (x.grad, w.grad) == (2 * 3 * 2 + 2, 9 + 3)


@every_interruption
def test_another_root_after_an_interrupted_backward_is_exact(error):
    op = failing(error)
    x, w = Value(3.0), Value(2.0)
    shared = x * w
    z = op(shared) * x + shared
    with pytest.raises(error):
        z.backward()
    (shared * 10).backward()

    assert (x.grad, w.grad, shared.grad) == (20.0, 30.0, 10.0)


def test_an_arithmetic_error_raised_by_a_partial_on_purpose_is_not_lost():
    op = failing(OverflowError)
    x = Value(3.0)

    with pytest.raises(OverflowError):
        op(x).backward()


def test_a_partial_may_run_a_backward_of_its_own():
    def slope(z, x):
        v = Value(x)
        (v * v * v).backward()
        return v.grad

    cube = Op("cube", "cube", lambda x: x**3, slope)
    x = Value(2.0)
    (cube(x) * x).backward()

    assert x.grad == 4 * 8.0


# ---- no_grad ----


def test_no_grad_computes_and_records_nothing():
    x = Value(3.0)
    with no_grad():
        zs = [x * x, x + 1, 2 / x, x**2, -x, x.tanh(), maximum(x, 1), dot([x], [x]), exp(x)]

    assert [(z.op, z.inputs) for z in zs] == [(None, ())] * len(zs)
    assert zs[0].data == 9.0


def test_after_no_grad_recording_goes_on():
    x = Value(3.0)
    with no_grad():
        pass

    assert (x * x).inputs == (x, x)


def test_no_grad_nests():
    x = Value(3.0)
    with no_grad():
        with no_grad():
            pass
        z = x * x

    assert z.inputs == ()


def test_no_grad_decorates_a_function():
    @no_grad()
    def square(x):
        """The square."""
        return x * x

    x = Value(3.0)

    assert (square(x).inputs, square(x).data, square.__doc__) == ((), 9.0, "The square.")
    assert (x * x).inputs == (x, x)


def test_a_function_decorated_with_no_grad_may_call_itself():
    @no_grad()
    def power(x, n):
        return x * power(x, n - 1) if n else x

    x = Value(2.0)

    assert (power(x, 3).data, power(x, 3).inputs, (x * x).inputs) == (16.0, (), (x, x))


def test_no_grad_does_not_decorate_a_generator_function():
    def squares(x):
        yield x * x

    with pytest.raises(TypeError, match=r"cannot wrap a generator or coroutine: open a "):
        no_grad()(squares)


def test_no_grad_holds_in_an_asynchronous_function_or_refuses_it():
    async def square(x):
        return x * x

    try:
        decorated = no_grad()(square)
    except TypeError:
        return

    assert asyncio.run(decorated(Value(3.0))).inputs == ()


def test_an_exception_ends_no_grad():
    x = Value(3.0)
    with pytest.raises(OwnError), no_grad():
        raise OwnError

    assert (x * x).inputs == (x, x)


def test_backward_runs_within_no_grad():
    x = Value(3.0)
    z = x * x
    with no_grad():
        z.backward()

    assert x.grad == 6.0


def test_parameters_can_be_updated_within_no_grad():
    x = Value(3.0)
    with no_grad():
        x.data -= 0.5

    assert x.data == 2.5


def test_a_node_made_within_no_grad_is_a_leaf_of_what_follows():
    x = Value(3.0)
    with no_grad():
        k = x * x
    (k * x).backward()

    assert (x.grad, k.grad) == (9.0, 3.0)


def test_no_grad_does_not_reach_another_thread():
    x = Value(3.0)
    recorded = []
    with no_grad():
        thread = threading.Thread(target=lambda: recorded.append((x * x).inputs))
        thread.start()
        thread.join()

    assert recorded == [(x, x)]


@contextmanager
def no_grad_in_another_thread():
    """A block during which another thread is in a no_grad block."""
    opened, done = threading.Event(), threading.Event()

    def hold():
        with no_grad():
            opened.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    opened.wait(10)
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_no_grad_of_another_thread_does_not_reach_this_one():
    x = Value(3.0)
    with no_grad_in_another_thread():
        z = x * x

    assert z.inputs == (x, x)


def test_no_grad_does_not_reach_another_task():
    x = Value(3.0)

    async def hold(opened, done):
        with no_grad():
            opened.set()
            await done.wait()
            return x * x

    async def main():
        opened, done = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(hold(opened, done))
        await opened.wait()
        z = x * x
        done.set()
        return z, await task

    outside, inside = asyncio.run(main())
    assert (outside.inputs, inside.inputs) == ((x, x), ())


def generator_in_no_grad(x):
    with no_grad():
        while True:
            yield x * x


def test_recording_goes_on_after_a_generator_within_no_grad_is_closed():
    x = Value(3.0)
    squares = generator_in_no_grad(x)
    inside = next(squares)
    squares.close()

    assert (inside.inputs, (x * x).inputs) == ((), (x, x))


def test_a_generator_within_no_grad_stays_so_after_a_block_around_its_start_ends():
    def start_in_a_block():
        squares = generator_in_no_grad(Value(3.0))
        with no_grad():
            next(squares)
        return next(squares)

    inside = copy_context().run(start_in_a_block)

    assert inside.inputs == ()


def test_blocks_that_end_in_the_order_they_began_leave_recording_on():
    x = Value(3.0)

    def end_out_of_order():
        squares = generator_in_no_grad(x)
        with no_grad():
            next(squares)
        squares.close()
        with no_grad_in_another_thread():
            return x * x

    z = copy_context().run(end_out_of_order)

    assert z.inputs == (x, x)


def test_a_generator_within_no_grad_can_be_closed_in_another_context():
    squares = generator_in_no_grad(Value(3.0))
    copy_context().run(next, squares)
    copy_context().run(squares.close)

    with pytest.raises(StopIteration):
        next(squares)


# ---- depth, memory, time of life ----


@pytest.fixture
def _no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_chain_of_a_million_nodes_is_built_differentiated_and_freed():
    x = z = Value(1.0)
    for _ in range(1_000_000):
        z = z + x
    z.backward()
    assert (z.data, x.grad) == (1_000_001.0, 1_000_001.0)

    x.token = Token()
    token = weakref.ref(x.token)
    del x, z
    assert token() is None


def test_a_deep_chain_of_a_subclass_is_freed():
    class Parameter(Value):
        pass

    x = z = Value(1.0)
    for _ in range(200_000):
        z = z + x
        p = Parameter(0.0)
        p.__setstate__(z.__getstate__())
        z = p
    z.backward()
    assert (type(z.inputs[0]), x.grad) == (Parameter, 200_001.0)

    x.token = Token()
    token = weakref.ref(x.token)
    del x, z, p
    assert token() is None


@pytest.mark.parametrize(
    "f", [tanh, lambda v: maximum(v, -2.0, -3.0), lambda v: v**1.0], ids=range(3)
)
def test_deep_chains_of_every_kind_of_node_are_differentiated_and_freed(f):
    x = z = Value(0.5)
    for _ in range(100_000):
        z = f(z)
    z.backward()

    assert x.grad > 0.0


def test_the_gradient_of_a_deep_chain_is_a_graph():
    x = z = Value(1.0)
    for _ in range(20_000):
        z = z * x
    first = grad(z, x)
    first.backward()

    assert (first.data, x.grad) == (20_001.0, 20_001.0 * 20_000.0)


def test_a_deep_chain_is_freed_by_a_thread_with_a_small_stack():
    code = """if True:
        import threading
        from engine import Value

        def work():
            x = z = Value(1.0)
            for _ in range(300_000):
                z = z + x
            z.backward()
            done.append(x.grad)

        done = []
        threading.stack_size(256 * 1024)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        print(done)
    """

    assert run(code) == "[300001.0]\n"


@pytest.mark.usefixtures("_no_collector")
def test_a_graph_holds_no_reference_cycle():
    xs = [Value(0.5 + 0.01 * i) for i in range(4)]
    for op in TABLE.values():
        z = op(*xs[: op.arity or 4])
        z.backward()
        for slope in grad(z * z, xs):
            slope.backward()
        repr(z), z.inputs, z._prev, topological_order(z), z.zero_grad(), z.detach()
    dot(xs[:2], xs[2:], xs[0]).backward()
    del xs, z, slope

    assert gc.collect() == 0


@pytest.mark.usefixtures("_no_collector")
def test_an_interrupted_backward_leaves_no_reference_cycle():
    op = failing(OwnError)
    x = Value(3.0)
    x.token = Token()
    token = weakref.ref(x.token)
    z = op(x * x)
    with suppress(OwnError):
        z.backward()
    del x, z

    assert token() is None


@pytest.mark.usefixtures("_no_collector")
def test_a_value_dies_with_its_last_reference():
    class Watched(Value):
        __slots__ = ("__weakref__",)

    x = Watched(2.0)
    z = (x * x).tanh() + x
    z.backward()
    alive = weakref.ref(x)
    del x
    assert alive() is not None
    del z

    assert alive() is None


@pytest.mark.usefixtures("_no_collector")
def test_a_thousand_training_steps_without_the_collector_keep_memory_flat():
    rng = random.Random(0)
    w = [Value(rng.uniform(-1, 1)) for _ in range(6)]
    samples = [([0.0, 1.0], 1.0), ([1.0, 1.0], -1.0)]

    def step():
        loss = constant(0.0)
        for xs, y in samples:
            hidden = [dot(w[:2], xs, w[2]).tanh(), (w[3] * xs[0] - xs[1] / w[4]).relu()]
            loss = loss + (sum(hidden) * w[5] - y) ** 2
        for v in w:
            v.zero_grad()
        loss.backward()
        for v in w:
            v.data -= 0.001 * v.grad

    for _ in range(10):
        step()
    tracemalloc.start()
    try:
        for _ in range(10):
            step()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            step()
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert after - before < 2_000  # bytes; one step's graph has about 8,000


# ---- the same bits everywhere ----

PROGRAM = """if True:
    from engine import Value, dot, exp, grad, logsumexp, maximum, tanh

    xs = [Value(0.1 * i - 0.37) for i in range(9)]
    z = dot(xs[:4], xs[4:8], xs[8])
    for i, x in enumerate(xs):
        z = tanh(z * x + xs[i - 1]) + maximum(x, z, xs[i - 2]) / (1 + exp(-x * z))
    z = z + logsumexp(*xs) ** 2
    z.backward()
    slopes = grad(grad(z, xs[0]), xs)
    print([v.hex() for v in (z.data, *[x.grad for x in xs], *[s.data for s in slopes])])
"""


def test_two_processes_with_different_hash_seeds_give_the_same_bits():
    outputs = {run(PROGRAM, PYTHONHASHSEED=seed) for seed in ("0", "1", "4242")}

    assert len(outputs) == 1


def clone(op):
    """The same row of the table, which no fast lane knows."""
    return Op(op.name, op.symbol, op.f, *op.partials, gradient=op.gradient)


def gauss(rng, n):
    """Numbers with all their bits in use, so that sums in another order differ."""
    return [rng.gauss(0, 1) for _ in range(n)]


@pytest.mark.parametrize("row", ["add", "sub", "mul", "div", "pow", "neg"])
def test_infix_gives_the_bits_of_its_row(row):
    infix = {"add": add, "sub": sub, "mul": mul, "div": truediv, "pow": power}
    rng = random.Random(0)
    slow = clone(TABLE[row])
    for _ in range(200):
        numbers = [abs(x) for x in gauss(rng, 3)]
        results = []
        for f in (slow, infix.get(row, lambda x: -x)):
            x, y, k = map(Value, numbers)
            z = f(x, y) if row != "neg" else f(x)
            z = f(z, x) if row != "neg" else f(z)  # x is shared
            (z * k).backward()
            results.append(bits([z.data, x.grad, y.grad, z.grad]))

        assert results[0] == results[1]


@pytest.mark.parametrize("special", [0.0, -0.0, inf, -inf, nan, 5e-324, 1e308])
@pytest.mark.parametrize("row", ["add", "sub", "mul", "dot"])
def test_the_fast_lanes_agree_with_their_rows_at_special_numbers(row, special):
    slow = clone(TABLE[row])
    for other in (special, -1.0, 0.0, -0.0, inf):
        results = []
        for f in (slow, TABLE[row]):
            x, y = Value(special), Value(other)
            z = f(x, y)
            z.backward(-1.0)
            results.append(bits([z.data, x.grad, y.grad]))

        assert results[0] == results[1]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 8])
@pytest.mark.parametrize("biased", [False, True])
def test_the_dot_lane_gives_the_bits_of_its_row(n, biased):
    rng = random.Random(n)
    slow = clone(TABLE["dot"])
    for _ in range(50):
        numbers, k = gauss(rng, 2 * n + biased), rng.gauss(0, 1)
        results = []
        for f in (lambda *xs: slow(*xs), lambda *xs: dot(xs[:n], xs[n : 2 * n], *xs[2 * n :])):
            xs = [Value(x) for x in numbers]
            if not xs:
                continue
            z = f(*xs)
            (z * k).backward()
            results.append(bits([z.data, *[x.grad for x in xs]]))

        assert results[:1] == results[1:]


def test_the_dot_lane_gives_the_bits_of_its_row_where_inputs_repeat():
    rng = random.Random(0)
    slow = clone(TABLE["dot"])
    for _ in range(200):
        numbers = gauss(rng, 4)
        results = []
        for f in (slow, TABLE["dot"]):
            a, p, q, r = map(Value, numbers)
            f(p, q, a, a, a, r, a).backward()
            results.append(bits([a.grad, p.grad, q.grad, r.grad]))

        assert results[0] == results[1]


# ---- dot ----


def chain(weights, inputs, bias):
    z = bias
    for w, x in zip(weights, inputs, strict=True):
        z = z + w * x
    return z


def dot_and_chain(build, numbers):
    """The bits of data and gradients that `build` makes with dot and with the chain."""
    results = []
    for f in (dot, chain):
        xs = [Value(x) for x in numbers]
        z = build(f, xs)
        (z * 1.7).backward()
        results.append(bits([z.data, *[x.grad for x in xs]]))
    return results


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_dot_gives_the_bits_of_the_chain_from_the_bias(n):
    rng = random.Random(n)
    for _ in range(100):
        fused, spelled = dot_and_chain(
            lambda f, xs: f(xs[:n], xs[n : 2 * n], xs[-1]), gauss(rng, 2 * n + 1)
        )

        assert fused == spelled


def test_a_network_of_dots_gives_the_bits_of_the_chains():
    def network(f, p):
        hidden = [f(p[3 * i : 3 * i + 2], p[-2:], p[3 * i + 2]).tanh() for i in range(3)]
        outputs = [f(p[9 + 4 * i : 12 + 4 * i], hidden, p[12 + 4 * i]) for i in range(2)]
        return sum((y - 1) ** 2 for y in outputs)

    rng = random.Random(0)
    for _ in range(100):
        fused, spelled = dot_and_chain(network, gauss(rng, 19))

        assert fused == spelled


def test_dot_gives_the_gradient_of_the_chain_where_an_input_repeats():
    rng = random.Random(0)
    for _ in range(100):
        fused, spelled = dot_and_chain(lambda f, xs: f(xs[:4], [xs[4]] * 4, xs[5]), gauss(rng, 6))

        # Not to the last bit: the chain adds up the four contributions in the other order.
        assert [float.fromhex(x) for x in fused] == pytest.approx(
            [float.fromhex(x) for x in spelled], rel=1e-12
        )


def test_dot_of_numbers_is_a_float():
    assert (dot([1, 2.0], [3.0, 4], 0.5), type(dot([1], [2]))) == (11.5, float)


@pytest.mark.parametrize("arguments", [([1.0], [2.0], None), ([], [], None), ([], [], 1.0)])
def test_dot_of_numbers_is_a_float_at_any_length(arguments):
    assert type(dot(*arguments)) is float


def test_dot_of_values_and_numbers_is_one_node():
    w, b = Value(2.0), Value(0.5)
    z = dot([w, 3.0], [10.0, 100], b)
    z.backward()

    assert (z.data, z.inputs) == (320.5, (w, 3.0, 10.0, 100.0, b))
    assert (w.grad, b.grad) == (10.0, 1.0)


def test_dot_without_a_bias():
    w, x = Value(2.0), Value(3.0)
    z = dot([w], [x])
    z.backward()

    assert (z.data, w.grad, x.grad) == (6.0, 3.0, 2.0)


def test_dot_of_nothing_but_a_bias_is_the_bias():
    b = Value(0.5)
    z = dot([], [], b)
    z.backward()

    assert (z.data, b.grad) == (0.5, 1.0)


@pytest.mark.parametrize(
    ("weights", "inputs"), [([1.0], [1.0, 2.0]), ([1.0, 2.0], []), ([], [1.0])]
)
def test_dot_of_different_lengths_is_an_error_with_both(weights, inputs):
    message = f"^dot takes as many inputs as weights: {len(weights)}, got {len(inputs)}$"
    with pytest.raises(ValueError, match=message):
        dot(weights, inputs)


@pytest.mark.parametrize(("weights", "inputs"), [(1.0, [2.0]), ([1.0], 2.0), (None, None)])
def test_dot_of_what_is_no_list_is_a_type_error(weights, inputs):
    with pytest.raises(TypeError, match=r"^dot takes two lists of numbers, got .* and "):
        dot(weights, inputs)


@pytest.mark.parametrize("wrong", ["a", None, 1j, [1.0]], ids=repr)
def test_dot_with_what_is_no_number_is_a_type_error_naming_it(wrong):
    with pytest.raises(TypeError, match=f"got {name(wrong)} "):
        dot([Value(1.0), wrong], [Value(2.0), Value(3.0)])


@pytest.mark.parametrize("wrong", ["a", 1j, [1.0]], ids=repr)
def test_dot_with_a_bias_that_is_no_number_is_a_type_error_naming_it(wrong):
    with pytest.raises(TypeError, match=f"got {name(wrong)} "):
        dot([Value(1.0)], [Value(2.0)], wrong)


def test_dot_takes_arrays_of_numbers():
    w = [Value(2.0), Value(3.0)]

    assert dot(w, np.array([10.0, 100.0])).data == 320.0


# ---- topological order ----


def test_topological_order_puts_inputs_first():
    rng = random.Random(0)
    nodes = [Value(x) for x in gauss(rng, 5)]
    for _ in range(300):
        op = rng.choice([add, mul, sub, lambda x, y: maximum(x, y, x), lambda x, y: x.tanh()])
        nodes.append(op(rng.choice(nodes), rng.choice(nodes)))
    order = topological_order(*nodes)
    place = {v: i for i, v in enumerate(order)}

    assert len(place) == len(order) == len(nodes)
    assert all(place[x] < place[v] for v in order for x in v.inputs)


def test_topological_order_leaves_out_what_the_output_does_not_need():
    x, y = Value(1.0), Value(2.0)
    z = x * x
    x * y

    assert topological_order(z) == [x, z]


def test_topological_order_leaves_out_constants():
    x = Value(1.0)
    z = x * 3

    assert topological_order(z) == [x, z]


def test_topological_order_of_a_leaf_is_the_leaf():
    x = Value(1.0)

    assert topological_order(x) == [x]


def test_topological_order_of_nothing_is_empty():
    assert topological_order() == []


def test_topological_order_of_several_outputs_has_each_node_once():
    x = Value(1.0)
    y = x + 1.0
    z = y * x

    assert topological_order(z, y, z) == [x, y, z]


def test_topological_order_is_the_same_each_time():
    x, y = Value(1.0), Value(2.0)
    z = (x * y + y / x).tanh() ** x

    assert topological_order(z) == topological_order(z)


# ---- imports ----

# Compiled modules put one or two modules of their own making there, which no file holds.
LISTED = """
        loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
        made_by_cython = {name for name in loaded if "cython" in name}
        print(sorted(loaded - sys.stdlib_module_names - made_by_cython - {"engine", "nn"}))
"""


@pytest.mark.parametrize("package", ["engine", "nn"])
def test_importing_loads_nothing_outside_the_standard_library(package):
    code = f"""if True:
        import sys
        sys.path.insert(0, {str(INSTALLED)!r})
        before = {{"__main__"}}
        import {package}{LISTED}
    """

    assert run(code, "-I", "-S") == "[]\n"


@pytest.mark.parametrize("package", ["engine", "nn"])
def test_importing_loads_nothing_else_where_everything_is_installed(package):
    code = f"""if True:
        import sys
        before = set(sys.modules)
        import {package}{LISTED}
    """

    assert run(code) == "[]\n"


def test_every_public_name_exists():
    assert [n for n in engine.__all__ if not hasattr(engine, n)] == []


def test_a_name_that_does_not_exist_is_an_attribute_error_naming_it():
    with pytest.raises(AttributeError, match=r"^module 'engine' has no attribute 'tanhh'$"):
        engine.tanhh
