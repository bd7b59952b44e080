"""Gradients as graphs: any order, against closed forms, mpmath and backward."""

# (A partial takes all that the op took, whatever it ignores.)

import math
import random
from math import inf

import mpmath
import pytest

from engine import (
    Op,
    Value,
    atan,
    cosh,
    dot,
    erf,
    exp,
    gelu,
    grad,
    hypot,
    log,
    logsumexp,
    maximum,
    no_grad,
    sigmoid,
    silu,
    sin,
    softplus,
    sqrt,
    stop_gradient,
    tan,
    tanh,
    topological_order,
)
from engine.value import constant


def derivatives(f, x, order):
    """f and its first `order` derivatives at x."""
    v = Value(x)
    results = [f(v)]
    for _ in range(order):
        results.append(grad(results[-1], v))
    return [d.data for d in results]


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


# ---- higher orders ----


@pytest.mark.parametrize("x", [-2.0, -0.5, 0.0, 0.5, 3.0])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_a_power_has_all_its_derivatives(n, x):
    expected = [math.perm(n, k) * x ** max(n - k, 0) for k in range(6)]

    assert derivatives(lambda v: v**n, x, 5) == pytest.approx(expected, rel=1e-15, abs=0)


@pytest.mark.parametrize("x", [-2.0, -0.5, 0.0, 0.5, 3.0])
def test_a_power_by_multiplication_has_all_its_derivatives(x):
    assert derivatives(lambda v: v * v * v, x, 4) == [x**3, 3 * x**2, 6 * x, 6.0, 0.0]


@pytest.mark.parametrize("x", [-3.0, -0.5, 0.25, 2.0])
def test_a_reciprocal_has_all_its_derivatives(x):
    expected = [(-1) ** k * math.factorial(k) * x ** -(k + 1) for k in range(5)]

    assert derivatives(lambda v: 1 / v, x, 4) == pytest.approx(expected, rel=1e-14)


def test_every_derivative_of_exp_is_exp():
    assert derivatives(exp, 1.5, 6) == [math.exp(1.5)] * 7


def test_the_derivatives_of_sin_go_round():
    s, c = math.sin(0.7), math.cos(0.7)

    assert derivatives(sin, 0.7, 8) == [s, c, -s, -c, s, c, -s, -c, s]


def test_the_derivatives_of_cosh_alternate():
    s, c = math.sinh(0.7), math.cosh(0.7)

    assert derivatives(cosh, 0.7, 4) == [c, s, c, s, c]


SMOOTH = {
    "tanh": (tanh, mpmath.tanh),
    "sigmoid": (sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "softplus": (softplus, lambda x: mpmath.log1p(mpmath.exp(x))),
    "gelu": (gelu, lambda x: x * mpmath.erfc(-x / mpmath.sqrt(2)) / 2),
    "silu": (silu, lambda x: x / (1 + mpmath.exp(-x))),
    "erf": (erf, mpmath.erf),
    "tan": (tan, mpmath.tan),
    "atan": (atan, mpmath.atan),
    "log of a square": (lambda x: log(x * x), lambda x: mpmath.log(x * x)),
    "root of a sum": (lambda x: sqrt(x * x + 1), lambda x: mpmath.sqrt(x * x + 1)),
    "hypot": (lambda x: hypot(x, 2.0), lambda x: mpmath.hypot(x, 2)),
    "logsumexp": (
        lambda x: logsumexp(x, 2 * x, 1.0),
        lambda x: mpmath.log(mpmath.exp(x) + mpmath.exp(2 * x) + mpmath.e),
    ),
    "power of two": (lambda x: 2**x, lambda x: mpmath.mpf(2) ** x),
    "x to the x": (lambda x: (x * x) ** x, lambda x: (x * x) ** x),
    "a quotient": (lambda x: sin(x) / (x * x + 1), lambda x: mpmath.sin(x) / (x * x + 1)),
    "a dot": (lambda x: dot([x, x], [x, 3.0], sin(x)), lambda x: x * x + 3 * x + mpmath.sin(x)),
}


@pytest.mark.parametrize("x", [-1.1, 0.3, 0.8])
@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives_to_the_fourth_agree_with_mpmath(name, x):
    ours, exact = SMOOTH[name]
    with mpmath.workdps(60):
        expected = [float(mpmath.diff(exact, mpmath.mpf(x), n)) for n in range(5)]

    # Each order multiplies and adds a few more numbers of the size of the derivatives.
    scale = max(map(abs, expected))
    assert derivatives(ours, x, 4) == pytest.approx(expected, rel=1e-12, abs=1e-14 * scale)


def test_mixed_partials_are_symmetric():
    x, y = Value(0.7), Value(-1.3)
    z = tanh(x * y) * exp(x) + sin(x - y) / (x * x + 1)
    dx, dy = grad(z, [x, y])

    # The two orders of differentiation round differently: a few units in the last place.
    assert grad(dx, y).data == pytest.approx(grad(dy, x).data, rel=1e-14)


def test_a_hessian_is_that_of_the_closed_form():
    x, y = Value(0.5), Value(2.0)
    rows = [[h.data for h in grad(g, [x, y])] for g in grad(x * x * y**3, [x, y])]

    assert rows == [[2 * 8.0, 2 * 0.5 * 3 * 4.0], [2 * 0.5 * 3 * 4.0, 0.25 * 6 * 2.0]]


def test_a_function_linear_in_an_input_has_second_derivative_zero():
    x, y = Value(0.5), Value(2.0)

    assert grad(grad(x * y, x), x).data == 0.0


def test_the_second_derivative_of_relu_is_zero():
    x = Value(0.5)

    assert grad(grad(x.relu(), x), x).data == 0.0


# ---- infinities ----


@pytest.mark.parametrize("f", [sqrt, lambda x: x**0.5])
def test_a_derivative_may_be_infinite(f):
    x = Value(0.0)

    assert grad(f(x), x).data == inf


@pytest.mark.parametrize("f", [sqrt, lambda x: x**0.5])
def test_the_derivative_of_an_infinite_derivative_is_infinite(f):
    x = Value(0.0)

    assert grad(grad(f(x), x), x).data == -inf


@pytest.mark.parametrize("f", [sqrt, lambda x: x**0.5])
def test_backward_through_an_infinite_derivative_does_not_raise(f):
    x = Value(0.0)
    grad(f(x), x).backward()

    assert x.grad == -inf


def test_an_infinite_derivative_does_not_reach_an_input_beside_it():
    x, y = Value(0.0), Value(3.0)

    assert [g.data for g in grad(sqrt(x) + y * y, [x, y])] == [inf, 6.0]


def test_an_input_that_is_not_asked_for_is_not_differentiated():
    def slope(z, y):
        raise RuntimeError("asked")

    fragile = Op("fragile", "fragile", lambda y: y, slope)
    x, y = Value(2.0), Value(3.0)

    assert grad(x * fragile(y), x).data == 3.0


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
