"""Reading a plan's instructions: what is right, and what is said of what is not."""

import pytest

from engine.machine.instructions import Reader, read_sums

LOOPS = {"add": (0, 2), "neg": (1, 1)}  # of two ops: their numbers, and how many inputs
LAYER = ("layer", 1, (0,), [(~0,)], ())


def read(instructions, known=b"\1\0", scalars=2):
    """Read with a row that is known, one that is not, and two scalars."""
    return Reader("body", bytearray(known), scalars, LOOPS, ["dot"]).read(instructions)


def told(c):
    return c.kind, c.loop, c.out, c.live, c.operands, c.count, c.rows, c.biased


def test_an_instruction_is_read_with_its_number_in_the_machine():
    known = b"\1\0\0\0"
    negated, added, dotted = read(
        [("neg", 1, (0,)), ("add", 2, [1, ~1], False), ("dot", 3, (0, 1, ~0))], known
    )

    assert told(negated) == ("elementwise", 1, 1, True, [0], 1, 1, False)
    assert told(added) == ("elementwise", 0, 2, False, [1, ~1], 2, 1, False)
    assert told(dotted) == ("dot", 0, 3, True, [0, 1, ~0], 3, 1, False)


def test_a_layer_is_read_neuron_by_neuron():
    layer, bare = read(
        [
            ("layer", 2, (0, 1), [(~0, ~1), (~2, ~3)], (~4, ~5), False),
            ("layer", 4, (3,), [(~1,)], ()),
        ],
        b"\1\1\0\0\0",
        6,
    )

    operands = [0, 1, ~0, ~1, ~4, ~2, ~3, ~5]
    assert told(layer) == ("layer", 0, 2, False, operands, 2, 2, True)
    assert told(bare) == ("layer", 0, 4, True, [3, ~1], 1, 1, False)


BAD = [
    (3, TypeError, r"body is a list, got 3"),
    ([("add", 1)], TypeError, r"body 0: an instruction is \(name, out, ...\), got \('add', 1\)"),
    ([["add", 1, (0, 0)]], TypeError, r"body 0: an instruction is \(name, out, ...\), got \["),
    ([("hypot", 1, (0, 0))], ValueError, r"body 0: the machine has no op 'hypot'"),
    ([(None, 1, (0, 0))], ValueError, r"body 0: the machine has no op None"),
    ([("neg", 1, 0)], TypeError, r"body 0: its operands is a list, got 0"),
    ([("add", 1, (0,))], ValueError, r"body 0: add takes 2 operands, got 1"),
    ([("add", 1, (0, 0), True, 1)], ValueError, r"body 0: add has 3 or 4 parts, got 5"),
    ([("dot", 1, ())], ValueError, r"body 0: dot takes at least 1 operand, got 0"),
    ([("neg", 1, (1,))], ValueError, r"body 0: row 1 is used before it is computed"),
    ([("neg", 1, (2,))], ValueError, r"body 0: an operand is from -2 to 1, got 2"),
    ([("neg", 1, (~2,))], ValueError, r"body 0: an operand is from -2 to 1, got -3"),
    ([("neg", 1, (0.0,))], TypeError, r"body 0: an operand is an int, got 0.0"),
    ([("neg", 0, (0,))], ValueError, r"body 0: row 0 is computed twice"),
    ([("neg", 1, (0,))] * 2, ValueError, r"body 1: row 1 is computed twice"),
    ([("neg", 2, (0,))], ValueError, r"body 0: its row is from 0 to 1, got 2"),
    ([LAYER[:4]], ValueError, r"body 0: a layer has 5 or 6 parts, got 4"),
    ([(*LAYER[:3], [], ())], ValueError, r"a layer has inputs and neurons, got 1 and 0"),
    ([("layer", 1, (), [()], ())], ValueError, r"inputs and neurons, got 0 and 1"),
    ([("layer", 1, (~0,), [(~0,)], ())], ValueError, r"inputs of a layer are rows, got -1"),
    ([(*LAYER[:4], (~0, ~1))], ValueError, r"of 1 neurons has 1 biases or 0, got 2"),
    ([(*LAYER[:3], [(~0, ~1)], ())], ValueError, r"neuron 0 has 1 weights, got 2"),
    ([(*LAYER[:3], [(0,)], ())], ValueError, r"body 0: a weight is from -2 to -1, got 0"),
]


@pytest.mark.parametrize(("instructions", "error", "message"), BAD)
def test_an_instruction_that_is_not_right_is_refused(instructions, error, message):
    with pytest.raises(error, match=message):
        read(instructions)


def sums_of(sums):
    body, tail = Reader("sums", bytearray(b"\1\0"), 0), Reader("tail", bytearray(2), 2)
    return read_sums(sums, body, tail)


def test_a_sum_has_a_row_for_each_class():
    assert sums_of([("sum", 1, (0,)), ("sum", 0, [0, 0])]) == [(1, [0]), (0, [0, 0])]


@pytest.mark.parametrize(
    ("sums", "error", "message"),
    [
        ([("sum", 0, (1,))], ValueError, r"sums 0: row 1 is used before it is computed"),
        ([("sum", 0, (~0,))], ValueError, r"sums 0: an operand is from 0 to 1, got -1"),
        ([("sum", 0, ())], ValueError, r"sums 0: a sum has at least 1 row, got 0"),
        ([("mean", 0, (0,))], TypeError, r"sums 0: a sum is \('sum', out, rows\), got"),
        ([("sum", 0, (0,))] * 2, ValueError, r"sums 1: row 0 is computed twice"),
        ([("sum", 2, (0,))], ValueError, r"sums 0: its row is from 0 to 1, got 2"),
    ],
)
def test_a_sum_that_is_not_right_is_refused(sums, error, message):
    with pytest.raises(error, match=message):
        sums_of(sums)
