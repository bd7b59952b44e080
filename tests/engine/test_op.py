"""Ops of your own: what an Op takes, what it refuses, and where it may be flat."""

# (A partial takes all that the op took, whatever it ignores.)

import math
from math import inf

import numpy as np
import pytest

import engine
from engine import Op, Value, check_gradients, grad
from engine.ops import TABLE
from tests.engine.points import gradient

# ---- ops of your own ----


cube = Op("cube", "cube", lambda x: x * x * x, lambda z, x: 3 * x * x)
atan2 = Op(
    "atan2",
    "atan2",
    math.atan2,
    lambda z, y, x: x / (x * x + y * y),
    lambda z, y, x: -y / (x * x + y * y),
)
lerp = Op(
    "lerp",
    "lerp",
    lambda a, b, t: a + t * (b - a),
    lambda z, a, b, t: 1 - t,
    lambda z, a, b, t: t,
    lambda z, a, b, t: b - a,
)
energy = Op(
    "energy",
    "energy",
    lambda *xs: math.fsum(x**4 for x in xs),
    gradient=lambda z, *xs: [4 * x**3 for x in xs],
)
OWN = [(cube, [1.5]), (atan2, [0.5, -2.0]), (lerp, [1.0, 4.0, 0.3]), (energy, [1.0, -2.0, 0.5])]
every_own_op = pytest.mark.parametrize(("op", "point"), OWN, ids=lambda x: getattr(x, "name", ""))


@every_own_op
def test_an_op_of_your_own_is_checked_to_third_order(op, point):
    check_gradients(op, point, order=3)


@every_own_op
def test_an_op_of_your_own_is_a_float_of_floats(op, point):
    assert type(op(*point)) is float


@every_own_op
def test_an_op_of_your_own_gives_backward_and_grad_the_same(op, point):
    xs = [Value(x) for x in point]

    assert [slope.data for slope in grad(op(*xs), xs)] == gradient(op, point)


@every_own_op
def test_an_op_of_your_own_mixes_with_the_others(op, point):
    check_gradients(lambda *xs: (op(*xs) * xs[0] + xs[-1]).tanh(), point, order=2)


@every_own_op
def test_an_op_of_your_own_stays_out_of_the_table(op, point):
    assert op.name not in TABLE


@every_own_op
def test_an_op_of_your_own_shows_its_symbol(op, point):
    assert op(*map(Value, point))._op == op.symbol


def test_an_op_of_your_own_has_a_second_derivative():
    x = Value(2.0)

    assert grad(grad(cube(x), x), x).data == 12.0


def test_an_op_of_your_own_can_be_a_method_of_a_class_of_your_own():
    class Number(Value):
        cube = cube

    assert Number(2.0).cube().data == 8.0


def test_an_op_of_your_own_may_return_an_int_or_a_numpy_scalar():
    double = Op("double", "double", lambda x: np.float64(2) * x, lambda z, x: np.int64(2))
    x = Value(3.0)
    z = double(x)
    z.backward()

    assert (z.data, x.grad, type(z.data), type(x.grad)) == (6.0, 2.0, float, float)


@pytest.mark.parametrize("result", ["6", None, 1j, [6.0]], ids=repr)
def test_an_op_whose_value_is_no_number_is_a_type_error(result):
    wrong = Op("wrong", "wrong", lambda x: result, lambda z, x: 1.0)

    with pytest.raises(TypeError, match=f"got {type(result).__name__}"):
        wrong(Value(3.0))


@pytest.mark.parametrize("slope", ["6", None, 1j, [6.0]], ids=repr)
def test_an_op_whose_slope_is_no_number_is_a_type_error(slope):
    wrong = Op("wrong", "wrong", lambda x: x, lambda z, x: slope)

    with pytest.raises(TypeError, match=f"got {type(slope).__name__}"):
        wrong(Value(3.0)).backward()


@pytest.mark.parametrize("slope", ["6", None, 1j, [6.0]], ids=repr)
def test_an_op_of_two_inputs_whose_slope_is_no_number_is_a_type_error(slope):
    wrong = Op("wrong", "wrong", lambda x, y: x, lambda z, x, y: slope, lambda z, x, y: 0.0)

    with pytest.raises(TypeError, match=f"got {type(slope).__name__}"):
        wrong(Value(3.0), Value(4.0)).backward()


def test_an_op_of_your_own_names_itself_and_its_numbers_outside_its_domain():
    root = Op("root", "root", math.sqrt, lambda z, x: 0.5 / z)

    with pytest.raises(ValueError, match=r"^root\(-4\.0\): math domain error$"):
        root(Value(-4.0))


def test_an_op_of_your_own_has_an_infinite_slope_where_its_partial_divides_by_zero():
    root = Op("root", "root", math.sqrt, lambda z, x: 0.5 / z)
    x = Value(0.0)
    root(x).backward()

    assert x.grad == inf


def test_a_partial_with_a_case_by_comparison_is_carried_on_where_it_divides_by_zero():
    root = Op("root", "root", math.sqrt, lambda z, x: 0.5 / z if x >= 0 else 0.0)
    x = Value(0.0)
    root(x).backward()

    assert x.grad == inf


def test_a_partial_with_an_absolute_value_is_carried_on_where_it_divides_by_zero():
    root = Op("root", "root", math.sqrt, lambda z, x: 0.5 / abs(z))
    x = Value(0.0)
    root(x).backward()

    assert x.grad == inf


