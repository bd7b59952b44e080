"""What the machine does in one loop: rows of the same op, layers, and the tail."""

import math
import random
from array import array

import pytest

from engine.ops import TABLE
from tests.engine.machine.judge import bits, check, expected, floats, plan, widths
from tests.engine.machine.plans import layer_plan

Machine = pytest.importorskip("engine.machine.machine", reason="needs the compiled build").Machine

# ---- rows that are one loop, and gradients that begin with what comes first ----


def rows_plan(body, rows, summed, parameters=2, **parts):
    """A plan of two inputs, whose loss is the sum of the rows that are summed."""
    sums = [("sum", i, (row,)) for i, row in enumerate(summed)]
    tail = [("add", len(summed) + i, (i, i + 1)) for i in range(len(summed) - 1)]
    parts |= {"inputs": 2, "rows": rows, "body": body, "sums": sums, "tail": tail}
    parts |= {"tail_rows": len(summed) + len(tail), "output": len(summed) + len(tail) - 1}
    return plan(parameters=parameters, **parts)


SCALED = [("mul", 2, (0, ~0)), ("mul", 3, (1, ~1))]
SHAPES = {
    "one after the other": [
        ("tanh", 4, (2,)),
        ("tanh", 5, (3,)),
        ("exp", 6, (4,)),
        ("exp", 7, (5,)),
    ],
    "each of the one before": [(name, 4 + i, (3 + i,)) for i, name in enumerate(["tanh"] * 4)],
    "the same row again": [("tanh", 4 + i, (2,)) for i in range(4)],
    "crossed": [("tanh", 5, (2,)), ("tanh", 4, (3,)), ("tanh", 7, (4,)), ("tanh", 6, (5,))],
    "of rows used before": [
        ("mul", 4, (2, 3)),
        ("mul", 5, (3, 3)),
        ("exp", 6, (4,)),
        ("exp", 7, (5,)),
    ],
    "used by others, too": [
        ("exp", 4, (2,)),
        ("exp", 5, (3,)),
        ("mul", 6, (4, 2)),
        ("sub", 7, (3, 5)),
    ],
    "one of them of no use": [
        ("exp", 4, (2,)),
        ("exp", 5, (3,), False),
        ("neg", 6, (4,)),
        ("neg", 7, (2,)),
    ],
}


@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_rows_of_the_same_op_have_pythons_bits_in_one_loop(shape, sequential):
    rng = random.Random(1)
    for lanes in (1, 2, 4, 7, 8):
        p = rows_plan(SCALED + shape, 8, (6, 7), sequential=sequential)

        assert check(p, lanes, floats(rng, 2), floats(rng, 2 * lanes))


@pytest.mark.parametrize("sequential", [False, True])
def test_a_gradient_that_begins_with_minus_zero_is_zero(sequential):
    body = [*SCALED, ("tanh", 4, (2,)), ("mul", 5, (4, ~2)), ("add", 6, (5, 3))]
    p = rows_plan(body, 7, (6,), constants=[-0.0], sequential=sequential)

    for lanes in (1, 4, 5):
        assert check(p, lanes, array("d", [0.0, 1.0]), array("d", [1.0, 0.0] * lanes))


def test_a_machine_begins_anew_with_each_run():
    rng = random.Random(2)
    p = rows_plan(SCALED + SHAPES["used by others, too"], 8, (6, 7))
    made = Machine(p, 4)
    for _ in range(3):
        numbers, rows = floats(rng, 2), floats(rng, 8)

        assert bits(made.evaluate(numbers, rows)) == bits(expected(p, 4, numbers, rows))


