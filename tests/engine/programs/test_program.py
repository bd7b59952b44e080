"""Programs: recorded graphs that give the numbers and gradients of the graph, to the last bit."""

import ctypes
import math
import random
import re
import shutil
import subprocess

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import engine
from engine import Op, Value, dot, ops, relu, softmax, sqrt, stop_gradient, tanh, trace
from engine.languages.by_name import LANGUAGES
from engine.value import constant
from nn import MLP, mse_loss

LEAVES = 4


def bits(numbers):
    """The numbers as text; every nan is the same."""
    return [x.hex() if x == x else "nan" for x in numbers]


def graph(rng, numbers, steps=12):
    """A random graph of leaves with these numbers, and some constants: its output and its leaves.

    An operation that has no value there is left out.
    """
    leaves = [Value(x) for x in numbers]
    found = [*leaves, 0.5, -2.0]
    names = sorted(ops.TABLE)
    for _ in range(steps):
        op = ops.TABLE[rng.choice(names)]
        n = op.arity or rng.randint(1, 5)
        inputs = [rng.choice(found) for _ in range(n)]
        if not any(isinstance(x, Value) for x in inputs):
            continue
        try:
            z = (
                dot(inputs[: n // 2], inputs[n // 2 : 2 * (n // 2)])
                if op is ops.dot
                else op(*inputs)
            )
        except (ArithmeticError, ValueError):
            continue
        if isinstance(z, Value):
            found.append(z)
    total = leaves[0] * 0.25
    for z in found[len(leaves) + 2 :]:
        total = total + z * 0.5
    for leaf in leaves:
        total = total + leaf
    return total, leaves


def eager(rng_seed, numbers):
    output, leaves = graph(random.Random(rng_seed), numbers)
    output.backward()
    return output, leaves


def error_of(call):
    """What an arithmetic error says; an empty string without one."""
    try:
        call()
    except (ArithmeticError, ValueError) as error:
        return str(error)
    return ""


seeds = st.integers(0, 2**32)
floats = st.floats(-3, 3, allow_nan=False).map(lambda x: round(x, 3))
numbers = st.lists(floats, min_size=LEAVES, max_size=LEAVES)


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


# ---- the machine ----


@settings(deadline=None, max_examples=200)
@given(seeds, numbers)
def test_the_machine_has_the_bits_of_the_graph(seed, numbers):
    if not engine.compiled:
        pytest.skip("needs the compiled build")
    output, leaves = eager(seed, numbers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.programs.machines.LONG", 1)
        program = trace(output, leaves[:2], leaves[2:])
    used = {op.name for op in program.tape.ops}
    assert program._machine is not None or "hypot" in used
    value, grads = program.value_and_grad(numbers[:2])

    assert bits([value, *program.input_grad(numbers[:2]), *grads]) == (
        bits([output.data, *[leaf.grad for leaf in leaves]])
    )


def test_a_gpt_trained_by_its_program_has_the_bits_of_an_eager_one():
    from benchmarks import gpt

    class Ours:
        dot, relu, log = staticmethod(dot), staticmethod(relu), staticmethod(ops.log)
        softmax = staticmethod(softmax)  # whose shift is in the graph: a plain number is frozen

    def descend(parameters, gradient):
        for _ in range(3):
            for p, g in zip(parameters, gradient(), strict=True):
                p.data -= 0.1 * g
        return bits([p.data for p in parameters])

    eagerly = [Value(x) for x in gpt.initial()]
    replayed = [Value(x) for x in gpt.initial()]
    program = trace(gpt.gpt_loss(Ours(), replayed), [], replayed)

    def gradient():
        for p in eagerly:
            p.grad = 0.0
        gpt.gpt_loss(Ours(), eagerly).backward()
        return [p.grad for p in eagerly]

    assert descend(replayed, lambda: program.value_and_grad([])[1]) == descend(eagerly, gradient)


def test_the_machine_leaves_errors_to_the_graph():
    x = Value(1.0)
    y = x
    for _ in range(150):
        y = y + ops.log(x)
    program = trace(y, [x])

    with pytest.raises(ValueError, match=r"^log\(-1.0\): math domain error$"):
        program.value_and_grad([-1.0])


# ---- C ----


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler, cc")
def test_c_source_has_the_same_bits(tmp_path):
    wanted, sources = [], []
    for seed in range(40):
        rng = random.Random(seed)
        numbers = [round(rng.uniform(-3, 3), 3) for _ in range(LEAVES)]
        output, leaves = eager(seed, numbers)
        try:
            text = trace(output, leaves[:2], leaves[2:]).source("c")
        except ValueError:  # hypot of more than two
            continue
        grads = [leaf.grad for leaf in leaves]
        wanted.append((numbers, bits([output.data, *grads])))
        sources.append(text)
    (tmp_path / "all.c").write_text(renamed(sources))
    library = tmp_path / "all.so"
    options = ["-O2", "-ffp-contract=off", "-shared", "-fPIC", "-Wall", "-Werror"]
    unused = ["-Wno-unused-variable", "-Wno-unused-but-set-variable", "-Wno-unused-function"]
    subprocess.run(["cc", *options, *unused, "-o", library, tmp_path / "all.c", "-lm"], check=True)
    functions = ctypes.CDLL(str(library))

    assert len(wanted) > 30
    for i, (numbers, expected) in enumerate(wanted):
        outputs, grads = (ctypes.c_double * 1)(), (ctypes.c_double * LEAVES)()
        half = ctypes.c_double * 2
        getattr(functions, f"gradient_{i}")(half(*numbers[:2]), half(*numbers[2:]), outputs, grads)
        assert bits([*outputs, *grads]) == expected, sources[i]


def renamed(sources):
    """All of them in one file: the functions of number i end in _i, what they share stands once."""
    lines, seen = [], set()
    for i, text in enumerate(sources):
        for part in re.split(r"\n(?=static|void|//)", text):
            if part.startswith(("void", "// grads")):
                part = re.sub(r"void (program|gradient)\(", rf"void \1_{i}(", part)
            if part not in seen:
                seen.add(part)
                lines.append(part)
    return "\n".join(lines)


# ---- NumPy and PyTorch ----


@pytest.mark.parametrize("seed", range(20))
def test_numpy_source_takes_all_samples_at_once(seed):
    np = pytest.importorskip("numpy", reason="needs numpy, of the extra test")
    numbers = [0.3, -0.8, 1.2, 0.7]
    output, leaves = eager(seed, numbers)
    program = trace(output, leaves[:2], leaves[2:])
    namespace = {}
    exec(program.source("numpy"), namespace)
    rows = [[0.3, -0.8], [0.31, -0.79]]
    try:
        found = [program.value_and_grad(row) for row in rows]
        of_inputs = [program.input_grad(row) for row in rows]
    except (ArithmeticError, ValueError):
        pytest.skip("the graph has no value beside its own numbers")
    with np.errstate(all="ignore"):
        value, grads = namespace["gradient"](np.array(rows).T, numbers[2:])

    assert np.asarray(value) == pytest.approx([v for v, _ in found], rel=1e-9, nan_ok=True)
    summed = [sum(column) for column in zip(*[[*a, *b] for a, (_, b) in zip(of_inputs, found)])]
    assert [float(g) for g in grads] == pytest.approx(summed, rel=1e-6, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("seed", range(20))
def test_torch_source_is_differentiated_by_torch(seed):
    torch = pytest.importorskip("torch", reason="needs torch, of the extra parity")
    numbers = [0.3, -0.8, 1.2, 0.7]
    output, leaves = eager(seed, numbers)
    namespace = {}
    exec(trace(output, leaves[:2], leaves[2:]).source("torch"), namespace)
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in numbers]
    (value,) = namespace["program"](tensors[:2], tensors[2:])

    assert value.item() == pytest.approx(output.data, rel=1e-9, nan_ok=True)


# ---- one line an operation ----


def test_the_source_of_a_neuron_reads_like_its_formula():
    w, x, b = Value(2.0, label="w"), Value(-0.5, label="x"), Value(1.5, label="b")
    y = tanh(w * x + b)
    y.label = "y"
    lines = [line.strip() for line in trace(y, [x], [w, b]).source().splitlines()]

    assert lines[5:10] == [
        "[w, b] = parameters",
        "v3 = w * x",
        "v4 = v3 + b",
        "v5 = tanh(v4)  # y",
        "return [v5]",
    ]
    assert "d_v4 = d_v5 * (1.0 - v5 * v5)" in lines
    assert "d_w += d_v3 * x" in lines


@pytest.mark.parametrize(
    "label", ["v3", "d_w", "lambda", "inputs", "x 1", "x-1", "1x", "é", "#\n", ""]
)
def test_a_label_that_is_no_name_for_a_variable_is_none(label):
    x, y = Value(2.0, label=label), Value(3.0, label=label)
    program = trace(x * y + x, [x, y])
    program.tape.nodes[-1].label = label
    namespace = {}
    exec(program.source(), namespace)

    assert namespace["program"]([2.0, 3.0], []) == [8.0]


def test_a_wide_dot_is_written_over_several_lines():
    xs = [Value(float(i)) for i in range(40)]
    output = dot(xs[:20], xs[20:])
    program = trace(output, xs)

    assert max(map(len, program.source().splitlines())) <= 100
    assert program([float(i) for i in range(40)]) == output.data


def test_an_unknown_language_is_refused_with_the_known():
    x = Value(1.0)

    with pytest.raises(
        ValueError, match=r"^unknown language 'cobol': take one of python, numpy, c, t"
    ):
        trace(x * x, [x]).source("cobol")


# ---- what a program is asked ----


def line():
    w, x, b = Value(2.0, label="w"), Value(3.0, label="x"), Value(1.0, label="b")
    return trace(w * x + b, [x], [w, b]), (w, x, b)


def test_parameters_are_read_when_it_is_called():
    program, (w, _, _) = line()
    w.data = 10.0

    assert program([3.0]) == 31.0


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
        (lambda x, w: trace(x * x, [x, w]), ValueError, "^input 1, 'w', is not in the graph"),
        (lambda x, w: trace(x * w, [x, w], [w]), ValueError, "^'w' is given twice"),
        (lambda x, w: trace(x * w + 1, [x * w]), ValueError, "^input 0, .* is not in the graph"),
        (lambda x, w: trace("y", [x]), TypeError, "^outputs are a list of Values, got 'y'"),
        (lambda x, w: trace(x * w, x, [w]), TypeError, "^inputs are a list of Values, got Value"),
        (lambda x, w: trace(x * w, [1.0]), TypeError, "^inputs are Values, number 0 is float 1.0"),
        (lambda x, w: trace([], [x]), ValueError, "^input 0, 'x', is not in the graph"),
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
