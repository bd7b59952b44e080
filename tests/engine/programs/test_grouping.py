"""Grouping: the tail in another order, with like operations side by side and the same bits."""

import random

import pytest

from engine import Value, dot, softmax, trace
from engine.programs.grouping import grouped
from nn import MLP

PARAMETERS = 5


def random_tail(rng, given=4, count=60):
    """Instructions on `given` rows that come from elsewhere, and on those before them."""
    tail = []
    for row in range(given, given + count):
        name = rng.choice(["add", "mul", "exp", "dot"])
        n = {"add": 2, "mul": 2, "exp": 1}.get(name, rng.choice([4, 5, 6]))
        operands = tuple(rng.choice([rng.randrange(row), ~rng.randrange(8)]) for _ in range(n))
        tail.append((name, row, operands, *([False] if rng.random() < 0.1 else [])))
    return tail


def users(tail):
    """For each operand, those that pass a gradient to it, in order; for each row, its instruction.

    An instruction goes by the row that it computes.
    """
    found = {}
    for _, out, operands, *rest in tail:
        for x in {*operands} if rest != [False] else ():
            found.setdefault(x, []).append(out)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_users_of_a_number_stay_in_their_order(seed):
    tail = random_tail(random.Random(seed))
    moved, new = grouped(tail, 64, PARAMETERS)

    assert sorted(new) == list(range(64))
    assert new[:4] == [0, 1, 2, 3]
    assert [out for _, out, *_ in moved] == list(range(4, 64))
    assert all(x < out for _, out, operands, *_ in moved for x in operands)

    def renamed(x):
        return new[x] if x >= 0 else x

    before = {(c[0], new[c[1]], tuple(map(renamed, c[2])), *c[3:]) for c in tail}
    assert {*moved} == before
    found = users(moved)
    for x, outs in users(tail).items():
        if x >= -PARAMETERS:
            assert found[renamed(x)] == [new[out] for out in outs]


def test_like_operations_come_side_by_side():
    tail = []
    for i in range(3):  # exp(a) * w + b of three numbers a, one after the other
        tail += [
            ("exp", 3 + 3 * i, (i,)),
            ("mul", 4 + 3 * i, (3 + 3 * i, ~0)),
            ("add", 5 + 3 * i, (4 + 3 * i, ~1)),
        ]
    moved, _ = grouped(tail, 12, 2)

    assert [name for name, *_ in moved] == ["exp"] * 3 + ["mul"] * 3 + ["add"] * 3
    assert [operands for _, _, operands in moved] == [
        *[(0,), (1,), (2,)],
        *[(3, ~0), (4, ~0), (5, ~0)],
        *[(6, ~1), (7, ~1), (8, ~1)],
    ]


def test_neurons_of_a_layer_come_side_by_side():
    inputs, weights = (0, 1), [(~(2 * j), ~(2 * j + 1)) for j in range(4)]
    tail = []
    for j, w in enumerate(weights):
        tail += [("dot", 2 + 2 * j, (*w, *inputs)), ("exp", 3 + 2 * j, (2 + 2 * j,))]
    moved, _ = grouped(tail, 10, 8)

    assert [c[0] for c in moved] == ["dot"] * 4 + ["exp"] * 4
    assert [c[2] for c in moved[:4]] == [(*w, *inputs) for w in weights]


def test_an_empty_tail_stays_empty():
    assert grouped([], 2, 0) == ([], [0, 1])


# ---- the whole way: programs of graphs that have much to group ----


def attention(rng, tokens=5, width=4):
    """One number of a row of tokens that look at one another; its inputs and parameters."""
    rows = [[Value(rng.uniform(-1, 1)) for _ in range(width)] for _ in range(tokens)]
    models = [MLP(width, [width], rng=rng) for _ in range(3)]
    queries, keys, values = [[model(row) for row in rows] for model in models]
    lengths = []
    for i in range(tokens):
        seen = range(i + 1)
        shares = softmax([dot(queries[i], keys[j]) * width**-0.5 for j in seen])
        mixed = [dot(shares, [values[j][k] for j in seen]) for k in range(width)]
        lengths.append(dot(mixed, mixed) ** 0.5)
    parameters = [p for model in models for p in model.parameters()]
    return sum(lengths[1:], lengths[0]), [x for row in rows for x in row], parameters


