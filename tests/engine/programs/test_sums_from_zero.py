"""A sum that begins with 0, as Python's does, is a sum over the samples all the same."""

import pytest

from engine import Value, tanh
from engine.programs.machines import machine_of_plan
from engine.programs.plan import NoPlanError, lowered
from engine.programs.tape import Tape


def plan_of(start, numbers, shared=False):
    """The plan of start + f(x0) + f(x1) + ..., and the graph."""
    w, xs = Value(0.5), [Value(x) for x in numbers]
    parts = [tanh(w * x) for x in xs]
    total = sum(parts, start)
    if shared:
        total = total + parts[0]
    return lowered(Tape([total], xs, [w]), len(xs)), total, w


@pytest.mark.parametrize("numbers", [[0.3, -0.7, 1.1], [0.0, -0.0], [2.0]])
def test_a_sum_from_zero_has_the_bits_of_its_graph(numbers):
    from array import array

    plan, total, w = plan_of(0, numbers)
    total.backward()

    value, grads = machine_of_plan(plan).evaluate(array("d", [0.5]), array("d", numbers))

    assert (value.hex(), grads[0].hex()) == (total.data.hex(), w.grad.hex())
    assert len(plan.sums) == 1


@pytest.mark.parametrize(("start", "shared"), [(1.0, False), (0, True)])
def test_a_sum_from_another_number_and_one_whose_part_is_used_again_are_none(start, shared):
    with pytest.raises(NoPlanError):
        plan_of(start, [0.3, -0.7, 1.1], shared)
