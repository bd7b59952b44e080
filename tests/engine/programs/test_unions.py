"""The union of several losses: one plan, of which each runs a part, with the bits of its graph."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Value, compiled, dot, exp, relu, sigmoid, stop_gradient, tanh
from engine.ops import CHOOSE
from engine.programs.kinds import NoPlanError
from engine.programs.machines import machine_of_plan
from engine.programs.union import Union, UnionPlan
from engine.programs.wires import alike, shared_length, wires_of
from engine.recording import tracing


def recorded(make, counts, parameters):
    """The wires of the loss of each number of inputs, the largest first, and the constants."""
    width = max(counts)
    digits = {}
    found = []
    for n in sorted(counts, reverse=True):
        inputs = [Value(float(k % 3)) for k in range(n)]
        places = {v: ~k for k, v in enumerate([*parameters, *inputs])}
        with tracing():
            loss = make(parameters, inputs)
        found.append(wires_of(loss, places, len(parameters) + width, digits))
    return found, [float.fromhex(x) for x in digits]


def state(parameters, inputs):
    """A state that looks at one input after the other, with two outputs."""
    w, u, b, v = parameters
    h, losses = 0.0, []
    for x in inputs:
        h = tanh(dot([w, u], [x, h], b))
        losses.append((v * h - x) * (v * h - x))
    return h, losses


def mean_of_steps(parameters, inputs):
    _, losses = state(parameters, inputs)
    total = losses[0]
    for loss in losses[1:]:
        total = total + loss
    return total / len(losses)


def last_state(parameters, inputs):
    h, _ = state(parameters, inputs)
    return sigmoid(parameters[3] * h) * 2.0


def sum_of_steps(parameters, inputs):
    _, losses = state(parameters, inputs)
    total = losses[0]
    for loss in losses[1:]:
        total = total + loss
    return total


def last_is_flat(parameters, inputs):
    """The last state as a number that no gradient passes."""
    h, losses = state(parameters, inputs)
    return losses[0] * stop_gradient(h)


def chosen(parameters, inputs):
    """Each input chooses a parameter."""
    total = parameters[0] * parameters[1]
    for x in inputs:
        total = total + exp(CHOOSE(x, *parameters)) * relu(CHOOSE(x, *parameters) + 1.0)
    return total / len(inputs)


def parameters_at(numbers):
    return [Value(x) for x in numbers]


def eager(make, numbers, row):
    parameters = parameters_at(numbers)
    loss = make(parameters, row)
    loss.backward()
    return loss.data.hex(), [p.grad.hex() for p in parameters]


def eager_choice(numbers, row):
    """`chosen` as a graph that made its choices before."""
    parameters = parameters_at(numbers)
    total = parameters[0] * parameters[1]
    for x in row:
        p = parameters[int(x)]
        total = total + exp(p) * relu(p + 1.0)
    loss = total / len(row)
    loss.backward()
    return loss.data.hex(), [p.grad.hex() for p in parameters]


LOSSES = [mean_of_steps, last_state, sum_of_steps, chosen]
NUMBERS = st.lists(st.floats(-2, 2), min_size=4, max_size=4)


@pytest.mark.skipif(not compiled, reason="the machine in C")
@given(st.sampled_from(LOSSES), st.sets(st.integers(1, 6), min_size=1), NUMBERS, st.data())
def test_each_loss_has_the_bits_of_its_own_graph(make, counts, numbers, data):
    wires, constants = recorded(make, counts, parameters_at([0.1, 0.2, 0.3, 0.4]))
    width = max(counts)
    machine = machine_of_plan(UnionPlan(wires, parameters_at(numbers), width, constants))

    for v, n in enumerate(sorted(counts, reverse=True)):
        whole = make is chosen
        items = st.integers(0, 3).map(float) if whole else st.floats(-2, 2)
        row = data.draw(st.lists(items, min_size=n, max_size=n))
        wanted = eager_choice(numbers, row) if whole else eager(make, numbers, row)
        padded = array("d", [*row, *[0.0] * (width - n)])
        loss, grads = machine.evaluate(array("d", numbers), padded, None, True, v)

        assert (loss.hex(), [g.hex() for g in grads]) == wanted


@pytest.mark.skipif(not compiled, reason="the machine in C")
def test_losses_take_turns_in_one_training():
    from engine.machine.machine import train_together

    numbers = [0.3, -0.4, 0.2, 0.5]
    wires, constants = recorded(mean_of_steps, {1, 2, 3}, parameters_at(numbers))
    machine = machine_of_plan(UnionPlan(wires, parameters_at(numbers), 3, constants))
    rows = [[0.5, -1.0, 2.0], [1.5, 0.25], [-0.75]]
    data = array("d", [x for row in rows for x in [*row, *[0.0] * (3 - len(row))]])
    order = array("i", [2, 0, 1, 0, 2, 2, 1])
    sgd = {"momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False}
    found = array("d", numbers)
    losses = train_together(
        [(machine, data, None, v) for v in range(3)],
        order,
        found,
        {},
        ("sgd", sgd),
        order,
        array("d", [0.1] * len(order)),
        0,
    )

    parameters, wanted = parameters_at(numbers), []
    for i in order:
        for p in parameters:
            p.grad = 0.0
        loss = mean_of_steps(parameters, rows[i])
        loss.backward()
        wanted.append(loss.data)
        for p in parameters:
            p.data -= 0.1 * p.grad

    assert losses.tolist() == wanted
    assert found.tolist() == [p.data for p in parameters]


def test_what_begins_alike_is_there_once():
    wires, _ = recorded(mean_of_steps, {2, 3, 4}, parameters_at([0.1, 0.2, 0.3, 0.4]))
    union = Union(wires)

    assert len(union.ops) == len(wires[0].ops) + 2  # a mean for each of the shorter ones
    assert union.outputs == [len(wires[0].ops) - 1, len(wires[0].ops), len(wires[0].ops) + 1]
    assert [sorted(own) for _, _, own in union.blocks()] == [[0, 1, 2], [0, 1], [0], [1], [2]]


def test_a_loss_that_is_a_part_of_the_longest_has_no_operation_of_its_own():
    wires, _ = recorded(sum_of_steps, {2, 3}, parameters_at([0.1, 0.2, 0.3, 0.4]))
    union = Union(wires)

    assert len(union.ops) == len(wires[0].ops)
    assert union.outputs == [len(union.ops) - 1, len(wires[1].ops) - 1]


def test_losses_without_a_common_beginning_have_no_union():
    def backwards(parameters, inputs):
        return mean_of_steps(parameters, inputs[::-1])

    wires, _ = recorded(backwards, {2, 3, 4, 5}, parameters_at([0.1, 0.2, 0.3, 0.4]))

    with pytest.raises(NoPlanError, match="little in common"):
        Union(wires)


def test_a_gradient_that_comes_in_some_losses_only_is_refused():
    wires, _ = recorded(last_is_flat, {2, 3}, parameters_at([0.1, 0.2, 0.3, 0.4]))

    def later(parameters, inputs):
        h, losses = state(parameters, inputs)
        return losses[0] * (stop_gradient(h) if len(inputs) == 2 else h)

    Union(wires)
    wires, _ = recorded(later, {2, 3}, parameters_at([0.1, 0.2, 0.3, 0.4]))
    with pytest.raises(NoPlanError, match="in some graphs only"):
        Union(wires)


def test_choices_of_one_loss_alone_are_refused():
    def late(parameters, inputs):
        total = sum_of_steps(parameters, inputs)
        return total * CHOOSE(inputs[0], *parameters) / len(inputs)

    wires, _ = recorded(late, {2, 3}, parameters_at([0.1, 0.2, 0.3, 0.4]))

    with pytest.raises(NoPlanError, match="choose in other places"):
        Union(wires)


def test_wires_name_a_leaf_that_is_not_known():
    p = Value(2.0, label="p")

    with pytest.raises(ValueError, match="'p' is a leaf of the graph"):
        wires_of(p * p, {}, 0, {})


@given(st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)))
def test_lists_are_alike_up_to_the_first_difference(a, b):
    n = alike(a, b)

    assert a[:n] == b[:n]
    assert n in (len(a), len(b)) or a[n] != b[n]


def test_the_length_that_is_shared_counts_what_operations_take():
    p, q = Value(2.0), Value(3.0)
    leaves = {p: ~0, q: ~1}
    first = wires_of(tanh(p * q) * p, leaves, 2, {})
    other = wires_of(tanh(p * q) * q, leaves, 2, {})

    assert shared_length(first, other) == 2
    assert shared_length(first, first) == 3
