"""The machine gives the numbers that Python gives, to the last bit, or none at all."""

import math
import random
from array import array

import pytest

from engine.ops import TABLE
from nn import SGD
from tests.engine.machine.judge import bits, check, expected, floats, numbers_of, plan, widths
from tests.engine.machine.plans import TAME, network, random_plan

Machine = pytest.importorskip("engine.machine.machine", reason="needs the compiled build").Machine

SUPPORTED = [op for op in TABLE.values() if Machine.supports(op.name)]


TWO, CLASSES = array("d", [1.0, 2.0]), array("i", [0, 1])


# ---- the judge: the same plan in Python, a number at a time, in the order of chain_rule ----


def test_the_judge_sees_the_order_of_a_sum():
    p = plan(parameters=1, rows=2, body=[("mul", 1, (0, ~0))], sums=[("sum", 0, (1,))])
    numbers, rows = array("d", [1.0]), array("d", [1e16, 1.0, 1.0])

    right = expected(p, 3, numbers, rows)
    wrong = expected(p, 3, numbers, rows[::-1])

    assert right == (1e16, [1e16 + 2.0])
    assert wrong == (1e16 + 2.0, [1e16])
    assert bits(Machine(p, 3).evaluate(numbers, rows)) == bits(right)


# ---- every op ----


def inputs_of(op, rng):
    return op.arity or rng.randrange(1, 5)


def test_the_machine_supports_all_ops_but_hypot():
    assert [op.name for op in TABLE.values() if not Machine.supports(op.name)] == ["hypot"]


@pytest.mark.parametrize("width", widths())
@pytest.mark.parametrize("op", SUPPORTED, ids=lambda op: op.name)
def test_every_op_has_pythons_bits_with_any_operands(op, width):
    rng = random.Random(op.name)
    for lanes in (1, 2, 3, 4, 5, 8, 11):
        for _ in range(12):
            n = inputs_of(op, rng)
            operands = tuple(rng.choice([0, 1, ~i, ~(10 + i)]) for i in range(n))
            body = [
                ("add", 2, (0, ~5)),
                ("add", 3, (1, ~6)),
                (op.name, 4, tuple(x + 2 if x >= 0 else x for x in operands)),
                ("mul", 5, (4, ~7)),
            ]
            parts = {"inputs": 2, "rows": 6, "parameters": 10, "body": body}
            parts |= {"constants": list(floats(rng, 4, 0.1, 0.4))}
            numbers = floats(rng, 10, 0.1, 0.4)

            assert check(
                plan(**parts, sums=[("sum", 0, (5,))]),
                lanes,
                numbers,
                floats(rng, 2 * lanes, 0.1, 0.4),
                width=width,
            )


@pytest.mark.parametrize("op", SUPPORTED, ids=lambda op: op.name)
def test_every_op_has_pythons_bits_in_the_tail(op):
    rng = random.Random(op.name)
    for _ in range(30):
        n = inputs_of(op, rng)
        operands = tuple(rng.choice([0, 1, ~0, ~1, ~2, ~3]) for _ in range(n))
        tail = [("mul", 1, (0, ~2)), (op.name, 2, operands), ("mul", 3, (2, ~1))]
        parts = {"parameters": 3, "constants": [0.3], "tail_rows": 4, "output": 3, "tail": tail}

        assert check(plan(**parts), 2, floats(rng, 3, 0.1, 0.4), floats(rng, 2, 0.1, 0.4))


SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, -3.0, 0.5, 5e-324, 1e308, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("op", SUPPORTED, ids=lambda op: op.name)
def test_at_special_numbers_the_machine_is_right_or_has_no_answer(op):
    rng = random.Random(op.name)
    answers = 0
    for _ in range(300):
        n = inputs_of(op, rng)
        body = [(op.name, n, tuple(range(n))), ("mul", n + 1, (n, ~0))]
        parts = {"inputs": n, "rows": n + 2, "body": body, "sums": [("sum", 0, (n + 1,))]}
        row = array("d", [rng.choice(SPECIAL) for _ in range(n)])
        answers += check(plan(parameters=1, **parts), 1, array("d", [0.5]), row)

    assert answers > 20


# ---- whole plans ----


def test_a_plan_may_be_of_parameters_alone():
    tail = [("dot", 0, (~0, ~1, ~1, ~1))]
    p = plan(parameters=2, inputs=0, rows=0, sums=[], tail=tail)

    assert Machine(p, 4).evaluate(TWO, array("d")) == (6.0, array("d", [2.0, 5.0]))


@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize("names", [TAME, [op.name for op in SUPPORTED] + ["layer"] * 4])
def test_random_plans_have_pythons_bits(names, sequential):
    answers = 0
    for seed in range(600):
        rng = random.Random(seed)
        p, classes = random_plan(rng, names, sequential)
        lanes = rng.randrange(1, 20)
        of_samples = array("i", [rng.randrange(classes) for _ in range(lanes)]) if classes else None
        numbers = floats(rng, p.parameters), floats(rng, lanes * p.inputs)

        settings = {"width": rng.choice(widths()), "chunk": rng.choice([0, 4, 6])}
        settings["kept"] = rng.choice([0, 2**20])
        answers += check(p, lanes, *numbers, of_samples, **settings)

    assert answers > (350 if names is TAME else 100)


# ---- a plan and the graph that it stands for ----


