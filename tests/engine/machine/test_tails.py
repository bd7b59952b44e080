"""Tails of any shape: the machine gives Python's bits, with vectors of any width."""

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import compiled
from engine.programs.grouping import grouped
from tests.engine.machine.judge import bits, expected, floats, plan, widths

pytestmark = pytest.mark.skipif(not compiled, reason="of the compiled build")


KINDS = ["layer", "layer", "gate", "scale", "mix", "shares", "sums"]


class Tail:
    """Layers, ops and sums of several inputs, one input after the other or in turns."""

    def __init__(self, rng, inputs, size, neurons):
        self.rng, self.parameters, self.tail = rng, [], []
        self.inputs, self.size, self.neurons = inputs, size, neurons
        self.count = inputs * size  # rows that are known

    def scalars(self, n):
        first = len(self.parameters)
        self.parameters += floats(self.rng, n, -1.0, 1.0)
        return [~(first + i) for i in range(n)]

    def add(self, name, *operands):
        self.tail.append((name, self.count, operands))
        self.count += 1
        return self.count - 1

    def layer(self, rows):
        """The same neurons for all inputs, which may come in an order of their own."""
        k, biased = len(rows[0]), self.rng.random() < 0.5
        weights = [self.scalars(k) for _ in range(self.neurons)]
        biases = [self.scalars(1) if biased else [] for _ in weights]
        made = [[0] * self.neurons for _ in rows]
        turns = [(q, j) for q in range(len(rows)) for j in range(self.neurons)]
        if self.rng.random() < 0.3:
            self.rng.shuffle(turns)
        for q, j in turns:
            made[q][j] = self.add("dot", *weights[j], *rows[q], *biases[j])
        return made

    def gate(self, rows):
        """sigmoid(z) * tanh(z) + z of each number; in turns, as users write it."""
        return [
            [
                self.add("add", self.add("mul", self.add("sigmoid", z), self.add("tanh", z)), z)
                for z in row
            ]
            for row in rows
        ]

    def scale(self, rows):
        """Each row over its sum of squares."""
        return [
            [self.add("mul", z, s) for z in row]
            for row, s in zip(rows, [self.add("dot", *row, *row) for row in rows])
        ]

    def mix(self, rows):
        """Dots of each row with the rows before it, as attention does it, and their largest."""
        made = []
        for q, row in enumerate(rows):
            scores = [self.add("dot", *row, *other) for other in rows[: q + 1]]
            top = self.add("maximum", *scores)
            columns = [*zip(*rows[: q + 1])]
            shares = [self.add("sub", s, top) for s in scores]
            made.append([self.add("dot", *shares, *column) for column in columns])
        return made

    def shares(self, rows):
        """The softmax of each row, whose shift passes no gradient on; all others pass it theirs."""
        made = []
        for row in rows:
            scores = [self.add("mul", z, *self.scalars(1)) for z in row]
            shift = self.add("stop_gradient", self.add("maximum", *scores))
            powers = [self.add("exp", self.add("sub", z, shift)) for z in scores]
            whole = powers[0]
            for p in powers[1:]:
                whole = self.add("add", whole, p)
            made.append([self.add("div", p, whole) for p in powers])
            back = [self.add("sub", shift, z) for z in scores]
            made[-1] += [self.add("mul", z, shift) for z in back]
            shifts = self.add("sub", shift, self.add("sub", shift, made[-1][-1]))
            made[-1].append(self.add("add", shifts, shift))
        return made

    def sums(self, rows):
        """Each row and the last one, number by number: from the front, or from the back."""
        step = self.rng.choice([1, -1])
        return [[self.add("add", x, y) for x, y in zip(row, rows[-1][::step])] for row in rows]

    def total(self, rows):
        numbers = [z for row in rows for z in row]
        self.rng.shuffle(numbers)
        whole = self.add("tanh", numbers[0])
        for z in numbers[1:]:
            whole = self.add("add", whole, self.add("tanh", z))
        return whole


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 19), st.integers(1, 9), st.integers(1, 13))
def test_tails_have_the_bits_of_python(rng, inputs, size, neurons):
    from engine.machine.machine import Machine  # here, since there is none in a pure build

    made = Tail(rng, inputs, size, neurons)
    rows = [[*range(q * size, q * size + size)] for q in range(inputs)]
    for _ in range(rng.randrange(1, 4)):
        rows = getattr(made, rng.choice(KINDS))(rows)
    output = made.total(rows)
    given_rows = inputs * size
    tail, new = grouped(made.tail, made.count, len(made.parameters))
    settings_of_plan = {
        "parameters": len(made.parameters),
        "inputs": given_rows,
        "rows": given_rows,
        "tail_rows": made.count,
    }
    sums = [("sum", i, (i,)) for i in range(given_rows)]
    written = plan(**settings_of_plan, sums=sums, tail=made.tail, output=output)
    sums = [("sum", new[i], (i,)) for i in range(given_rows)]
    whole = plan(**settings_of_plan, sums=sums, tail=tail, output=new[output])
    numbers, parameters = floats(rng, given_rows, -1.0, 1.0), array("d", made.parameters)
    right = expected(written, 1, parameters, numbers)

    assert right is not None
    for width in widths():
        got = Machine(whole, 1, _width=width).evaluate(parameters, numbers)
        assert got is not None
        assert bits(got) == bits(right)
