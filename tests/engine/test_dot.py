"""The dot product: one node, with the bits of the chain that it stands for."""

import random

import numpy as np
import pytest

from engine import Value, dot
from tests.engine.operands import bits, name


def gauss(rng, n):
    """Numbers with all their bits in use, so that sums in another order differ."""
    return [rng.gauss(0, 1) for _ in range(n)]


def chain(weights, inputs, bias):
    z = bias
    for w, x in zip(weights, inputs, strict=True):
        z = z + w * x
    return z


def dot_and_chain(build, numbers):
    """The bits of data and gradients that `build` makes with dot and with the chain."""
    results = []
    for f in (dot, chain):
        xs = [Value(x) for x in numbers]
        z = build(f, xs)
        (z * 1.7).backward()
        results.append(bits([z.data, *[x.grad for x in xs]]))
    return results


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_dot_gives_the_bits_of_the_chain_from_the_bias(n):
    rng = random.Random(n)
    for _ in range(100):
        fused, spelled = dot_and_chain(
            lambda f, xs: f(xs[:n], xs[n : 2 * n], xs[-1]), gauss(rng, 2 * n + 1)
        )

        assert fused == spelled


def test_a_network_of_dots_gives_the_bits_of_the_chains():
    def network(f, p):
        hidden = [f(p[3 * i : 3 * i + 2], p[-2:], p[3 * i + 2]).tanh() for i in range(3)]
        outputs = [f(p[9 + 4 * i : 12 + 4 * i], hidden, p[12 + 4 * i]) for i in range(2)]
        return sum((y - 1) ** 2 for y in outputs)

    rng = random.Random(0)
    for _ in range(100):
        fused, spelled = dot_and_chain(network, gauss(rng, 19))

        assert fused == spelled


def test_dot_gives_the_gradient_of_the_chain_where_an_input_repeats():
    rng = random.Random(0)
    for _ in range(100):
        fused, spelled = dot_and_chain(lambda f, xs: f(xs[:4], [xs[4]] * 4, xs[5]), gauss(rng, 6))

        # Not to the last bit: the chain adds up the four contributions in the other order.
        assert [float.fromhex(x) for x in fused] == pytest.approx(
            [float.fromhex(x) for x in spelled], rel=1e-12
        )


def test_dot_of_numbers_is_a_float():
    assert (dot([1, 2.0], [3.0, 4], 0.5), type(dot([1], [2]))) == (11.5, float)


@pytest.mark.parametrize("arguments", [([1.0], [2.0], None), ([], [], None), ([], [], 1.0)])
def test_dot_of_numbers_is_a_float_at_any_length(arguments):
    assert type(dot(*arguments)) is float


def test_dot_of_values_and_numbers_is_one_node():
    w, b = Value(2.0), Value(0.5)
    z = dot([w, 3.0], [10.0, 100], b)
    z.backward()

    assert (z.data, z.inputs) == (320.5, (w, 3.0, 10.0, 100.0, b))
    assert (w.grad, b.grad) == (10.0, 1.0)


def test_dot_without_a_bias():
    w, x = Value(2.0), Value(3.0)
    z = dot([w], [x])
    z.backward()

    assert (z.data, w.grad, x.grad) == (6.0, 3.0, 2.0)


def test_dot_of_nothing_but_a_bias_is_the_bias():
    b = Value(0.5)
    z = dot([], [], b)
    z.backward()

    assert (z.data, b.grad) == (0.5, 1.0)


@pytest.mark.parametrize(
    ("weights", "inputs"), [([1.0], [1.0, 2.0]), ([1.0, 2.0], []), ([], [1.0])]
)
def test_dot_of_different_lengths_is_an_error_with_both(weights, inputs):
    message = f"^dot takes as many inputs as weights: {len(weights)}, got {len(inputs)}$"
    with pytest.raises(ValueError, match=message):
        dot(weights, inputs)


@pytest.mark.parametrize(("weights", "inputs"), [(1.0, [2.0]), ([1.0], 2.0), (None, None)])
def test_dot_of_what_is_no_list_is_a_type_error(weights, inputs):
    with pytest.raises(TypeError, match=r"^dot takes two lists of numbers, got .* and "):
        dot(weights, inputs)


@pytest.mark.parametrize("wrong", ["a", None, 1j, [1.0]], ids=repr)
def test_dot_with_what_is_no_number_is_a_type_error_naming_it(wrong):
    with pytest.raises(TypeError, match=f"got {name(wrong)} "):
        dot([Value(1.0), wrong], [Value(2.0), Value(3.0)])


@pytest.mark.parametrize("wrong", ["a", 1j, [1.0]], ids=repr)
def test_dot_with_a_bias_that_is_no_number_is_a_type_error_naming_it(wrong):
    with pytest.raises(TypeError, match=f"got {name(wrong)} "):
        dot([Value(1.0)], [Value(2.0)], wrong)


def test_dot_takes_arrays_of_numbers():
    w = [Value(2.0), Value(3.0)]

    assert dot(w, np.array([10.0, 100.0])).data == 320.0
