"""The op table: what holds for every row, defaults, and where a row is flat."""

# (A partial takes all that the op took, whatever it ignores.)

import inspect
import math
from math import nan

import numpy as np
import pytest

import engine
from engine import Op, Value, check_gradients, grad
from engine.ops import TABLE
from tests.engine.points import COORDINATES, gradient, grid, is_defined

# By design its derivative is not that of its value.
CUT = {"stop_gradient"}


def bits(numbers):
    return [float(x).hex() for x in numbers]


every_op = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
every_true_op = pytest.mark.parametrize(
    "op",
    [op for op in TABLE.values() if op.name not in CUT],
    ids=sorted(TABLE.keys() - CUT, key=list(TABLE).index),
)


# ---- what holds for every row, also for the next one ----


@every_op
def test_every_op_has_points_to_be_tested_at(op):
    assert len(grid(op)) >= 3


@every_true_op
def test_first_and_second_derivatives_agree_with_differences(op):
    for point in grid(op):
        check_gradients(op, point, order=2)


@every_op
def test_an_op_of_floats_is_a_float(op):
    assert {type(op(*point)) for point in grid(op)} == {float}


@every_op
def test_an_op_of_integers_is_a_float(op):
    assert type(op(*[1] * (op.arity or 2))) is float


@every_op
def test_an_op_of_values_is_a_value_with_the_float_of_the_numbers(op):
    for point in grid(op):
        assert bits([op(*map(Value, point)).data]) == bits([op(*point)])


@every_op
def test_an_op_takes_values_and_numbers_together(op):
    for point in grid(op):
        for i in range(len(point)):
            mixed = [Value(x) if j == i else x for j, x in enumerate(point)]

            assert bits([op(*mixed).data]) == bits([op(*point)])


@every_op
def test_a_value_among_numbers_gets_the_gradient_it_gets_among_values(op):
    for point in grid(op):
        expected = gradient(op, point)
        for i, x in enumerate(point):
            v = Value(x)
            op(*point[:i], v, *point[i + 1 :]).backward()

            assert bits([v.grad]) == bits([expected[i]])


@every_op
def test_backward_and_grad_agree_to_the_last_bit(op):
    for point in grid(op):
        xs = [Value(x) for x in point]
        slopes = [slope.data for slope in grad(op(*xs), xs)]

        assert slopes == gradient(op, point)


@every_op
def test_an_op_is_a_method_of_values(op):
    x, *others = grid(op)[0]

    assert getattr(Value(x), op.name)(*others).data == op(x, *others)


@every_op
def test_the_node_remembers_its_op_and_its_inputs_in_order(op):
    xs = [Value(x) for x in grid(op)[-1]]

    z = op(*xs)

    assert (z.op, z.inputs) == (op, tuple(xs))


@every_op
def test_the_same_value_may_be_every_input(op):
    for x in COORDINATES[0]:
        n = op.arity or 3
        if is_defined(op, [x] * n):
            v = Value(x)
            op(*[v] * n).backward()

            assert v.grad == pytest.approx(math.fsum(gradient(op, [x] * n)), rel=1e-15, nan_ok=True)


@every_op
def test_a_wrong_number_of_inputs_is_a_type_error_with_both_numbers(op):
    if op.arity is None:
        with pytest.raises(TypeError, match=f"^{op.name} takes at least 1 input, got 0$"):
            op()
    else:
        wanted = rf"({op.arity - len(op.defaults)} to )?{op.arity} inputs?"
        for n in {0, op.arity + 1}:
            with pytest.raises(TypeError, match=f"^{op.name} takes {wanted}, got {n}$"):
                op(*[1.0] * n)


@every_op
@pytest.mark.parametrize("wrong", ["a", None, 1j, [1.0], (1.0,), np.array([1.0, 2.0])], ids=repr)
def test_an_input_that_is_no_number_is_a_type_error_naming_it(op, wrong):
    xs = [1.0] * (op.arity or 2)
    for x in (1.0, Value(1.0)):
        with pytest.raises(TypeError, match=f"got {type(wrong).__name__} "):
            op(*[x] * (len(xs) - 1), wrong)


@every_op
def test_nan_gives_a_number_or_a_domain_error_and_backward_follows(op):
    xs = [Value(nan) for _ in range(op.arity or 3)]
    try:
        z = op(*xs)
    except (ArithmeticError, ValueError):
        return
    z.backward()

    assert all(type(x.grad) is float for x in xs)


@every_op
def test_repr_of_an_op_names_it(op):
    assert repr(op) == f"<op {op.name}>"


@every_op
def test_an_op_is_public_or_has_an_infix_or_belongs_to_the_calculus(op):
    infix = {"add", "sub", "mul", "div", "pow", "neg", "abs"}
    inside = {"sign", "heaviside", "origin", "equal"}

    assert op.name in infix | inside | set(engine.__all__)


# ---- ops with defaults ----


def test_leaky_relu_has_slope_one_hundredth_unless_told():
    assert [engine.leaky_relu(-3.0), engine.leaky_relu(-3.0, 0.5)] == [-0.03, -1.5]


def test_elu_has_alpha_one_unless_told():
    assert [engine.elu(-3.0), engine.elu(-3.0, 0.5)] == [math.expm1(-3), 0.5 * math.expm1(-3)]


@pytest.mark.parametrize("op", [engine.leaky_relu, engine.elu])
def test_a_default_is_a_constant_of_the_graph(op):
    x = Value(-3.0)

    assert op(x).inputs == (x, *op.defaults)


@pytest.mark.parametrize("op", [engine.leaky_relu, engine.elu])
def test_the_number_with_a_default_can_be_learned(op):
    assert gradient(op, [-2.0, 0.3])[1] == op(-2.0, 1.0)


@pytest.mark.parametrize("op", [engine.leaky_relu, engine.elu])
def test_the_error_for_an_op_with_a_default_gives_the_range(op):
    with pytest.raises(TypeError, match=f"^{op.name} takes 1 to 2 inputs, got 3$"):
        op(1.0, 2.0, 3.0)


# ---- flat ops ----


def test_a_default_of_a_setting_does_not_stand_in_for_an_input():
    scale = Op("scale", "scale", lambda x, k=3.0: k * x, lambda z, x: 3.0)

    with pytest.raises(TypeError, match=r"^scale takes 1 input, got 0$"):
        scale()


def test_every_row_fits_its_function():
    for op in TABLE.values():
        if op.arity and inspect.isfunction(op.f):
            assert len(inspect.signature(op.f).parameters) == op.arity
