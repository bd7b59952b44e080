"""Programs of derivatives: trace takes what grad returns, and inputs that are not used."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, grad, trace
from engine.languages.by_name import LANGUAGES

OPERATIONS = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: (a * 0.5).tanh(),
    lambda a, b: a.relu(),
    lambda a, b: a**2,
    lambda a, b: 3.0 * a + 1.0,
    lambda a, b: a.sin(),
    lambda a, b: a.sign(),
]


def rosenbrock(x, y):
    return (1.0 - x) ** 2 + 100.0 * (y - x * x) * (y - x * x)


def hessian(output, xs):
    return [h for g in grad(output, xs) for h in grad(g, xs)]


def some_function(rng, xs):
    made = list(xs)
    for _ in range(rng.randint(0, 6)):
        made.append(rng.choice(OPERATIONS)(rng.choice(made), rng.choice(made)))
    return made[-1]


def test_the_hessian_of_rosenbrock_is_a_program():
    xs = [Value(0.5), Value(-1.0)]
    program = trace(hessian(rosenbrock(*xs), xs), inputs=xs)

    assert program([1.0, 1.0]) == [802.0, -400.0, -400.0, 200.0]
    assert program([[1.0, 1.0]] * 100)[99] == [802.0, -400.0, -400.0, 200.0]


def test_constant_derivatives_are_constants():
    x, y = Value(2.0), Value(3.0)
    program = trace(grad(3.0 * x - y, [x, y]), inputs=[x, y])

    assert program([7.0, 8.0]) == [3.0, -1.0]
    assert program.source().count("return [3.0, (-1.0)]") == 1


def test_what_is_computed_of_a_constant_derivative_is_a_program():
    x, y = Value(2.0), Value(3.0)
    slope = grad(3.0 * x, x)

    assert trace(slope * y * y, inputs=[y]).value_and_grad([4.0])[0] == 48.0
    assert trace(slope * y * y, inputs=[y]).input_grad([4.0]) == [24.0]
    assert trace(grad(slope * y, slope), inputs=[y])([4.0]) == 4.0


def test_a_constant_derivative_by_itself_has_gradient_zero():
    x = Value(2.0)
    program = trace(grad(3.0 * x, x), inputs=[x])

    assert program([5.0]) == 3.0
    assert program.input_grad([5.0]) == [0.0]
    assert program.value_and_grad([[5.0], [6.0]]) == ([3.0, 3.0], [[], []])
    assert program.backward([5.0]) == 3.0


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_constant_derivative_is_source_in_every_language(language):
    x = Value(2.0, label="x")

    assert "3.0" in trace(grad(3.0 * x, x), inputs=[x]).source(language)


def test_a_constant_derivative_may_be_an_input():
    x = Value(2.0)
    slope = grad(3.0 * x, x)

    assert trace(slope * 2.0, inputs=[slope])([5.0]) == 10.0


def test_an_input_that_is_not_used_has_gradient_zero():
    x, y, w = Value(2.0), Value(3.0), Value(4.0)
    program = trace(x * x * w, inputs=[y, x], parameters=[w])

    assert program([9.0, 5.0]) == 100.0
    assert program.input_grad([9.0, 5.0]) == [0.0, 40.0]
    assert program.value_and_grad([9.0, 5.0]) == (100.0, [25.0])
    assert program([[9.0, 5.0]] * 100) == [100.0] * 100


def test_a_long_program_has_inputs_that_are_not_used():
    x, y = Value(1.5), Value(3.0)
    z = x
    for _ in range(150):
        z = z * 1.001 + 0.01
    z.backward()

    assert trace(z, inputs=[y, x]).input_grad([0.0, 1.5]) == [0.0, x.grad]


@settings(deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 3))
def test_programs_of_derivatives_have_the_numbers_of_the_graph(seed, n):
    rng = random.Random(seed)
    xs = [Value(rng.uniform(-2, 2)) for _ in range(n)]
    state = rng.getstate()
    output = some_function(rng, xs)
    first = trace(grad(output, xs), inputs=xs)
    second = trace(hessian(output, xs), inputs=xs)
    others = [Value(rng.uniform(-2, 2)) for _ in range(n)]
    rng.setstate(state)
    same = some_function(rng, others)
    numbers = [x.data for x in others]

    assert first(numbers) == [g.data for g in grad(same, others)]
    assert second(numbers) == [h.data for h in hessian(same, others)]
