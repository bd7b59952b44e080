"""The machine in C where the build has it, the one in Python where it has not."""

import pytest

import engine
from engine import Value, hypot, trace
from engine.programs import machines
from engine.programs.kinds import NoPlanError
from engine.programs.plan import lowered
from engine.programs.tape import Tape

needs_compiled = pytest.mark.skipif(not engine.compiled, reason="needs the compiled build")


def plan_of(op, samples=2):
    """The plan of the sum of w * op(x) over some samples, and its numbers."""
    w = Value(0.5)
    xs = [Value(0.25 + i) for i in range(samples)]
    total = w * op(xs[0])
    for x in xs[1:]:
        total = total + w * op(x)
    return lowered(Tape([total], xs, [w]), samples)


def test_either_machine_has_the_same_answer(monkeypatch):
    plan = plan_of(lambda x: x * x)
    found = machines.machine_of_plan(plan)
    monkeypatch.setattr(machines, "compiled", False)
    in_python = machines.machine_of_plan(plan)

    numbers = ([0.5], [0.25, 1.25])
    assert in_python.evaluate(*numbers)[0] == 0.5 * (0.25**2 + 1.25**2)
    assert type(found).__name__ == ("Machine" if engine.compiled else "RowMachine")
    assert type(in_python).__name__ == "RowMachine"


def test_a_pure_build_has_no_machine_in_c(monkeypatch):
    monkeypatch.setattr(machines, "compiled", False)
    monkeypatch.setattr(machines, "LONG", 1)
    x = Value(2.0)

    with pytest.raises(NoPlanError, match="the machine in C is part of the compiled build"):
        machines.machine_in_c(plan_of(lambda x: x), 2)
    assert machines.machine_of_tape(trace(x * x, [x]).tape) is None


@needs_compiled
def test_an_op_that_the_machine_has_not_is_no_plan():
    with pytest.raises(NoPlanError, match="the machine has no op 'hypot'"):
        machines.machine_of_plan(plan_of(lambda x: hypot(x, 1.0)))


def test_a_short_program_needs_no_machine():
    x = Value(2.0)

    assert machines.machine_of_tape(trace(x * x, [x]).tape) is None
