"""NumPy: gradients are arrays, of which two names may share one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, ops, trace

np = pytest.importorskip("numpy", reason="needs numpy, of the extra test")
UNARY = [ops.neg, ops.tanh, ops.sin, ops.stop_gradient, ops.exp]
BINARY = [ops.add, ops.sub, ops.mul, ops.add, ops.sub]


def gradient(output, leaves):
    made = {}
    exec(trace(output, leaves).source("numpy"), made)
    return [float(g) for g in made["gradient"]([np.array([x.data]) for x in leaves], [])[1]]


def test_a_gradient_that_two_sums_share_is_not_changed_in_place():
    x, y = Value(0.5), Value(2.0)
    a, b = ops.tanh(x), ops.exp(y)
    output = (b * 0.5 + a * 3.0) + (a + b)
    output.backward()

    assert gradient(output, [x, y]) == pytest.approx([x.grad, y.grad], rel=1e-12)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 99), st.integers(0, 99)), max_size=12))
def test_numpy_has_the_gradients_of_graphs_that_use_their_numbers_again(steps):
    leaves = [Value(0.3), Value(-0.6)]
    found = [*leaves, ops.sin(leaves[0]), ops.tanh(leaves[1])]
    for which, i, j in steps:
        x, y = found[i % len(found)], found[j % len(found)]
        z = UNARY[which](x) if which < len(UNARY) else BINARY[which - len(UNARY)](x, y)
        found.append(ops.tanh(z))
    output = found[0]
    for x in found[1:]:
        output = x + output if x.data > 0 else output - x
    output.backward()

    assert gradient(output, leaves) == pytest.approx([x.grad for x in leaves], rel=1e-9, abs=1e-12)
