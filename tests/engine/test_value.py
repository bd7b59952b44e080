"""The graph: building it, the values in it, and the semantics the design promises."""

import random
import weakref
from math import inf, nan
from operator import add, mul, sub

import numpy as np
import pytest

from engine import Value, dot, maximum, topological_order
from engine.ops import TABLE
from tests.engine.operands import bits, every_number, every_wrong_operand, name


class Token:
    """Something to watch: a Value itself takes no weak reference."""


def gauss(rng, n):
    """Numbers with all their bits in use, so that sums in another order differ."""
    return [rng.gauss(0, 1) for _ in range(n)]


# ---- micrograd's example ----


def test_the_example_of_micrograds_readme_gives_its_numbers():
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()

    assert [f"{x:.4f}" for x in (g.data, a.grad, b.grad)] == ["24.7041", "138.8338", "645.5773"]


def test_random_programs_give_micrograds_gradients():
    micrograd = pytest.importorskip("micrograd.engine")

    def program(a, b):
        c = (a * b + b**3 - 2 * a).relu() + a / 3
        for k in range(4):
            c = c * a - (b + k) ** 2 + 1 / (c**2 + 2)
        return -c

    rng = random.Random(0)
    for _ in range(50):
        numbers = [rng.gauss(0, 1), rng.gauss(0, 1)]
        ours = [Value(x) for x in numbers]
        theirs = [micrograd.Value(x) for x in numbers]
        program(*ours).backward()
        program(*theirs).backward()

        # Theirs divides by multiplying with a power and sums in the order of a set.
        assert [x.grad for x in ours] == pytest.approx([x.grad for x in theirs], rel=1e-9)


# ---- a leaf ----


@every_number
def test_data_is_a_float_whatever_number_made_it(k):
    assert (type(Value(k).data), Value(k).data) == (float, float(k))


@every_wrong_operand
def test_a_value_of_what_is_no_number_is_a_type_error_naming_it(wrong):
    with pytest.raises(TypeError, match=f"expected a number.*, got {name(wrong)} "):
        Value(wrong)


def test_a_value_of_a_value_is_a_type_error_that_tells_what_to_do():
    message = r"^expected a number, got a Value: take its \.data, or v\.detach\(\)$"

    with pytest.raises(TypeError, match=message):
        Value(Value(2.0))


def test_a_number_too_large_for_a_float_is_an_overflow_error():
    with pytest.raises(OverflowError):
        Value(10**400)


def test_a_new_value_is_a_leaf_with_gradient_zero():
    v = Value(2)

    assert (v.data, v.grad, v.op, v.inputs, v._prev, v._op, v.label) == (
        2.0, 0.0, None, (), set(), "", "",
    )  # fmt: skip


def test_repr_shows_data_and_grad():
    assert repr(Value(2)) == "Value(data=2.0, grad=0.0)"


def test_repr_shows_the_label_when_there_is_one():
    assert repr(Value(2, label="a 'b'")) == """Value(data=2.0, grad=0.0, label="a 'b'")"""


def test_the_label_can_be_given_by_position_and_changed():
    v = Value(2, "a")
    v.label += "b"

    assert v.label == "ab"


def test_the_label_of_a_node_can_be_set():
    z = Value(2) * 3
    z.label = "z"

    assert repr(z) == "Value(data=6.0, grad=0.0, label='z')"


def test_attributes_can_be_set_from_outside():
    p = Value(2.0)
    p.m = 0.5

    assert p.m == 0.5


def test_an_attribute_of_one_value_is_not_one_of_another():
    Value(2.0).m = 0.5

    assert not hasattr(Value(2.0), "m")


def test_a_value_can_be_subclassed():
    class Parameter(Value):
        def __init__(self, data, name):
            super().__init__(data, label=name)
            self.name = name

    p = Parameter(3, "w")
    (p * p).backward()

    assert (p.name, p.grad, repr(p)) == ("w", 6.0, "Value(data=3.0, grad=6.0, label='w')")


@pytest.mark.parametrize("attribute", ["data", "grad"])
@every_number
def test_data_and_grad_stay_floats_when_written(attribute, k):
    v = Value(1.0)
    setattr(v, attribute, k)

    assert (type(getattr(v, attribute)), getattr(v, attribute)) == (float, float(k))


@pytest.mark.parametrize("attribute", ["data", "grad"])
@every_wrong_operand
def test_writing_what_is_no_number_is_a_type_error_and_changes_nothing(attribute, wrong):
    v = Value(1.0)
    before = getattr(v, attribute)

    with pytest.raises(TypeError, match=f"got {name(wrong)} "):
        setattr(v, attribute, wrong)
    assert getattr(v, attribute) == before


# ---- the semantics the design promises, line by line ----


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda x: x.log(), ValueError, "log(0.0): math domain error"),
        (lambda x: (x - 1).log(), ValueError, "log(-1.0): math domain error"),
        (lambda x: 1 / x, ZeroDivisionError, "1.0 / 0.0: float division by zero"),
        (lambda x: x**-1, ZeroDivisionError, "0.0 ** (-1.0): "),
        (lambda x: (x - 8) ** (1 / 3), ValueError, "(-8.0) ** 0.3333333333333333: "),
        (lambda x: (-8) ** (x + 1 / 3), ValueError, "(-8.0) ** 0.3333333333333333: "),
        (lambda x: (x + 1000).exp(), OverflowError, "exp(1000.0): math range error"),
    ],
)
def test_outside_a_domain_pythons_own_error_names_op_and_numbers(f, error, message):
    with pytest.raises(error) as caught:
        f(Value(0.0))

    assert type(caught.value) is error
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("f", [lambda x: x.sqrt(), lambda x: x**0.5])
def test_an_infinite_derivative_is_an_infinite_gradient(f):
    x = Value(0.0)
    f(x).backward()

    assert x.grad == inf


