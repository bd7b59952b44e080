"""Which nodes a gradient is made of: none for a factor of 1, and none of the graph itself."""

from engine import Value, grad, topological_order
from engine.calculus import fresh, times
from engine.ops import heaviside


def test_a_factor_of_one_makes_no_node():
    x = Value(3.0)

    assert times(1.0, x) is x
    assert times(x, 1.0) is x
    assert times(1.0, 5.0) == times(5.0, 1.0) == 5.0


def test_a_factor_of_zero_or_two_is_multiplied():
    x = Value(3.0)

    assert [times(x, 0.0).data, times(0.0, x).data] == [0.0, 0.0]
    assert [times(x, 2.0).data, times(2.0, x).data] == [6.0, 6.0]
    assert times(2.0, 5.0) == times(5.0, 2.0) == 10.0


def test_a_value_of_one_is_a_factor_like_others():
    x, one = Value(3.0), Value(1.0)

    assert times(x, one).inputs == (x, one)
    assert times(one, x).inputs == (one, x)


def test_a_number_becomes_a_constant_value():
    gradient = fresh(2.0, set())

    assert (gradient.data, gradient.op, gradient.is_constant) == (2.0, None, True)


def test_a_node_of_the_graph_is_copied_and_another_is_not():
    x, y = Value(3.0), Value(4.0)
    known = {x}
    own = fresh(x, known)

    assert own is not x
    assert (own.op.name, own.data, own.inputs) == ("mul", 3.0, (x, 1.0))
    assert fresh(y, known) is y
    assert fresh(y, known) is not y  # from now on it is known
    assert own in known


def test_the_gradient_of_a_sum_is_the_number_one():
    x, y = Value(3.0), Value(4.0)
    dx, dy = grad(x + y, [x, y])

    assert (dx.data, dy.data, dx.op, dy.op) == (1.0, 1.0, None, None)


def test_the_gradient_of_a_square_is_one_sum():
    x = Value(3.0)
    dx = grad(x * x, x)

    assert (dx.op.name, dx.inputs) == ("add", (x, x))
    assert topological_order(dx) == [x, dx]


def test_shares_of_several_paths_are_added_in_the_order_of_the_sweep():
    x = Value(3.0)
    dx = grad(2.0 * x + 5.0 * x, x)

    assert (dx.data, dx.is_constant) == (7.0, True)


def test_the_gradient_of_what_is_flat_is_zero_and_asks_no_slope():
    x, y = Value(0.0), Value(0.5)
    dx, dy = grad(heaviside(x, y), [x, y])

    assert (dx.data, dy.data) == (0.0, 1.0)
    assert dx.is_constant
