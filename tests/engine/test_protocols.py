"""A Value among the objects of other classes: who is asked, and what a Value is made with."""

import math
import operator
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import GradientError, Value, check_gradients, tanh

INFIX = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "pow": operator.pow,
}
COMPARISONS = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
every_infix = pytest.mark.parametrize("name", INFIX)
positive = st.floats(min_value=0.1, max_value=10.0)


def with_methods(bases=(), **extra):
    """An object whose reflected operators answer their own name and the other operand."""

    def answer(name):
        return lambda self, other: (name, other)

    names = [f"r{name}" for name in INFIX] + list(COMPARISONS)
    methods = {f"__{name}__": answer(name) for name in names}
    return type("Other", bases, methods | extra)()


# ---- other classes are asked ----


@every_infix
def test_the_reflected_method_of_another_class_is_asked(name):
    x, other = Value(2.0), with_methods()

    assert INFIX[name](x, other) == (f"r{name}", x)


@every_infix
def test_a_class_with_a_float_and_operators_of_its_own_is_asked_first(name):
    x, other = Value(2.0), with_methods(__float__=lambda self: 3.0)

    assert INFIX[name](x, other) == (f"r{name}", x)


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_comparison_of_another_class_is_asked(name):
    x, other = Value(2.0), with_methods()

    assert getattr(operator, name)(x, other) == (COMPARISONS[name], x)


@every_infix
def test_an_operator_answers_not_implemented_for_a_class_it_does_not_know(name):
    x, other = Value(2.0), with_methods()

    assert getattr(x, f"__{name}__")(other) is NotImplemented
    assert getattr(x, f"__r{name}__")(other) is NotImplemented


@given(methods=st.sets(st.sampled_from([*INFIX]), min_size=1), x=positive)
def test_a_class_is_asked_for_the_operators_it_has_and_no_others(methods, x):
    answers = {f"__r{name}__": lambda self, other: other.data for name in methods}
    other = type("Some", (), answers)()
    for name, infix in INFIX.items():
        if name in methods:
            assert infix(Value(x), other) == x
        else:
            with pytest.raises(TypeError):
                infix(Value(x), other)


def test_an_expression_of_casadi_never_becomes_a_nan():
    casadi = pytest.importorskip("casadi")
    symbol = casadi.SX.sym("s")
    for use in (lambda: Value(2.0) * symbol, lambda: symbol * Value(2.0), lambda: tanh(symbol)):
        with pytest.raises(TypeError):
            use()


def test_what_calls_itself_nan_and_has_operators_is_no_number():
    symbol = with_methods(__float__=lambda self: float("nan"))

    with pytest.raises(TypeError, match=r"^expected a number or a Value, got Other"):
        Value(symbol)


def test_an_object_that_is_only_a_float_is_a_number():
    measured = type("Measured", (), {"__float__": lambda self: 3.0})()

    assert (Value(2.0) * measured).data == (measured * Value(2.0)).data == 6.0


@every_infix
@pytest.mark.parametrize("k", [Fraction(3, 4), Decimal("1.25")])
def test_fractions_and_decimals_are_numbers_on_either_side(name, k):
    infix = INFIX[name]

    assert infix(Value(2.0), k).data == infix(2.0, float(k))
    assert infix(k, Value(2.0)).data == infix(float(k), 2.0)


# ---- arrays ----


@every_infix
@given(numbers=st.lists(positive, min_size=1, max_size=5), x=positive, floats=st.booleans())
def test_arrays_work_element_by_element_on_either_side(name, numbers, x, floats):
    infix, v = INFIX[name], Value(x)
    elements = numbers if floats else [Value(n) for n in numbers]
    array = np.array(elements)
    for found, wanted in [
        (infix(array, v), [infix(Value(n), v) for n in numbers]),
        (infix(v, array), [infix(v, Value(n)) for n in numbers]),
    ]:
        assert type(found) is np.ndarray
        assert [u.data for u in found] == [u.data for u in wanted]


