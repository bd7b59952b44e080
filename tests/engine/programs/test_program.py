"""Programs: recorded graphs that give the numbers and gradients of the graph, to the last bit."""

import math
import random

import pytest
from hypothesis import assume, given, settings

from engine import Op, Value, ops, relu, sqrt, stop_gradient, trace
from engine.languages.by_name import LANGUAGES
from engine.value import constant
from nn import MLP, mse_loss
from tests.engine.programs.random_graphs import LEAVES, bits, eager, error_of, numbers, seeds


@settings(deadline=None, max_examples=200)
@given(seeds, numbers)
def test_a_program_has_the_bits_of_the_graph_it_was_traced_from(seed, numbers):
    output, leaves = eager(seed, numbers)
    program = trace(output, leaves[:2], leaves[2:])
    value, grads = program.value_and_grad(numbers[:2])

    assert bits([program(numbers[:2]), value]) == bits([output.data] * 2)
    assert bits(grads) == bits([leaf.grad for leaf in leaves[2:]])
    assert bits(program.input_grad(numbers[:2])) == bits([leaf.grad for leaf in leaves[:2]])


@settings(deadline=None, max_examples=100)
@given(seeds, numbers, numbers)
def test_with_other_numbers_it_gives_what_the_graph_would_have(seed, numbers, others):
    """The same operations, evaluated one after the other, are the judge here."""
    output, leaves = eager(seed, numbers)
    program = trace(output, leaves)
    tape = program.tape
    error = error_of(lambda: tape.numbers(others, []))
    assert error_of(lambda: program(others)) == error
    assume(not error)
    slots = tape.numbers(others, [])
    grads = tape.gradients(slots)

    assert bits([program(others)]) == bits([slots[tape.outputs[0]]])
    assert bits(program.input_grad(others)) == bits(grads[:LEAVES])


@settings(deadline=None, max_examples=100)
@given(seeds, numbers)
def test_a_tape_asked_op_by_op_has_the_bits_of_backward(seed, numbers):
    output, leaves = eager(seed, numbers)
    tape = trace(output, leaves).tape
    slots = tape.numbers(numbers, [])

    assert bits([slots[tape.outputs[0]]]) == bits([output.data])
    assert bits(tape.gradients(slots)[:LEAVES]) == bits([leaf.grad for leaf in leaves])


@settings(deadline=None, max_examples=50)
@given(seeds, numbers)
def test_the_source_runs_as_printed(seed, numbers):
    output, leaves = eager(seed, numbers)
    namespace = {}
    exec(trace(output, leaves[:2], leaves[2:]).source(), namespace)
    (value,) = namespace["program"](numbers[:2], numbers[2:])

    assert bits([value]) == bits([output.data])
    try:
        again, grads = namespace["gradient"](numbers[:2], numbers[2:])
    except (ArithmeticError, ValueError):  # an infinite slope, for which Program asks the ops
        assume(False)
    assert bits([again, *grads]) == bits([output.data, *[leaf.grad for leaf in leaves]])


# ---- what a program is asked ----


def line():
    w, x, b = Value(2.0, label="w"), Value(3.0, label="x"), Value(1.0, label="b")
    return trace(w * x + b, [x], [w, b]), (w, x, b)


def test_parameters_are_read_when_it_is_called():
    program, (w, _, _) = line()
    w.data = 10.0

    assert program([3.0]) == 31.0


def test_several_outputs_come_in_a_list():
    x = Value(2.0)
    program = trace([x * x, x + 1], [x])

    assert program([3.0]) == [9.0, 4.0]
    with pytest.raises(ValueError, match=r"^a gradient is that of one output, the program has 2$"):
        program.value_and_grad([3.0])


def test_an_output_may_be_an_input_itself():
    x = Value(2.0)
    program = trace(x, [x])

    assert program([3.0]) == 3.0
    assert program.input_grad([3.0]) == [1.0]


def test_the_graph_is_refreshed_as_if_it_had_been_built_anew():
    program, (w, x, b) = line()
    y = program.tape.nodes[-1]
    program.backward([5.0])
    program.backward([5.0])

    assert (x.data, y.data, y.grad) == (5.0, 11.0, 1.0)
    assert (w.grad, x.grad, b.grad) == (10.0, 4.0, 2.0)  # leaves add up


def test_a_training_by_programs_has_the_bits_of_an_eager_one():
    inputs, targets = [[0.0, 1.0], [1.0, 1.0]], [1.0, 0.0]

    def trained(make_loss):
        model = MLP(2, [3, 1], activation="tanh", rng=random.Random(0))
        loss = make_loss(model)
        for _ in range(50):
            for p, g in zip(model.parameters(), loss()):
                p.data -= 0.1 * g
        return bits([p.data for p in model.parameters()])

    def eagerly(model):
        def gradient():
            model.zero_grad()
            mse_loss([model(x) for x in inputs], targets).backward()
            return [p.grad for p in model.parameters()]

        return gradient

    def replayed(model):
        loss = mse_loss([model(x) for x in inputs], targets)
        program = trace(loss, [], model.parameters())
        return lambda: program.value_and_grad([])[1]

    assert trained(replayed) == trained(eagerly)


