"""The tape: slots in their order, what is a constant, and the gradients of every slot."""

import pytest

from engine import Value, exp, grad, log, stop_gradient
from engine.programs.plan import NoPlanError, lowered
from engine.programs.program import trace
from engine.programs.tape import Tape, fixed, named, packed, unpacked


def example():
    """(x * w + 3) * 3 of an input x and a parameter w, and its tape."""
    x, w = Value(2.0, label="x"), Value(5.0, label="w")
    v = x * w
    return x, w, v, Tape([(v + 3.0) * 3.0], [x], [w])


def test_slots_are_parameters_inputs_constants_and_operations():
    x, w, v, tape = example()

    assert (tape.parameters, tape.inputs, tape.constants) == ([w], [x], [3.0])
    assert tape.nodes[:4] == [w, x, None, v]
    assert (tape.first, len(tape.nodes), len(tape)) == (3, 6, 3)
    assert [op.name for op in tape.ops] == ["mul", "add", "mul"]
    assert tape.args == [(1, 0), (3, 2), (4, 2)]
    assert tape.outputs == [5]
    assert list(tape.reached) == [1, 1, 1, 1, 1, 1]


def test_constants_are_told_apart_by_their_digits():
    x = Value(1.0)
    tape = Tape([x * 0.0 + -0.0 + 0.0 * 2.0], [x], [])

    assert [repr(c) for c in tape.constants] == ["0.0", "-0.0"]


def test_the_numbers_of_a_tape_are_those_of_every_slot():
    *_, tape = example()

    assert tape.numbers([2.0], [5.0]) == [5.0, 2.0, 3.0, 10.0, 13.0, 39.0]
    assert tape.gradients(tape.numbers([2.0], [5.0])) == [6.0, 15.0, 0.0, 3.0, 3.0, 1.0]


def test_no_gradient_comes_to_slots_behind_a_flat_op():
    x, w = Value(2.0), Value(5.0)
    tape = Tape([stop_gradient(x * w) * w], [x], [w])

    assert list(tape.reached) == [1, 0, 0, 1, 1]
    assert tape.gradients(tape.numbers([2.0], [5.0])) == [10.0, 0.0, 0.0, 5.0, 1.0]


def test_a_slot_that_no_gradient_comes_to_does_not_end_the_sweep():
    x = Value(2.0)
    tape = Tape([exp(x) + stop_gradient(x * 3.0)], [x], [])

    assert tape.gradients(tape.numbers([0.0], []))[0] == 1.0


def test_a_number_that_an_op_uses_twice_gets_both_shares():
    x = Value(3.0)
    tape = Tape([x * x], [x], [])

    assert tape.gradients(tape.numbers([3.0], [])) == [6.0, 1.0]


def test_an_error_names_the_label_of_its_node_and_no_other():
    x = Value(2.0)
    z = log(x)
    tape = Tape([z * 2.0], [x], [])

    with pytest.raises(ValueError, match=r"^log\(-1\.0\): [a-z ,]*$"):
        tape.numbers([-1.0], [])
    z.label = "entropy"
    with pytest.raises(ValueError, match=r"^log\(-1\.0\): .*, at 'entropy'$"):
        tape.numbers([-1.0], [])


def test_the_label_of_a_slot_is_empty_where_there_is_none():
    *_, tape = example()

    assert [tape.label(slot) for slot in range(6)] == ["w", "x", "", "", "", ""]


def test_inputs_become_parameters_in_a_twin_with_the_same_slots():
    x, w, _, tape = example()
    twin = tape.without_inputs()

    assert (twin.parameters, twin.inputs) == ([w, x], [])
    assert (tape.parameters, tape.inputs) == ([w], [x])
    assert (twin.nodes, twin.args, twin.outputs) == (tape.nodes, tape.args, tape.outputs)


def test_a_packed_tape_is_unpacked_with_its_constants_in_their_place():
    *_, tape = example()
    state = packed(tape)
    twin = unpacked(state)

    assert list(state["nodes"]) == [v for v in tape.nodes if v is not None]
    assert twin.nodes == tape.nodes
    assert vars(twin).keys() == vars(tape).keys()


def test_an_input_and_a_constant_may_be_outputs():
    x = Value(2.0)
    slope = grad(3.0 * x, x)  # the number 3, everywhere
    program = trace([x, slope, x + 1.0], inputs=[x])

    assert program([7.0]) == [7.0, 3.0, 8.0]
    assert program.tape.outputs == [0, 2, 3]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda x, w: Tape([x * w], [x], [w, x]),
            r"^'x' is given twice, as a parameter or an input$",
        ),
        (
            lambda x, w: Tape([x * w], [x], []),
            r"^'w' is a leaf of the graph, but neither an input nor a parameter: a program would",
        ),
        (
            lambda x, w: Tape([x * w], [x * w], [x, w]),
            r"^an input or a parameter is a leaf, Value\(data=10\.0, grad=0\.0\) was computed$",
        ),
    ],
)
def test_leaves_that_do_not_go_together_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make(Value(2.0, label="x"), Value(5.0, label="w"))


def test_a_number_that_is_an_output_has_nothing_to_compute():
    x = Value(2.0)
    (three,) = (x * 3.0)._prev - {x}

    with pytest.raises(ValueError, match=r"^output 1 is a constant, Value\(data=3\.0, grad=0\.0\)"):
        Tape([x * 3.0, three], [x], [])


def test_only_numbers_and_constant_derivatives_are_fixed():
    x = Value(2.0)
    slope = grad(3.0 * x, x)
    (three,) = (x * 3.0)._prev - {x}

    assert [fixed(v) for v in (x, x * 3.0, slope, three)] == [False, False, True, True]


