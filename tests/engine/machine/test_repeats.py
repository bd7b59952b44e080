"""Repeats: the loops of a tail give what its instructions give one by one, in all bits."""

import random

import pytest

from engine.machine.choices import Places
from engine.machine.instructions import Checked
from engine.machine.matrices import Dots, Matrix
from engine.machine.repeats import Repeat, Several, follow, in_layers, in_repeats, in_rows
from engine.ops import TABLE

OPS = ["add", "mul", "tanh"]  # by the numbers of their loops
PARAMETERS, SCALARS, GIVEN = 8, 12, 6
FIRST = 16  # the place of row 0


def op(name, out, *operands, live=True):
    return Checked("elementwise", OPS.index(name), out, live, [*operands], len(operands))


def dot(out, *operands, live=True):
    return Checked("dot", 0, out, live, [*operands], len(operands))


def place(x):
    return FIRST + x if x >= 0 else ~x


# ---- what a tail computes: one by one, and as the loops of a machine ----


class Numbers:
    """Values and gradients by their places."""

    def __init__(self, rng, rows):
        self.values = {p: rng.uniform(-1, 1) for p in range(FIRST + GIVEN)}
        self.grads = dict.fromkeys(range(FIRST + rows), 0.0)
        self.grads |= {FIRST + row: rng.uniform(-1, 1) for row in range(GIVEN, rows)}

    def compute(self, name, out, places):
        self.values[out] = TABLE[name].evaluate(*[self.values[p] for p in places])

    def pass_on(self, name, out, places, i):
        """What operand i of an instruction gets."""
        taken = [self.values[p] for p in places]
        slopes = TABLE[name].slopes(self.values[out], taken, [True] * len(taken))
        self.grads[places[i]] += self.grads[out] * slopes[i]

    def answer(self):
        numbers = [self.values[p] for p in sorted(self.values)]
        numbers += [self.grads[p] for p in sorted(self.grads) if not PARAMETERS <= p < FIRST]
        return [x.hex() for x in numbers]


def one_by_one(numbers, tail):
    parts = [
        (
            OPS[c.loop] if c.kind == "elementwise" else c.kind,
            place(c.out),
            [*map(place, c.operands)],
        )
        for c in tail
    ]
    for part in parts:
        numbers.compute(*part)
    for c, part in [*zip(tail, parts)][::-1]:
        for i in range(c.count if c.live else 0):
            numbers.pass_on(*part, i)
    return numbers.answer()


def rows_of(c):
    """(name, out, places) of each row of an instruction, piece by piece."""
    if isinstance(c, Repeat):
        out, pieces = c.out, []
        for rows, at, moves in c.pieces:
            taken = [[p + r * move for p, move in zip(at, moves)] for r in range(rows)]
            pieces.append([(OPS[c.loop], out + r, places) for r, places in enumerate(taken)])
            out += rows
        return pieces
    if isinstance(c, Matrix):
        return [[(name, out, places) for name, out, places, _ in rows] for rows in matrix_rows(c)]
    name = "dot" if isinstance(c, Dots) else c.kind
    n = c.count
    taken = [c.operands[r * n : r * n + n] for r in range(c.rows)]
    return [[(name, c.out + r, places)] for r, places in enumerate(taken)]


def matrix_rows(c):
    """Of each input its rows (name, out, places, neuron); the weights stand first."""
    n, k = len(c.weights), c.count
    found = []
    for q, start in enumerate(c.inputs):
        rows = []
        for r, j in enumerate(c.order[q * n : q * n + n]):
            weights = range(c.weights[j], c.weights[j] + k)
            places = [*weights, *range(start, start + k), *c.biases[j : j + 1]]
            rows.append(("dot", c.out + q * n + r, places, j))
        found.append(rows)
    return found


