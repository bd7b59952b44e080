"""The dot product of nothing, and of little: the sum that has no terms is 0."""

from hypothesis import given
from hypothesis import strategies as st

from engine import Value, dot

numbers = st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), max_size=5)


def test_the_dot_product_of_nothing_is_zero():
    assert dot([], []) == dot((), ()) == 0.0
    assert type(dot([], [])) is float


def test_the_dot_product_of_nothing_and_a_bias_is_the_bias():
    assert dot([], [], 2.5) == 2.5
    assert dot([], [], Value(2.5)).data == 2.5


@given(numbers)
def test_a_dot_product_adds_from_left_to_right(pairs):
    total = 0.0
    for w, x in pairs:
        total += w * x
    ws, xs = [w for w, _ in pairs], [x for _, x in pairs]
    mixed = dot([Value(w) for w in ws], xs)
    values = dot([Value(w) for w in ws], [Value(x) for x in xs])

    assert dot(ws, xs) == total
    assert [(z.data if pairs else z) for z in (mixed, values)] == [total, total]
