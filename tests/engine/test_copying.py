"""Copies: deepcopy and pickle of graphs of any depth, with all that hangs on their nodes."""

import copy
import io
import pickle

import pytest

from engine import Op, Value, dot, exp, grad, maximum, topological_order
from engine.ops import TABLE

WAYS = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "pickle 0": lambda x: pickle.loads(pickle.dumps(x, protocol=0)),
    "pickle in Python": lambda x: pickle._loads(pickle._dumps(x)),
}
every_way = pytest.mark.parametrize("copied", WAYS.values(), ids=WAYS)


def cube(x):
    return x * x * x


def cube_slope(z, x):
    return 3 * x * x


CUBE = Op("cube", "cube", cube, cube_slope)


class Parameter(Value):
    """A subclass, as a user might have it."""


def a_graph():
    x, y = Value(2.0, label="x"), Value(-3.0, label="y")
    z = dot([x, y], [y, 0.5], 1.5) + maximum(x, y, 1.0) * exp(x / y) - CUBE(-x) ** 2.0
    z.backward()
    return x, y, z


@every_way
def test_a_copy_has_the_numbers_labels_and_structure_of_the_graph(copied):
    _, _, z = a_graph()
    before, after = topological_order(z), topological_order(copied(z))

    def described(order):
        places = {v: i for i, v in enumerate(order)}
        return [
            (v.data, v.grad, v.label, v.op and v.op.name, [places.get(u, u) for u in v.inputs])
            for v in order
        ]

    assert described(after) == described(before)
    assert not set(after) & set(before)


@every_way
def test_a_copy_is_differentiated_like_the_graph(copied):
    x, y, z = copied(a_graph())
    x.zero_grad()
    y.zero_grad()
    z.backward()

    assert [x.grad, y.grad] == [v.data for v in grad(z, [x, y])]


@every_way
def test_nodes_that_are_shared_stay_shared(copied):
    x = Value(2.0)
    y = x * x
    a, b, c = copied([y + x, y, x])

    assert a.inputs == (b, c)
    assert b.inputs == (c, c)


@every_way
@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_a_node_of_every_op_keeps_it(op, copied):
    z = op(*[Value(0.25 + 0.1 * i) for i in range(op.arity or 4)])

    assert copied(z).op is op
    assert copied(z).inputs != ()


@every_way
def test_attributes_are_copied_too(copied):
    x = Value(2.0)
    x.momentum = [0.5]
    twin = copied(x)

    assert twin.momentum == [0.5]
    assert twin.momentum is not x.momentum


@every_way
def test_an_attribute_may_be_a_graph_that_shares_nodes(copied):
    x = Value(2.0)
    y = x * 3.0
    y.parent = y + x
    twin = copied(y)

    assert twin.parent.inputs[0] is twin
    assert twin.parent.inputs[1] is twin.inputs[0]


@every_way
def test_a_subclass_stays_one(copied):
    p = Parameter(2.0, label="p")
    p.lr = 0.1
    z = copied(p * p)

    assert type(z) is Value
    assert (type(z.inputs[0]), z.inputs[0].lr, z.inputs[0].label) == (Parameter, 0.1, "p")


@pytest.mark.parametrize("way", ["deepcopy", "pickle"])
def test_a_chain_of_any_depth_is_copied(way):
    x = z = Value(1.0)
    for _ in range(30_000):
        z = z + x
    twin = WAYS[way](z)
    twin.backward()
    leaf = topological_order(twin)[0]

    assert (twin.data, leaf.grad, x.grad) == (30_001.0, 30_001.0, 0.0)


def test_two_deep_chains_in_an_attribute_and_a_list_are_copied():
    chains = []
    for _ in range(3):
        z = Value(1.0)
        for _ in range(5_000):
            z = -z
        chains.append(z)
    chains[0].others = chains[1:]
    twins = copy.deepcopy(chains)

    assert twins[0].others[0] is twins[1]


def test_a_pickle_that_fails_does_not_change_the_next():
    x = z = Value(1.0)
    for _ in range(5_000):
        z = z * x
    z.inputs[0].lock = lambda: None  # a lambda does not pickle
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(z)
    del z.inputs[0].lock

    assert pickle.loads(pickle.dumps(z)).data == 1.0


def test_an_op_of_your_own_pickles_with_its_functions():
    twin = pickle.loads(pickle.dumps(CUBE))
    x = Value(2.0)
    z = twin(x)
    z.backward()

    assert (twin.name, z.data, x.grad) == ("cube", 8.0, 12.0)


def test_a_shallow_copy_is_another_node_of_the_same_inputs():
    x, _, z = a_graph()
    z.note = "mine"
    twin = copy.copy(z)

    assert twin is not z
    assert (twin.data, twin.op, twin.inputs, twin.note) == (z.data, z.op, z.inputs, "mine")
    assert copy.copy(x).label == "x"


@pytest.mark.parametrize(
    "state",
    [None, (), (1, 2), (TABLE["exp"], 1.0, 0.0, (), {}), (TABLE["add"], 1.0, 0.0, ("a", "b"), {})],
)
def test_a_state_that_is_none_is_refused_and_changes_nothing(state):
    x = Value(2.0)
    z = x * x

    with pytest.raises((TypeError, ValueError)):
        z.__setstate__(state)
    assert (z.data, z.inputs) == (4.0, (x, x))


def test_a_truncated_pickle_is_an_error():
    stream = pickle.dumps(a_graph())

    for cut in range(1, len(stream), 37):
        with pytest.raises((EOFError, pickle.UnpicklingError, TypeError, ValueError, IndexError)):
            pickle.load(io.BytesIO(stream[:-cut]))
