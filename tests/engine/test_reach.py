"""The reach: where gradients come to, for each way in which a graph is written down."""

import random
from collections import defaultdict

import pytest

from engine import Value, dot, grad, maximum, stop_gradient, tanh, topological_order
from engine import ops as table
from engine.programs.tape import Tape
from engine.reach import depending, mark_reached
from engine.value import arguments


def flat(x, y):
    """An op that is flat in its second input only."""
    return table.Op("half", "half", lambda x, y: x * y, lambda z, x, y: y, None)(x, y)


def graph(rng, size=60):
    """Some leaves, and the last of the Values that were computed from them at random."""
    leaves = [Value(rng.uniform(-1, 1)) for _ in range(6)]
    values = list(leaves)
    for _ in range(size):
        x, y, z = (rng.choice(values[-12:]) for _ in range(3))
        makers = [
            lambda x=x, y=y: x * y,
            lambda x=x: tanh(x),
            lambda x=x: stop_gradient(x),
            lambda x=x, y=y: flat(x, y),
            lambda x=x, y=y, z=z: dot([x, y], [y, 2.0], z),
            lambda x=x, y=y, z=z: maximum(x, y, z),
        ]
        values.append(rng.choice(makers)())
    return leaves, values[-1]


def reached(nodes, outputs):
    found = defaultdict(int, dict.fromkeys(outputs, 1))
    mark_reached(nodes, found)
    return {node for node, mark in found.items() if mark}


def listed(order):
    return [(v, v.op, v.inputs) for v in order]


def paths_by_hand(v, seen):
    """All Values that a path leads to from v, past no input in which an op is flat."""
    if v not in seen:
        seen.add(v)
        for i, x in enumerate(v.inputs):
            if isinstance(x, Value) and v.op.passes(i):
                paths_by_hand(x, seen)
    return seen


@pytest.mark.parametrize("seed", range(20))
def test_a_gradient_reaches_what_a_path_leads_to(seed):
    _, output = graph(random.Random(seed))
    order = topological_order(output)

    found = {x for x in reached(reversed(listed(order)), [output]) if isinstance(x, Value)}

    assert found == paths_by_hand(output, set())


@pytest.mark.parametrize("seed", range(20))
def test_the_nodes_that_depend_on_a_leaf_are_those_that_reach_it(seed):
    leaves, output = graph(random.Random(seed))
    order = topological_order(output)

    for leaf in leaves:
        reaching = {v for v in order if leaf in paths_by_hand(v, set())}
        assert depending(listed(order), [leaf]) == reaching | {leaf}


@pytest.mark.parametrize("seed", range(20))
def test_a_tape_reaches_the_slots_of_the_values_that_the_graph_reaches(seed):
    leaves, output = graph(random.Random(seed))
    order = topological_order(output)
    tape = Tape([output], [], [v for v in leaves if v in order])

    found = reached(reversed(listed(order)), [output])

    slots = [i for i, v in enumerate(tape.nodes) if v is not None and v in set(order)]
    assert [bool(tape.reached[i]) for i in slots] == [tape.nodes[i] in found for i in slots]


@pytest.mark.parametrize("seed", range(20))
def test_backward_and_grad_leave_the_same_leaves_without_a_gradient(seed):
    leaves, output = graph(random.Random(seed))
    order = topological_order(output)
    output.backward()

    cut = set(leaves) - reached(reversed(listed(order)), [output])

    assert [leaf.grad for leaf in cut] == [0.0] * len(cut)
    assert [grad(output, leaf).data for leaf in cut] == [0.0] * len(cut)


def test_a_flat_op_is_reached_and_its_input_is_not():
    x = Value(2.0)
    z = stop_gradient(x)

    assert reached([(z, z.op, arguments(z))], [z]) == {z}
    assert depending([(z, z.op, arguments(z))], [x]) == {x}
