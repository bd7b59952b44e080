"""Programs asked for many samples at once: the bits, or the error, of each alone."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, ops, trace
from nn import MLP
from tests.engine.programs.random_graphs import bits, eager, error_of, floats, numbers, seeds


def line():
    w, x, b = Value(2.0, label="w"), Value(3.0, label="x"), Value(1.0, label="b")
    return trace(w * x + b, [x], [w, b]), (w, x, b)


def test_a_list_of_samples_gives_a_list_of_outputs():
    program, _ = line()

    assert program([[1.0], [2.0]]) == [3.0, 5.0]


@settings(deadline=None, max_examples=100)
@given(seeds, numbers, st.lists(st.tuples(floats, floats), min_size=1, max_size=70))
def test_a_batch_has_the_bits_or_the_error_of_its_samples_alone(seed, numbers, samples):
    output, leaves = eager(seed, numbers)
    program = trace(output, leaves[:2], leaves[2:])
    errors = [error_of(lambda row=row: program(row)) for row in samples]
    first = next((i for i, error in enumerate(errors) if error), None)

    if first is not None:
        assert error_of(lambda: program(samples)) == f"sample {first}: {errors[first]}"
    else:
        assert bits(program(samples)) == bits([program(row) for row in samples])


def test_the_layers_of_a_network_take_a_batch_at_once():
    model = MLP(3, [5, 4, 2], activation="tanh", rng=random.Random(0))
    x = [Value(0.5) for _ in range(3)]
    program = trace(model(x), x, model.parameters())
    rng = random.Random(1)
    samples = [[rng.gauss(0, 1) for _ in x] for _ in range(130)]

    assert program(samples) == [program(sample) for sample in samples]


@pytest.mark.parametrize("output", [0, 1], ids=["input", "parameter"])
def test_a_batch_may_ask_for_what_is_not_computed(output):
    w, x = Value(2.0), Value(3.0)
    program = trace([[x, w][output], w * x], [x], [w])
    samples = [[float(i)] for i in range(9)]

    assert program(samples) == [program(sample) for sample in samples]


def test_each_sample_of_a_batch_has_gradients_of_its_own():
    program, _ = line()

    assert program.value_and_grad([[1.0], [2.0]]) == ([3.0, 5.0], [[1.0, 1.0], [2.0, 1.0]])
    assert program.input_grad([[1.0], [2.0]]) == [[2.0], [2.0]]


def test_an_array_of_two_axes_is_a_batch():
    np = pytest.importorskip("numpy", reason="needs numpy, of the extra test")
    program, _ = line()

    assert program(np.array([[1.0], [2.0]])) == [3.0, 5.0]
    assert program(np.array([1.0])) == 3.0


@pytest.mark.parametrize("size", [3, 100])
def test_an_error_of_a_batch_names_the_sample_and_the_label(size):
    x = Value(2.0)
    y = ops.log(x)
    y.label = "share"
    program = trace(y, [x])
    samples = [[1.0]] * (size - 1) + [[-1.0]]

    message = rf"^sample {size - 1}: log\(-1.0\): math domain error, at 'share'$"
    for call in (program, program.value_and_grad, program.input_grad):
        with pytest.raises(ValueError, match=message):
            call(samples)


@pytest.mark.parametrize(
    ("sample", "error", "message"),
    [
        ([1.0, 2.0], ValueError, r"^sample 1: a program of 1 input got 2$"),
        (["a"], TypeError, r"^sample 1: input 0: expected a number or a Value, got str 'a'$"),
        (
            [[1.0]],
            TypeError,
            r"^sample 1: input 0: expected a number or a Value, got list \[1.0\]$",
        ),
        (2.0, TypeError, r"^sample 1: a program takes a list of its 1 input, got 2.0$"),
    ],
)
@pytest.mark.parametrize("size", [2, 9])
def test_bad_input_in_a_batch_names_the_sample(size, sample, error, message):
    program, _ = line()
    samples = [[1.0], sample, *[[1.0]] * (size - 2)]

    for call in (program, program.value_and_grad, program.input_grad):
        with pytest.raises(error, match=message):
            call(samples)


@pytest.mark.parametrize("samples", [3, 64, 1000, 1024, 2100])
def test_outputs_side_by_side_are_those_of_a_call(samples):
    w, x, y = Value(0.7), Value(1.0), Value(2.0)
    program = trace([(w * x).tanh() + y, x * y], [x, y], [w])
    rows = [[0.001 * i, 1.0 - 0.002 * i] for i in range(samples)]
    flat = program.side_by_side(rows)

    assert [flat[2 * i : 2 * i + 2].tolist() for i in range(samples)] == program(rows)
    assert flat.tolist()[:6] == [v for row in rows[:3] for v in program(row)]


def test_outputs_side_by_side_raise_with_the_sample():
    x = Value(1.0)
    program = trace(x.log(), [x])
    rows = [[1.0]] * 1500

    with pytest.raises(ValueError, match=r"sample 1200: log\(-1\.0\)"):
        program.side_by_side([*rows[:1200], [-1.0], *rows])
