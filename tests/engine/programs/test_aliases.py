"""Aliases: where a number is copied for the sake of the order of its gradient."""

import random
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, compiled, dot, sigmoid, tanh, trace
from engine.programs.aliases import with_aliases
from engine.programs.machines import machine_of_plan
from engine.programs.union import UnionPlan
from tests.engine.programs.test_unions import eager, recorded

ONE = ~50
FIRST, LAST = ("dot", 2, (~0, ~1, 0, 1)), ("dot", 4, (~2, ~3, 0, 1))


def test_what_an_op_takes_between_dot_products_gets_an_alias():
    tail = [FIRST, ("mul", 3, (2, 0)), LAST]

    assert with_aliases(tail, 5, ONE) == [
        FIRST,
        ("alias", 5, (0, ONE)),
        ("mul", 3, (2, 5)),
        LAST,
    ]


def test_each_use_between_them_has_an_alias_of_its_own():
    tail = [FIRST, ("mul", 3, (1, 0)), ("maximum", 5, (3, 2, 1)), LAST]

    assert with_aliases(tail, 6, ONE) == [
        FIRST,
        ("alias", 6, (1, ONE)),
        ("alias", 7, (0, ONE)),
        ("mul", 3, (6, 7)),
        ("alias", 8, (1, ONE)),
        ("maximum", 5, (3, 2, 8)),
        LAST,
    ]


@pytest.mark.parametrize(
    "tail",
    [
        [("mul", 3, (0, 0)), FIRST, LAST],  # before the dot products
        [FIRST, LAST, ("mul", 3, (0, ~0))],  # behind them
        [FIRST, ("mul", 3, (0, ~0)), ("dot", 4, (~2, ~3, 1, 0))],  # those of other inputs
        [FIRST, ("mul", 3, (0, 0)), LAST],  # twice: its gradient would be added up before
        [FIRST, ("mul", 3, (0, ~0), False), LAST],  # no gradient
        [FIRST, ("mul", 3, (~2, ~3)), LAST],  # parameters
        [FIRST, ("mul", 3, (2, ~0)), LAST],  # no input of both
        [("choose", 1, (0, ~0, ~1)), FIRST, ("mul", 3, (1, ~0)), LAST],
        [("choose", 9, (0, 0, 1)), FIRST, ("mul", 3, (1, 9)), LAST],
        [(*FIRST, False), ("mul", 3, (0, ~0)), LAST],
        [],
    ],
)
def test_what_an_op_takes_elsewhere_gets_none(tail):
    assert with_aliases(tail, 10, ONE) == tail


# ---- cells, as users write them ----


def gates(w, x, h, n):
    return [dot(row[: 1 + n], [x, *h], row[1 + n]) for row in w]


def after(w, x, h, n):
    """PyTorch's GRU: the reset comes after the product of the state."""
    r = [sigmoid(z) for z in gates(w[:n], x, h, n)]
    u = [sigmoid(z) for z in gates(w[n : 2 * n], x, h, n)]
    c = [tanh(x + p * dot(row[:n], h)) for p, row in zip(r, w[2 * n :])]
    return [(1 - a) * b + a * y for a, b, y in zip(u, c, h)]


def before(w, x, h, n):
    """The GRU of its first paper."""
    r = [sigmoid(dot(row[:n], h, x)) for row in w[:n]]
    u = [sigmoid(dot(row[:n], h, x)) for row in w[n : 2 * n]]
    reset = [p * y for p, y in zip(r, h)]
    c = [tanh(dot(row[:n], reset, x)) for row in w[2 * n :]]
    return [a * y + (1 - a) * b for a, b, y in zip(u, c, h)]


def near(w, x, h, n):
    """What changes is added to the state."""
    u = [sigmoid(dot(row[:n], h, x)) for row in w[n : 2 * n]]
    c = [tanh(dot(row[:n], h, row[n])) for row in w[2 * n :]]
    return [y + a * (b - y) for a, b, y in zip(u, c, h)]


def squared(w, x, h, n):
    c = [tanh(dot(row[:n], h, x) + y * y) for row, y in zip(w[:n], h)]
    return [a * y + y for a, y in zip(c, h)]


def run(cell, n, parameters, xs):
    width = n + 2
    w = [parameters[i : i + width] for i in range(0, 3 * n * width, width)]
    h = [tanh(x) for x in parameters[:n]]
    for x in xs:
        h = cell(w, x, h, n)
    return dot(h, parameters[:n]) / len(xs)


CELLS = st.sampled_from([after, before, near, squared])
SEEDS = st.integers(0, 2**32)


@settings(max_examples=25, deadline=None)
@given(CELLS, st.integers(1, 5), st.integers(1, 4), SEEDS)
def test_cells_have_the_bits_of_their_graph(cell, n, steps, seed):
    rng = random.Random(seed)
    numbers = [rng.uniform(-1, 1) for _ in range(3 * n * (n + 2))]
    row = [rng.uniform(-1, 1) for _ in range(steps)]
    parameters, xs = [Value(x) for x in numbers], [Value(x) for x in row]
    program = trace(run(cell, n, parameters, xs), xs, parameters)
    loss, grads = program.value_and_grad(row)

    wanted = eager(lambda ps, xs: run(cell, n, ps, xs), numbers, row)
    assert (loss.hex(), [g.hex() for g in grads]) == wanted


@pytest.mark.skipif(not compiled, reason="the machine in C")
@settings(max_examples=25, deadline=None)
@given(CELLS, st.integers(1, 8), st.sets(st.integers(1, 5), min_size=1), SEEDS)
def test_cells_have_the_bits_of_their_graph_at_each_length(cell, n, counts, seed):
    rng = random.Random(seed)
    numbers = [rng.uniform(-1, 1) for _ in range(3 * n * (n + 2))]
    width = max(counts)

    def make(parameters, xs):
        return run(cell, n, parameters, xs)

    wires, constants = recorded(make, counts, [Value(x) for x in numbers])
    whole = UnionPlan(wires, [Value(x) for x in numbers], width, constants)
    machine = machine_of_plan(whole)
    for v, count in enumerate(sorted(counts, reverse=True)):
        row = [rng.uniform(-1, 1) for _ in range(count)]
        padded = array("d", [*row, *[0.0] * (width - count)])
        loss, grads = machine.evaluate(array("d", numbers), padded, None, True, v)

        assert (loss.hex(), [g.hex() for g in grads]) == eager(make, numbers, row)
