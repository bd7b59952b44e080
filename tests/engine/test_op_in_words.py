"""What an op says of itself, and what the parts of its file answer when they are asked alone."""

import copy
import inspect
import math
import pickle

import pytest

from engine import Op, Value
from engine.op import (
    TABLE,
    Extended,
    compiled,
    defaults,
    foreign,
    input_names,
    leaves_domain,
    number,
    takes,
)


def thrice(x, y=2.0, z=3.0):
    return x + y + z


class Adder:
    def of_one(self, x):
        return x

    def of_two(self, x, y=5.0):
        return x + y


# ---- as text ----


@pytest.mark.parametrize(
    ("name", "inputs", "text"),
    [
        ("add", ["1.0", "2.0"], "1.0 + 2.0"),
        ("sub", ["-1.0", "-2.0"], "(-1.0) - (-2.0)"),
        ("pow", ["x", "y"], "x ** y"),
        ("neg", ["2.0"], "-2.0"),
        ("neg", ["-2.0"], "-(-2.0)"),
        ("log", ["-1.0"], "log(-1.0)"),
        ("dot", ["w", "x", "b"], "dot(w, x, b)"),
    ],
)
def test_an_application_of_an_op_is_spelled_as_python_writes_it(name, inputs, text):
    assert TABLE[name].spell(*inputs) == text


def test_an_op_of_a_sign_and_three_inputs_is_spelled_by_its_name():
    star = Op("star", "*", lambda *xs: math.prod(xs), gradient=lambda z, *xs: [z / x for x in xs])

    assert star.spell("x", "y", "-z") == "star('x', 'y', '-z')"


def test_the_repr_of_an_op_is_its_name_between_brackets():
    assert repr(TABLE["pow"]) == "<op pow>"


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("exp", "(x)"),
        ("mul", "(x, y)"),
        ("leaky_relu", "(x, negative_slope=0.01)"),
        ("elu", "(x, alpha=1.0)"),
        ("heaviside", "(x, y)"),
        ("maximum", "(*xs)"),
    ],
)
def test_help_shows_how_an_op_is_called(name, signature):
    assert str(inspect.signature(TABLE[name])) == signature
    assert TABLE[name].__name__ == name


def test_an_op_of_which_nothing_was_said_has_an_empty_doc():
    assert Op("two", "two", math.atan2, math.fmod, math.fmod).__doc__ == ""


def test_an_op_whose_functions_do_not_name_their_inputs_numbers_them():
    op = Op("two", "two", math.atan2, math.fmod, math.fmod)

    assert str(inspect.signature(op)) == "(x0, x1)"


def test_the_partials_name_the_inputs_of_a_function_that_is_written_in_c():
    op = Op("two", "two", math.atan2, lambda z, up, right: 1.0, lambda z, up, right: 1.0)

    assert str(inspect.signature(op)) == "(up, right)"


# ---- what a function takes ----


def test_the_names_of_inputs_leave_out_self():
    assert input_names(thrice) == ["x", "y", "z"]
    assert input_names(Adder().of_two) == ["x", "y"]
    assert input_names(math.exp) == []


@pytest.mark.parametrize(
    ("function", "fitting"),
    [
        (thrice, [1, 2, 3]),
        (Adder().of_one, [1]),
        (Adder().of_two, [1, 2]),
        (lambda: 0.0, [0]),
        (lambda *xs: 0.0, [0, 1, 2, 3, 4]),
        (math.exp, [0, 1, 2, 3, 4]),  # a function of C does not say
        ("text", []),
    ],
)
def test_a_function_takes_as_many_arguments_as_it_has_names_without_a_default(function, fitting):
    assert [n for n in range(5) if takes(function, n)] == fitting


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (thrice, [(), (), (2.0,), (2.0, 3.0)]),
        (Adder().of_two, [(), (), (5.0,), (5.0,)]),
        (math.exp, [(), (), (), ()]),
        (Adder().of_one, [(), (), (), ()]),
    ],
)
def test_the_defaults_of_the_first_inputs_alone_count(function, found):
    assert [defaults(function, n) for n in range(4)] == found


