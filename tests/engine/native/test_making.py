"""The nodes that C makes by itself: the same as those that value.py makes."""

import functools
import inspect

import pytest

from engine import Op, Value, dot, leaky_relu, no_grad, source_lines, tanh
from engine.ops import CONSTANT, add
from engine.value import arguments, topological_order
from tests.engine.operands import bits

FORMS = {
    "function": tanh,
    "method": lambda x: x.tanh(),
    "bound method": lambda x: functools.partial(x.tanh)(),
    "of the class": lambda x: Value.tanh(x),
    "apart": lambda x: tanh(*[x]),
    "mapped": lambda x: next(map(tanh, [x])),
}


@pytest.mark.parametrize("form", FORMS)
def test_an_op_of_one_input_can_be_called_in_every_way(form):
    x = Value(0.5)
    z = FORMS[form](x)
    z.backward()

    assert (z.op, z.inputs) == (tanh, (x,))
    assert bits([z.data, x.grad]) == bits([tanh(0.5), 1 - tanh(0.5) ** 2])


def test_an_op_says_what_is_wrong_with_its_inputs():
    x = Value(0.5)
    with pytest.raises(TypeError, match="tanh takes 1 input, got 0"):
        tanh()
    with pytest.raises(TypeError, match="tanh takes 1 input, got 2"):
        x.tanh(x)
    with pytest.raises(TypeError, match="expected a number"):
        tanh("a")
    with pytest.raises(TypeError, match="keyword"):
        tanh(x=x)
    with pytest.raises(TypeError, match="keyword"):
        x.tanh(slope=1)
    with pytest.raises(ValueError, match=r"log\(-1.0\): math domain error"):
        Value(-1.0).log()


def test_an_op_is_still_itself_on_the_class_and_bound_on_a_value():
    x = Value(-2.0)

    assert Value.tanh is tanh
    assert x.tanh.__self__ is x
    assert bits([x.leaky_relu().data, leaky_relu(x, 0.5).data]) == bits([-0.02, -1.0])
    assert str(inspect.signature(tanh)) == "(x)"


def test_a_subclass_of_value_decides_what_an_op_makes_of_it():
    class Loud(Value):
        def apply_op(self, op, inputs, evaluate=None):
            return op.name

    assert (Loud(1.0).tanh(), tanh(Loud(1.0))) == ("tanh", "tanh")


def test_a_subclass_of_value_decides_what_a_dot_product_of_numbers_is():
    class Loud(Value):
        def apply_op(self, op, inputs, evaluate=None):
            return op.name

    x = Value(2.0)

    assert dot([Loud(1.0), 2.0], [x, x]) == "dot"
    assert dot([Loud(1.0), x], (x, x), 3.0) == "dot"
    assert dot([Loud(1.0), x], (x, x)).data == 6.0


def test_an_op_may_be_called_in_another_way(monkeypatch):
    monkeypatch.setattr(Op, "__call__", lambda op, *inputs: (op.name, *inputs))
    x = Value(0.5)

    assert (tanh(x), x.tanh()) == (("tanh", x), ("tanh", x))
    monkeypatch.undo()
    assert tanh(x).op is tanh


def test_no_node_remembers_its_inputs_under_no_grad():
    x = Value(0.5)
    with no_grad():
        nodes = [x.tanh(), dot([x], [x]), x + x, dot((x, 1.0), (2.0, x), x)]

    assert [v.inputs for v in nodes] == [()] * 4
    assert [v.op for v in nodes] == [None] * 4


def test_nodes_know_where_they_were_written():
    x = Value(0.5)
    with source_lines():
        nodes = [x.relu(), dot([x], [x])]

    assert [v.source_line.part for v in nodes] == ["x.relu()", "dot([x], [x])"]


@pytest.mark.parametrize("kind", [list, tuple, iter])
@pytest.mark.parametrize("bias", [None, 0.25, 2, Value(-1.5)], ids=str)
def test_a_dot_product_is_the_same_of_lists_tuples_and_numbers(kind, bias):
    w, x = [Value(0.1), Value(-0.7), Value(1.3)], [Value(3.0), 0.3, 7]
    if kind is iter:
        with pytest.raises(TypeError, match="dot takes two lists of numbers"):
            dot(kind(w), kind(x), bias)
        return
    z = dot(kind(w), kind(x), bias)
    other = 0.0 if bias is None else float(bias)
    for u, v in zip(w, x):
        other += u.data * float(v)

    assert bits([z.data]) == bits([other])
    assert z.inputs == (*w, x[0], 0.3, 7.0, *([] if bias is None else [bias]))
    constants = [v for v in arguments(z) if v.op is CONSTANT]
    assert all(v not in topological_order(z) for v in constants)


@pytest.mark.parametrize("n", [1, 2, 3, 19, 20, 21, 64, 200])
def test_a_dot_product_of_any_length_is_freed_with_all_that_it_holds(n):
    w, x = [Value(1.0) for _ in range(n)], [Value(float(i)) for i in range(n)]
    for kind in (list, tuple):
        z = dot(kind(w), kind(x))
        z.backward()

    assert z.data == n * (n - 1) / 2
    assert [v.grad for v in w] == [2.0 * i for i in range(n)]


def test_a_list_may_change_after_its_dot_product():
    w, x = [Value(2.0), Value(3.0)], [Value(5.0), Value(7.0)]
    first = w[0]
    z = dot(w, x)
    w.clear()
    x[:] = [Value(0.0)] * 9
    z.backward()

    assert (z.data, first.grad) == (31.0, 5.0)


def test_an_op_of_two_inputs_can_be_called_with_one_that_is_a_number():
    assert add(Value(1.0), 2).data == 3.0
