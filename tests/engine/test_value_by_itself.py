"""A Value alone: its order among numbers, its state, and how its graph is walked and freed."""

import pytest

from engine import Op, Value, dot, maximum, stop_gradient, topological_order
from engine.ops import CONSTANT, TABLE
from engine.value import arguments, stored

# ---- among numbers ----


@pytest.mark.parametrize("kind", [float, Value, int])
def test_a_value_compares_as_its_number_does(kind):
    x = Value(2.0)
    low, same, high = map(kind, (1, 2, 3))

    assert [x < low, x < same, x < high] == [False, False, True]
    assert [x <= low, x <= same, x <= high] == [False, True, True]
    assert [x > low, x > same, x > high] == [True, False, False]
    assert [x >= low, x >= same, x >= high] == [True, True, False]


@pytest.mark.parametrize("name", ["__lt__", "__le__", "__gt__", "__ge__"])
def test_a_value_leaves_a_comparison_to_a_class_that_knows_more(name):
    class Interval:
        __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: "mine"

    compare = getattr(Value, name)
    assert compare(Value(1.0), Interval()) is NotImplemented
    with pytest.raises(TypeError, match=r"^expected a number or a Value, got str 'text'$"):
        compare(Value(1.0), "text")


def test_what_a_value_is_as_a_number_and_as_text():
    x = Value(2.75, label="x")

    assert (float(x), int(x), round(x), round(x, 1)) == (2.75, 2, 3, 2.8)
    assert [bool(Value(k)) for k in (0.0, -0.0, 1.0, -2.0)] == [False, False, True, True]
    assert (f"{x:.1f}", f"{x}") == ("2.8", "Value(data=2.75, grad=0.0, label='x')")
    assert repr(Value(2.75)) == "Value(data=2.75, grad=0.0)"
    assert (Value.__name__, Value.__module__) == ("Value", "engine")


def test_a_new_value_has_no_label_no_line_and_is_no_constant():
    x = Value(2.0)

    assert (x.label, x.is_constant, x.source_line, x.op) == ("", False, None, None)
    assert (x.inputs, x._prev, x._op) == ((), set(), "")


def test_micrograds_names_say_what_a_node_was_made_of():
    x = Value(2.0)
    z = x * 3.0
    z.backward()

    assert (z.inputs, z._op, (x + x)._op) == ((x, 3.0), "*", "+")
    (three,) = z._prev - {x}
    assert (three.data, three.grad) == (3.0, 0.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Value(2.0, "x", "y"),
            r"^a Value takes its data and a label, got more than that: an operation of your own "
            r"is an engine\.Op, a row with its value and its slopes$",
        ),
        (
            lambda: Value(2.0, (1.0, 2.0)),
            r"^the label of a Value is text, got tuple \(1\.0, 2\.0\): an operation of your own ",
        ),
    ],
)
def test_what_is_no_label_is_told_what_an_operation_is(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_setting_a_backward_is_told_what_an_operation_is():
    z = Value(2.0) * 3.0

    with pytest.raises(AttributeError, match=r"^a Value has no _backward of its own: an operation"):
        z._backward = print
    with pytest.raises(AttributeError, match=r"^a Value has no _backward of its own: an operation"):
        z._backward


@pytest.mark.parametrize("name", ["arcsin", "arccos", "arctan"])
def test_numpys_names_of_three_functions_are_methods(name):
    assert getattr(Value(0.5), name)().op is TABLE[name.replace("arc", "a")]


# ---- operations ----


def test_the_order_of_operands_is_kept():
    x = Value(2.0)

    assert [(x - 3.0).inputs, (3.0 - x).inputs] == [(x, 3.0), (3.0, x)]
    assert [(x - 3.0).data, (3.0 - x).data] == [-1.0, 1.0]
    assert [(x / 4.0).inputs, (4.0 / x).inputs] == [(x, 4.0), (4.0, x)]
    assert [(x**3.0).data, (3.0**x).data] == [8.0, 9.0]
    assert [(x + 3).inputs, (3 + x).inputs] == [(x, 3.0), (3.0, x)]
    assert [(x * 3).inputs, (3 * x).inputs] == [(x, 3.0), (3.0, x)]
    assert +x is x


def test_a_dot_of_nothing_is_its_bias():
    b = Value(5.0)

    assert (dot([], []), repr(dot([], []))) == (0.0, "0.0")
    z = dot([], [], b)
    z.backward()
    assert (z.data, b.grad) == (5.0, 1.0)


@pytest.mark.parametrize("plain", [False, True])
def test_a_dot_starts_from_its_bias(plain):
    w, x, b = Value(2.0), Value(3.0), Value(5.0)
    z = dot([w, w], [x, 7.0 if plain else Value(7.0)], b)
    z.backward()

    assert z.data == 25.0
    assert (w.grad, x.grad, b.grad) == (10.0, 2.0, 1.0)
    assert z.inputs[0] is z.inputs[1] is w


# ---- states ----


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (None, r"^expected the state of a Value, got None$"),
        ((1, 2, 3, 4), r"^expected the state of a Value, got \(1, 2, 3, 4\)$"),
        ([None, 2.0, 0.0, (), {}], r"^expected the state of a Value, got \[None"),
        ((TABLE["exp"], 2.0, 0.0, (), {}), r"^no node has <op exp> of \(\)$"),
        ((TABLE["dot"], 2.0, 0.0, (), {}), r"^no node has <op dot> of \(\)$"),
        ((TABLE["exp"], 2.0, 0.0, (1.0,), {}), r"^no node has <op exp> of \(1\.0,\)$"),
        (("exp", 2.0, 0.0, (), {}), r"^no node has 'exp' of \(\)$"),
        ((None, "2", 0.0, (), {}), r"^expected a number or a Value, got str '2'$"),
        ((None, 2.0, None, (), {}), r"^expected a number or a Value, got NoneType None$"),
    ],
)
def test_a_state_that_is_none_leaves_the_value_as_it_was(state, message):
    x = Value(7.0)

    with pytest.raises(TypeError, match=message):
        x.__setstate__(state)
    assert (x.data, x.op) == (7.0, None)


