"""Gradients as graphs: what grad gives, what it leaves alone, and that backward agrees."""

import math
import random

import pytest

from engine import (
    Value,
    atan,
    cosh,
    dot,
    erf,
    exp,
    gelu,
    grad,
    hypot,
    logsumexp,
    maximum,
    no_grad,
    sigmoid,
    silu,
    sin,
    softplus,
    stop_gradient,
    tanh,
    topological_order,
)
from engine.value import constant

# ---- one input ----


def test_grad_of_a_single_value_is_a_single_value():
    x = Value(3.0)

    assert grad(x * x, x).data == 6.0


def test_grad_of_a_list_is_a_tuple_in_its_order():
    x, y = Value(3.0), Value(4.0)

    assert [g.data for g in grad(x * x * y, [y, x])] == [9.0, 24.0]


def test_grad_of_a_list_of_one_is_a_tuple_of_one():
    x = Value(3.0)

    gradients = grad(x * x, [x])

    assert (type(gradients), len(gradients)) == (tuple, 1)


def test_grad_of_an_empty_list_is_an_empty_tuple():
    assert grad(Value(3.0), []) == ()


def test_grad_of_a_value_by_itself_is_one():
    x = Value(3.0)

    assert grad(x, x).data == 1.0


def test_grad_of_a_node_by_itself_is_one():
    z = Value(3.0) * 2

    assert grad(z, z).data == 1.0


def test_an_input_named_twice_gets_its_gradient_twice():
    x = Value(3.0)

    assert [g.data for g in grad(x * x, [x, x])] == [6.0, 6.0]


def test_an_input_that_is_not_used_has_gradient_zero():
    x, unused = Value(3.0), Value(4.0)

    assert [g.data for g in grad(x * x, [unused, x])] == [0.0, 6.0]


def test_a_constant_has_gradient_zero():
    k = constant(3.0)

    assert grad(Value(2.0) * k, k).data == 0.0


def test_grad_of_a_constant_by_itself_does_not_raise():
    k = constant(3.0)

    assert grad(k, k).data == 1.0


def test_grad_sums_over_all_paths():
    x = Value(3.0)
    y = x * x

    assert grad(y * x + y + x, x).data == 27 + 6 + 1


def test_grad_by_an_inner_node():
    x = Value(3.0)
    y = x * x
    z = y * y * x

    assert grad(z, y).data == 2 * 9 * 3


def test_grad_by_an_inner_node_and_what_it_was_made_of():
    x = Value(3.0)
    y = x * x
    z = y * y * x

    assert [g.data for g in grad(z, [y, x])] == [2 * 9 * 3, 5 * 81]


def test_grad_by_an_inner_node_twice():
    y = Value(3.0) * 2

    assert grad(grad(y**3, y), y).data == 6 * 6.0


def test_no_gradient_flows_past_detach():
    x = Value(3.0)

    assert grad((x * x).detach() * x, x).data == 9.0


def test_no_gradient_flows_past_stop_gradient():
    x = Value(3.0)

    assert grad(stop_gradient(x * x) * x, x).data == 9.0


def test_a_node_made_within_no_grad_has_no_past():
    x = Value(3.0)
    with no_grad():
        k = x * x

    assert grad(k * x, x).data == 9.0


def test_grad_within_no_grad_is_the_number_without_its_graph():
    x = Value(3.0)
    z = x**3
    with no_grad():
        g = grad(z, x)

    assert (g.data, g.inputs) == (27.0, ())


# ---- what grad leaves alone ----


def test_grad_touches_no_grad_of_any_node():
    x = Value(3.0)
    y = x * x
    z = y.tanh() * x
    for i, v in enumerate((x, y, z)):
        v.grad = 10.0 + i
    grad(grad(z, x), [x, y])

    assert (x.grad, y.grad, z.grad) == (10.0, 11.0, 12.0)


def test_grad_adds_nothing_to_the_graph_it_differentiates():
    x = Value(3.0)
    z = (x * x).tanh() * x
    before = topological_order(z)
    grad(z, x)

    assert topological_order(z) == before