def test_gradients_pass_through_an_array_of_values():
    x = Value(3.0)
    (np.array([[x, x], [x * x, x]]) * x).sum().backward()

    assert x.grad == 3 * 2 * 3.0 + 3 * 3.0**2


def test_an_array_is_compared_element_by_element():
    assert list(Value(2.0) < np.array([1.0, 3.0])) == [False, True]
    assert list(np.array([1.0, 3.0]) < Value(2.0)) == [True, False]


@every_infix
@given(k=positive, x=positive, kind=st.sampled_from(["f8", "f4", "i8", "u1", "?", "O"]))
def test_an_array_without_axes_is_the_number_that_it_holds(name, k, x, kind):
    infix, array, v = INFIX[name], np.array(max(1.0, k)).astype(kind), Value(x)
    number = float(array)

    assert Value(array).data == number
    assert infix(v, array).data == infix(x, number)
    assert infix(array, v).data == infix(number, x)


@pytest.mark.parametrize(
    "array", [np.array("2"), np.array(1j), np.array(None), np.ma.masked, np.array(Value(2.0))]
)
def test_an_array_without_axes_that_holds_no_number_is_none(array):
    with pytest.raises(TypeError, match=r"^expected a number"):
        Value(array)


@every_infix
def test_an_array_without_axes_that_holds_a_value_works_as_the_value(name):
    infix, x, y = INFIX[name], Value(1.5), Value(2.0)

    assert infix(x, np.array(y)).data == infix(x, y).data
    assert infix(np.array(x), y).data == infix(x, y).data


# ---- what a Value is made with, and micrograd's names ----


@pytest.mark.parametrize("label", [(), (Value(1.0),), ["a"], 3, 0, None, b"a", Value(1.0)])
def test_a_label_that_is_no_text_is_a_type_error_naming_it(label):
    kind = type(label).__name__
    message = (
        rf"^the label of a Value is text, got {kind} .*: an operation of your own is an engine.Op"
    )

    with pytest.raises(TypeError, match=message):
        Value(5.0, label)
    with pytest.raises(TypeError, match=message):
        Value(5.0, label=label)
    with pytest.raises(TypeError, match=message):
        Value(5.0, label, "*")


def test_more_than_a_label_is_a_type_error_that_tells_of_ops():
    message = "^a Value takes its data and a label, got more than that: an operation of your own is"

    with pytest.raises(TypeError, match=message):
        Value(5.0, "a", "*")
    with pytest.raises(TypeError, match=message):
        Value(5.0, "", "*", "a")


@given(st.text())
def test_any_text_is_a_label(text):
    assert Value(1.0, text).label == Value(1.0, np.str_(text)).label == text


def test_a_backward_function_of_ones_own_is_refused_by_name():
    c = Value(2.0) * 3

    with pytest.raises(AttributeError, match=r"^a Value has no _backward of its own: an operation"):
        c._backward = lambda: None
    with pytest.raises(AttributeError, match=r"^a Value has no _backward of its own: an operation"):
        c._backward()
    assert not hasattr(c, "_backward")


@given(st.lists(st.one_of(st.none(), positive), min_size=1, max_size=4))
def test_prev_is_the_same_set_each_time(numbers):
    x = Value(2.0)
    z = x.maximum(*[x if n is None else n for n in numbers])
    (z * 3).backward()

    assert z._prev == z._prev
    assert {v.grad for v in z._prev - {x}} <= {0.0}


# ---- plain numbers, which no gradient passes ----


@given(st.floats(-700, 700))
def test_float_round_and_formats_are_silent(x):
    v = Value(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (float(v), round(v, 2), f"{v:.3f}") == (x, round(x, 2), f"{x:.3f}")


@pytest.mark.filterwarnings("ignore::engine.LostGradientWarning")
def test_the_judge_finds_a_gradient_that_math_dropped():
    with pytest.raises(GradientError, match=r"does it use .*float\(\)"):
        check_gradients(lambda w: math.exp(w) + w, [2.0])
