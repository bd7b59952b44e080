"""The calculus in C says what the calculus in Python says, or leaves it to Python."""

import ctypes
import math
import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

import engine
from engine.native.csource import c_source, vector_source
from engine.op import total
from engine.ops import TABLE

CALCULUS = Path(engine.__file__).with_name("ops.py").read_text("utf-8")
NARROW = [op for op in TABLE.values() if op.narrow]

# How to call a row from outside; number 2 is the value, 0 and 1 are the slopes.
ASK = """
double ask(int row, int which, double z, double x, double y) {
    if (which == 2) return ROWS[row].value ? ROWS[row].value(x, y) : NAN;
    return ROWS[row].slopes[which] ? ROWS[row].slopes[which](z, x, y) : NAN;
}
"""


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """(op, which, z, x, y) -> what C answers."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler called cc")
    folder = tmp_path_factory.mktemp("c")
    (folder / "rows.c").write_text(c_source(CALCULUS) + ASK)
    command = [compiler, "-O2", "-ffp-contract=off", "-Wall", "-Wno-unused-variable", "-Werror"]
    command += ["-shared", "-fPIC", "rows.c", "-o", "rows.so", "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    function = ctypes.CDLL(str(folder / "rows.so")).ask
    function.argtypes = [ctypes.c_int, ctypes.c_int] + 3 * [ctypes.c_double]
    function.restype = ctypes.c_double
    rows = {op.name: i for i, op in enumerate(NARROW)}
    return lambda op, which, *numbers: function(rows[op.name], which, *numbers)


def points(op):
    rng = random.Random(op.name)
    special = [0.0, -0.0, 1.0, -1.0, 2.0, -3.0, 0.5, 5e-324, 1e308, math.inf, -math.inf, math.nan]
    yield from [(x, y) for x in special for y in (special if op.arity == 2 else [0.0])]
    for scale in (1e-8, 1.0, 30.0, 1e3):
        yield from [(rng.gauss(0, scale), rng.gauss(0, scale)) for _ in range(500)]


def answer(f, *numbers):
    """What Python answers, or nan where it raises."""
    try:
        return float(f(*numbers))
    except (ArithmeticError, ValueError):
        return math.nan


def bits(x):
    return struct.pack("<d", x)


@pytest.mark.parametrize("op", NARROW, ids=lambda op: op.name)
def test_c_answers_with_pythons_bits_and_exactly_where_python_does(op, ask):
    for x, y in points(op):
        point = (x, y)[: op.arity]
        z = answer(op.f, *point)
        for which, f in [(2, op.f), *enumerate(op.partials)]:
            got = ask(op, which, z, x, y)
            expected = math.nan if f is None else answer(f, *([] if which == 2 else [z]), *point)
            if which != 2 and f is not None:
                expected = float(total(f, z, *point))  # a slope goes on where Python raises
            same = bits(got) == bits(expected) or (got != got and expected != expected)
            assert same, (which, z, point, got, expected)


@pytest.mark.parametrize("op", NARROW, ids=lambda op: op.name)
def test_c_answers_wherever_the_numbers_are_tame(op, ask):
    # A denominator and a logarithm are left to Python at 0, so no number here is near it.
    for x, y in [(0.3, 0.7), (0.9, 0.2), (0.5, 2.0)]:
        point = (x, y)[: op.arity]
        z = op.f(*point)
        wanted = [2, *[i for i, partial in enumerate(op.partials) if partial]]

        assert [w for w in wanted if math.isnan(ask(op, w, z, x, y))] == []


def test_there_is_a_row_for_each_op_of_one_or_two_inputs_in_their_order():
    source = c_source(CALCULUS)
    entries = [line.split('"')[1] for line in source.splitlines() if line.startswith('    {"')]

    assert entries == [op.name for op in NARROW]


BEYOND = {
    "a loop": "def f(x):\n    for i in range(3):\n        x = x * x\n    return x\n",
    "a global": "K = 3.0\ndef f(x):\n    return K * x\n",
    "any number of inputs": "def f(*xs):\n    return xs[0]\n",
    "a function of another module": "def f(x):\n    return math.gamma(x)\n",
    "a name that is assigned twice": "def f(x):\n    x = x + 1.0\n    return x\n",
    "else": "def f(x):\n    if x > 0:\n        return x\n    else:\n        return -x\n",
    "a keyword": "def f(x):\n    return math.log(x, base=2.0)\n",
    "an operator that C has not": "def f(x):\n    return x % 2.0\n",
    "an unknown comparison": "def f(x):\n    return float(x is None)\n",
    "a call that leaves out a default": "def g(x, y=2.0):\n    return x * y\n"
    "def f(x):\n    return g(x, 1.0) + g(x)\n",
    "a call that leaves out an op's default": "def g(x, y=2.0):\n    return x * y\n"
    'two = Op("two", "two", g, None, None)\n'
    "def f(x):\n    return two(x, 1.0) + two(x)\n",
    "a call of what is beyond C": "def g(*xs):\n    return 1.0\ndef f(x):\n    return g(x)\n",
}


@pytest.mark.parametrize("python", BEYOND.values(), ids=BEYOND)
def test_what_is_beyond_c_is_left_to_python(python):
    source = c_source(f'{python}odd = Op("odd", "odd", f, lambda z, x: 2.0 * x)\n')

    assert '{"odd", NULL, {slope0_odd}}' in source


def test_a_partial_beyond_c_leaves_the_rest_of_its_row():
    source = c_source('odd = Op("odd", "odd", math.exp, lambda z, x: len(x))\n')

    assert '{"odd", value_odd, {NULL}}' in source


def test_a_function_may_be_written_with_assignments_conditions_and_raise():
    source = c_source(
        "def f(x):\n    '''Half.'''\n    y: float = x / 2\n    if y < 0:\n"
        "        raise ValueError('no')\n    return abs(y) ** 3 if x != 1 else 0.5\n"
        'odd = Op("odd", "odd", f, None)\n'
    )

    assert "    double y = quotient(x, 2.0, flag);\n    if ((y < 0.0)) {\n" in source
    assert "    *flag = 1;\n    return NAN;\n    }\n" in source
    assert "    return ((x != 1.0) ? power(fabs(y), 3.0, flag) : 0.5);\n" in source


# ---- loops over lanes ----


def looped(source):
    return [line.split('"')[1] for line in source.splitlines() if line.startswith('    {"')]


def test_there_are_loops_for_each_row_that_is_translated_whole():
    assert looped(vector_source(CALCULUS)) == [op.name for op in NARROW]


def test_a_partial_beyond_c_leaves_no_loops():
    source = vector_source('odd = Op("odd", "odd", math.exp, lambda z, x: len(x))\n')

    assert looped(source) == []
    assert "FORWARD(odd" not in source


def test_a_flat_input_has_no_loop():
    source = vector_source('odd = Op("odd", "odd", lambda x, y: x + y, None, lambda z, x, y: y)\n')

    assert '{"odd", 2, NAME(forward_odd), {NULL, NAME(backward1_odd)}}' in source
    assert "FORWARD(odd, op_odd(x[s], y[s], flag))\n" in source
    assert "BACKWARD(1, odd, d1_odd(z[s], x[s], y[s], flag))\n" in source
    assert "BACKWARD(0" not in source


def test_c_knows_the_positive_powers_of_zero(ask):
    assert bits(ask(TABLE["pow"], 2, 0.0, -0.0, 3.0)) == bits(-0.0)
    assert bits(ask(TABLE["pow"], 2, 0.0, -0.0, 2.0)) == bits(0.0)
    assert bits(ask(TABLE["pow"], 0, 0.0, 0.0, 2.0)) == bits(0.0)


def test_loops_have_the_slope_of_relu_by_hand():
    source = vector_source(CALCULUS)

    assert source.count("double NAME(d0_relu)(") == 1
    assert "BACKWARD(0, relu, NAME(d0_relu)(z[s], x[s], flag))" in source
