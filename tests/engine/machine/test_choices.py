"""Choices, prepared for the machine: what is read, joined to one loop, and told before a step."""

import pytest

from engine.machine.choices import Reach, beside, bounds_of, evenly, in_pieces, patches_of
from engine.machine.instructions import Reader
from engine.machine.repeats import in_repeats, in_rows

LOOPS = {"add": (0, 2), "tanh": (1, 1)}


def read(*instructions, known=(1, 1, 1), columns=2, rows=40):
    reader = Reader("tail", bytearray([*known, *[0] * rows]), 30, LOOPS, {"dot"}, columns)
    return reader.read(instructions)


def test_a_choice_has_a_column_and_candidates():
    (c,) = read(("choose", 3, (1, ~0, 2, ~4)))

    assert (c.kind, c.out, c.operands, c.live) == ("choose", 3, [1, ~0, 2, ~4], True)


@pytest.mark.parametrize(
    ("instruction", "message"),
    [
        (("choose", 3, (0,)), "choose takes a column and candidates, got"),
        (("choose", 3, (2, ~0)), "a column is from 0 to 1, got 2"),
        (("choose", 3, (0, 5)), "row 5 is used before it is computed"),
        (("choose", 1, (0, ~1)), "row 1 is computed twice"),
    ],
)
def test_a_choice_that_is_not_right_is_refused(instruction, message):
    with pytest.raises(ValueError, match=message):
        read(instruction)


def test_where_samples_have_no_columns_nothing_is_chosen():
    with pytest.raises(ValueError, match="the machine has no op 'choose'"):
        read(("choose", 3, (0, ~1)), columns=0)


def test_candidates_that_are_equally_far_need_no_list():
    assert evenly([3, 5, 7]) == 2
    assert evenly([~0, ~4, ~8]) == -4
    assert evenly([~2]) == 0
    assert evenly([3, 5, 8]) is None
    assert evenly([0, -1]) is None


def test_neighbours_are_neighbours_one_for_one():
    assert beside([~0, ~4], [~1, ~5])
    assert beside([3, ~4], [4, ~5])
    assert not beside([~0, ~4], [~1, ~6])
    assert not beside([3], [4, 5])


def test_a_column_has_the_bounds_of_its_smallest_table():
    assert bounds_of([[0, ~1, ~2, ~3], [1, ~1], [0, 4, 5]]) == {0: 2, 1: 1}


def test_inputs_of_a_layer_come_in_pieces():
    inputs = [(0, (0, ~0, ~4)), (1, (0, ~1, ~5)), (2, (1, ~2, ~6)), (4, (1, ~3, ~7))]

    assert in_pieces(inputs) == [(0, 2), (2, 1), (4, 1)]


def embedded(step=4, second=0, other=0):
    """Two rows of a table, added: each column is chosen among rows that are `step` apart."""
    chosen = [("choose", 3 + j, (0, ~j, ~(step + j))) for j in range(3)]
    others = [("choose", 6 + j, (second, ~(other + j), ~(other + step + j))) for j in range(3)]
    adds = [("add", 9 + j, (3 + j, 6 + j)) for j in range(3)]
    code = read(*chosen, *others, *adds)
    choices = {c.out: c.operands for c in code if c.kind == "choose"}
    return in_repeats([c for c in code if c.kind != "choose"], 30, choices)


def test_rows_of_a_table_are_one_loop():
    (repeat,) = embedded(second=1)

    assert (repeat.rows, repeat.moves, repeat.operands) == (3, [1, 1], [3, 6])
    assert not repeat.serial


def test_rows_that_may_overlap_are_done_one_after_the_other():
    assert embedded(step=2)[0].serial
    assert embedded(second=1, other=1)[0].serial
    assert not embedded(second=1, other=20)[0].serial


def test_rows_of_two_tables_are_two_loops():
    code = read(
        *[("choose", 3 + j, (j, ~j, ~(4 + j))) for j in range(2)],
        *[("tanh", 9 + j, (3 + j,)) for j in range(2)],
    )
    choices = {c.out: c.operands for c in code[:2]}

    assert len(in_repeats(code[2:], 30, choices)) == 2


def test_dots_of_what_is_chosen_are_no_products():
    code = read(("choose", 3, (0, ~0, ~1)), ("dot", 4, (3, ~5)), ("dot", 5, (3, ~6)))

    found = in_repeats(code[1:], 30, {3: code[0].operands})
    assert [c.kind for c in found] == ["dot", "dot"]
    assert patches_of(found, {3: 0}) == [(0, 0, 0), (1, 0, 0)]
    assert patches_of(found, {}) == []


def test_rows_of_a_body_that_are_chosen_are_not_joined():
    code = read(
        *[("choose", 3 + j, (0, ~j, ~(4 + j))) for j in range(2)],
        *[("tanh", 9 + j, (3 + j,)) for j in range(2)],
    )

    assert len(in_rows(code)) == 4


def test_a_row_reaches_its_candidates():
    reach = Reach({5: [0, ~1, ~9]})

    assert reach.span(5, 2) == range(~10, ~0)
    assert reach.span(3, 2) == range(3, 5)
    assert [reach.move(3, y) for y in (3, 4, 6)] == [0, 1, None]
    assert [reach.move(~3, ~4), reach.move(4, 5), reach.move(5, 5)] == [1, None, 0]