def in_loops(numbers, code):
    """As the machine: the last piece first, and in it an operand after the other."""
    for c in code:
        for rows in rows_of(c):
            for row in rows:
                numbers.compute(*row)
    for c in reversed(code):
        if isinstance(c, Matrix):
            matrix_back(numbers, c)
            continue
        for rows in reversed(rows_of(c)):
            for i in range(c.count if c.live else 0):
                for row in reversed(rows):
                    numbers.pass_on(*row, i)
    return numbers.answer()


def matrix_back(numbers, c):
    """All inputs, each from its last row on; all weights, each from its last input on; biases."""
    k, rows = c.count, [row for of_input in matrix_rows(c) for row in of_input][::-1]
    turns = [(row, k + i) for i in range(k) for row in rows]
    turns += [
        (row, i) for j in range(len(c.weights)) for i in range(k) for row in rows if row[3] == j
    ]
    turns += [(row, 2 * k) for row in rows if c.biases]
    for (name, out, places, _), i in turns:
        numbers.pass_on(name, out, places, i)


def like(rng, known):
    """Some instructions that may be one: the same op, or dot products, of numbers in a row."""
    count, made = rng.randrange(1, 6), []
    if rng.random() < 0.5:
        name = rng.choice(OPS)
        starts = [start(rng, known, count) for _ in range(TABLE[name].arity)]
        steps = [rng.choice([0, 1, 1, 2]) for _ in starts]
        for r in range(count):
            operands = [after(x, r * s) if s < 2 else known + r - 1 for x, s in zip(starts, steps)]
            made.append(op(name, known + r, *operands, live=rng.random() < 0.95))
        return made
    return neurons(rng, known, count) if rng.random() < 0.6 else layer(rng, known)


def neurons(rng, known, count):
    """Dot products that might be a matrix, and might not."""
    made, n, biased = [], rng.randrange(1, 4), rng.random() < 0.5
    swapped = rng.random() < 0.5
    inputs, weights = start(rng, known, n), start(rng, known, n)
    for j in range(count):
        weights = rng.choice([weights, start(rng, known, n), known + j - n])
        halves = [[after(first, i) for i in range(n)] for first in (weights, inputs)]
        bias = [rng.choice([start(rng, known, 1), *halves[0], *halves[1]])] if biased else []
        made.append(dot(known + j, *halves[swapped], *halves[1 - swapped], *bias))
    return made


def layer(rng, known):
    """Two or three inputs of rows, each with the same neurons, in the same order or another."""
    n, k, biased = rng.randrange(1, 4), 2, rng.random() < 0.5
    numbers, made, shuffled = [*range(n)], [], rng.random() < 0.5
    for _ in range(rng.randrange(2, 4)):
        first = rng.randrange(known - k + 1)
        if shuffled:
            rng.shuffle(numbers)
        for j in numbers:
            operands = [~(k * j), ~(k * j + 1), first, first + 1]
            made.append(dot(known + len(made), *operands, *[~(7 - j % 2)] * biased))
    return made


def after(x, steps):
    return x + steps if x >= 0 else x - steps


def start(rng, known, count):
    if rng.random() < 0.5:
        return rng.randrange(known - count + 1)
    return ~rng.randrange(rng.choice([PARAMETERS, SCALARS]) - count + 1)


def test_loops_have_the_bits_of_their_instructions(monkeypatch):
    monkeypatch.setattr("engine.machine.matrices.SMALL", 0)
    joined, kinds = 0, {Repeat: 0, Dots: 0, Matrix: 0}
    for seed in range(800):
        rng, tail = random.Random(seed), []
        for _ in range(rng.randrange(1, 6)):
            tail += like(rng, GIVEN + len(tail))
        code = in_repeats(tail, Places(FIRST))
        rows = GIVEN + len(tail)
        joined += len(tail) - len(code)
        for c in code:
            kinds[type(c)] += 1

        right = one_by_one(Numbers(random.Random(seed), rows), tail)
        assert in_loops(Numbers(random.Random(seed), rows), code) == right

    assert joined > 1000
    assert min(kinds.values()) > 100


