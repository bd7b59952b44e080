"""The source of a program, as it is printed: Python, NumPy, C, and what is no name there."""

import ctypes
import random
import re
import shutil
import subprocess

import pytest

from engine import Value, dot, tanh, trace
from tests.engine.programs.random_graphs import LEAVES, bits, eager

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
