"""A node whose number and slopes are known, and the grads that it gives its leaves."""

from engine import Op, Value
from engine.value import add_slopes, node_of_many


class Known(Value):
    """A Value of a kind of its own."""


def twice_and_thrice(w, b):
    op = Op("known", "known", lambda *_: 7.0, gradient=lambda z, *_: [2.0, 3.0])
    return node_of_many(Known, op, 7.0, (w, b))


def test_a_node_of_many_is_of_its_kind_and_has_its_number():
    w, b = Value(1.0), Value(2.0)
    node = twice_and_thrice(w, b)

    assert (type(node), node.data, node.grad, node.inputs) == (Known, 7.0, 0.0, (w, b))


def test_a_node_of_many_passes_its_grad_on_by_its_op():
    w, b = Value(1.0), Value(2.0)
    (twice_and_thrice(w, b) * 10).backward()

    assert (w.grad, b.grad) == (20.0, 30.0)


def test_slopes_are_added_to_the_grads_of_the_leaves():
    w, b = Value(1.0), Value(2.0)
    node, b.grad = twice_and_thrice(w, b), 100.0
    add_slopes(node, [2.0, 3.0], 0.5)

    assert (node.grad, w.grad, b.grad) == (0.5, 1.0, 101.5)
