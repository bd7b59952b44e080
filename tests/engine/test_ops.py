"""The op table: values and derivatives against mpmath and differences, domains, kinks, new ops."""

# (A partial takes all that the op took, whatever it ignores.)

import inspect
import math
from functools import cache
from itertools import product
from math import inf, nan

import mpmath
import numpy as np
import pytest

import engine
from engine import Op, Value, check_gradients, grad, softmax
from engine.ops import TABLE

EPSILON = 2.0**-52

# Points off every kink, and with no two coordinates equal, so that nothing ties.
COORDINATES = [
    [-2.3, -0.7, -0.31, 0.4, 0.83, 1.7, 3.1],
    [-1.9, -0.6, 0.45, 1.2, 2.6],
    [-0.8, 0.9],
]

# By design its derivative is not that of its value.
CUT = {"stop_gradient"}


def is_defined(op, point):
    try:
        op(*point)
    except (ArithmeticError, ValueError):
        return False
    return True


def grid(op):
    """Points at which op has a value: of its number of inputs, or of one to three."""
    lengths = [op.arity] if op.arity else [1, 2, 3]
    return [p for n in lengths for p in product(*COORDINATES[:n]) if is_defined(op, p)]


def gradient(op, point):
    """The partials that backward leaves on the inputs of op(*point)."""
    xs = [Value(x) for x in point]
    op(*xs).backward()
    return [x.grad for x in xs]


def bits(numbers):
    return [float(x).hex() for x in numbers]


every_op = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
every_true_op = pytest.mark.parametrize(
    "op",
    [op for op in TABLE.values() if op.name not in CUT],
    ids=sorted(TABLE.keys() - CUT, key=list(TABLE).index),
)


# ---- what holds for every row, also for the next one ----


@every_op
def test_every_op_has_points_to_be_tested_at(op):
    assert len(grid(op)) >= 3


@every_true_op
def test_first_and_second_derivatives_agree_with_differences(op):
    for point in grid(op):
        check_gradients(op, point, order=2)


@every_op
def test_an_op_of_floats_is_a_float(op):
    assert {type(op(*point)) for point in grid(op)} == {float}


@every_op
def test_an_op_of_integers_is_a_float(op):
    assert type(op(*[1] * (op.arity or 2))) is float


@every_op
def test_an_op_of_values_is_a_value_with_the_float_of_the_numbers(op):
    for point in grid(op):
        assert bits([op(*map(Value, point)).data]) == bits([op(*point)])


@every_op
def test_an_op_takes_values_and_numbers_together(op):
    for point in grid(op):
        for i in range(len(point)):
            mixed = [Value(x) if j == i else x for j, x in enumerate(point)]

            assert bits([op(*mixed).data]) == bits([op(*point)])


@every_op
def test_a_value_among_numbers_gets_the_gradient_it_gets_among_values(op):
    for point in grid(op):
        expected = gradient(op, point)
        for i, x in enumerate(point):
            v = Value(x)
            op(*point[:i], v, *point[i + 1 :]).backward()

            assert bits([v.grad]) == bits([expected[i]])


@every_op
def test_backward_and_grad_agree_to_the_last_bit(op):
    for point in grid(op):
        xs = [Value(x) for x in point]
        slopes = [slope.data for slope in grad(op(*xs), xs)]

        assert slopes == gradient(op, point)


@every_op
def test_an_op_is_a_method_of_values(op):
    x, *others = grid(op)[0]

    assert getattr(Value(x), op.name)(*others).data == op(x, *others)


@every_op
def test_the_node_remembers_its_op_and_its_inputs_in_order(op):
    xs = [Value(x) for x in grid(op)[-1]]

    z = op(*xs)

    assert (z.op, z.inputs) == (op, tuple(xs))


@every_op
def test_the_same_value_may_be_every_input(op):
    for x in COORDINATES[0]:
        n = op.arity or 3
        if is_defined(op, [x] * n):
            v = Value(x)
            op(*[v] * n).backward()

            assert v.grad == pytest.approx(math.fsum(gradient(op, [x] * n)), rel=1e-15, nan_ok=True)


