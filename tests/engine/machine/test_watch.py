"""What a machine looks at while it trains: another machine, on samples of its own."""

from array import array

import pytest

pytest.importorskip("engine.machine.machine", reason="the machine is part of the compiled build")

from engine.machine.machine import Machine, Watch

from engine.programs.plan import Plan, lowered
from engine.programs.tape import Tape
from engine.value import Value

DATA = array("d", [0.5, 1.0, -1.0, 0.25, 2.0, -0.5])  # of 3 samples: an input and a target
SGD = ("sgd", {"momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False})
OTHERS = array("d", [1.5, 1.0, 0.1, -2.0])


def plan(lanes):
    """The mean of (tanh(w * x + b) - t)**2."""
    w, b = Value(0.3), Value(-0.1)
    leaves = [Value(0.1 * i) for i in range(2 * lanes)]
    errors = [(w * x + b).tanh() - t for x, t in zip(leaves[::2], leaves[1::2])]
    total = errors[0] * errors[0]
    for error in errors[1:]:
        total = total + error * error
    return lowered(Tape([total / lanes], leaves, [w, b]), lanes)


def row_of_tanh(of):
    return next(row for name, row, *_ in of.body if name == "tanh")


def trained(steps, watch=None, parameters=None, lr=0.1):
    parameters = parameters or array("d", [0.3, -0.1])
    losses = Machine(plan(3), 3).train(
        parameters, {}, SGD,
        DATA, None, array("i", [0, 1, 2]) * steps, array("d", [lr]) * steps, 0, None, None, watch,
    )  # fmt: skip
    return losses, parameters


def test_a_watch_sees_what_the_machine_would_evaluate_after_each_step():
    watched = Machine(plan(2), 2)
    watch = Watch(watched, OTHERS, None, [row_of_tanh(plan(2))], keeps=True)
    losses, end = trained(5, watch)
    seen = [watch.parameters[2 * i : 2 * i + 2] for i in range(5)]
    found = [watched.evaluate(p, OTHERS, None, False)[0] for p in seen]
    outputs = [watched.outputs(p, OTHERS, [row_of_tanh(plan(2))]).tolist() for p in seen]

    assert watch.losses.tolist() == found
    assert watch.outputs.tolist() == [x for own in outputs for x in own]
    assert seen[-1] == end
    assert losses == trained(5)[0]


def test_a_watch_looks_after_every_so_many_steps():
    watch = Watch(Machine(plan(2), 2), OTHERS, None, [], 3, True)
    losses, _ = trained(8, watch)

    assert len(losses) == 8
    assert watch.parameters == trained(3)[1] + trained(6)[1]
    assert len(watch.losses) == 2
    assert len(watch.outputs) == 0


def test_what_is_watched_has_the_same_bits_in_many_chunks():
    rows = array("d", [0.01 * i for i in range(400)])
    found = []
    for options in ({}, {"_chunk": 7}, {"_chunk": 7, "_kept": 0}):
        watch = Watch(Machine(plan(200), 200, **options), rows, None, [row_of_tanh(plan(200))])
        trained(3, watch)
        found.append((watch.losses, watch.outputs))

    assert found[0] == found[1] == found[2]
    assert len(found[0][1]) == 600
    assert watch.parameters is None


def test_a_training_ends_where_its_watch_has_no_loss():
    watch = Watch(Machine(plan(1), 1), array("d", [0.0, 1e200]), None, [])
    losses, parameters = trained(5, watch)

    assert (len(losses), len(watch.losses)) == (1, 0)
    assert parameters == trained(1)[1]


def test_one_look_is_as_a_look_of_a_training():
    watch = Watch(Machine(plan(2), 2), OTHERS, None, [row_of_tanh(plan(2))])
    known = watch.look(array("d", [0.3, -0.1]))
    losses, outputs = watch.losses, watch.outputs
    trained(1, watch, lr=0.0)

    assert known
    assert (losses, outputs) == (watch.losses, watch.outputs)
    assert not watch.look(array("d", [float("nan"), 0.0]))
    assert len(watch.losses) == 0


def test_a_watch_of_other_parameters_is_refused():
    small = lowered(Tape([(v := Value(1.0)) * (x := Value(2.0))], [x], [v]), 1)
    watch = Watch(Machine(small, 1), array("d", [1.0]), None, [])

    with pytest.raises(ValueError, match="the watch has 1 parameters, got 2"):
        trained(2, watch)
    with pytest.raises(ValueError, match="parameters has 1 numbers, got 2"):
        watch.look(array("d", [1.0, 2.0]))


def test_a_machine_does_not_watch_itself():
    machine = Machine(plan(3), 3)
    watch = Watch(machine, DATA, None, [])

    with pytest.raises(ValueError, match="a machine cannot watch its own training"):
        machine.train(
            array("d", [0.3, -0.1]), {}, SGD, DATA, None, array("i"), array("d"), 0,
            None, None, watch,
        )  # fmt: skip


def test_what_a_watch_is_made_of_is_checked():
    machine = Machine(plan(2), 2)

    with pytest.raises(ValueError, match="rows has 4 numbers, got 1"):
        Watch(machine, array("d", [1.0]), None, [])
    with pytest.raises(ValueError, match="wanted"):
        Watch(machine, OTHERS, None, [99])
    with pytest.raises(ValueError, match="every"):
        Watch(machine, OTHERS, None, [], 0)
    with pytest.raises(TypeError):
        Watch(None, OTHERS, None, [])


def test_a_plan_of_one_sample_knows_which_rows_are_outputs_only_where_it_is_told():
    assert plan(2).answers == []
    assert isinstance(plan(2), Plan)
    assert Machine(plan(2), 2).answers == []