def test_a_networks_plan_has_the_bits_of_its_graph():
    import nn

    rng = random.Random(1)
    for lanes in (1, 4, 7):
        parts = network([2, 5, 3, 1], False)
        of_mean = {"constants": [float(lanes)], "tail": [("div", 1, (0, ~parts["parameters"]))]}
        model = nn.MLP(2, [5, 3, 1], activation="tanh", rng=rng)
        samples = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(lanes)]
        total = None
        for x0, x1, y in samples:
            d = model([x0, x1]) - y
            total = d * d if total is None else total + d * d
        loss = total / float(lanes)
        loss.backward()
        numbers = array("d", [p.data for p in model.parameters()])
        rows = array("d", [x for sample in samples for x in sample])

        got = Machine(plan(**parts, **of_mean), lanes).evaluate(numbers, rows)

        assert bits(got) == bits((loss.data, [p.grad for p in model.parameters()]))


# ---- what is abandoned, and what is asked for in part ----


ABANDONED = {
    "a logarithm of a negative number": ([("log", 1, (0,))], -1.0),
    "a quotient by zero": ([("div", 1, (~0, 0))], 0.0),
    "an overflow": ([("exp", 1, (0,))], 1000.0),
    "an overflow that Python lets pass": ([("mul", 1, (0, 0))], 1e200),
    "a loss that is no number": ([("sub", 1, (0, 0))], math.inf),
}


@pytest.mark.parametrize(("body", "x"), ABANDONED.values(), ids=ABANDONED)
def test_a_run_is_abandoned_where_one_lane_is_beyond_the_machine(body, x):
    body = [("mul", 2, (0, ~0)), *[(name, 3, (2, 2)[: len(args)]) for name, _, args in body]]
    p = plan(parameters=1, rows=4, body=body, sums=[("sum", 0, (3,))])
    if body[1][0] == "div":
        p.body[1] = ("div", 3, (~0, 2))
    made = Machine(p, 5)
    one = array("d", [1.0])

    assert made.evaluate(one, array("d", [1.0, 1.0, x, 1.0, 1.0])) is None
    assert made.evaluate(one, array("d", [1.0] * 5)) is not None


def test_without_gradient_no_slope_is_asked_for():
    body = [("mul", 1, (0, ~0)), ("sqrt", 2, (1,))]
    p = plan(parameters=1, rows=3, body=body, sums=[("sum", 0, (2,))])

    got = Machine(p, 1).evaluate(array("d", [1.0]), array("d", [0.0]), gradient=False)

    assert got == (0.0, None)


def test_outputs_are_the_wanted_rows_sample_by_sample():
    body = [("mul", 2, (0, ~0)), ("log", 3, (1,)), ("add", 4, (2, 1))]
    p = plan(parameters=1, inputs=2, rows=5, body=body, sums=[("sum", 0, (3,))])
    made = Machine(p, 3)
    numbers, rows = array("d", [2.0]), array("d", [1.0, -1.0, 2.0, -2.0, 3.0, -4.0])

    assert made.outputs(numbers, rows, [4, 0]) == array("d", [1.0, 1.0, 2.0, 2.0, 2.0, 3.0])
    assert made.outputs(numbers, rows, [3]) is None  # the logarithm, which row 4 does not need


def test_a_gradient_that_only_another_class_makes_infinite_is_abandoned():
    body = [("mul", 1, (0, ~0)), ("mul", 2, (1, 0)), ("mul", 3, (1, ~1))]
    sums = [("sum", 0, (2, 3))]
    p = plan(parameters=2, rows=4, body=body, sums=sums)
    made = Machine(p, 2)
    numbers, classes = array("d", [0.0, 1.0]), array("i", [0, 0])

    assert made.evaluate(numbers, array("d", [1.0, 2.0]), classes)[0] == 0.0
    assert made.evaluate(array("d", [1.0, math.inf]), array("d", [1.0, 2.0]), classes) is None


# ---- more lanes than fit into the cache ----


@pytest.mark.parametrize("kept", [0, 2**20])
def test_outputs_are_those_of_all_chunks(kept):
    p = plan(parameters=1, rows=2, body=[("mul", 1, (0, ~0))], sums=[("sum", 0, (1,))])
    numbers, rows = array("d", [3.0]), array("d", range(11))

    found = Machine(p, 11, _chunk=4, _kept=kept).outputs(numbers, rows, [1, 0])

    assert list(found) == [x for row in rows for x in (3 * row, row)]


@pytest.mark.parametrize("kept", [0, 2**20])
@pytest.mark.parametrize("fast", [False, True])
def test_training_in_chunks_sees_all_samples_in_their_order(fast, kept):
    rng, parts = random.Random(3), network([2, 5, 1], True)
    p = plan(**parts, constants=[11.0], tail=[("div", 1, (0, ~parts["parameters"]))])
    numbers, data = floats(rng, p.parameters), floats(rng, 3 * 20)
    order = array("i", [rng.randrange(20) for _ in range(11 * 5)])
    found = []
    for made in (Machine(p, 11, fast, _chunk=4, _kept=kept), Machine(p, 11)):
        moved = numbers[:]
        given = (("sgd", numbers_of(SGD)), data, None, order, array("d", [0.1] * 5), 0)
        losses = made.train(moved, {}, *given)
        found.append([*losses, *moved])

    assert len(found[0]) == 5 + p.parameters
    assert found[0] == (pytest.approx(found[1], rel=1e-12) if fast else found[1])