@every_op
def test_a_wrong_number_of_inputs_is_a_type_error_with_both_numbers(op):
    if op.arity is None:
        with pytest.raises(TypeError, match=f"^{op.name} takes at least 1 input, got 0$"):
            op()
    else:
        wanted = rf"({op.arity - len(op.defaults)} to )?{op.arity} inputs?"
        for n in {0, op.arity + 1}:
            with pytest.raises(TypeError, match=f"^{op.name} takes {wanted}, got {n}$"):
                op(*[1.0] * n)


@every_op
@pytest.mark.parametrize("wrong", ["a", None, 1j, [1.0], (1.0,), np.array([1.0, 2.0])], ids=repr)
def test_an_input_that_is_no_number_is_a_type_error_naming_it(op, wrong):
    xs = [1.0] * (op.arity or 2)
    for x in (1.0, Value(1.0)):
        with pytest.raises(TypeError, match=f"got {type(wrong).__name__} "):
            op(*[x] * (len(xs) - 1), wrong)


@every_op
def test_nan_gives_a_number_or_a_domain_error_and_backward_follows(op):
    xs = [Value(nan) for _ in range(op.arity or 3)]
    try:
        z = op(*xs)
    except (ArithmeticError, ValueError):
        return
    z.backward()

    assert all(type(x.grad) is float for x in xs)


@every_op
def test_repr_of_an_op_names_it(op):
    assert repr(op) == f"<op {op.name}>"


@every_op
def test_an_op_is_public_or_has_an_infix_or_belongs_to_the_calculus(op):
    infix = {"add", "sub", "mul", "div", "pow", "neg", "abs"}
    inside = {"sign", "heaviside", "origin", "equal"}

    assert op.name in infix | inside | set(engine.__all__)


# ---- against mpmath ----

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


# ---- ops with defaults ----


def test_leaky_relu_has_slope_one_hundredth_unless_told():
    assert [engine.leaky_relu(-3.0), engine.leaky_relu(-3.0, 0.5)] == [-0.03, -1.5]


def test_elu_has_alpha_one_unless_told():
    assert [engine.elu(-3.0), engine.elu(-3.0, 0.5)] == [math.expm1(-3), 0.5 * math.expm1(-3)]


@pytest.mark.parametrize("op", [engine.leaky_relu, engine.elu])
def test_a_default_is_a_constant_of_the_graph(op):
    x = Value(-3.0)

    assert op(x).inputs == (x, *op.defaults)


@pytest.mark.parametrize("op", [engine.leaky_relu, engine.elu])
def test_the_number_with_a_default_can_be_learned(op):
    assert gradient(op, [-2.0, 0.3])[1] == op(-2.0, 1.0)


@pytest.mark.parametrize("op", [engine.leaky_relu, engine.elu])
def test_the_error_for_an_op_with_a_default_gives_the_range(op):
    with pytest.raises(TypeError, match=f"^{op.name} takes 1 to 2 inputs, got 3$"):
        op(1.0, 2.0, 3.0)


# ---- ops of any number of inputs ----

NARY = [op for op in TABLE.values() if op.arity is None]
every_nary_op = pytest.mark.parametrize("op", NARY, ids=repr)


@every_nary_op
@pytest.mark.parametrize("kind", [list, tuple, iter, np.array])
def test_an_op_of_any_number_of_inputs_takes_them_as_one_iterable(op, kind):
    numbers = [3.0, 1.5, -0.5, 4.0]

    assert op(kind(numbers)) == op(*numbers)


@every_nary_op
def test_an_op_of_any_number_of_inputs_takes_a_list_of_values(op):
    xs = [Value(x) for x in (3.0, 1.5, -0.5, 4.0)]

    assert op(xs).inputs == tuple(xs)


@every_nary_op
def test_an_empty_list_is_no_input(op):
    with pytest.raises(TypeError, match=f"^{op.name} takes at least 1 input, got 0$"):
        op([])


