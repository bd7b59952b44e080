"""The plan of several losses, done step by step: each of them is computed by its own blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Value, dot, ops, tanh, trace
from engine.ops import CHOOSE
from engine.programs.kinds import NoPlanError
from engine.programs.plan import lowered
from engine.programs.tape import Tape
from engine.programs.union import UnionPlan
from tests.engine.programs.test_unions import (
    LOSSES,
    NUMBERS,
    chosen,
    eager,
    eager_choice,
    parameters_at,
    recorded,
)


def loss_of(plan, variant, numbers, row):
    """The loss with that number, by the instructions of its blocks."""
    scalars = [*numbers, *plan.constants]
    rows = {out: row[column] for _, out, (column,) in plan.sums}
    start = 0
    for count, variants in plan.blocks:
        for name, out, operands, *_ in plan.tail[start : start + count]:
            if variant not in variants:
                continue
            if name == "choose":
                column, *candidates = operands
                operands = [candidates[int(row[column])]]
            taken = [rows[x] if x >= 0 else scalars[~x] for x in operands]
            rows[out] = taken[0] if name == "choose" else ops.TABLE[name].f(*taken)
        start += count
    assert start == len(plan.tail)
    return rows[plan.outputs[variant]]


@given(st.sampled_from(LOSSES), st.sets(st.integers(1, 6), min_size=1), NUMBERS, st.data())
def test_the_blocks_of_a_loss_compute_it(make, counts, numbers, data):
    wires, constants = recorded(make, counts, parameters_at([0.1, 0.2, 0.3, 0.4]))
    plan = UnionPlan(wires, parameters_at(numbers), max(counts), constants)

    for variant, n in enumerate(sorted(counts, reverse=True)):
        items = st.integers(0, 3).map(float) if make is chosen else st.floats(-2, 2)
        row = data.draw(st.lists(items, min_size=n, max_size=n))
        row += [0.0] * (max(counts) - n)
        own = row[:n]
        wanted, _ = eager_choice(numbers, own) if make is chosen else eager(make, numbers, own)
        assert loss_of(plan, variant, numbers, row).hex() == wanted


def test_a_longer_loss_shares_the_blocks_of_a_shorter_one():
    wires, constants = recorded(LOSSES[0], {2, 5}, parameters_at([0.1, 0.2, 0.3, 0.4]))
    plan = UnionPlan(wires, parameters_at([0.1, 0.2, 0.3, 0.4]), 5, constants)

    shared = [count for count, variants in plan.blocks if {*variants} == {0, 1}]
    assert sum(shared) > len(plan.tail) / 4


# ---- one sample ----


def tape_of(make, tokens=(1.0, 2.0)):
    parameters, inputs = parameters_at([0.1, 0.2, 0.3, 0.4]), [Value(x) for x in tokens]
    return Tape([make(parameters, inputs)], inputs, parameters)


def of_neurons(parameters, inputs):
    a, b, c, d = parameters
    return tanh(dot([a, b], inputs, c)) * d


def recurrent(parameters, inputs):
    return tanh(parameters[0] * inputs[0]) + tanh(parameters[0] * inputs[1])


def choosing(parameters, inputs):
    return tanh(CHOOSE(inputs[0], *parameters[:3])) * parameters[3] * inputs[1]


@pytest.mark.parametrize(("make", "in_rows"), [(of_neurons, True), (recurrent, False)])
def test_a_sample_with_a_class_is_done_in_rows_if_no_parameter_is_taken_again(make, in_rows):
    plan = lowered(tape_of(make), 1, [0])

    assert bool(plan.body) == in_rows


def test_a_sample_without_a_class_is_done_once():
    assert not lowered(tape_of(of_neurons), 1).body


@pytest.mark.parametrize("classes", [None, [0]])
def test_a_sample_that_chooses_has_a_plan_either_way(classes):
    plan = lowered(tape_of(choosing), 1, classes)

    assert any(c[0] == "choose" for c in [*plan.body, *plan.tail])


def test_samples_that_meet_in_a_choice_have_no_plan_of_many_rows():
    parameters, tokens = parameters_at([0.1, 0.2, 0.3, 0.4]), [Value(0.0), Value(1.0)]
    rows = [tanh(parameters[0] * x) for x in tokens]
    loss = CHOOSE(tokens[0], *rows) * (rows[0] + rows[1])

    with pytest.raises(NoPlanError):
        lowered(Tape([loss], tokens, parameters), 2)


def test_sums_by_classes_need_operations_that_follow_from_the_class():
    parameters, inputs = parameters_at([0.5, 0.25, 1.0, 2.0]), [Value(x) for x in (1.0, 2.0, 3.0)]
    p, q, *_ = parameters

    def loss(kinds):
        pairs = [(tanh(p * x), (q * x).exp()) for x in inputs]
        first, second, third = [pair[k] for pair, k in zip(pairs, kinds)]
        rest = sum([a * b for a, b in pairs[1:]], pairs[0][0] * pairs[0][1])
        return Tape([rest + (first + second + third)], inputs, parameters)

    plan = lowered(loss([0, 1, 0]), 3, [0, 1, 0])
    assert sorted(len(of_class) for _, _, of_class in plan.sums) == [1, 2]
    with pytest.raises(NoPlanError, match="do not follow from its class"):
        lowered(loss([0, 1, 1]), 3, [0, 1, 0])
    with pytest.raises(NoPlanError, match="do not all end in the same operation"):
        lowered(loss([0, 1, 0]), 3)


def test_a_program_of_many_samples_names_the_one_that_it_cannot_compute():
    x, w = Value(1.0), Value(2.0)
    program = trace(w * x.log(), [x], [w])

    assert program([[1.0], [4.0]]) == [0.0, 2.0 * Value(4.0).log().data]
    with pytest.raises(ValueError, match=r"^sample 40: "):
        program([[1.0 + k] for k in range(40)] + [[-1.0]])