@pytest.mark.parametrize(
    "slope",
    [
        lambda z, x: 1 / x,
        lambda z, x: 1 - 1 / x,
        lambda z, x: -(2 / x) + 1,
        lambda z, x: 3 * (1 / x),
        lambda z, x: (1 / x) * 3 - x,
        lambda z, x: (1 / x) ** 2 / 3,
        lambda z, x: 2 ** (1 / x),
        lambda z, x: 1 + x**-1,
    ],
)
def test_every_infix_of_a_partial_goes_on_from_an_infinity(slope):
    x = Value(0.0)
    Op("odd", "odd", lambda x: x, slope)(x).backward()

    assert math.isinf(x.grad)


@pytest.mark.parametrize("f", [None, 1.0, "x"], ids=repr)
def test_an_op_without_a_function_is_a_type_error(f):
    with pytest.raises(TypeError, match=r"^op 'odd' needs a function for its value, got "):
        Op("odd", "odd", f, lambda z, x: 1.0)


def test_an_op_without_derivatives_is_a_type_error():
    with pytest.raises(
        TypeError, match=r"^op 'odd' needs its partials, one for each input, or grad"
    ):
        Op("odd", "odd", math.exp)


def test_an_op_with_both_kinds_of_derivatives_is_a_type_error():
    with pytest.raises(
        TypeError, match=r"^op 'odd' needs its partials, one for each input, or grad"
    ):
        Op("odd", "odd", math.exp, lambda z, x: z, gradient=lambda z, x: [z])


@pytest.mark.parametrize("wrong", [1.0, "x", lambda z: z, lambda z, x, y: z], ids=str)
def test_a_partial_that_is_no_function_of_result_and_input_is_a_type_error(wrong):
    with pytest.raises(
        TypeError, match=r"^op 'odd' needs partials that are functions of \(z, x0\)$"
    ):
        Op("odd", "odd", math.exp, wrong)


def test_the_error_for_a_partial_of_two_inputs_spells_what_it_takes():
    with pytest.raises(TypeError, match=r"^op 'odd' needs partials .* of \(z, x0, x1\)$"):
        Op("odd", "odd", math.hypot, lambda z, x, y: x / z, lambda z, x: x / z)


@pytest.mark.parametrize("f", [lambda: 1.0, lambda x, y: x + y])
def test_a_function_with_another_number_of_inputs_than_partials_is_a_type_error(f):
    with pytest.raises(TypeError, match=r"^op 'odd' needs as many partials as f takes inputs$"):
        Op("odd", "odd", f, lambda z, x: 1.0)


def test_a_function_may_have_settings_behind_its_inputs():
    assert Op("scale", "scale", lambda x, k=3.0: k * x, lambda z, x: 3.0)(2.0) == 6.0


def test_value_and_partial_may_be_methods_of_an_object():
    class Scale:
        factor = 3.0

        def value(self, x):
            return self.factor * x

        def slope(self, z, x):
            return self.factor

    x = Value(2.0)
    z = Op("scale", "scale", Scale().value, Scale().slope)(x)
    z.backward()

    assert (z.data, x.grad) == (6.0, 3.0)


def test_the_default_of_a_method_stands_in_for_its_own_input():
    class Scale:
        def value(self, x, k=3.0):
            return k * x

    scale = Op("scale", "scale", Scale().value, lambda z, x, k: k, lambda z, x, k: x)

    assert scale(2.0) == 6.0


# ---- flat ops ----


step = Op("step", "step", lambda x: float(x > 0), None)
gate = Op("gate", "gate", lambda x, y: y if x > 0 else 0.0, None, lambda z, x, y: step(x))


def test_an_op_without_a_partial_is_flat_there():
    assert [gradient(step, [2.0]), gradient(gate, [2.0, 3.0])] == [[0.0], [0.0, 1.0]]


def test_grad_by_what_an_op_is_flat_in_is_zero():
    x = Value(2.0)

    assert grad(step(x), x).data == 0.0


@pytest.mark.parametrize(("op", "point"), [(step, [2.0]), (gate, [2.0, 3.0])], ids=repr)
def test_a_flat_op_is_checked_like_the_rest(op, point):
    check_gradients(op, point, order=2)


def test_an_op_that_is_wrongly_called_flat_is_caught():
    flat = Op("flat", "flat", lambda x: x * x, None)

    with pytest.raises(engine.GradientError, match=r"^flat at \(3\.0\): d/dx0 is 0 by the engine"):
        check_gradients(flat, [3.0])


FLAT = [(op, i) for op in TABLE.values() if op.arity for i in range(op.arity) if not op.partials[i]]


@pytest.mark.parametrize("take", ["backward", "grad"])
@pytest.mark.parametrize(("op", "i"), FLAT, ids=lambda x: getattr(x, "name", str(x)))
def test_past_a_flat_input_not_even_an_infinite_slope_matters(op, i, take):
    x = Value(0.0)
    root = x.sqrt()  # with slope inf
    z = op(*[root if j == i else 2.0 for j in range(op.arity)]) + x
    if take == "backward":
        z.backward()
        slope = x.grad
    else:
        slope = grad(z, x).data

    assert slope == 1.0


@pytest.mark.parametrize("count", [1, 3])
def test_a_gradient_of_the_wrong_length_is_an_error_in_backward(count):
    odd = Op("odd", "odd", lambda *xs: sum(xs), gradient=lambda z, *xs: [1.0] * count)

    with pytest.raises((TypeError, ValueError), match="odd"):
        odd(Value(1.0), Value(2.0)).backward()


@pytest.mark.parametrize("count", [1, 3])
def test_a_gradient_of_the_wrong_length_is_an_error_in_grad(count):
    odd = Op("odd", "odd", lambda *xs: sum(xs), gradient=lambda z, *xs: [1.0] * count)
    xs = [Value(1.0), Value(2.0)]

    with pytest.raises((TypeError, ValueError), match="odd"):
        grad(odd(*xs), xs)