def recurrence(rng, steps=14, width=4):
    """A recurrent network's last state, as one number."""
    cell = MLP(2 * width, [width], activation="tanh", rng=rng)
    inputs = [[Value(rng.uniform(-1, 1)) for _ in range(width)] for _ in range(steps)]
    state = [Value(0.1) for _ in range(width)]
    first = [*state]
    for row in inputs:
        state = [z.tanh() for z in cell([*row, *state])]
    return dot(state, state), [*first, *[x for row in inputs for x in row]], cell.parameters()


@pytest.mark.parametrize("make", [attention, recurrence])
def test_grouped_programs_have_the_bits_of_the_graph(make):
    for seed in range(5):
        output, inputs, parameters = make(random.Random(seed))
        for leaf in (*inputs, *parameters):
            leaf.grad = 0.0
        output.backward()
        program = trace(output, inputs, parameters)
        numbers = [x.data for x in inputs]
        value, grads = program.value_and_grad(numbers)

        assert len(program) >= 100  # so that the machine runs it, where there is one
        assert value.hex() == output.data.hex()
        assert [g.hex() for g in grads] == [p.grad.hex() for p in parameters]
        assert [g.hex() for g in program.input_grad(numbers)] == [x.grad.hex() for x in inputs]


# ---- levels ----


def moved_names(tail, rows, parameters=0):
    moved, _ = grouped(tail, rows, parameters)
    return [name for name, *_ in moved]


def test_dot_products_of_the_same_rows_come_side_by_side():
    tail = [
        ("dot", 4, (~0, ~1, 0, 1)),
        ("dot", 5, (~2, ~3, 2, 3)),
        ("dot", 6, (~4, ~5, 0, 1)),
        ("dot", 7, (~6, ~7, 2, 3)),
        ("exp", 8, (0,)),
    ]
    moved, _ = grouped(tail, 9, 0)

    dots = [operands for name, _, operands in moved if name == "dot"]
    assert [operands[2:] for operands in dots] == [(0, 1), (0, 1), (2, 3), (2, 3)]


def test_a_sum_stays_on_one_level_however_long_it_is():
    tail = [
        ("add", 4, (0, 1)),
        ("exp", 5, (4,)),
        ("add", 6, (0, 1)),
        ("add", 7, (6, 2)),
        ("add", 8, (7, 3)),
        ("exp", 9, (8,)),
    ]
    assert moved_names(tail, 10) == ["add"] * 4 + ["exp"] * 2


def test_what_can_wait_waits_for_its_kind():
    tail = [
        ("exp", 3, (0,)),  # needs no sum, but the other one does
        ("add", 4, (1, 2)),
        ("exp", 5, (4,)),
        ("mul", 6, (3, 5)),
    ]
    assert moved_names(tail, 7) == ["add", "exp", "exp", "mul"]


def test_what_others_need_now_does_not_wait():
    tail = [
        ("exp", 2, (0,)),
        ("add", 3, (2, 1)),
        ("exp", 4, (3,)),
        ("mul", 5, (2, 4)),
    ]
    assert moved_names(tail, 6) == ["exp", "add", "exp", "mul"]


def test_what_is_the_same_operand_of_a_group_stands_together():
    tail = []  # u * c + z * v of each unit, one after the other, as a recurrent cell does it
    for i in range(3):
        tail += [
            ("mul", 12 + 3 * i, (i, 3 + i)),
            ("mul", 13 + 3 * i, (6 + i, 9 + i)),
            ("add", 14 + 3 * i, (12 + 3 * i, 13 + 3 * i)),
        ]
    moved, _ = grouped(tail, 21, 0)

    assert [operands for _, _, operands in moved] == [
        *[(0, 3), (1, 4), (2, 5)],
        *[(6, 9), (7, 10), (8, 11)],
        *[(12, 15), (13, 16), (14, 17)],
    ]
