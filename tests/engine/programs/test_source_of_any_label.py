"""A label may be any text: programs in every language have the numbers of `backward`."""

import ctypes
import json
import math
import re
import shutil
import struct
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, dot, ops, trace
from engine.languages.by_name import LANGUAGES
from engine.languages.reserved import KEYWORDS, MACRO, called, is_reserved
from nn.command.main import main

CC, NODE = shutil.which("cc"), shutil.which("node")
needs_cc = pytest.mark.skipif(CC is None, reason="needs a C compiler, cc")
needs_node = pytest.mark.skipif(NODE is None, reason="needs node, Node.js")
NUMBERS = [
    "Inf",
    "INF",
    "inf",
    "infinity",
    "Infinity",
    "Nan",
    "NAN",
    "nan",
    "NaN",
    "e1",
    "1e5",
    "1",
]
MACROS = ["M_PI", "M_E", "M_SQRT1_2", "M_2_SQRTPI", "HUGE", "HUGE_VAL", "HUGE_VALF", "FP_NAN"]
MACROS += ["FP_ZERO", "INT_MAX", "DBL_MAX", "DBL_EPSILON", "FLT_MIN", "FE_ALL_EXCEPT", "M_PI_"]
MACROS += ["MATH_ERRNO", "MAXFLOAT", "X_TLOSS", "DOMAIN", "EDOM", "NULL", "math_errhandling"]
TEXTS = ["tail\\", "tail??/", "$", "$x$", "\0", "a\0b", "\ud800", "\u2028", "\u202e", "*/", "/*"]
TEXTS += ['"""', "'", "#", "//", "\r", "\n", "é", "温度", "%s", "{x}", "", " ", "_", "__", "x\\\ny"]


def every_source():
    """What is printed of each op, in each language that has it."""
    for op in ops.TABLE.values():
        output, leaves = applied(op, [])
        for language in LANGUAGES:
            yield trace(output, leaves).source(language)


def applied(op, labels):
    """op of leaves with these labels, and of others if it takes more: (its Value, the leaves)."""
    n = size(op)
    names = [*labels, *[f"leaf{i}" for i in range(len(labels), n)]]
    xs = [Value(0.3 + 0.1 * i, label=name) for i, name in enumerate(names)]
    if op is ops.dot:
        return dot(xs[:2], xs[2:], 1.5), xs
    return op(*xs), xs


def size(op):
    """How many leaves the op takes here; C has hypot of 2 alone."""
    return op.arity or (4 if op is ops.dot else 2)


def words():
    """Every word of every printed source, and every word that a language keeps for itself."""
    found = {*called(), *KEYWORDS.split(), *NUMBERS, *MACROS}
    for text in every_source():
        found |= set(re.findall(r"[A-Za-z_]\w*", text))
    return sorted(found)


def graphs(labels):
    """Each op of leaves with the labels, as many at a time as it takes."""
    for op in ops.TABLE.values():
        for i in range(0, len(labels), size(op)):
            output, leaves = applied(op, labels[i : i + size(op)])
            yield differentiated(output * 1.25 + leaves[0], leaves)


def sums(labels, n=12):
    """The sum of all ops, of n leaves with the labels, in turn: each label is beside each op."""
    for i in range(0, len(labels), n):
        leaves = [Value(0.3 + j / 99, label=label) for j, label in enumerate(labels[i : i + n])]
        total = leaves[0] * 1.25
        for k, op in enumerate(ops.TABLE.values()):
            taken = [leaves[(k + j) % len(leaves)] for j in range(size(op))]
            total = total + (dot(taken[:2], taken[2:], 1.5) if op is ops.dot else op(*taken))
        yield differentiated(total, leaves)


def differentiated(output, leaves):
    """The graph, its leaves, and its value and gradient."""
    output.label = leaves[0].label
    output.backward()
    return output, leaves, [output.data, *[x.grad for x in leaves]]


def bits(numbers):
    return [struct.pack("<d", x) for x in numbers]


# ---- each word of a language, as a label of each op ----


def test_python_gives_the_bits_of_backward_whatever_word_is_a_label():
    for output, leaves, wanted in graphs([*words(), *TEXTS]):
        made = {}
        source = trace(output, leaves).source()
        exec(compile(source, "<test>", "exec"), made)
        value, grads = made["gradient"]([x.data for x in leaves], [])

        assert bits([value, *grads]) == bits(wanted), source
        assert made["program"]([x.data for x in leaves], []) == wanted[:1], source


