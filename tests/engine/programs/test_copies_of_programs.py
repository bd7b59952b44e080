"""Copies of programs: pickled and deep-copied, they work the same."""

import copy
import pickle
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Op, Value, trace

double = Op("double", "double", lambda x: 2.0 * x, lambda z, x: 2.0)

every_copy = pytest.mark.parametrize(
    "copied", [copy.deepcopy, copy.copy, lambda p: pickle.loads(pickle.dumps(p))]
)


def chain(n):
    x, w = Value(0.5, label="x"), Value(1.5, label="w")
    z = x
    for _ in range(n):
        z = (z * w + x).tanh()
    return trace(z * 2.0, inputs=[x], parameters=[w])


@every_copy
@pytest.mark.parametrize("n", [1, 10, 100, 2000])
def test_a_copy_of_a_program_works_the_same(copied, n):
    program = chain(n)
    before = program.value_and_grad([0.25]), program([[0.25]] * 100)
    twin = copied(program)

    assert (twin.value_and_grad([0.25]), twin([[0.25]] * 100)) == before
    assert twin.backward([0.25]) == before[0][0]
    assert twin.source() == program.source()
    assert repr(twin) == repr(program)


def test_a_deep_copy_has_parameters_of_its_own():
    program = chain(3)
    before = program([0.5])
    twin = copy.deepcopy(program)
    twin.tape.parameters[0].data = -3.0

    assert program([0.5]) == before != twin([0.5])
    assert twin.tape.nodes[0] is twin.tape.parameters[0]


def test_a_program_copied_with_its_parameters_follows_the_copies():
    w, x = Value(2.0), Value(3.0)
    weights, program = copy.deepcopy(([w], trace(w * x, inputs=[x], parameters=[w])))
    weights[0].data = 10.0

    assert program([3.0]) == 30.0


def test_a_program_with_an_op_of_ones_own_is_deep_copied():
    x = Value(3.0)
    program = copy.deepcopy(trace(double(x) * x, inputs=[x]))

    assert program.input_grad([3.0]) == [12.0]


@settings(deadline=None)
@given(st.integers(0, 10**9), st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_any_program_pickles_in_any_protocol(seed, protocol):
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-1, 1)) for _ in range(4)]
    made = list(leaves)
    for _ in range(rng.randint(0, 130)):
        a, b = rng.choice(made), rng.choice(made)
        made.append(rng.choice([lambda a, b: a * b, lambda a, b: a.sin() + 2.0, max])(a, b))
    outputs = made[-1] if rng.random() < 0.7 else made[-3:]
    program = trace(outputs, inputs=leaves[:2], parameters=leaves[2:])
    if rng.random() < 0.5:
        program([0.5, -0.5])
    twin = pickle.loads(pickle.dumps(program, protocol))

    assert twin([0.1, 0.2]) == program([0.1, 0.2])
    if program.single:
        assert twin.input_grad([0.1, 0.2]) == program.input_grad([0.1, 0.2])