def test_an_if_is_frozen_and_relu_is_not():
    x = Value(2.0)
    frozen = trace(x if x > 0 else x * 0.0, [x])
    free = trace(relu(x), [x])

    assert (frozen([-1.0]), free([-1.0])) == (-1.0, 0.0)


def test_an_operation_of_ones_own_runs_in_python_and_in_no_other_language():
    cube = Op("cube", "cube", lambda x: x * x * x, lambda z, x: 3 * x * x)
    x = Value(2.0)
    program = trace(cube(x) + 1, [x])

    assert program([3.0]) == 28.0
    assert program.input_grad([3.0]) == [27.0]
    for language in LANGUAGES:
        with pytest.raises(
            ValueError, match=f"^no {language} for 'cube', an operation of your own$"
        ):
            program.source(language)


def test_an_infinite_slope_is_known_where_the_source_would_raise():
    x = Value(0.0)
    program = trace(sqrt(x), [x])

    assert program.input_grad([0.0]) == [math.inf]


def test_no_gradient_passes_a_flat_operation():
    x = Value(2.0)
    program = trace(x * stop_gradient(sqrt(x)), [x])

    assert program.input_grad([4.0]) == [2.0]
    assert program.input_grad([0.0]) == [0.0]


# ---- bad input ----


def test_an_error_is_that_of_the_graph_with_the_label():
    x = Value(2.0)
    y = ops.log(x)
    y.label = "share"
    program = trace(y * 2, [x])

    with pytest.raises(ValueError, match=r"^log\(-1.0\): math domain error, at 'share'$"):
        program([-1.0])


def test_a_graph_is_as_it_was_after_an_error():
    x = Value(2.0)
    y = ops.log(x)
    with pytest.raises(ValueError, match="math domain error"):
        trace(y, [x]).backward([-1.0])

    assert (x.data, x.grad) == (2.0, 0.0)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda x, w: trace(x * w, [x]), ValueError, "^'w' is a leaf of the graph, but neither"),
        (lambda x, w: trace(x * w, [x, w], [w]), ValueError, "^'w' is given twice"),
        (
            lambda x, w: trace(x * w + 1, [x * w]),
            ValueError,
            "^an input or a parameter is a leaf, Val",
        ),
        (lambda x, w: trace("y", [x]), TypeError, "^outputs are a list of Values, got 'y'"),
        (lambda x, w: trace(x * w, x, [w]), TypeError, "^inputs are a list of Values, got Value"),
        (lambda x, w: trace(x * w, [1.0]), TypeError, "^inputs are Values, number 0 is float 1.0"),
        (lambda x, w: trace([], [x]), ValueError, "^a program has at least 1 output, got 0"),
        (lambda x, w: trace([], []), ValueError, "^a program has at least 1 output, got 0"),
        (lambda x, w: trace(x * w, [x], [w])([1, 2]), ValueError, "^a program of 1 input got 2"),
        (lambda x, w: trace(x * w, [x], [w])(1.0), TypeError, "^a program takes a list of its 1"),
        (lambda x, w: trace(x * w, [x], [w])(["a"]), TypeError, "^input 0: expected a number or a"),
        (lambda x, w: trace(x * w, [x], [w])({0: 1.0}), TypeError, "list of its 1 input, got {0: "),
        (lambda x, w: trace(x * w, [x], [w])({1.0}), TypeError, "list of its 1 input, got {1.0}$"),
        (lambda x, w: trace(x * w, [x], [w])(b"a"), TypeError, "list of its 1 input, got b'a'$"),
        (lambda x, w: trace(x * w, [x], {w}), TypeError, "^parameters are a list of Values, got {"),
        (lambda x, w: trace(x * w, {"x": x}, [w]), TypeError, "^inputs are a list of Values, got"),
        (lambda x, w: trace([constant(2.0)], []), ValueError, "^output 0 is a constant, Value"),
        (
            lambda x, w: trace(x * w, [x], [w]).backward([[1.0], [2.0]]),
            TypeError,
            "^backward takes the inputs of one sample, got 2 samples$",
        ),
        (
            lambda x, w: trace(x * w, [x, w])([1.0, 10**400]),
            OverflowError,
            "^input 1: int too large",
        ),
    ],
)
def test_what_makes_no_program_is_refused(make, error, message):
    x, w = Value(1.0, label="x"), Value(2.0, label="w")

    with pytest.raises(error, match=message):
        make(x, w)


def test_a_parameter_that_has_become_a_result_is_refused():
    program, (w, x, _) = line()
    w.__setstate__((x * 2).__getstate__())

    with pytest.raises(ValueError, match=r"^parameter 0 of the program has become the result of"):
        program([1.0])


def test_an_inner_node_is_no_input():
    x = Value(1.0, label="x")
    y = x * 2
    y.label = "y"

    with pytest.raises(ValueError, match=r"^an input or a parameter is a leaf, 'y' was computed$"):
        trace(y + 1, [y])