@pytest.mark.parametrize(
    "operands",
    [
        (~0, ~1, ~2, ~0, ~1, ~2),
        (~0, ~1, ~2, ~1, ~2, ~3),
        (~0, ~1, ~2, ~3, ~4, ~5),
        (~2, ~1, ~0, ~0, ~1, ~2),
        (~1, ~2, ~3, ~4, ~5, ~6),
        (~0, ~1, ~2, ~3, ~4, ~5, ~0),
    ],
)
def test_a_dot_of_parameters_alone_has_pythons_bits(operands):
    rng = random.Random(4)
    body, sums = [("mul", 1, (0, ~0))], [("sum", 0, (1,))]
    tail = [("dot", 1, operands), ("add", 2, (0, 1))]
    parts = {"inputs": 1, "rows": 2, "tail_rows": 3, "output": 2, "constants": [0.7, -1.3]}
    p = plan(parameters=5, body=body, sums=sums, tail=tail, **parts)

    assert check(p, 3, floats(rng, 5), floats(rng, 3))


# ---- layers ----


@pytest.mark.parametrize("width", widths())
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("k", range(1, 10))
def test_layers_of_all_shapes_have_pythons_bits(k, biased, width):
    rng = random.Random(k)
    for m in range(1, 10):
        for lanes in (1, 2, 3, 4, 5, 7, 8, 9, 16, 19):
            p = layer_plan(k, m, biased)

            assert check(p, lanes, floats(rng, p.parameters), floats(rng, k * lanes), width=width)


def test_a_layer_keeps_the_sign_of_a_zero():
    p = layer_plan(2, 5, True)
    parameters = array("d", [-0.0] * p.parameters)

    for lanes in (1, 6):
        assert check(p, lanes, parameters, array("d", [1.0, 0.0] * lanes))


def test_what_occurs_twice_in_a_layer_gets_its_contributions_in_order():
    rng = random.Random(0)
    weights = [(~0, ~1, ~0), (~1, ~2, ~3)]
    body = [("mul", 2, (0, ~4)), ("layer", 3, (2, 2, 1), weights, (~2, ~3)), ("mul", 5, (3, 4))]
    parts = {"parameters": 5, "inputs": 2, "rows": 6, "body": body, "sums": [("sum", 0, (5,))]}

    for lanes in (1, 2, 7):
        assert check(plan(**parts), lanes, floats(rng, 5), floats(rng, 2 * lanes))


def test_a_sequential_layer_has_pythons_bits_wherever_its_weights_are():
    rng = random.Random(3)
    for _ in range(60):
        k, m, lanes = rng.randrange(1, 7), rng.randrange(1, 7), rng.randrange(1, 6)
        names = [~i for i in range(m * (k + 1))]
        if rng.random() < 0.5:
            rng.shuffle(names)
        weights = [tuple(names[j * k : (j + 1) * k]) for j in range(m)]
        inputs = tuple(range(1, 1 + k))
        body = [("mul", 1 + i, (0, names[i])) for i in range(k)]
        body += [("layer", 1 + k, inputs, weights, tuple(names[m * k :]))]
        body += [("dot", 1 + k + m, (*names[:m], *range(1 + k, 1 + k + m)))]
        parts = {"rows": 2 + k + m, "parameters": m * (k + 1), "sums": [("sum", 0, (1 + k + m,))]}
        p = plan(**parts, body=body, sequential=True)

        assert check(p, lanes, floats(rng, p.parameters), floats(rng, lanes))


@pytest.mark.parametrize("k", [1, 3, 8])
def test_a_layer_may_stand_in_the_tail(k):
    rng = random.Random(k)
    for m in (1, 2, 5, 9):
        weights = [tuple(~(j * k + i) for i in range(k)) for j in range(m)]
        biases = tuple(~(m * k + j) for j in range(m))
        sums = [("sum", i, (i,)) for i in range(k)]
        tail = [("layer", k, tuple(range(k)), weights, biases)]
        tail += [("logsumexp", k + m, tuple(range(k, k + m)))]
        parts = {"parameters": m * k + m, "inputs": k, "rows": k, "tail_rows": k + m + 1}

        assert check(
            plan(**parts, sums=sums, tail=tail, output=k + m),
            3,
            floats(rng, m * k + m),
            floats(rng, 3 * k),
        )


# ---- the tail: rows that are one loop, products that are a matrix times a vector ----


