"""nn.chosen: items[index], and a node that knows all items where the index is a Value."""

import pytest

from engine import Value, no_grad
from nn import chosen


def test_a_number_chooses_the_item_itself():
    items = [Value(1.0), Value(2.0)]

    assert chosen(items, 1) is items[1]
    assert chosen([items, items], 0.0) is items


def test_a_value_chooses_by_a_node_that_knows_all():
    items, index = [Value(1.0), Value(2.0), 3.0], Value(1.0)
    z = chosen(items, index)
    (z * 5.0).backward()

    assert z.data == 2.0
    assert z.inputs == (index, *items[:2], 3.0)
    assert [items[0].grad, items[1].grad, index.grad] == [0.0, 5.0, 0.0]


def test_a_value_chooses_rows_of_any_depth():
    numbers = iter(range(24))
    table = [[[Value(float(next(numbers))) for _ in "abc"] for _ in "ab"] for _ in range(4)]
    found = chosen(table, Value(2.0))

    assert [[v.data for v in row] for row in found] == [[12.0, 13.0, 14.0], [15.0, 16.0, 17.0]]


@pytest.mark.parametrize("make", [float, Value, lambda x: x])
@pytest.mark.parametrize("index", [-1, 2, 10**6, float("inf"), float("nan")])
def test_an_index_outside_is_an_index_error(index, make):
    with pytest.raises(IndexError, match=r"an index is from 0 to 1, got (-1|2|1000000|inf|nan)$"):
        chosen([1.0, 2.0], make(index))


@pytest.mark.parametrize("make", [float, Value])
def test_a_number_that_is_not_whole_is_a_value_error(make):
    with pytest.raises(ValueError, match=r"an index is a whole number, got 0.5"):
        chosen([1.0, 2.0], make(0.5))


@pytest.mark.parametrize("index", ["1", None, [1]])
def test_what_is_no_number_is_a_type_error(index):
    with pytest.raises(TypeError, match="expected a number"):
        chosen([1.0, 2.0], index)


def test_rows_of_different_lengths_are_no_table():
    with pytest.raises(ValueError, match="the items to choose from are rows of different lengths"):
        chosen([[1.0], [2.0, 3.0]], Value(0.0))


def test_without_gradients_a_value_chooses_a_number():
    with no_grad():
        z = chosen([Value(1.0), Value(2.0)], Value(1.0))

    assert (z.data, z.inputs) == (2.0, ())
