"""The judge is judged: planted mistakes are caught and named, right derivatives pass."""

# (A partial takes all that the op took, whatever it ignores.)

import math

import numpy as np
import pytest

from engine import (
    GradientError,
    Op,
    Value,
    check_gradients,
    exp,
    hypot,
    maximum,
    sqrt,
    tanh,
)
from engine.ops import TABLE

RIGHT = {
    "a product": (lambda x, y: x * y, [2.0, 3.0]),
    "a neuron": (lambda w, x, b: tanh(w * x + b), [0.5, -1.0, 2.0]),
    "a shared node": (lambda x: (x * x) * (x * x) + x * x, [1.5]),
    "a tall function": (lambda x: exp(5 * x), [2.0]),
    "a small function": (lambda x: x * 1e-8, [2.0]),
    "a far point": (lambda x: x * x, [1e6]),
    "a near point": (lambda x: x * x, [1e-12]),
    "a quick wave": (lambda x: (100 * x).sin(), [0.3]),
    "a constant": (lambda x: 3.0, [1.0]),
    "an input not used": (lambda x, y: x * x, [1.0, 2.0]),
    "no input": (lambda: Value(1.0), []),
    "an op of the table": (TABLE["div"], [2.0, -3.0]),
    "an op of any number of inputs": (hypot, [2.0, -3.0, 1.0]),
    "a method": (Value.tanh, [0.5]),
}


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("name", RIGHT)
def test_right_derivatives_pass(name, order):
    f, point = RIGHT[name]

    assert check_gradients(f, point, order=order) is None


def test_the_point_may_be_of_any_kind_of_number():
    check_gradients(lambda x, y, z: x * y * z, [2, True, np.float32(1.5)])


# ---- planted mistakes ----


def wrong_slope(factor):
    return Op("square", "square", lambda x: x * x, lambda z, x: factor * 2 * x)


@pytest.mark.parametrize("order", [1, 2])
def test_a_wrong_derivative_is_caught_and_named_with_both_numbers(order):
    with pytest.raises(GradientError) as caught:
        check_gradients(wrong_slope(1.05), [3.0], order=order)

    assert str(caught.value) == "square at (3.0): d/dx0 is 6.3 by the engine, 6 by differences"


@pytest.mark.parametrize("factor", [-1.0, 0.0, 0.5, 0.999, 1.00001, math.nan, math.inf])
def test_a_wrong_factor_is_caught(factor):
    with pytest.raises(GradientError, match=r"^square at "):
        check_gradients(wrong_slope(factor), [3.0], order=1)


def test_the_wrong_one_of_two_inputs_is_named():
    product = Op("product", "product", lambda x, y: x * y, lambda z, x, y: y, lambda z, x, y: y)

    with pytest.raises(GradientError) as caught:
        check_gradients(product, [2.0, 3.0])

    assert str(caught.value) == "product at (2.0, 3.0): d/dx1 is 3 by the engine, 2 by differences"


def test_a_wrong_gradient_of_any_number_of_inputs_is_named():
    total = Op("total", "total", lambda *xs: sum(xs), gradient=lambda z, *xs: [1.0, 1.0, 2.0])

    with pytest.raises(GradientError, match=r"^total at \(1\.0, 2\.0, 3\.0\): d/dx2 is 2 by "):
        check_gradients(total, [1.0, 2.0, 3.0])


# The first derivative is right as a number, but its graph is not: float() cuts it off.
cut_off = Op("cube", "cube", lambda x: x**3, lambda z, x: 3 * float(x) * x)


def test_a_wrong_second_derivative_is_caught_and_named_with_both_numbers():
    with pytest.raises(GradientError) as caught:
        check_gradients(cut_off, [2.0])

    assert str(caught.value) == "cube at (2.0): d/dx0 d/dx0 is 6 by the engine, 12 by differences"


def test_a_wrong_second_derivative_passes_a_check_of_the_first():
    assert check_gradients(cut_off, [2.0], order=1) is None


def test_a_wrong_mixed_derivative_is_caught():
    product = Op(
        "product", "product", lambda x, y: x * y, lambda z, x, y: float(y), lambda z, x, y: x
    )

    with pytest.raises(GradientError, match=r"d/dx0 d/dx1 is 0 by the engine, 1 by differences$"):
        check_gradients(product, [2.0, 3.0])


def test_a_wrong_third_derivative_is_caught_by_a_check_of_the_third():
    inner = Op("inner", "inner", lambda x: x * x, lambda z, x: 2 * float(x))
    cube = Op("cube", "cube", lambda x: x**3, lambda z, x: 3 * inner(x))

    assert check_gradients(cube, [2.0], order=2) is None
    with pytest.raises(GradientError, match=r"d/dx0 d/dx0 d/dx0 is 0 by the engine, 6 by diff"):
        check_gradients(cube, [2.0], order=3)


# ---- inside a larger function ----


