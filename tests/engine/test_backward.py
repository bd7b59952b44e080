"""Walking the graph back: which gradients add up where, also after an interruption."""

# (A partial takes all that the op took, whatever it ignores.)

import pytest

import engine
from engine import Op, Value
from engine.value import constant
from tests.engine.interruptions import OwnError, failing
from tests.engine.operands import every_number, every_wrong_operand, name

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