@every_nary_op
def test_two_lists_are_no_inputs(op):
    with pytest.raises(TypeError, match="got list"):
        op([1.0], [2.0])


@pytest.mark.parametrize(
    ("name", "value"), [("maximum", 5.0), ("minimum", 5.0), ("hypot", 5.0), ("logsumexp", 5.0)]
)
def test_an_op_of_one_input_among_any_number(name, value):
    v = Value(5.0)
    z = TABLE[name](v)
    z.backward()

    assert (z.data, v.grad) == (value, 1.0)


def test_logsumexp_of_thousands_does_not_overflow():
    assert engine.logsumexp(1000.0, 1000.0) == 1000.0 + math.log(2)


def test_logsumexp_of_minus_thousands_does_not_underflow():
    assert engine.logsumexp(-1000.0, -1000.0) == -1000.0 + math.log(2)


def test_logsumexp_leaves_out_what_is_minus_infinity():
    assert engine.logsumexp(-inf, 2.0) == 2.0


def test_logsumexp_of_nothing_but_minus_infinity_is_minus_infinity():
    assert engine.logsumexp(-inf, -inf) == -inf


def test_the_slopes_of_logsumexp_are_the_softmax():
    # e**(x - log s) and e**(x - m) / s round differently: a few units in the last place.
    assert gradient(engine.logsumexp, [1.0, 2.0, -3.0]) == pytest.approx(
        softmax([1.0, 2.0, -3.0]), rel=8 * EPSILON
    )


def test_the_dot_row_is_the_sum_of_products_and_the_bias():
    assert TABLE["dot"](2.0, 3.0, 10.0, 100.0, 0.5) == 0.5 + 2 * 10 + 3 * 100


def test_the_dot_row_unfolds_into_the_same_number_and_slopes():
    args = [0.3, -1.7, 2.9, 0.11, -0.13, 0.7, 0.9]
    for n in range(1, len(args) + 1):
        dot = TABLE["dot"]

        assert dot.unfold(*args[:n]) == dot(*args[:n])


def test_hypot_does_not_overflow_between():
    assert gradient(engine.hypot, [3e200, 4e200]) == pytest.approx([0.6, 0.8], rel=EPSILON)


# ---- softmax ----


def test_softmax_of_floats_is_floats():
    assert {type(p) for p in softmax([1.0, 2.0])} == {float}


def test_softmax_of_integers_is_floats():
    assert softmax([0, 0]) == [0.5, 0.5]


def test_softmax_sums_to_one():
    # Three quotients and two sums, each off by at most half a unit in the last place.
    assert sum(softmax([1.0, -2.0, 0.5])) == pytest.approx(1.0, abs=3 * EPSILON)


@pytest.mark.parametrize("shift", [-1000.0, 1000.0])
def test_softmax_is_the_same_for_shifted_inputs(shift):
    assert softmax([1.0 + shift, 2.0 + shift]) == softmax([1.0, 2.0])


def test_softmax_of_far_apart_inputs_is_zeros_and_a_one():
    assert softmax([1000.0, 0.0, -1000.0]) == [1.0, 0.0, 0.0]


def test_softmax_of_one_input_is_one():
    assert softmax([-7.0]) == [1.0]


def test_softmax_of_tied_inputs_is_even():
    assert softmax([3.0, 3.0, 3.0, 3.0]) == [0.25] * 4


@pytest.mark.parametrize("i", range(3))
def test_softmax_has_the_right_first_and_second_derivatives(i):
    check_gradients(lambda *xs: softmax(xs)[i], [1.0, 2.0, 0.5], order=2)


def test_softmax_has_the_right_slopes_at_a_tie():
    xs = [Value(0.0), Value(0.0)]
    softmax(xs)[0].backward()

    assert [x.grad for x in xs] == [0.25, -0.25]


def test_softmax_of_values_and_numbers_is_values():
    assert [p.data for p in softmax([Value(0.0), 0.0])] == [0.5, 0.5]


