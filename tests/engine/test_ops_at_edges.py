"""The table at its edges: signs of zero, limits beyond the domain, and the names of all ops."""

from math import copysign, inf, isnan, nan, pi

import pytest

from engine import Value, dot
from engine.ops import TABLE, dot_unfolded, share_of_ties, softmax

SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "neg": "-"}
NAMES = "add sub mul div pow neg abs exp expm1 log log1p sqrt sin cos tan asin acos atan sinh cosh "
NAMES += "tanh erf erfc sigmoid logsigmoid softplus relu leaky_relu elu gelu silu maximum minimum "
NAMES += "hypot logsumexp dot sign heaviside equal origin stop_gradient"


def test_the_table_has_each_op_by_its_name_and_infix_ops_alone_have_a_symbol():
    assert set(NAMES.split()) <= {*TABLE}
    for name in NAMES.split():
        assert (TABLE[name].name, TABLE[name].symbol) == (name, SYMBOLS.get(name, name))


@pytest.mark.parametrize(
    ("name", "inputs", "limit"),
    [
        ("div", (1.0, 0.0), inf),
        ("div", (-1.0, 0.0), -inf),
        ("div", (1.0, -0.0), -inf),
        ("div", (-1.0, -0.0), inf),
        ("div", (0.0, 0.0), nan),
        ("div", (nan, 0.0), nan),
        ("div", (inf, 0.0), inf),
        ("pow", (0.0, -1.0), inf),
        ("pow", (-0.0, -1.0), -inf),
        ("pow", (-0.0, -2.0), inf),
        ("pow", (-0.0, -3.0), -inf),
        ("pow", (0.0, -0.5), inf),
        ("pow", (-0.0, -0.5), inf),
        ("pow", (-10.0, 999.0), -inf),
        ("pow", (-10.0, 1000.0), inf),
        ("pow", (-10.0, 1001.0), -inf),
        ("pow", (-8.0, 0.5), nan),
        ("pow", (10.0, 1000.5), inf),
        ("exp", (1000.0,), inf),
        ("expm1", (1000.0,), inf),
        ("log", (0.0,), -inf),
        ("log", (-0.0,), -inf),
        ("log", (-1.0,), nan),
        ("log1p", (-1.0,), -inf),
        ("log1p", (-2.0,), nan),
        ("sqrt", (-1.0,), nan),
        ("sin", (inf,), nan),
        ("sinh", (1000.0,), inf),
        ("sinh", (-1000.0,), -inf),
        ("cosh", (1000.0,), inf),
        ("cosh", (-1000.0,), inf),
    ],
)
def test_beyond_its_domain_an_op_has_the_limit_of_ieee_754(name, inputs, limit):
    with pytest.raises((ArithmeticError, ValueError)):
        TABLE[name](*inputs)
    assert repr(TABLE[name].evaluate_beyond(*inputs)) == repr(limit)


@pytest.mark.parametrize(
    ("name", "inputs", "answer"),
    [
        ("maximum", (0.0, -0.0), "0.0"),  # the first of those that are as large
        ("maximum", (-0.0, 0.0), "-0.0"),
        ("minimum", (0.0, -0.0), "0.0"),
        ("minimum", (3.0, 1.0, 2.0), "1.0"),
        ("maximum", (1.0, nan, 2.0), "nan"),
        ("relu", (-0.0,), "0.0"),
        ("relu", (nan,), "nan"),
        ("relu", (0.5,), "0.5"),
        ("leaky_relu", (0.0, -1.0), "-0.0"),
        ("leaky_relu", (0.5, 4.0), "0.5"),
        ("leaky_relu", (-2.0,), "-0.02"),
        ("elu", (0.0, -1.0), "-0.0"),
        ("elu", (0.5, 4.0), "0.5"),
        ("elu", (-inf,), "-1.0"),
        ("sign", (-0.0,), "0.0"),
        ("sign", (0.5,), "1.0"),
        ("sign", (-0.5,), "-1.0"),
        ("sign", (nan,), "nan"),
        ("heaviside", (0.5, 7.0), "1.0"),
        ("heaviside", (-0.5, 7.0), "0.0"),
        ("heaviside", (0.0, 7.0), "7.0"),
        ("heaviside", (nan, 7.0), "nan"),
        ("equal", (2.0, 2.0), "1.0"),
        ("equal", (2.0, 3.0), "0.0"),
        ("origin", (0.0, 0.0), "1.0"),
        ("origin", (1.0, 0.0), "0.0"),
        ("origin", (0.0, 1.0), "0.0"),
        ("origin", (1.0, 1.0), "0.0"),
        ("sigmoid", (0.0,), "0.5"),
        ("sigmoid", (0.5,), "0.6224593312018546"),
        ("sigmoid", (-0.5,), "0.37754066879814546"),
        ("sigmoid", (nan,), "nan"),
        ("sigmoid", (-1000.0,), "0.0"),
        ("softplus", (1000.0,), "1000.0"),
        ("softplus", (0.0,), "0.6931471805599453"),
        ("softplus", (0.5,), "0.9740769841801067"),
        ("logsigmoid", (-1000.0,), "-1000.0"),
        ("logsumexp", (inf, 1.0), "inf"),
        ("logsumexp", (-inf, -inf), "-inf"),
        ("logsumexp", (0.0, 0.0), "0.6931471805599453"),
        ("logsumexp", (1000.0, 1000.0), "1000.6931471805599"),
        ("dot", (2.0, 3.0, 5.0, 7.0, 11.0), "42.0"),
        ("dot", (11.0,), "11.0"),
    ],
)
def test_an_op_has_this_value_to_the_sign_of_zero(name, inputs, answer):
    found = TABLE[name](*inputs)

    # repr for the sign of 0; math's exp and log may be off by a rounding elsewhere
    assert repr(found) == answer or found == pytest.approx(float(answer), rel=1e-15, abs=0.0)
    assert copysign(1.0, found) == copysign(1.0, float(answer))


