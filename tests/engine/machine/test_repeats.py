"""Repeats: what is joined to one loop gives what its instructions give one by one, in all bits."""

import random

import pytest

from engine.machine.instructions import Checked
from engine.machine.repeats import Products, Repeat, follow, in_layers, in_repeats, in_rows
from engine.ops import TABLE

OPS = ["add", "mul", "tanh"]  # by the numbers of their loops
PARAMETERS, SCALARS, GIVEN = 8, 12, 6


def op(name, out, *operands, live=True):
    return Checked("elementwise", OPS.index(name), out, live, [*operands], len(operands))


def dot(out, *operands):
    return Checked("dot", 0, out, True, [*operands], len(operands))


# ---- what a tail computes: one by one, and as the loops of a machine ----


class Numbers:
    """Values and gradients of rows and scalars, which go by their operands."""

    def __init__(self, rng, rows):
        self.values = {x: rng.uniform(-1, 1) for x in range(-SCALARS, GIVEN)}
        self.grads = dict.fromkeys(range(-SCALARS, rows), 0.0)
        self.grads |= {row: rng.uniform(-1, 1) for row in range(GIVEN, rows)}

    def compute(self, c, out, operands):
        name = "dot" if c == "dot" else OPS[c]
        self.values[out] = TABLE[name].evaluate(*[self.values[x] for x in operands])

    def pass_on(self, c, out, operands, i):
        """What operand i of an instruction gets."""
        name = "dot" if c == "dot" else OPS[c]
        taken = [self.values[x] for x in operands]
        slopes = TABLE[name].slopes(self.values[out], taken, [True] * len(taken))
        self.grads[operands[i]] += self.grads[out] * slopes[i]

    def answer(self):
        found = [self.values[x] for x in sorted(self.values)]
        found += [self.grads[x] for x in sorted(self.grads) if x >= -PARAMETERS]
        return [x.hex() for x in found]


def one_by_one(numbers, tail):
    parts = [("dot" if c.kind == "dot" else c.loop, c.out, c.operands, c.live) for c in tail]
    for loop, out, operands, _ in parts:
        numbers.compute(loop, out, operands)
    for loop, out, operands, live in reversed(parts):
        for i in range(len(operands) if live else 0):
            numbers.pass_on(loop, out, operands, i)
    return numbers.answer()


def after(x, steps):
    return x + steps if x >= 0 else x - steps


def rows_of(repeat):
    """(loop, out, operands) of each row of a Repeat, or of each product."""
    if isinstance(repeat, Repeat):
        return [
            (
                repeat.loop,
                repeat.out + r,
                [after(x, r * s) for x, s in zip(repeat.operands, repeat.moves)],
            )
            for r in range(repeat.rows)
        ]
    first, *rest = repeat.operands
    each, n = 1 + bool(repeat.biases), repeat.count
    inputs = [after(first, i) for i in range(n)]
    found = []
    for j in range(repeat.rows):
        weight, *bias = rest[j * each : j * each + each]
        found.append(
            ("dot", repeat.out + j, [*[after(weight, i) for i in range(n)], *inputs, *bias])
        )
    return found


def in_loops(numbers, code):
    """As the machine: an operand after the other, unless rows have to take turns."""
    parts = []
    for c in code:
        loose = not isinstance(c, Repeat | Products)
        kind = "dot" if loose and c.kind == "dot" else None
        rows = [(kind or c.loop, c.out, c.operands)] if loose else rows_of(c)
        parts.append((c, rows))
    for _, rows in parts:
        for part in rows:
            numbers.compute(*part)
    for c, rows in reversed(parts):
        backwards = rows[::-1]
        if isinstance(c, Repeat) and c.live and not c.serial:
            turns = [(row, i) for i in range(c.count) for row in backwards]
        elif isinstance(c, Products):  # block by block of the inputs; biases at the end
            n = c.count
            turns = [(row, i + k) for i in range(n) for row in backwards for k in (0, n)]
            turns += [(row, 2 * n) for row in backwards if c.biases]
        else:
            turns = [(row, i) for row in backwards for i in range(len(row[2]) if c.live else 0)]
        for row, i in turns:
            numbers.pass_on(*row, i)
    return numbers.answer()


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
    n, biased, swapped = rng.randrange(1, 4), rng.random() < 0.5, rng.random() < 0.5
    inputs, weights = start(rng, known, n), start(rng, known, n)
    for j in range(count):
        weights = rng.choice([weights, start(rng, known, n), known + j - n])
        halves = [[after(first, i) for i in range(n)] for first in (weights, inputs)]
        bias = [rng.choice([start(rng, known, 1), *halves[0], *halves[1]])] if biased else []
        made.append(dot(known + j, *halves[swapped], *halves[1 - swapped], *bias))
    return made


