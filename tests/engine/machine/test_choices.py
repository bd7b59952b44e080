"""Choices, prepared for the machine: what is read, joined to one loop, and told before a step."""

import itertools

import pytest

from engine.machine.choices import BEHIND, Places, beside, bounds_of, evenly, in_pieces
from engine.machine.instructions import Reader
from engine.machine.matrices import Dots
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
    (repeat,) = in_repeats([c for c in code if c.kind != "choose"], places_of(code))
    return [(rows, moves) for rows, _, moves in repeat.pieces]


def places_of(code):
    return Places(32, {c.out: c.operands for c in code if c.kind == "choose"})


def test_rows_of_a_table_are_one_piece():
    assert embedded(second=1, other=20) == [(3, [1, 1])]


def test_rows_that_may_overlap_are_done_one_after_the_other():
    assert [rows for rows, _ in embedded(step=2)] == [1, 1, 1]
    assert [rows for rows, _ in embedded(second=1, other=1)] == [1, 1, 1]


def test_rows_of_two_tables_are_two_pieces():
    code = read(
        *[("choose", 3 + j, (j, ~j, ~(4 + j))) for j in range(2)],
        *[("tanh", 9 + j, (3 + j,)) for j in range(2)],
    )
    (repeat,) = in_repeats(code[2:], places_of(code))

    assert [rows for rows, _, _ in repeat.pieces] == [1, 1]


def test_dots_of_what_is_chosen_are_no_matrix():
    chosen = [("choose", 3 + j, (0, ~j, ~(9 + j))) for j in range(9)]
    weights = [[~(20 + j) for j in range(9)], [~(10 + j) for j in range(9)]]
    dots = [("dot", 12 + i, (*own, *range(3, 12))) for i, own in enumerate(weights)]
    code = read(*chosen, *dots, rows=60)
    (found,) = in_repeats(code[9:], places_of(code))

    assert (type(found), found.rows) == (Dots, 2)


def test_rows_of_a_body_that_are_chosen_are_not_joined():
    code = read(
        *[("choose", 3 + j, (0, ~j, ~(4 + j))) for j in range(2)],
        *[("tanh", 9 + j, (3 + j,)) for j in range(2)],
    )

    assert len(in_rows(code)) == 4


def test_a_chosen_row_reaches_its_candidates():
    places = Places(32, {5: [0, ~1, ~9], 6: [0, ~2, ~10], 7: [0, ~4, ~10], 8: [1, ~5, ~11]})
    found = [places.place(row) for row in (5, 6, 7, 8)]

    assert [places.place(3), places.place(~3)] == [35, 3]
    assert min(found) > BEHIND
    assert [y - x for x, y in itertools.pairwise(found)] == [1, 2, 2]  # neighbours of one column
    assert places.span(found[0], found[1]) == (1, 10)
    assert places.span(35, 37) == (35, 37)