def test_a_value_is_named_by_its_label_or_shown():
    assert named(Value(2.0, label="x")) == "'x'"
    assert named(Value(2.0)) == "Value(data=2.0, grad=0.0)"


# ---- the program around it ----


def test_a_program_and_a_plan_say_their_sizes():
    x, w, *_ = example()
    program = trace(x * w + 3.0, inputs=[x], parameters=[w])

    assert repr(program) == "Program(1 inputs, 1 parameters, 2 operations)"
    assert len(program) == 2
    assert repr(lowered(program.tape, 1)) == "Plan(1 samples, 0 instructions for each, 2 once)"
    assert type(program).__module__ == "engine"


def test_a_plan_wants_the_inputs_of_whole_samples_and_one_computed_output():
    x, y = Value(2.0), Value(3.0)

    with pytest.raises(NoPlanError, match=r"^2 inputs are not those of 0 samples$"):
        lowered(Tape([x * y], [x, y], []), 0)
    with pytest.raises(NoPlanError, match=r"^2 inputs are not those of 3 samples$"):
        lowered(Tape([x * y], [x, y], []), 3)
    for outputs in ([x * y, x + y], [x]):
        with pytest.raises(NoPlanError, match=r"^it takes one output, which is computed$"):
            lowered(Tape(outputs, [x, y], []), 1)
    assert lowered(Tape([x * y], [x, y], []), 1).lanes == 1


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 200])
@pytest.mark.parametrize("single", [True, False])
def test_many_samples_have_the_answers_of_each(n, single):
    x, y, w = Value(2.0), Value(3.0), Value(0.5)
    z = x * w + y
    program = trace(z * z if single else [z, z * w], inputs=[x, y], parameters=[w])
    samples = [[float(i), float(n - i)] for i in range(n)]

    assert program(samples) == [program(sample) for sample in samples]
    if single:
        values, grads = program.value_and_grad(samples)
        each = [program.value_and_grad(sample) for sample in samples]
        assert list(zip(values, grads)) == each
        assert program.input_grad(samples) == [program.input_grad(sample) for sample in samples]


@pytest.mark.parametrize("place", [0, 63, 64, 130])
def test_an_error_of_many_samples_names_the_sample(place):
    x = Value(2.0)
    program = trace(log(x) * 2.0, inputs=[x])
    samples = [[1.0] for _ in range(131)]
    samples[place] = [-1.0]

    with pytest.raises(ValueError, match=rf"^sample {place}: log\(-1\.0\)"):
        program(samples)
    with pytest.raises(ValueError, match=rf"^sample {place}: log\(-1\.0\)"):
        program.value_and_grad(samples)
    samples[place] = ["1"]
    with pytest.raises(TypeError, match=rf"^sample {place}: input 0: expected a number"):
        program(samples)


def test_the_value_and_gradients_of_one_sample():
    x, y, w = Value(2.0), Value(3.0), Value(5.0)
    program = trace(x * w + y * y, inputs=[x, y], parameters=[w])

    assert program.value_and_grad([2.0, 4.0]) == (26.0, [2.0])
    assert program.input_grad([2.0, 4.0]) == [5.0, 8.0]


def test_a_long_program_has_the_gradients_of_its_graph():
    x, w = Value(0.5), Value(1.25)
    z = x * w
    for _ in range(60):
        z = z * w + x
    z.backward()
    program = trace(z, inputs=[x], parameters=[w])

    assert len(program) > 100
    assert program.value_and_grad([0.5]) == (z.data, [w.grad])
    assert program.input_grad([0.5]) == [x.grad]


def test_a_long_program_that_leaves_a_domain_raises_what_its_graph_raises():
    x = Value(0.5)
    z = log(x)
    for _ in range(120):
        z = z * 0.5 + x
    program = trace(z, inputs=[x])

    with pytest.raises(ValueError, match=r"^log\(-1\.0\)"):
        program.value_and_grad([-1.0])


def test_refreshing_a_graph_adds_to_leaves_and_replaces_elsewhere():
    x, w = Value(2.0), Value(5.0)
    v = x * w
    z = v + 1.0
    program = trace(z, inputs=[x], parameters=[w])

    assert [program.backward([3.0]), program.backward([3.0])] == [16.0, 16.0]
    assert [x.data, v.data, z.data] == [3.0, 15.0, 16.0]
    assert [x.grad, w.grad, v.grad, z.grad] == [10.0, 6.0, 1.0, 1.0]


def test_what_asks_for_one_output_or_one_sample_says_so():
    x = Value(2.0)
    program = trace([x * 2.0, x * 3.0], inputs=[x])
    for call in (program.backward, program.value_and_grad, program.input_grad):
        with pytest.raises(
            ValueError, match=r"^a gradient is that of one output, the program has 2$"
        ):
            call([1.0])
    with pytest.raises(
        TypeError, match=r"^backward takes the inputs of one sample, got 2 samples$"
    ):
        trace(x * 2.0, inputs=[x]).backward([[1.0], [2.0]])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"outputs": 2.0, "inputs": []}, r"^outputs are a list of Values, got 2\.0$"),
        ({"outputs": [2.0], "inputs": []}, r"^outputs are Values, number 0 is float 2\.0$"),
        ({"inputs": 2.0}, r"^inputs are a list of Values, got 2\.0$"),
        ({"inputs": [], "parameters": 2.0}, r"^parameters are a list of Values, got 2\.0$"),
    ],
)
def test_what_is_traced_are_values(given, message):
    with pytest.raises(TypeError, match=message):
        trace(**{"outputs": Value(1.0) * 2.0, **given})


def test_a_program_without_outputs_is_refused():
    with pytest.raises(ValueError, match=r"^a program has at least 1 output, got 0$"):
        trace([], inputs=[])