@pytest.mark.parametrize("f", [lambda x, y: x * y, lambda x, y: x + y, lambda x, y: exp(x) + y])
def test_a_gradient_is_a_value_of_its_own(f):
    x, y = Value(3.0), Value(4.0)
    z = f(x, y)

    gradients = grad(z, [x, y])

    assert not set(gradients) & set(topological_order(z))


def test_two_gradients_are_two_values():
    x, y = Value(3.0), Value(4.0)
    first, second = grad((x + y) ** 2, [x, y])

    assert first is not second


# ---- backward through a gradient ----


def test_backward_differentiates_a_gradient():
    x = Value(2.0)
    grad(x**3, x).backward()

    assert x.grad == 12.0


def test_a_penalty_on_the_gradient_can_be_trained():
    w, x = Value(0.7), Value(1.3)
    slope = grad(tanh(w * x), x)
    (slope**2).backward()

    # d/dw (w (1 - t**2))**2 = 2 s (1 - t**2) (1 - 2 w x t), for s the slope and t = tanh(w x)
    t = math.tanh(0.91)
    s = 0.7 * (1 - t * t)
    assert w.grad == pytest.approx(2 * s * (1 - t * t) * (1 - 2 * 0.91 * t), rel=1e-14)


def test_backward_through_a_gradient_and_its_graph_at_once():
    x = Value(2.0)
    z = x**3
    (z + grad(z, x)).backward()

    assert x.grad == 12.0 + 12.0


def test_newtons_method_finds_a_minimum():
    x = Value(1.0)
    for _ in range(20):
        slope = grad(cosh(x - 0.25), x)
        x.data -= slope.data / grad(slope, x).data

    assert x.data == 0.25


# ---- backward and grad ----


UNARY = [tanh, sigmoid, softplus, sin, exp, silu, gelu, erf, atan, lambda x: -x, lambda x: x**2]
BINARY = [
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: x * y,
    lambda x, y: x / (y * y + 1),
    maximum,
    hypot,
    logsumexp,
    lambda x, y: dot([x, y], [y, 0.5], x),
    lambda x, y: 1.5 - x * 3,
]


@pytest.mark.parametrize("seed", range(100))
def test_backward_and_grad_agree_to_the_last_bit_on_random_graphs(seed):
    rng = random.Random(seed)
    leaves = [Value(rng.gauss(0, 1)) for _ in range(3)]
    nodes = list(leaves)
    for _ in range(25):
        x, y = rng.choice(nodes), rng.choice(nodes)
        nodes.append(tanh(rng.choice(BINARY)(x, y)) if rng.random() < 0.7 else rng.choice(UNARY)(x))
        if abs(nodes[-1].data) > 5:
            nodes[-1] = tanh(nodes[-1])
    z = sum(nodes)
    z.backward()

    assert [g.data.hex() for g in grad(z, nodes)] == [v.grad.hex() for v in nodes]


# ---- misuse ----


@pytest.mark.parametrize("wrong", [3.0, None, "x", [1.0]], ids=repr)
def test_the_gradient_of_what_is_no_value_is_a_type_error_naming_it(wrong):
    with pytest.raises(TypeError, match=f"^grad takes a Value, got {type(wrong).__name__} "):
        grad(wrong, Value(2.0))


@pytest.mark.parametrize("wrong", [3.0, None, "x", [1.0]], ids=repr)
def test_the_gradient_by_what_is_no_value_is_a_type_error_naming_it(wrong):
    x = Value(2.0)

    with pytest.raises(TypeError, match=f"got {type(wrong).__name__} "):
        grad(x * 3.0, [x, wrong])


@pytest.mark.parametrize("wrong", [3.0, None], ids=repr)
def test_the_gradient_by_what_is_neither_a_value_nor_values_is_a_type_error_of_ours(wrong):
    x = Value(2.0)

    with pytest.raises(TypeError, match=f"^grad takes .*, got {type(wrong).__name__} "):
        grad(x * 3.0, wrong)


def test_the_inputs_may_come_from_a_generator():
    x, y = Value(3.0), Value(4.0)

    assert [g.data for g in grad(x * y, (v for v in (x, y)))] == [4.0, 3.0]