def test_a_node_stores_what_its_op_took():
    a, b, c = Value(1.0), Value(2.0), Value(3.0)
    three = Op("three", "three", lambda *xs: 0.0, *[lambda z, *xs: 1.0] * 3)

    assert stored(None, ()) == stored(CONSTANT, ()) == (None, None)
    assert stored(TABLE["exp"], (a,)) == (a, None)
    assert stored(TABLE["mul"], (a, b)) == (a, b)
    assert stored(three, (a, b, c)) == ((a, b, c), ())
    assert stored(TABLE["maximum"], (a, b)) == ((a, b), ())
    assert stored(TABLE["dot"], (a, b)) == ((a,), (b,))
    assert stored(TABLE["dot"], (a, b, c)) == ((a, c), (b,))


def test_nodes_tell_their_arguments_in_order():
    a, b, c = Value(1.0), Value(2.0), Value(3.0)

    assert arguments(a) == ()
    assert arguments(-a) == (a,)
    assert arguments(b - a) == (b, a)
    assert arguments(maximum(c, b, a)) == (c, b, a)
    assert arguments(dot([a], [b])) == (a, b)
    assert arguments(dot([a, b], [b, c], c)) == (a, b, b, c, c)
    assert arguments(dot([], [], a)) == (a,)


# ---- walks ----


def test_a_walk_goes_through_inputs_from_left_to_right():
    a, b, c, d = (Value(float(k)) for k in range(4))

    assert topological_order(a, b) == [a, b]
    z = b * a
    assert topological_order(z) == [b, a, z]
    z = dot([c, b], [a, d])
    assert topological_order(z) == [c, b, a, d, z]
    z = maximum(d, b, c)
    assert topological_order(z) == [d, b, c, z]


def test_walks_after_one_another_have_the_same_order():
    a, b = Value(1.0), Value(2.0)
    z = a * b + a
    first = topological_order(z)

    assert [topological_order(z) for _ in range(3)] == [first] * 3
    assert topological_order(z * b)[:3] == [a, b, first[2]]


def test_a_leaf_that_has_grad_one_keeps_it_in_the_sum():
    x = Value(3.0)
    x.grad = 1.0
    (2.0 * x).backward()

    assert x.grad == 3.0


def test_an_error_in_a_sweep_leaves_each_leaf_its_grad():
    def refuse(z, x):
        raise RuntimeError("no slope")

    x, y = Value(3.0), Value(4.0)
    x.grad = 5.0
    z = Op("f", "f", lambda x: x, refuse)(x) * y

    with pytest.raises(RuntimeError, match="no slope"):
        z.backward()
    assert (x.grad, y.grad) == (5.0, 0.0)


def test_an_infinite_slope_behind_a_flat_op_is_not_asked():
    x, y = Value(0.0), Value(2.0)
    z = stop_gradient(x.sqrt()) * y + maximum(x, y)
    z.backward()

    assert (x.grad, y.grad) == (0.0, 1.0)