def test_missing_inputs_are_filled_from_the_end():
    op = Op("thrice", "thrice", thrice, *[lambda z, x, y, w: 1.0] * 3)

    assert op(1.0) == 6.0
    assert op(1.0, 10.0) == 14.0
    assert op(1.0, 10.0, 100.0) == 111.0
    with pytest.raises(TypeError, match=r"^thrice takes 1 to 3 inputs, got 0$"):
        op()
    with pytest.raises(TypeError, match=r"^thrice takes 1 to 3 inputs, got 4$"):
        op(1, 2, 3, 4)


@pytest.mark.parametrize(("name", "words"), [("exp", "1 input"), ("add", "2 inputs")])
def test_the_number_of_inputs_is_named_in_the_singular_or_the_plural(name, words):
    with pytest.raises(TypeError, match=rf"^{name} takes {words}, got 3$"):
        TABLE[name](1.0, 2.0, 3.0)


# ---- numbers ----


@pytest.mark.parametrize("inputs", [(2.0,), (2,), (True,)])
def test_an_op_that_answers_an_int_answers_a_float(inputs):
    one = Op("one", "one", lambda x: 1, lambda z, x: 0)

    assert repr(one(*inputs)) == "1.0"
    assert repr(one.evaluate(2.0)) == "1.0"
    assert repr(one(Value(2.0)).data) == "1.0"
    if not compiled:  # C types what it calls there
        assert repr(one.slope(0, 1.0, 2.0, 0.0)) == "0.0"


def test_an_op_is_narrow_if_it_has_one_input_or_two():
    def of(n):
        return Op("f", "f", lambda *xs: 0.0, *[lambda z, *xs: 1.0] * n)

    assert [of(n).narrow for n in (1, 2, 3, 4)] == [True, True, False, False]
    assert [of(n).arity for n in (1, 2, 3, 4)] == [1, 2, 3, 4]
    assert not TABLE["dot"].narrow


def test_a_gradient_passes_wherever_a_row_has_a_slope():
    assert [TABLE["heaviside"].passes(i) for i in (0, 1)] == [False, True]
    assert [TABLE["sub"].passes(i) for i in (0, 1)] == [True, True]
    assert TABLE["dot"].passes(0)


def test_slopes_that_are_not_wanted_are_none():
    assert TABLE["mul"].slopes(6.0, (2.0, 3.0), [False, True]) == [None, 2.0]
    assert TABLE["heaviside"].slopes(7.0, (0.0, 7.0), [True, True]) == [None, 1.0]


def test_a_gradient_of_too_few_slopes_is_refused():
    op = Op("f", "f", lambda *xs: 0.0, gradient=lambda z, *xs: [1.0])

    with pytest.raises(ValueError, match=r"^f has 1 slopes for 2 inputs$"):
        op.slopes(0.0, (1.0, 2.0), [True, True])


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (ZeroDivisionError(), True),
        (OverflowError("math range error"), True),
        (ValueError("math domain error"), True),
        (ValueError("input 3 is missing"), False),
        (TypeError("math domain error"), False),
    ],
)
def test_an_error_leaves_the_domain_if_it_is_of_arithmetic_or_of_math(error, answer):
    assert leaves_domain(error) is answer


def test_an_error_of_an_op_leaves_the_domain():
    with pytest.raises(ValueError, match=r"^\(-8\.0\) \*\* 0\.5") as caught:
        TABLE["pow"](-8.0, 0.5)

    assert caught.value.op == "pow"
    assert leaves_domain(caught.value) is True


def test_an_error_without_words_is_named_by_its_kind():
    def refuse(x):
        raise ValueError

    with pytest.raises(ValueError, match=r"^f\(2\.0\): ValueError$"):
        Op("f", "f", refuse, lambda z, x: 1.0)(2.0)