@pytest.mark.parametrize("k", [nan, inf, -inf])
def test_nan_and_infinity_are_carried_as_floats_carry_them(k):
    x = Value(k)
    z = x * 2 + 1
    z.backward()

    assert bits([z.data, x.grad]) == bits([k, 2.0])


def test_a_product_that_overflows_is_infinite_as_for_floats():
    assert (Value(1e308) * 10).data == inf


def test_tied_maxima_share_the_gradient():
    x, y = Value(2.0), Value(2.0)
    maximum(x, y).backward()

    assert (x.grad, y.grad) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("n", "slope"),
    [(0, 0.0), (1, 1.0), (2, 0.0), (3, 0.0), (0.0, 0.0), (2.0, 0.0), (np.int64(1), 1.0)],
)
def test_whole_powers_at_zero_have_exact_gradients(n, slope):
    x = Value(0.0)
    (x**n).backward()

    assert x.grad == slope


def test_zero_to_a_positive_power_has_no_slope_in_the_exponent():
    y = Value(3.0)
    (0**y).backward()

    assert y.grad == 0.0


def test_the_exponents_gradient_at_a_negative_base_is_nan():
    x, y = Value(-2.0), Value(3.0)
    (x**y).backward()

    assert (x.grad, bits([y.grad])) == (12.0, ["nan"])


def test_equality_and_hash_are_identity():
    x, y = Value(2.0), Value(2.0)

    assert (x == y, x != y, x == 2.0, x == x) == (False, True, False, True)
    assert {x: "x", y: "y"}[x] == "x"


def test_writing_data_changes_this_node_only():
    x = Value(2.0)
    z = x * 3
    x.data = 5.0

    assert z.data == 6.0


@pytest.mark.parametrize("f", [lambda x, y: x * y, lambda x, y: dot([x], [y])])
def test_backward_differentiates_at_the_values_nodes_now_hold(f):
    x, y = Value(2.0), Value(3.0)
    z = f(x, y)
    x.data, y.data = 20.0, 30.0
    z.backward()

    assert (x.grad, y.grad) == (30.0, 20.0)


def test_a_maximum_whose_inputs_were_written_gives_its_gradient_to_the_largest_now():
    x, y = Value(2.0), Value(1.0)
    z = maximum(x, y)
    x.data = 5.0
    z.backward()

    assert (x.grad, y.grad) == (1.0, 0.0)


@pytest.mark.parametrize("written", [0.0, -1.0, inf, nan, 1e308])
def test_backward_does_not_raise_at_whatever_was_written(written):
    for op in TABLE.values():
        xs = [Value(0.5) for _ in range(op.arity or 3)]
        z = op(*xs)
        for x in xs:
            x.data = written
        z.backward()

        assert all(type(x.grad) is float for x in xs)


@pytest.mark.parametrize("wrong", ["a", None, 1j, [1.0]], ids=repr)
def test_a_wrong_operand_leaves_no_half_built_node(wrong):
    def fail():
        x = Value(2.0)
        x.token = Token()
        for f in (lambda: x + wrong, lambda: wrong * x, lambda: x**wrong, lambda: x.maximum(wrong)):
            with pytest.raises(TypeError):
                f()
        return weakref.ref(x.token)

    assert fail()() is None


def test_a_domain_error_leaves_the_graph_usable():
    x = Value(-1.0)
    z = x * 2
    with pytest.raises(ValueError, match=r"^log\(-2\.0\)"):
        z.log()
    z.backward()

    assert x.grad == 2.0


# ---- topological order ----


def test_topological_order_puts_inputs_first():
    rng = random.Random(0)
    nodes = [Value(x) for x in gauss(rng, 5)]
    for _ in range(300):
        op = rng.choice([add, mul, sub, lambda x, y: maximum(x, y, x), lambda x, y: x.tanh()])
        nodes.append(op(rng.choice(nodes), rng.choice(nodes)))
    order = topological_order(*nodes)
    place = {v: i for i, v in enumerate(order)}

    assert len(place) == len(order) == len(nodes)
    assert all(place[x] < place[v] for v in order for x in v.inputs)


def test_topological_order_leaves_out_what_the_output_does_not_need():
    x, y = Value(1.0), Value(2.0)
    z = x * x
    x * y

    assert topological_order(z) == [x, z]


def test_topological_order_leaves_out_constants():
    x = Value(1.0)
    z = x * 3

    assert topological_order(z) == [x, z]


def test_topological_order_of_a_leaf_is_the_leaf():
    x = Value(1.0)

    assert topological_order(x) == [x]


def test_topological_order_of_nothing_is_empty():
    assert topological_order() == []


def test_topological_order_of_several_outputs_has_each_node_once():
    x = Value(1.0)
    y = x + 1.0
    z = y * x

    assert topological_order(z, y, z) == [x, y, z]


def test_topological_order_is_the_same_each_time():
    x, y = Value(1.0), Value(2.0)
    z = (x * y + y / x).tanh() ** x

    assert topological_order(z) == topological_order(z)