def tail_plan(rng, blocks, rows=6, parameters=8, constants=4):
    """A plan of random blocks of like instructions, whose loss is the sum of all rows."""
    known, tail = rows, []
    for _ in range(blocks):
        made = rng.choice([several_rows, several_dots])(rng, known, parameters, constants)
        tail += made
        known += len(made)
    loss = [("add", known + i, (i + 1, known + i - 1 if i else 0)) for i in range(known - 1)]
    parts = {"inputs": rows, "rows": rows, "tail": tail + loss, "tail_rows": 2 * known - 1}
    sums = [("sum", i, (i,)) for i in range(rows)]
    numbers = [rng.uniform(-1.0, 1.0) for _ in range(constants)]
    return plan(**parts, sums=sums, parameters=parameters, constants=numbers, output=2 * known - 2)


def start(rng, known, parameters, constants, count):
    """The first of `count` operands in a row: of rows, parameters or both kinds of scalars."""
    if rng.random() < 0.5 and known >= count:
        return rng.randrange(known - count + 1)
    scalars = parameters + rng.choice([0, constants])
    return ~rng.randrange(scalars - count + 1)


def moved(first, steps):
    """The operand so many steps behind the first: scalars count downwards."""
    return first + steps if first >= 0 else first - steps


def several_rows(rng, known, parameters, constants):
    """The same op for rows that follow one another; some take those just computed."""
    count, name = rng.randrange(1, 6), rng.choice(["add", "sub", "mul", "tanh", "neg", "relu"])
    sides = []
    for _ in range(TABLE[name].arity):
        first = start(rng, known, parameters, constants, count)
        step = rng.choice([0, 1, 1])
        if rng.random() < 0.2:
            first, step = known - 1, 1  # each row takes the one before it
        sides.append([moved(first, step * i) for i in range(count)])
    if rng.random() < 0.2:
        sides = sides[:1] * len(sides)
    dead = rng.random() < 0.2
    return [
        (name, known + i, operands, *([False] if dead and rng.random() < 0.5 else []))
        for i, operands in enumerate(zip(*sides))
    ]


def several_dots(rng, known, parameters, constants):
    """Dot products with a common factor; weights may be any rows or scalars."""
    n, count = rng.randrange(1, 6), rng.randrange(1, 10)
    biased, second = rng.random() < 0.4, rng.random() < 0.5
    inputs = start(rng, known, parameters, constants, n)
    weights = start(rng, known, parameters, constants, n)
    made = []
    for i in range(count):
        weights = rng.choice([weights, start(rng, known, parameters, constants, n)])
        if rng.random() < 0.1:
            weights = known + i - n  # what was just computed
        halves = [[moved(first, k) for k in range(n)] for first in (weights, inputs)]
        far = start(rng, known, parameters, constants, 1)
        bias = [rng.choice([far, far, *halves[0], *halves[1]])] if biased else []
        operands = (*halves[second], *halves[1 - second], *bias)
        made.append(("dot", known + i, operands))
    return made


@pytest.mark.parametrize("width", widths())
def test_a_tail_has_pythons_bits_whatever_is_done_in_one_loop(width):
    rng, answers = random.Random(width), 0
    for _ in range(600):
        p = tail_plan(rng, rng.randrange(1, 6))
        answers += check(p, 1, floats(rng, p.parameters), floats(rng, 6), width=width)

    assert answers > 590


def test_a_fast_machine_does_all_rows_of_the_tail():
    tail = [("exp", 2, (0,)), ("exp", 3, (1,)), ("add", 4, (2, 3))]
    sums = [("sum", 0, (0,)), ("sum", 1, (1,))]
    p = plan(inputs=2, rows=2, sums=sums, tail=tail, tail_rows=5, output=4, parameters=0)

    value, _ = Machine(p, 2, fast=True).evaluate(array("d"), array("d", [0.5, 1.5, 0.25, 1.0]))

    assert value == pytest.approx(math.exp(0.75) + math.exp(2.5), rel=1e-14)
