"""Copies of numbers among dot products: a matrix takes them in, and the bits stay Python's."""

import random
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import compiled
from engine.machine import matrices as module
from engine.machine.choices import Places
from engine.machine.instructions import Checked
from engine.machine.matrices import Dots, Matrix
from engine.machine.repeats import Repeat, in_repeats
from engine.programs.aliases import with_aliases
from engine.programs.grouping import grouped
from tests.engine.machine.judge import bits, expected, floats, plan, widths

ROWS = 10  # the place of the first row
ONE = ~9


def code(*given):
    """Dot products of weights ~0 ..., ~2 ... with rows 0 and 1, and copies of rows."""
    found, first = [], given.count("dot") + 2
    for c in given:
        if c == "dot":
            row = 2 + sum(d.kind == "dot" for d in found)
            weights = [~(2 * row - 4), ~(2 * row - 3)]
            found.append(Checked("dot", 0, row, True, [*weights, 0, 1], 4))
        else:
            row = first + len(found)
            found.append(Checked("elementwise", 0, row, True, [c, ONE], 2))
    return found


def made(instructions):
    copies = {c.out for c in instructions if c.kind == "elementwise"}
    return in_repeats(instructions, Places(ROWS, copies=copies))


@pytest.fixture
def small_ones(monkeypatch):
    monkeypatch.setattr(module, "SMALL", 0)


@pytest.mark.usefixtures("small_ones")
def test_a_matrix_takes_in_copies_of_its_inputs():
    (matrix,) = made(code("dot", 0, "dot", 1, 0, "dot"))

    assert isinstance(matrix, Matrix)
    assert [(q, before, number) for q, before, number, _ in matrix.copies] == [
        (0, 1, 0),
        (0, 2, 1),
        (0, 2, 0),
    ]
    assert matrix.stops() == ([2, 1, -1], [0], [2, 1, 0])


@pytest.mark.usefixtures("small_ones")
def test_two_copies_of_a_number_at_one_place_are_added_one_after_the_other():
    (matrix,) = made(code("dot", 0, 0, "dot"))

    assert matrix.stops() == ([1, 1, -1], [0], [2, 0])


@pytest.mark.usefixtures("small_ones")
def test_copies_before_and_behind_dot_products_stand_alone():
    before, matrix, behind = made(code(0, "dot", "dot", 1))

    assert (type(before), type(matrix), type(behind)) == (Repeat, Matrix, Repeat)
    assert matrix.copies == []


@pytest.mark.usefixtures("small_ones")
def test_a_matrix_with_copies_of_other_numbers_is_dots_in_parts():
    first, copy, second = made(code("dot", -1, "dot"))  # of a weight

    assert [type(c) for c in (first, copy, second)] == [Dots, Repeat, Dots]
    assert (first.taken, second.taken) == ([[0, 1, 10, 11]], [[2, 3, 10, 11]])


def test_dots_with_copies_among_them_come_in_parts():
    found = made(code("dot", 0, "dot", "dot", 1, "dot"))

    assert [(type(c), c.rows) for c in found] == [
        (Dots, 1),
        (Repeat, 1),
        (Dots, 2),
        (Repeat, 1),
        (Dots, 1),
    ]


class Gates:
    """Layers, and ops that take their inputs between the dot products, step after step."""

    def __init__(self, rng, size):
        self.rng, self.size = rng, size
        self.parameters, self.tail, self.count = 0, [], 2 * size

    def add(self, name, *operands):
        self.tail.append((name, self.count, operands))
        self.count += 1
        return self.count - 1

    def scalars(self, n):
        self.parameters += n
        return range(~(self.parameters - n), ~self.parameters, -1)

    def step(self, states, layer, copy):
        """The next states. copy: whether they are copied, or an op takes them as they are.

        A strange step takes weights, and numbers of other states, as well.
        """
        found, strange = [[] for _ in states], self.rng.random() < 0.2
        for q, state in enumerate(states):
            if self.rng.random() < 0.3:
                self.rng.shuffle(layer)
            for weights, bias in layer:
                z = self.add("dot", *weights, *state, *bias)
                while self.rng.random() < 0.4:
                    x = self.rng.choice(self.rng.choice([*states, weights]) if strange else state)
                    if copy:
                        x = self.add("mul", x, ~(10**6))
                    z = self.add(self.rng.choice(["mul", "add", "maximum"]), z, x)
                found[q].append(self.add("tanh", z))
        return found

    def whole(self):
        """Some steps from two states, with the same weights; the row of the sum of all."""
        n = self.size
        states = [[*range(n)], [*range(n, 2 * n)]][: self.rng.choice([1, 2])]
        biased, copy = self.rng.random() < 0.5, self.rng.random() < 0.5
        layer = [(self.scalars(n), self.scalars(int(biased))) for _ in range(n)]
        for _ in range(3):
            states = self.step(states, layer, copy)
            if self.rng.random() < 0.3:
                states = states[::-1]
        total = self.add("tanh", states[0][0])
        for x in [x for state in states for x in state][1:]:
            total = self.add("add", total, x)
        return total


@pytest.mark.skipif(not compiled, reason="of the compiled build")
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 14))
def test_gates_have_the_bits_of_python(seed, size):
    from engine.machine.machine import Machine  # here, since there is none in a pure build

    rng = random.Random(seed)
    made = Gates(rng, size)
    output = made.whole()
    n, one = made.parameters, ~made.parameters
    tail = [
        (name, out, tuple([one if x == ~(10**6) else x for x in taken]))
        for name, out, taken in made.tail
    ]
    own = with_aliases(tail, made.count, one)
    rows = made.count + len(own) - len(tail)
    moved, new = grouped(own, rows, n)
    in_order = [("mul" if c[0] == "alias" else c[0], *c[1:]) for c in own]
    usual = {"parameters": n, "constants": [1.0], "inputs": 2 * size, "rows": 2 * size}
    numbers, parameters = floats(rng, 2 * size, -1.0, 1.0), array("d", floats(rng, n, -1.0, 1.0))

    def of(tail, count, place):
        sums = [("sum", place[i], (i,)) for i in range(2 * size)]
        return plan(**usual, tail=tail, tail_rows=count, sums=sums, output=place[output])

    same = range(rows)
    right = expected(of(tail, made.count, same), 1, parameters, numbers)
    assert right is not None
    for width in widths():
        for whole in (of(tail, made.count, same), of(in_order, rows, same), of(moved, rows, new)):
            got = Machine(whole, 1, _width=width).evaluate(parameters, numbers)
            assert got is not None
            assert bits(got) == bits(right)