def test_softmax_of_nothing_is_an_error():
    with pytest.raises(ValueError, match=r"^softmax takes at least 1 input, got 0$"):
        softmax([])


@pytest.mark.parametrize("wrong", ["a", None, 1j])
def test_softmax_of_what_is_no_number_is_a_type_error(wrong):
    with pytest.raises(TypeError, match=f"got {type(wrong).__name__}"):
        softmax([1.0, wrong])


# ---- ops of your own ----

cube = Op("cube", "cube", lambda x: x * x * x, lambda z, x: 3 * x * x)
atan2 = Op(
    "atan2",
    "atan2",
    math.atan2,
    lambda z, y, x: x / (x * x + y * y),
    lambda z, y, x: -y / (x * x + y * y),
)
lerp = Op(
    "lerp",
    "lerp",
    lambda a, b, t: a + t * (b - a),
    lambda z, a, b, t: 1 - t,
    lambda z, a, b, t: t,
    lambda z, a, b, t: b - a,
)
energy = Op(
    "energy",
    "energy",
    lambda *xs: math.fsum(x**4 for x in xs),
    gradient=lambda z, *xs: [4 * x**3 for x in xs],
)
OWN = [(cube, [1.5]), (atan2, [0.5, -2.0]), (lerp, [1.0, 4.0, 0.3]), (energy, [1.0, -2.0, 0.5])]
every_own_op = pytest.mark.parametrize(("op", "point"), OWN, ids=lambda x: getattr(x, "name", ""))


@every_own_op
def test_an_op_of_your_own_is_checked_to_third_order(op, point):
    check_gradients(op, point, order=3)


@every_own_op
def test_an_op_of_your_own_is_a_float_of_floats(op, point):
    assert type(op(*point)) is float


@every_own_op
def test_an_op_of_your_own_gives_backward_and_grad_the_same(op, point):
    xs = [Value(x) for x in point]

    assert [slope.data for slope in grad(op(*xs), xs)] == gradient(op, point)


@every_own_op
def test_an_op_of_your_own_mixes_with_the_others(op, point):
    check_gradients(lambda *xs: (op(*xs) * xs[0] + xs[-1]).tanh(), point, order=2)


@every_own_op
def test_an_op_of_your_own_stays_out_of_the_table(op, point):
    assert op.name not in TABLE


@every_own_op
def test_an_op_of_your_own_shows_its_symbol(op, point):
    assert op(*map(Value, point))._op == op.symbol


def test_an_op_of_your_own_has_a_second_derivative():
    x = Value(2.0)

    assert grad(grad(cube(x), x), x).data == 12.0


def test_an_op_of_your_own_can_be_a_method_of_a_class_of_your_own():
    class Number(Value):
        cube = cube

    assert Number(2.0).cube().data == 8.0


def test_an_op_of_your_own_may_return_an_int_or_a_numpy_scalar():
    double = Op("double", "double", lambda x: np.float64(2) * x, lambda z, x: np.int64(2))
    x = Value(3.0)
    z = double(x)
    z.backward()

    assert (z.data, x.grad, type(z.data), type(x.grad)) == (6.0, 2.0, float, float)


@pytest.mark.parametrize("result", ["6", None, 1j, [6.0]], ids=repr)
def test_an_op_whose_value_is_no_number_is_a_type_error(result):
    wrong = Op("wrong", "wrong", lambda x: result, lambda z, x: 1.0)

    with pytest.raises(TypeError, match=f"got {type(result).__name__}"):
        wrong(Value(3.0))


@pytest.mark.parametrize("slope", ["6", None, 1j, [6.0]], ids=repr)
def test_an_op_whose_slope_is_no_number_is_a_type_error(slope):
    wrong = Op("wrong", "wrong", lambda x: x, lambda z, x: slope)

    with pytest.raises(TypeError, match=f"got {type(slope).__name__}"):
        wrong(Value(3.0)).backward()