@pytest.mark.parametrize(
    ("name", "inputs", "slopes"),
    [
        ("pow", (0.0, 1.0), [1.0, 0.0]),
        ("pow", (0.0, 0.0), [0.0, 0.0]),
        ("pow", (3.0, 2.0), [6.0, 9.887510598012987]),
        ("leaky_relu", (0.0, 0.25), [0.25, 0.0]),
        ("leaky_relu", (2.0, 0.25), [1.0, 0.0]),
        ("leaky_relu", (-2.0, 0.25), [0.25, -2.0]),
        ("elu", (0.0, 0.25), [0.25, 0.0]),
        ("elu", (2.0, 0.25), [1.0, 0.0]),
        ("hypot", (0.0, 0.0), [0.0, 0.0]),
        ("hypot", (3.0, 4.0), [0.6, 0.8]),
        ("maximum", (2.0, 2.0, 1.0), [0.5, 0.5, 0.0]),
        ("minimum", (2.0, 2.0, 1.0), [0.0, 0.0, 1.0]),
        ("relu", (0.0,), [0.0]),
        ("abs", (0.0,), [0.0]),
        ("sub", (1.0, 2.0), [1.0, -1.0]),
        ("dot", (2.0, 3.0, 5.0, 7.0, 11.0), [5.0, 7.0, 2.0, 3.0, 1.0]),
        ("asin", (0.0,), [1.0]),
        ("acos", (0.0,), [-1.0]),
        ("atan", (1.0,), [0.5]),
        ("atan", (2.0,), [0.2]),
    ],
)
def test_an_op_has_these_slopes_at_a_kink_or_beside_it(name, inputs, slopes):
    xs = [Value(x) for x in inputs]
    TABLE[name](*xs).backward()

    assert [x.grad for x in xs] == pytest.approx(slopes, rel=1e-15, abs=0.0)


@pytest.mark.parametrize(
    ("name", "slope"),
    [
        ("erf", 2 / pi**0.5),
        ("erfc", -2 / pi**0.5),
        ("gelu", 0.5),
        ("silu", 0.5),
        ("tan", 1.0),
        ("tanh", 1.0),
        ("log1p", 1.0),
        ("expm1", 1.0),
    ],
)
def test_the_slope_at_zero(name, slope):
    x = Value(0.0)
    TABLE[name](x).backward()

    assert x.grad == pytest.approx(slope, rel=1e-15)


def test_the_share_of_ties_sums_to_one():
    assert share_of_ties(3.0, 3.0, 1.0, 3.0, 3.0) == [1 / 3, 0.0, 1 / 3, 1 / 3]


def test_a_dot_unfolds_to_products_and_sums_from_left_to_right():
    assert dot_unfolded(2.0, 3.0, 5.0, 7.0) == 31.0
    assert dot_unfolded(2.0, 3.0, 5.0, 7.0, 11.0) == 42.0
    w, x = Value(2.0), Value(3.0)
    assert dot_unfolded(w, x).inputs == (w, x)


def test_a_softmax_is_of_equal_parts_where_its_inputs_are_equal():
    assert softmax([5.0, 5.0, 5.0, 5.0]) == [0.25] * 4
    assert softmax([1000.0, 0.0]) == [1.0, 0.0]
    assert softmax([7.0]) == [1.0]
    with pytest.raises(ValueError, match=r"^softmax takes at least 1 input, got 0$"):
        softmax([])


def test_a_dot_of_values_is_one_node_with_its_symbol():
    z = dot([Value(2.0)], [Value(3.0)])

    assert (z.op.name, z.op.symbol, z.op.arity, z.data) == ("dot", "dot", None, 6.0)
    assert isnan(dot([Value(nan)], [Value(0.0)]).data)