def test_numpy_gives_the_numbers_of_backward_whatever_word_is_a_label():
    np = pytest.importorskip("numpy", reason="needs numpy, of the extra test")
    for output, leaves, wanted in sums([*words(), *TEXTS]):
        made = {}
        source = trace(output, leaves).source("numpy")
        exec(compile(source, "<test>", "exec"), made)
        value, grads = made["gradient"]([np.array([x.data]) for x in leaves], [])

        assert [float(value[0]), *map(float, grads)] == pytest.approx(wanted, rel=1e-12), source


def test_torch_gives_the_numbers_of_the_graph_whatever_word_is_a_label():
    torch = pytest.importorskip("torch", reason="needs torch, of the extra torch")
    for output, leaves, wanted in sums([*words(), *TEXTS]):
        made = {}
        source = trace(output, leaves).source("torch")
        exec(compile(source, "<test>", "exec"), made)
        taken = [torch.tensor(x.data, dtype=torch.float64) for x in leaves]

        assert float(made["program"](taken, [])[0]) == pytest.approx(wanted[0], rel=1e-12), source


@needs_cc
def test_c_gives_the_bits_of_backward_whatever_word_is_a_label(tmp_path):
    cases = list(sums([*words(), *TEXTS]))
    functions = compiled(tmp_path, [trace(z, xs).source("c") for z, xs, _ in cases])

    for (_, leaves, wanted), function in zip(cases, functions):
        assert bits(in_c(function, leaves)) == bits(wanted), leaves


@needs_node
def test_javascript_gives_the_numbers_of_backward_whatever_word_is_a_label(tmp_path):
    cases = list(sums([*words(), *TEXTS]))
    questions = [[trace(z, xs).source("javascript"), [x.data for x in xs]] for z, xs, _ in cases]

    for (_, leaves, wanted), found in zip(cases, in_node(tmp_path, questions)):
        assert found == pytest.approx(wanted, rel=1e-12), leaves


def compiled(folder, sources, options=("-O1", "-ffp-contract=off")):
    """The C function `gradient` of each source; the files of one library, a name for each."""
    texts, shared = [], set()
    for i, text in enumerate(sources):
        for part in re.split(r"\n(?=static|void|//|#)", text):
            mine = re.sub(r"^void (program|gradient)\(", rf"void \1_{i}(", part)
            if mine not in shared:
                shared.add(mine)
                texts.append(mine)
    (folder / "all.c").write_text("\n".join(texts), "utf-8")
    command = ["cc", *options, "-shared", "-fPIC", "-w", "-o", "all.so", "all.c", "-lm"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]
    library = ctypes.CDLL(str(folder / "all.so"))
    return [getattr(library, f"gradient_{i}") for i in range(len(sources))]


def in_c(function, leaves):
    n = len(leaves)
    outputs, grads = (ctypes.c_double * 1)(), (ctypes.c_double * n)()
    function((ctypes.c_double * n)(*[x.data for x in leaves]), None, outputs, grads)
    return [*outputs, *grads]


def in_node(folder, questions):
    """The value and the gradient of each (source, inputs)."""
    (folder / "questions.json").write_text(json.dumps(questions), "utf-8")
    (folder / "run.cjs").write_text(
        """
        const questions = JSON.parse(require("fs").readFileSync("questions.json"));
        console.log(JSON.stringify(questions.map(([source, inputs]) => {
          const made = new Function(`"use strict"; ${source}\\nreturn { program, gradient };`)();
          const [value, grads] = made.gradient(inputs, []);
          return [value, ...grads];
        })));""",
        "utf-8",
    )
    done = subprocess.run([NODE, "run.cjs"], cwd=folder, capture_output=True, check=True)
    return json.loads(done.stdout)


# ---- cases ----


@pytest.mark.parametrize("name", NUMBERS)
def test_a_variable_that_is_spelled_like_a_number_is_none(name):
    u, x, y = Value(0.7, label=name), Value(2.0, label=name), Value(3.0, label=name)

    assert trace(ops.erf(u), [u]).input_grad([0.7]) == [0.6912748604105386]
    assert trace(x * x, [x])([2.0]) == 4.0
    assert trace(x**y, [x, y]).input_grad([2.0, 3.0]) == [12.0, 8.0 * math.log(2.0)]