@pytest.mark.parametrize("slope", ["6", None, 1j, [6.0]], ids=repr)
def test_an_op_of_two_inputs_whose_slope_is_no_number_is_a_type_error(slope):
    wrong = Op("wrong", "wrong", lambda x, y: x, lambda z, x, y: slope, lambda z, x, y: 0.0)

    with pytest.raises(TypeError, match=f"got {type(slope).__name__}"):
        wrong(Value(3.0), Value(4.0)).backward()


def test_an_op_of_your_own_names_itself_and_its_numbers_outside_its_domain():
    root = Op("root", "root", math.sqrt, lambda z, x: 0.5 / z)

    with pytest.raises(ValueError, match=r"^root\(-4\.0\): math domain error$"):
        root(Value(-4.0))


def test_an_op_of_your_own_has_an_infinite_slope_where_its_partial_divides_by_zero():
    root = Op("root", "root", math.sqrt, lambda z, x: 0.5 / z)
    x = Value(0.0)
    root(x).backward()

    assert x.grad == inf


def test_a_partial_with_a_case_by_comparison_is_carried_on_where_it_divides_by_zero():
    root = Op("root", "root", math.sqrt, lambda z, x: 0.5 / z if x >= 0 else 0.0)
    x = Value(0.0)
    root(x).backward()

    assert x.grad == inf


def test_a_partial_with_an_absolute_value_is_carried_on_where_it_divides_by_zero():
    root = Op("root", "root", math.sqrt, lambda z, x: 0.5 / abs(z))
    x = Value(0.0)
    root(x).backward()

    assert x.grad == inf


@pytest.mark.parametrize(
    "slope",
    [
        lambda z, x: 1 / x,
        lambda z, x: 1 - 1 / x,
        lambda z, x: -(2 / x) + 1,
        lambda z, x: 3 * (1 / x),
        lambda z, x: (1 / x) * 3 - x,
        lambda z, x: (1 / x) ** 2 / 3,
        lambda z, x: 2 ** (1 / x),
        lambda z, x: 1 + x**-1,
    ],
)
def test_every_infix_of_a_partial_goes_on_from_an_infinity(slope):
    x = Value(0.0)
    Op("odd", "odd", lambda x: x, slope)(x).backward()

    assert math.isinf(x.grad)


@pytest.mark.parametrize("f", [None, 1.0, "x"], ids=repr)
def test_an_op_without_a_function_is_a_type_error(f):
    with pytest.raises(TypeError, match=r"^op 'odd' needs a function for its value, got "):
        Op("odd", "odd", f, lambda z, x: 1.0)


def test_an_op_without_derivatives_is_a_type_error():
    with pytest.raises(
        TypeError, match=r"^op 'odd' needs its partials, one for each input, or grad"
    ):
        Op("odd", "odd", math.exp)


def test_an_op_with_both_kinds_of_derivatives_is_a_type_error():
    with pytest.raises(
        TypeError, match=r"^op 'odd' needs its partials, one for each input, or grad"
    ):
        Op("odd", "odd", math.exp, lambda z, x: z, gradient=lambda z, x: [z])


@pytest.mark.parametrize("wrong", [1.0, "x", lambda z: z, lambda z, x, y: z], ids=str)
def test_a_partial_that_is_no_function_of_result_and_input_is_a_type_error(wrong):
    with pytest.raises(
        TypeError, match=r"^op 'odd' needs partials that are functions of \(z, x0\)$"
    ):
        Op("odd", "odd", math.exp, wrong)


def test_the_error_for_a_partial_of_two_inputs_spells_what_it_takes():
    with pytest.raises(TypeError, match=r"^op 'odd' needs partials .* of \(z, x0, x1\)$"):
        Op("odd", "odd", math.hypot, lambda z, x, y: x / z, lambda z, x: x / z)


@pytest.mark.parametrize("f", [lambda: 1.0, lambda x, y: x + y])
def test_a_function_with_another_number_of_inputs_than_partials_is_a_type_error(f):
    with pytest.raises(TypeError, match=r"^op 'odd' needs as many partials as f takes inputs$"):
        Op("odd", "odd", f, lambda z, x: 1.0)


