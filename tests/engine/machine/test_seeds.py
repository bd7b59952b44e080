"""The gradient of a machine may begin with a seed, and with what the parameters have so far."""

import random
from array import array

import pytest

from engine import Value, compiled, tanh
from engine.programs.machines import machine_of_plan
from engine.programs.plan import lowered
from engine.programs.tape import Tape


def made(lanes):
    """A loss of a layer of two neurons for so many samples, and its machine."""
    rng = random.Random(lanes)
    ps = [Value(rng.gauss(0, 1)) for _ in range(6)]
    xs = [[Value(rng.gauss(0, 1)) for _ in range(2)] for _ in range(lanes)]
    total = ps[0] * ps[0]
    for x in xs:
        for w in (ps[:3], ps[3:]):
            total = total + tanh(w[0] * x[0] + w[1] * x[1] + w[2])
    flat = [v for x in xs for v in x]
    plan = lowered(Tape([total], flat, ps), 1)
    return total, ps, machine_of_plan(plan), array("d", [v.data for v in flat])


@pytest.mark.parametrize("lanes", [1, 3, 8])
@pytest.mark.parametrize("seed", [1.0, 1 / 3, -2.5, 0.0])
def test_a_seed_and_a_start_have_the_bits_of_a_larger_graph(lanes, seed):
    total, ps, machine, numbers = made(lanes)
    starts = array("d", [0.1 * i for i in range(6)])
    larger = seed * total + sum([(p * k) for p, k in zip(ps, starts)])
    larger.backward()  # the sum passes its gradients on before the loss does

    _, grads = machine.evaluate(array("d", [p.data for p in ps]), numbers, seed=seed, start=starts)

    assert [g.hex() for g in grads] == [p.grad.hex() for p in ps]


def test_the_next_gradient_begins_anew():
    total, ps, machine, numbers = made(2)
    given = array("d", [p.data for p in ps]), numbers
    machine.evaluate(*given, seed=3.0, start=array("d", [1.0] * 6))
    total.backward()

    assert list(machine.evaluate(*given)[1]) == [p.grad for p in ps]


@pytest.mark.skipif(not compiled, reason="the machine in C checks what it is given")
def test_a_start_has_a_number_for_each_parameter():
    _, ps, machine, numbers = made(1)
    with pytest.raises(ValueError, match="start has 6 numbers, got 1"):
        machine.evaluate(array("d", [p.data for p in ps]), numbers, start=array("d", [1.0]))