@pytest.mark.parametrize("name", ["Inf", "nan", "NAN", "infinity", "log_sum_exp", "e1", "outputs"])
def test_the_command_takes_any_name_for_a_variable(name, capsys):
    assert main(["source", f"erf({name}) * logsumexp({name}, 2)"]) == 0
    made = {}
    exec(capsys.readouterr().out, made)
    u = Value(0.7)
    (ops.erf(u) * ops.logsumexp(u, 2.0)).backward()

    assert made["gradient"]([0.7], [])[1] == [u.grad]


def test_a_number_is_known_by_its_kind_in_a_negative_constant_too():
    x = Value(0.5, label="x")

    assert "torch.tensor((-2.0), dtype=torch.float64)" in trace(ops.elu(-2.0, x), [x]).source(
        "torch"
    )
    assert "x ** -3.0" in trace(x**-2.0, [x]).source()


@needs_cc
def test_every_name_that_the_preprocessor_of_c_replaces_is_reserved(tmp_path):
    (tmp_path / "math.c").write_text("#include <math.h>\n")
    done = subprocess.run(
        ["cc", "-dM", "-E", "math.c"], cwd=tmp_path, capture_output=True, text=True
    )
    macros = re.findall(r"#define ([A-Za-z]\w*) ", done.stdout)

    assert "NAN" in macros
    assert [name for name in macros if not is_reserved(name)] == []


@given(st.from_regex(MACRO, fullmatch=True))
def test_a_reserved_name_is_free_with_a_tail(name):
    assert not is_reserved(name + "_")


@needs_cc
def test_c_has_the_bits_with_the_options_that_its_first_line_names(tmp_path):
    sources, cases = [], []
    for op in ops.TABLE.values():
        for constant in (710.0, 0.3, -2.5, 7.25):
            x = Value(0.4, label="x")
            if op is ops.hypot:  # C has it of 2 inputs alone
                continue
            try:
                inner = op(constant, x) if op.arity == 2 else op(x * 0.0 + constant)
                output = ops.log1p(ops.softplus(inner)) + ops.log1p(ops.elu(constant + 800, x))
                output.backward()
            except (ArithmeticError, ValueError, TypeError):
                continue
            cases.append(([x], [output.data, x.grad]))
            sources.append(trace(output, [x]).source("c"))
    options = re.findall(r"-f[\w=-]+", sources[0].splitlines()[0])
    functions = compiled(tmp_path, sources, ["-O2", *options])

    assert options == ["-ffp-contract=off", "-fno-builtin"]
    assert len(cases) > 80
    for (leaves, wanted), function, source in zip(cases, functions, sources):
        assert bits(in_c(function, leaves)) == bits(wanted), source


# ---- any text ----

ANY = st.one_of(st.sampled_from([*NUMBERS, *TEXTS]), st.text(max_size=40))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(ANY, min_size=4, max_size=4))
def test_a_program_with_labels_of_any_text_has_the_bits_of_backward(labels):
    a, b = (Value(x, label=label) for x, label in zip((0.7, 1.3), labels))
    middle = ops.logsumexp(a, b) * ops.erf(a)
    output = ops.minimum(middle, b) + ops.gelu(a) ** 2
    middle.label, output.label = labels[2:]
    output.backward()
    program = trace(output, [a], [b])
    made = {}
    exec(compile(program.source(), "<test>", "exec"), made)
    value, grads = made["gradient"]([0.7], [1.3])

    assert bits([value, *grads]) == bits([output.data, a.grad, b.grad])
    assert bits([program([0.7]), *program.input_grad([0.7])]) == bits([output.data, a.grad])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(ANY)
def test_a_label_of_any_text_adds_no_line_to_a_program(label):
    texts = {}
    for called_so in ("y", label):
        x = Value(0.7, label="x")
        y = ops.tanh(x) * 2.0
        y.label = called_so
        for language in LANGUAGES:
            texts.setdefault(language, []).append(trace(y * x, [x]).source(language))

    for language, (plain, odd) in texts.items():
        comment = LANGUAGES[language].comment
        bare = [[line.split(f"  {comment}")[0] for line in t.split("\n")] for t in (plain, odd)]
        assert bare[0] == bare[1]
        assert odd.isprintable() or odd.replace("\n", "").isprintable()
        assert not re.search(r"(\\|\?\?/)[ \t]*$", odd, re.MULTILINE)