def test_a_function_may_have_settings_behind_its_inputs():
    assert Op("scale", "scale", lambda x, k=3.0: k * x, lambda z, x: 3.0)(2.0) == 6.0


def test_value_and_partial_may_be_methods_of_an_object():
    class Scale:
        factor = 3.0

        def value(self, x):
            return self.factor * x

        def slope(self, z, x):
            return self.factor

    x = Value(2.0)
    z = Op("scale", "scale", Scale().value, Scale().slope)(x)
    z.backward()

    assert (z.data, x.grad) == (6.0, 3.0)


def test_the_default_of_a_method_stands_in_for_its_own_input():
    class Scale:
        def value(self, x, k=3.0):
            return k * x

    scale = Op("scale", "scale", Scale().value, lambda z, x, k: k, lambda z, x, k: x)

    assert scale(2.0) == 6.0


# ---- flat ops ----

step = Op("step", "step", lambda x: float(x > 0), None)
gate = Op("gate", "gate", lambda x, y: y if x > 0 else 0.0, None, lambda z, x, y: step(x))


def test_an_op_without_a_partial_is_flat_there():
    assert [gradient(step, [2.0]), gradient(gate, [2.0, 3.0])] == [[0.0], [0.0, 1.0]]


def test_grad_by_what_an_op_is_flat_in_is_zero():
    x = Value(2.0)

    assert grad(step(x), x).data == 0.0


@pytest.mark.parametrize(("op", "point"), [(step, [2.0]), (gate, [2.0, 3.0])], ids=repr)
def test_a_flat_op_is_checked_like_the_rest(op, point):
    check_gradients(op, point, order=2)


def test_an_op_that_is_wrongly_called_flat_is_caught():
    flat = Op("flat", "flat", lambda x: x * x, None)

    with pytest.raises(engine.GradientError, match=r"^flat at \(3\.0\): d/dx0 is 0 by the engine"):
        check_gradients(flat, [3.0])


FLAT = [(op, i) for op in TABLE.values() if op.arity for i in range(op.arity) if not op.partials[i]]


@pytest.mark.parametrize("take", ["backward", "grad"])
@pytest.mark.parametrize(("op", "i"), FLAT, ids=lambda x: getattr(x, "name", str(x)))
def test_past_a_flat_input_not_even_an_infinite_slope_matters(op, i, take):
    x = Value(0.0)
    root = x.sqrt()  # with slope inf
    z = op(*[root if j == i else 2.0 for j in range(op.arity)]) + x
    if take == "backward":
        z.backward()
        slope = x.grad
    else:
        slope = grad(z, x).data

    assert slope == 1.0


@pytest.mark.parametrize("count", [1, 3])
def test_a_gradient_of_the_wrong_length_is_an_error_in_backward(count):
    odd = Op("odd", "odd", lambda *xs: sum(xs), gradient=lambda z, *xs: [1.0] * count)

    with pytest.raises((TypeError, ValueError), match="odd"):
        odd(Value(1.0), Value(2.0)).backward()


@pytest.mark.parametrize("count", [1, 3])
def test_a_gradient_of_the_wrong_length_is_an_error_in_grad(count):
    odd = Op("odd", "odd", lambda *xs: sum(xs), gradient=lambda z, *xs: [1.0] * count)
    xs = [Value(1.0), Value(2.0)]

    with pytest.raises((TypeError, ValueError), match="odd"):
        grad(odd(*xs), xs)


def test_a_default_of_a_setting_does_not_stand_in_for_an_input():
    scale = Op("scale", "scale", lambda x, k=3.0: k * x, lambda z, x: 3.0)

    with pytest.raises(TypeError, match=r"^scale takes 1 input, got 0$"):
        scale()


def test_every_row_fits_its_function():
    for op in TABLE.values():
        if op.arity and inspect.isfunction(op.f):
            assert len(inspect.signature(op.f).parameters) == op.arity
