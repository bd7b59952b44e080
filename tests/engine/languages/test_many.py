"""largest and log_sum_exp: C and JavaScript have them by hand, with the bits of ops.py."""

import ctypes
import json
import math
import random
import shutil
import struct
import subprocess

import pytest

from engine import Value, logsumexp, maximum, trace
from engine.languages.c import C
from engine.languages.javascript import LARGEST, LOG_SUM_EXP
from engine.languages.python import Language
from engine.native.prelude import MANY
from engine.ops import TABLE, largest, log_sum_exp, real_power

NODE, CC = shutil.which("node"), shutil.which("cc")
SPECIAL = [0.0, -0.0, 1.0, -1.0, 1e308, -1e308, 5e-324, math.inf, -math.inf, math.nan]


def lists():
    rng = random.Random(0)
    for n in (1, 2, 3, 4, 7, 16):
        for _ in range(150):
            yield [rng.choice([*SPECIAL, rng.gauss(0, 3), rng.gauss(0, 300)]) for _ in range(n)]
            yield [rng.choice([0.5, 0.5, rng.gauss(0, 3)]) for _ in range(n)]


def bits(x):
    return "nan" if x != x else x.hex()


@pytest.mark.skipif(CC is None, reason="needs a C compiler called cc")
def test_c_has_pythons_bits(tmp_path):
    ask = "double ask(int which, int n, const double *xs) {\n"
    ask += "    return which ? log_sum_exp(n, xs) : largest(n, xs);\n}\n"
    (tmp_path / "many.c").write_text(MANY + ask)
    command = [CC, "-O2", "-ffp-contract=off", "-Wall", "-Werror", "-shared", "-fPIC"]
    subprocess.run([*command, "many.c", "-o", "many.so", "-lm"], cwd=tmp_path, check=True)
    function = ctypes.CDLL(str(tmp_path / "many.so")).ask
    function.restype = ctypes.c_double

    for xs in lists():
        numbers = (ctypes.c_double * len(xs))(*xs)
        for which, f in enumerate([largest, log_sum_exp]):
            assert bits(function(which, len(xs), numbers)) == bits(f(*xs)), (f, xs)


@pytest.mark.skipif(NODE is None, reason="needs node, Node.js")
def test_javascript_takes_pythons_steps(tmp_path):
    # Node's exp and log1p may end in other bits, so here they are numbers that both have exactly.
    stand_in = "Math.exp = (x) => 1 / (1 - x);\nMath.log1p = (x) => x / 2;\n"
    answer = (
        "const hex = (x) => { const v = new DataView(new ArrayBuffer(8)); v.setFloat64(0, x);\n"
    )
    answer += "  return x !== x ? 'nan' : v.getBigUint64(0).toString(16); };\n"
    answer += "const read = (x) => x === 'nan' ? NaN : Number(x);\n"
    question = "JSON.parse(require('fs').readFileSync('lists.json'))"
    show = f"console.log(JSON.stringify({question}.map((xs) => xs.map(read))"
    show += ".map((xs) => [hex(largest(...xs)), hex(log_sum_exp(...xs))])));\n"
    (tmp_path / "many.js").write_text(stand_in + LARGEST + LOG_SUM_EXP + answer + show)
    given = list(lists())
    words = {math.inf: "Infinity", -math.inf: "-Infinity"}
    text = [["nan" if x != x else words.get(x, repr(x)) for x in xs] for xs in given]
    (tmp_path / "lists.json").write_text(json.dumps(text))
    done = subprocess.run([NODE, "many.js"], cwd=tmp_path, capture_output=True, check=True)

    for xs, found in zip(given, json.loads(done.stdout)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(math, "exp", lambda x: 1 / (1 - x) if x > -math.inf else 0.0)
            patch.setattr(math, "log1p", lambda x: x / 2)
            right = [largest(*xs), log_sum_exp(*xs)]
        words = [
            "nan" if z != z else f"{struct.unpack('>Q', struct.pack('>d', z))[0]:x}" for z in right
        ]
        assert found == words, xs


def test_the_machine_and_a_printed_program_share_their_c():
    language = C()
    language.value(TABLE["logsumexp"], ["x", "y"])

    assert all(text in MANY for text in language.definitions.values())
    assert list(language.definitions) == ["largest", "log_sum_exp"]


def test_a_program_in_python_prints_the_functions_of_the_table():
    language = Language()
    for op in ("minimum", "logsumexp", "pow"):
        language.value(TABLE[op], ["x", "y"])
    namespace = {"math": math}
    exec("\n".join(language.definitions.values()), namespace)

    assert list(language.definitions) == ["largest", "smallest", "log_sum_exp", "power"]
    assert namespace["log_sum_exp"](0.1, 0.2) == log_sum_exp(0.1, 0.2)
    assert namespace["power"](0.3, 1.7) == real_power(0.3, 1.7)
    with pytest.raises(ValueError, match="no real power"):
        namespace["power"](-8.0, 1 / 3)


@pytest.mark.parametrize("name", ["largest", "smallest", "log_sum_exp"])
def test_a_parameter_called_like_a_function_of_the_program_gets_another_name(name):
    x, y = Value(0.5, label=name), Value(1.5)
    program = trace(logsumexp(x, y) + maximum(x, y), inputs=[x, y])

    assert f" {name} = " not in program.source("c")
    assert f"{name}_ = inputs[0]" in program.source("c")
