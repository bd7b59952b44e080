"""Ops of any number of inputs, and softmax, which is made of them."""

import math
from math import inf

import numpy as np
import pytest

import engine
from engine import Value, check_gradients, softmax
from engine.ops import TABLE
from tests.engine.points import EPSILON, gradient

# ---- ops of any number of inputs ----


NARY = [op for op in TABLE.values() if op.arity is None]
every_nary_op = pytest.mark.parametrize("op", NARY, ids=repr)


@every_nary_op
@pytest.mark.parametrize("kind", [list, tuple, iter, np.array])
def test_an_op_of_any_number_of_inputs_takes_them_as_one_iterable(op, kind):
    numbers = [3.0, 1.5, -0.5, 4.0]

    assert op(kind(numbers)) == op(*numbers)


@every_nary_op
def test_an_op_of_any_number_of_inputs_takes_a_list_of_values(op):
    xs = [Value(x) for x in (3.0, 1.5, -0.5, 4.0)]

    assert op(xs).inputs == tuple(xs)


@every_nary_op
def test_an_empty_list_is_no_input(op):
    with pytest.raises(TypeError, match=f"^{op.name} takes at least 1 input, got 0$"):
        op([])


@every_nary_op
def test_two_lists_are_no_inputs(op):
    with pytest.raises(TypeError, match="got list"):
        op([1.0], [2.0])


@pytest.mark.parametrize(
    ("name", "value"), [("maximum", 5.0), ("minimum", 5.0), ("hypot", 5.0), ("logsumexp", 5.0)]
)
def test_an_op_of_one_input_among_any_number(name, value):
    v = Value(5.0)
    z = TABLE[name](v)
    z.backward()

    assert (z.data, v.grad) == (value, 1.0)


def test_logsumexp_of_thousands_does_not_overflow():
    assert engine.logsumexp(1000.0, 1000.0) == 1000.0 + math.log(2)


def test_logsumexp_of_minus_thousands_does_not_underflow():
    assert engine.logsumexp(-1000.0, -1000.0) == -1000.0 + math.log(2)


def test_logsumexp_leaves_out_what_is_minus_infinity():
    assert engine.logsumexp(-inf, 2.0) == 2.0


def test_logsumexp_of_nothing_but_minus_infinity_is_minus_infinity():
    assert engine.logsumexp(-inf, -inf) == -inf


def test_the_slopes_of_logsumexp_are_the_softmax():
    # e**(x - log s) and e**(x - m) / s round differently: a few units in the last place.
    assert gradient(engine.logsumexp, [1.0, 2.0, -3.0]) == pytest.approx(
        softmax([1.0, 2.0, -3.0]), rel=8 * EPSILON
    )


def test_the_dot_row_is_the_sum_of_products_and_the_bias():
    assert TABLE["dot"](2.0, 3.0, 10.0, 100.0, 0.5) == 0.5 + 2 * 10 + 3 * 100


def test_the_dot_row_unfolds_into_the_same_number_and_slopes():
    args = [0.3, -1.7, 2.9, 0.11, -0.13, 0.7, 0.9]
    for n in range(1, len(args) + 1):
        dot = TABLE["dot"]

        assert dot.unfold(*args[:n]) == dot(*args[:n])


def test_hypot_does_not_overflow_between():
    assert gradient(engine.hypot, [3e200, 4e200]) == pytest.approx([0.6, 0.8], rel=EPSILON)


# ---- softmax ----


def test_softmax_of_floats_is_floats():
    assert {type(p) for p in softmax([1.0, 2.0])} == {float}


def test_softmax_of_integers_is_floats():
    assert softmax([0, 0]) == [0.5, 0.5]


def test_softmax_sums_to_one():
    # Three quotients and two sums, each off by at most half a unit in the last place.
    assert sum(softmax([1.0, -2.0, 0.5])) == pytest.approx(1.0, abs=3 * EPSILON)


@pytest.mark.parametrize("shift", [-1000.0, 1000.0])
def test_softmax_is_the_same_for_shifted_inputs(shift):
    assert softmax([1.0 + shift, 2.0 + shift]) == softmax([1.0, 2.0])


def test_softmax_of_far_apart_inputs_is_zeros_and_a_one():
    assert softmax([1000.0, 0.0, -1000.0]) == [1.0, 0.0, 0.0]


def test_softmax_of_one_input_is_one():
    assert softmax([-7.0]) == [1.0]


def test_softmax_of_tied_inputs_is_even():
    assert softmax([3.0, 3.0, 3.0, 3.0]) == [0.25] * 4


@pytest.mark.parametrize("i", range(3))
def test_softmax_has_the_right_first_and_second_derivatives(i):
    check_gradients(lambda *xs: softmax(xs)[i], [1.0, 2.0, 0.5], order=2)


def test_softmax_has_the_right_slopes_at_a_tie():
    xs = [Value(0.0), Value(0.0)]
    softmax(xs)[0].backward()

    assert [x.grad for x in xs] == [0.25, -0.25]


def test_softmax_of_values_and_numbers_is_values():
    assert [p.data for p in softmax([Value(0.0), 0.0])] == [0.5, 0.5]


def test_softmax_of_nothing_is_an_error():
    with pytest.raises(ValueError, match=r"^softmax takes at least 1 input, got 0$"):
        softmax([])


@pytest.mark.parametrize("wrong", ["a", None, 1j])
def test_softmax_of_what_is_no_number_is_a_type_error(wrong):
    with pytest.raises(TypeError, match=f"got {type(wrong).__name__}"):
        softmax([1.0, wrong])
