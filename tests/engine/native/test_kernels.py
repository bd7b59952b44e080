"""Kernels: rows in C, with the bits and errors of the rows in Python."""

import pytest

from engine import Op, Value
from engine.ops import TABLE
from tests.engine.native.builds import needs_compiled

# ---- rows in C ----


def clone(op):
    """The same row of the table, which has no kernel."""
    return Op(op.name, op.symbol, op.f, *op.partials, gradient=op.gradient, beyond=op.beyond)


NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.3, -0.7, 2.5, -3.0, 30.0, -40.0, 1e-9, -1e-300, 710.0, -745.2]
NUMBERS += [1e308, -1e308, 5e-324, float("inf"), float("-inf"), float("nan")]


@pytest.mark.parametrize("op", [op for op in TABLE.values() if op.narrow], ids=lambda op: op.name)
def test_a_row_in_c_has_the_bits_and_errors_of_the_row_in_python(op):
    def outcome(f, point):
        xs = [Value(x) for x in point]
        try:
            z = f(*xs)
        except (ArithmeticError, ValueError) as error:
            return type(error), str(error)
        z.backward()
        return [v.hex() for v in (z.data, *[x.grad for x in xs])]

    slow = clone(op)
    points = (
        [(x,) for x in NUMBERS] if op.arity == 1 else [(x, y) for x in NUMBERS for y in NUMBERS]
    )
    different = [p for p in points if outcome(op, p) != outcome(slow, p)]

    assert different == []


@needs_compiled
def test_every_row_of_one_or_two_inputs_has_a_kernel_and_no_other_has():
    assert [op.name for op in TABLE.values() if op.narrow != (op.kernel is not None)] == []


def test_an_op_of_your_own_with_a_name_of_the_table_has_no_kernel():
    exp = Op("exp", "exp", lambda x: 2.0, lambda z, x: 7.0)
    x = Value(1.0)
    z = exp(x)
    z.backward()

    assert (exp.kernel, z.data, x.grad) == (None, 2.0, 7.0)


# ---- the node ----


@needs_compiled
def test_a_kernel_of_no_row_leaves_all_to_python():
    from engine.native.kernels import Kernel

    op = Op("double", "double", lambda x: 2.0 * x, lambda z, x: 2.0)
    op.kernel = Kernel()
    x = Value(3.0)
    z = op(x)
    z.backward()

    assert (z.data, x.grad) == (6.0, 2.0)