# ---- what is joined, and what is not ----


def pieces(tail):
    (repeat,) = in_repeats(tail, Places(FIRST))
    return [(rows, moves) for rows, _, moves in repeat.pieces]


def test_rows_that_follow_one_another_are_one_piece():
    tail = [op("mul", 6, 0, ~0), op("mul", 7, 1, ~0), op("mul", 8, 2, ~0), op("add", 9, 8, ~1)]
    first, second = in_repeats(tail, Places(FIRST))

    assert first.pieces == [(3, [16, 0], [1, 0])]
    assert second.pieces == [(1, [24, 1], [0, 0])]


@pytest.mark.parametrize(
    ("operands", "rows"),
    [
        ([(0, 3), (1, 4), (2, 5)], [3]),
        ([(0, 0), (1, 1), (2, 2)], [3]),  # each its own square
        ([(0, 1), (1, 2), (2, 3)], [1, 1, 1]),  # 1 and 2 get contributions from two rows
        ([(5, 0), (6, 1), (7, 2)], [1, 1, 1]),  # each takes the row before it
        ([(~0, 0), (~1, 1), (~2, 2)], [3]),
        ([(~0, ~2), (~1, ~2), (~2, ~2)], [2, 1]),
        ([(0, 1), (0, 1), (0, 1)], [3]),
        ([(0, 0), (0, 0), (0, 0)], [1, 1, 1]),  # the same square
        ([(0, ~0), (2, ~1), (4, ~2)], [1, 1, 1]),  # with gaps, and few
        ([(0, ~0), (1, ~2), (2, ~4), (3, ~6)], [4]),  # with gaps, and more
    ],
)
def test_rows_that_meet_are_not_one_piece(operands, rows):
    tail = [op("add", 6 + i, *pair) for i, pair in enumerate(operands)]

    assert [n for n, _ in pieces(tail)] == rows


def test_rows_that_pass_no_gradient_on_stay_apart_from_those_that_do():
    tail = [op("tanh", 6, 0), op("tanh", 7, 1, live=False), op("tanh", 8, 2, live=False)]

    assert [(c.rows, c.live) for c in in_repeats(tail, Places(FIRST))] == [(1, True), (2, False)]


def test_other_ops_are_several_of_as_many_operands():
    tail = [Checked("maximum", 0, 6 + i, False, [*range(n)], n) for i, n in enumerate([2, 2, 3])]
    first, second = in_repeats(tail, Places(FIRST))

    assert isinstance(first, Several)
    assert (first.rows, first.count, first.operands) == (2, 2, [16, 17, 16, 17])
    assert (second.rows, second.count) == (1, 3)


# ---- the body ----


def test_rows_of_the_body_are_joined_if_they_take_rows_that_follow_one_another():
    body = [op("tanh", 6, 0), op("tanh", 7, 1), op("tanh", 8, 2), op("tanh", 9, 2)]
    first, second = in_rows(body)

    assert (first.operands, first.rows) == ([0, 1, 2], 3)
    assert (second.operands, second.rows) == ([2], 1)
    chain = [op("tanh", 6, 5), op("tanh", 7, 6)]
    assert len(in_rows(chain)) == 2


def test_a_neuron_that_stands_alone_is_a_layer():
    (layer, other, same) = in_layers([dot(6, ~0, ~1, 2, 4, ~2), dot(7, 0, 1), op("tanh", 8, 0)])

    assert (layer.kind, layer.operands, layer.count) == ("layer", [2, 4, ~0, ~1, ~2], 2)
    assert (layer.rows, layer.biased) == (1, True)
    assert (other.kind, same.kind) == ("dot", "elementwise")


def test_scalars_follow_one_another_downwards():
    assert follow([~3, ~4, ~5])
    assert not follow([~3, ~5])
    assert not follow([3, 4])