def start(rng, known, count):
    if rng.random() < 0.5:
        return rng.randrange(known - count + 1)
    return ~rng.randrange(rng.choice([PARAMETERS, SCALARS]) - count + 1)


def test_loops_have_the_bits_of_their_instructions():
    joined = 0
    for seed in range(800):
        rng, tail = random.Random(seed), []
        for _ in range(rng.randrange(1, 6)):
            tail += like(rng, GIVEN + len(tail))
        code = in_repeats(tail, PARAMETERS)
        rows = GIVEN + len(tail)
        joined += len(tail) - len(code)

        right = one_by_one(Numbers(random.Random(seed), rows), tail)
        assert in_loops(Numbers(random.Random(seed), rows), code) == right

    assert joined > 1000


# ---- what is joined, and what is not ----


def shapes(code):
    return [(type(c).__name__, c.out, c.rows) for c in code]


def test_rows_that_follow_one_another_are_one_repeat():
    tail = [op("mul", 6, 0, ~0), op("mul", 7, 1, ~0), op("mul", 8, 2, ~0), op("add", 9, 8, ~1)]
    first, second = in_repeats(tail, PARAMETERS)

    assert (first.rows, first.moves, first.serial) == (3, [1, 0], False)
    assert (second.rows, second.serial) == (1, False)


@pytest.mark.parametrize(
    ("operands", "serial"),
    [
        ([(0, 3), (1, 4), (2, 5)], False),
        ([(0, 0), (1, 1), (2, 2)], False),  # each its own square
        ([(0, 1), (1, 2), (2, 3)], True),  # 1 and 2 get contributions from two rows
        ([(5, 0), (6, 1), (7, 2)], True),  # each takes the row before it
        ([(~0, 0), (~1, 1), (~2, 2)], False),
        ([(~0, ~2), (~1, ~2), (~2, ~2)], True),
    ],
)
def test_rows_that_meet_take_turns(operands, serial):
    (repeat,) = in_repeats([op("add", 6 + i, *pair) for i, pair in enumerate(operands)], PARAMETERS)

    assert (repeat.rows, repeat.serial) == (3, serial)


def test_a_layer_of_parameters_is_a_matrix_times_a_vector():
    tail = [dot(6 + j, ~(3 * j), ~(3 * j + 1), 0, 1, ~(3 * j + 2)) for j in range(2)]
    (layer,) = in_repeats(tail, PARAMETERS)

    assert shapes([layer]) == [("Products", 6, 2)]
    assert layer.operands == [0, ~0, ~2, ~3, ~5]


def test_rows_are_weights_as_well():
    (scores,) = in_repeats([dot(6, 0, 1, 2, 3), dot(7, 0, 1, 4, 5)], PARAMETERS)

    assert scores.operands == [0, 2, 4]


@pytest.mark.parametrize(
    "tail",
    [
        [dot(6, ~0, ~1, 0, 2), dot(7, ~2, ~3, 0, 2)],  # inputs with a gap
        [dot(6, ~0, ~1, 0, 1), dot(7, ~1, ~2, 0, 1)],  # weights that overlap
        [dot(6, ~0, ~1, 0, 1), dot(7, ~2, ~3, 1, 2)],  # other inputs
        [dot(6, ~0, 0), dot(7, 6, 0)],  # the first is a weight of the second
        [dot(6, ~0, 0, ~1), dot(7, ~2, 0, ~0)],  # a bias that is a weight before
        [dot(6, ~0, 0, ~1), dot(7, ~2, 0)],
        [dot(6, 0, 0), dot(7, 1, 1)],  # squares
        [dot(6, ~9, 0), dot(7, ~10, 0)],  # constants
    ],
)
def test_products_that_would_disturb_one_another_stay_apart(tail):
    assert len(in_repeats(tail, PARAMETERS)) == 2


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