def test_beyond_its_domain_an_op_is_nan_unless_its_row_says_more():
    op = Op("f", "f", math.log, lambda z, x: 1 / x)

    assert math.isnan(op.evaluate_beyond(-1.0))
    assert op.evaluate_beyond(1.0) == 0.0


# ---- copies ----


def test_a_copy_of_an_op_is_the_op():
    op = Op("f", "f", thrice, *[lambda z, x, y, w: 1.0] * 3)

    assert copy.deepcopy([op])[0] is op
    assert pickle.loads(pickle.dumps(TABLE["exp"])) is TABLE["exp"]


def test_an_op_of_ones_own_pickles_with_all_that_it_was_made_of():
    given = {"beyond": math.copysign, "unfold": math.hypot, "doc": "What it does."}
    op = Op("f", "+", math.atan2, math.fmod, math.pow, **given)
    twin = pickle.loads(pickle.dumps(op))

    assert (twin.name, twin.symbol, twin.f, twin.partials) == ("f", "+", op.f, op.partials)
    assert (twin.beyond, twin.unfold, twin.__doc__) == (math.copysign, math.hypot, "What it does.")
    assert (twin.gradient, twin.arity) == (None, 2)


# ---- extended numbers ----


def test_extended_numbers_compare_as_their_numbers_do():
    one, two = Extended(1.0), Extended(Value(2.0))

    assert [one < two, one <= two, one == two, one >= two, one > two] == [1, 1, 0, 0, 0]
    assert [one < 1.0, one <= 1.0, one == 1.0, one >= 1.0, one > 1.0] == [0, 1, 1, 1, 0]
    assert bool(one)
    assert not Extended(0.0)
    assert +one is one


def test_extended_numbers_go_on_where_python_raises():
    zero, one = Extended(0.0), Extended(1.0)

    assert float(one / zero) == math.inf
    assert float(-1.0 / zero) == -math.inf
    assert math.isnan(float(zero / zero))
    assert float(zero**-1.0) == math.inf
    assert float(2.0 ** Extended(5000.0)) == math.inf
    assert [float(3.0 - one), float(one - 3.0), float(one + 2.0), float(2.0 + one)] == [2, -2, 3, 3]
    assert [float(abs(-one)), float(-one), float(4.0 * one), float(one * 4.0)] == [1, -1, 4, 4]


def test_an_extended_value_stays_a_value():
    x = Value(0.0)
    z = (Extended(1.0) / Extended(x)).inner

    assert isinstance(z, Value)
    assert (z.data, z.inputs) == (math.inf, (1.0, x))


# ---- what is a number ----


class Quantity:
    """Has an operator that may know what to do with a Value."""

    def __init__(self, operator):
        self.__class__ = type("Other", (), {operator: lambda self, other: "mine"})


@pytest.mark.parametrize("operator", ["__radd__", "__rsub__", "__rmul__", "__rtruediv__"])
def test_a_class_with_an_operator_of_its_own_is_foreign(operator):
    assert foreign(Quantity(operator)) is True
    assert foreign(Quantity("__add__")) is False


@pytest.mark.parametrize("operator", ["__rpow__", "__lt__", "__le__", "__gt__", "__ge__"])
def test_a_class_that_compares_or_raises_to_a_power_is_foreign(operator):
    assert foreign(Quantity(operator)) is True


def test_numbers_and_pythons_own_types_are_not_foreign():
    assert [foreign(x) for x in (1, 1.0, True, "text", [1.0], None, 1j)] == [False] * 7


@pytest.mark.parametrize("x", ["1", None, [1.0], 1j, object(), b"1"])
def test_what_is_no_number_is_named_with_its_type(x):
    with pytest.raises(TypeError, match=f"^expected a number or a Value, got {type(x).__name__} "):
        number(x)