def model(x, y):
    return tanh(wrong_slope(1.05)(x * y) * 0.1) + maximum(x, y)


def test_the_wrong_op_inside_a_function_is_named_with_its_own_numbers():
    with pytest.raises(GradientError) as caught:
        check_gradients(model, [1.0, 3.0])

    assert str(caught.value) == (
        "square at (3.0): d/dx0 is 6.3 by the engine, 6 by differences, in model"
    )


def test_an_op_inside_a_function_that_is_wrong_in_the_second_order_is_named():
    with pytest.raises(GradientError) as caught:
        check_gradients(lambda x: cut_off(x + 1) * x, [1.0])

    assert str(caught.value) == (
        "cube at (2.0): d/dx0 d/dx0 is 6 by the engine, 12 by differences, in <lambda>"
    )


def test_the_constant_of_a_wrong_op_is_not_blamed():
    scale = Op("scale", "scale", lambda x, k: k * x, lambda z, x, k: 2 * k, lambda z, x, k: 7.0)

    with pytest.raises(GradientError, match=r"^scale at \(2\.0, 3\.0\): d/dx0 is 6 by"):
        check_gradients(lambda x: scale(x, 3.0) + 1, [2.0])


def test_a_wrong_partial_of_a_constant_does_not_matter():
    scale = Op("scale", "scale", lambda x, k: k * x, lambda z, x, k: k, lambda z, x, k: 7.0)

    assert check_gradients(lambda x: scale(x, 3.0) + 1, [2.0]) is None


def test_the_wrong_op_is_named_beside_one_at_the_edge_of_its_domain():
    def edge(x, y):
        return wrong_slope(1.05)(x) + 0 * sqrt(y.relu())

    with pytest.raises(GradientError, match=r"^square at \(3\.0\): d/dx0 is 6\.3 by"):
        check_gradients(edge, [3.0, -1.0], order=1)


# ---- functions that leave the graph ----


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * x.data,
        lambda x: x * float(x),
        lambda x: x.detach() * x,
        lambda x: x * Value(x.data),
    ],
)
def test_a_function_that_leaves_the_graph_is_caught_and_told_so(f):
    with pytest.raises(GradientError) as caught:
        check_gradients(f, [3.0], order=1)

    assert str(caught.value) == (
        "<lambda> at (3.0): d/dx0 is 3 by the engine, 6 by differences, though each op in it "
        "agrees: does it use .data, float() or detach()?"
    )


def test_a_function_that_returns_a_float_is_caught_and_told_so():
    with pytest.raises(GradientError) as caught:
        check_gradients(lambda x: x.data**2, [3.0], order=1)

    assert str(caught.value) == (
        "<lambda> at (3.0): d/dx0 is 0 by the engine, 6 by differences: it returned float 9.0, "
        "no Value"
    )


# ---- edges and misuse ----


@pytest.mark.parametrize(
    ("name", "x"), [("sqrt", 0.0), ("asin", 1.0), ("acos", -1.0), ("log", 5e-324)]
)
def test_at_the_edge_of_its_domain_an_op_cannot_be_checked(name, x):
    with pytest.raises(ValueError, match=f"^cannot check {name} at .*, the edge of its domain: "):
        check_gradients(TABLE[name], [x])


def test_outside_its_domain_an_op_raises_its_own_error():
    with pytest.raises(ValueError, match=r"^log\(-1\.0\): math domain error$"):
        check_gradients(TABLE["log"], [-1.0])


@pytest.mark.parametrize("order", [0, -1])
def test_an_order_below_one_is_an_error(order):
    with pytest.raises(ValueError, match=f"^order is at least 1, got {order}$"):
        check_gradients(tanh, [1.0], order=order)


@pytest.mark.parametrize("wrong", ["a", None, 1j, [1.0]], ids=repr)
def test_a_point_of_what_is_no_number_is_a_type_error_naming_it(wrong):
    with pytest.raises(TypeError, match=f"got {type(wrong).__name__} "):
        check_gradients(tanh, [wrong])


def test_a_point_of_the_wrong_length_is_a_type_error():
    with pytest.raises(TypeError, match="tanh takes 1 input, got 2"):
        check_gradients(tanh, [1.0, 2.0])


@pytest.mark.parametrize("wrong", [3.0, None], ids=repr)
def test_a_point_that_is_no_list_is_a_type_error_naming_it(wrong):
    with pytest.raises(TypeError, match=f"^point is a list of numbers, .*, got {wrong}$"):
        check_gradients(tanh, wrong)


def test_a_looser_tolerance_lets_a_small_mistake_pass():
    assert check_gradients(wrong_slope(1.001), [3.0], tolerance=1e-2) is None


def test_a_gradient_error_is_an_assertion_error():
    assert issubclass(GradientError, AssertionError)


def test_the_check_touches_no_grad_of_a_value_the_function_closes_over():
    w = Value(2.0)
    check_gradients(lambda x: w * x * x, [3.0])

    assert w.grad == 0.0
