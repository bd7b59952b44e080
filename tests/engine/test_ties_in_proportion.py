"""The slopes of a maximum of many inputs: as many operations as inputs, and not their square."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, grad, maximum, minimum, topological_order


def operations(op, numbers):
    """How many operations the gradients of op take, written down as graphs."""
    xs = [Value(x) for x in numbers]
    gradients = grad(op(*xs), xs)
    return len({v for g in gradients if isinstance(g, Value) for v in topological_order(g)})


@settings(max_examples=10, deadline=None)
@given(st.integers(5, 40), st.sampled_from([maximum, minimum]), st.floats(-10, 10))
def test_four_times_the_inputs_take_four_times_the_operations(n, op, x):
    few, many = operations(op, [x] * n), operations(op, [x] * 4 * n)

    assert n <= few
    assert many <= 5 * few


@pytest.mark.parametrize("n", [1, 2, 3, 7, 1000])
def test_inputs_that_tie_share_the_gradient_equally(n):
    xs = [Value(2.0) for _ in range(n)]
    maximum(*xs, 1.0).backward()

    assert [x.grad for x in xs] == [1.0 / n] * n
