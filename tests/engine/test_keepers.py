"""Keepers, on nodes that stand in for Values: only Python 3.13 gives keepers to Values."""

import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import keepers


class Node:
    __slots__ = ("__weakref__", "_depth", "_x", "_y", "_yx_keeper")


def plain(_op, _data, x, y):
    v = Node()
    v._x, v._y = x, y
    return v


def forgetful(_op, _data, _x, _y):
    return plain(None, 0.0, None, None)


node = keepers.counted(plain)
remembers = keepers.counted_state(lambda v, state: plain_state(v, *state))


def plain_state(v, x, y):
    v._x, v._y = x, y


def leaf():
    return plain(None, 0.0, None, None)


def inputs(v):
    return (*v._x, *v._y) if type(v._x) is tuple else (v._x,) if v._y is None else (v._x, v._y)


def kept(v):
    return hasattr(v, "_yx_keeper")


def chain(length, link=lambda z, x: node(None, 0.0, z, x)):
    nodes = [leaf()]
    for _ in range(length):
        nodes.append(link(nodes[-1], nodes[0]))
    return nodes


LINKS = {
    "x alone": lambda z, x: node(None, 0.0, z, None),
    "x": lambda z, x: node(None, 0.0, z, x),
    "y": lambda z, x: node(None, 0.0, x, z),
    "both": lambda z, x: node(None, 0.0, z, z),
    "one of many": lambda z, x: node(None, 0.0, (x, z, x), ()),
    "a weight": lambda z, x: node(None, 0.0, (x, z), (x,)),
    "an input": lambda z, x: node(None, 0.0, (x, x, x), (x, z)),
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_every_hundredth_node_of_a_chain_has_a_keeper(link):
    nodes = chain(450, link)

    assert [i for i, v in enumerate(nodes) if kept(v)] == [100, 200, 300, 400]


choices = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from(sorted(LINKS))), min_size=1, max_size=400
)


@given(choices)
def test_no_way_through_a_graph_has_a_hundred_nodes_without_a_keeper(choices):
    nodes = [leaf(), node(None, 0.0, leaf(), None)]
    length = {id(nodes[0]): 0, id(nodes[1]): 1}  # of the longest way down to a leaf or a keeper
    for back, name in choices:
        v = LINKS[name](nodes[-1], nodes[max(0, len(nodes) - 1 - back)])
        nodes.append(v)
        below = max(length.get(id(u), 0) for u in inputs(v))
        length[id(v)] = 0 if kept(v) else below + 1

    assert max(length.values()) < keepers.APART
    assert all(v._depth == length[id(v)] for v in nodes[1:])


@pytest.mark.parametrize("length", [0, 1, 99, 100, 101, 1000])
def test_all_nodes_die_with_the_last_reference_to_the_top(length):
    nodes = chain(length)
    alive = [weakref.ref(v) for v in nodes]
    top = nodes[-1]
    del nodes
    assert None not in [reference() for reference in alive]
    del top

    assert {reference() for reference in alive} == {None}
    assert keepers.waiting == {}


def test_what_someone_else_has_outlives_the_top():
    nodes = chain(350)
    lower, above, below = nodes[150], weakref.ref(nodes[151]), weakref.ref(nodes[1])
    del nodes

    assert above() is None
    assert below() is not None
    assert inputs(lower)[0] is not None


def test_a_node_that_remembers_no_inputs_keeps_none():
    forgetting = keepers.counted(forgetful)
    nodes = chain(99)
    v = forgetting(None, 0.0, nodes[-1], None)
    alive = weakref.ref(nodes[50])
    del nodes

    assert not kept(v)
    assert alive() is None


def test_a_state_counts_as_an_operation_does():
    nodes = chain(99)
    v = Node()
    remembers(v, (nodes[-1], nodes[0]))
    w = Node()
    remembers(w, (None, None))

    assert kept(v)
    assert not kept(w)


def test_an_input_whose_state_comes_later_is_kept():
    v, later = Node(), Node()
    remembers(v, (later, None))

    assert kept(v)
    assert v._depth == 0
