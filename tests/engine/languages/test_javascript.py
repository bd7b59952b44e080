"""JavaScript: the table, and programs, give Node the numbers of the engine."""

import itertools
import json
import math
import random
import shutil
import subprocess

import pytest

from engine import Op, Value, dot, ops, trace
from engine.explorer.assets import script
from engine.explorer.contents import json_number
from engine.explorer.explorer import explore
from engine.explorer.table import op_table

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="needs node, Node.js")
SPECIAL = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -3.0, 5.5, 30.0, -30.0, 1000.0, -1000.0]
SPECIAL += [1e308, -1e308, 1e-310, math.inf, -math.inf, math.nan]
FEW = [0.0, -0.5, 1.0, -1000.0, 1e308, -math.inf, math.nan]


def answers(tmp_path, code, questions):
    """What a module's function `answer` makes of each question, by way of JSON."""
    (tmp_path / "questions.json").write_text(json.dumps(questions))
    (tmp_path / "explorer.mjs").write_text(script(), "utf-8")
    (tmp_path / "run.mjs").write_text(
        'import fs from "fs";\n'
        'import { calculated, read, repr, stepsOf, stateAt, telling } from "./explorer.mjs";\n'
        f"{code}\n"
        'const questions = JSON.parse(fs.readFileSync("questions.json"));\n'
        "console.log(JSON.stringify(questions.map(answer)));\n"
    )
    done = subprocess.run([NODE, "run.mjs"], cwd=tmp_path, capture_output=True, check=True)
    return json.loads(done.stdout)


def close(wanted, found, tolerance=1e-12):
    """Whether text is a number to that relative precision; a subnormal one to its last bit."""
    if wanted is None or found is None:
        return wanted is found
    x, y = float(wanted), float(found)
    if math.isnan(x) or math.isnan(y):
        return math.isnan(x) and math.isnan(y)
    return x == y or abs(x - y) <= tolerance * abs(x) + 5e-324


def question(op, xs):
    """The contents for one op and its inputs, and the numbers of these."""
    n = len(xs)
    card = {
        "op": f"{op.name}/{n}",
        "called": op.symbol,
        "infix": not op.symbol.isidentifier(),
        "inputs": list(range(n)),
        "slopes": ["" if op.passes(i) else None for i in range(n)],
    }
    return [{"nodes": [*[{"op": None} for _ in xs], card]}, [json_number(x) for x in xs]]


CALCULATE = """
const answer = ([contents, xs]) => {
  const found = calculated(contents, xs.map(read), OPS), n = xs.length;
  if (found.error) return { error: found.error.message };
  const written = (x) => (x === null ? null : repr(x));
  return { z: repr(found.data[n]), slopes: found.slopes[n].map(written) };
};
"""


@needs_node
def test_every_op_has_the_values_slopes_and_errors_of_the_engine(tmp_path):
    table = ops.TABLE.values()
    cases = [
        (op, xs)
        for op in table
        for xs in itertools.product(
            SPECIAL if op.arity else FEW, repeat=op.arity if op.arity else 3
        )
    ]
    code = f"const OPS = {op_table([(op, op.arity or 3) for op in table])};" + CALCULATE

    found = answers(tmp_path, code, [question(op, xs) for op, xs in cases])

    for (op, xs), answer in zip(cases, found):
        where = op.spell(*map(repr, xs))
        try:
            z = op.evaluate(*xs)
        except (ArithmeticError, ValueError):
            assert answer.get("error", "").startswith(f"{where}: "), where
            continue
        assert "error" not in answer, answer
        slopes = op.slopes(z, list(xs), [op.passes(i) for i in range(len(xs))])
        assert close(z, answer["z"]), (where, z, answer)
        for wanted, slope in zip(slopes, answer["slopes"]):
            assert close(None if wanted is None else float(wanted), slope), (where, slopes, answer)


@needs_node
def test_erf_is_right_in_its_tails(tmp_path):
    numbers = [x / 16 for x in range(-120, 440)]
    cases = [(op, x) for op in (ops.erf, ops.erfc) for x in numbers]
    code = f"const OPS = {op_table([(ops.erf, 1), (ops.erfc, 1)])};" + CALCULATE

    found = answers(tmp_path, code, [question(op, [x]) for op, x in cases])

    for (op, x), answer in zip(cases, found):
        assert close(op(x), answer["z"]), (op, x, op(x), answer)


def graph(rng):
    """A random graph of all ops with its leaves, or None if a number in it is out of bounds."""
    leaves = [Value(round(rng.uniform(-3, 3), 3), label=f"x{i}") for i in range(4)]
    found = [*leaves, 0.5, -2.0]
    for _ in range(10):
        op = rng.choice(list(ops.TABLE.values()))
        inputs = [rng.choice(found) for _ in range(op.arity or rng.randint(2, 5))]
        try:
            half = len(inputs) // 2
            z = dot(inputs[:half], inputs[half : 2 * half]) if op is ops.dot else op(*inputs)
        except (ArithmeticError, ValueError):
            continue
        if isinstance(z, Value) and abs(z.data) < 100:
            found.append(z)
    total = leaves[0] * 0.25
    for x in [*leaves, *found[6:]]:
        total = total + x * 0.5
    total.backward()
    return total, leaves


def graphs(n):
    """Random graphs that no rounding error is blown up in."""
    found = [graph(random.Random(seed)) for seed in range(n)]
    return [(z, xs) for z, xs in found if all(abs(x.grad) < 1e4 for x in xs)]


@needs_node
def test_printed_programs_compute_random_graphs_and_their_gradients(tmp_path):
    kept = graphs(150)
    questions = [
        [
            trace(z, xs[:2], xs[2:]).source("javascript"),
            *[[x.data for x in p] for p in (xs[:2], xs[2:])],
        ]
        for z, xs in kept
    ]
    code = """
    const answer = ([source, inputs, parameters]) => {
      const made = new Function(`"use strict"; ${source}\\nreturn { program, gradient };`)();
      const [value, grads] = made.gradient(inputs, parameters);
      return [made.program(inputs, parameters)[0], value, ...grads].map(repr);
    };"""

    found = answers(tmp_path, code, questions)

    assert len(kept) > 100
    for (z, xs), (source, *_), answer in zip(kept, questions, found):
        for wanted, number in zip([z.data, z.data, *[x.grad for x in xs]], answer):
            assert float(number) == pytest.approx(wanted, rel=1e-12, abs=1e-12, nan_ok=True), source


@needs_node
def test_the_page_computes_random_graphs_and_their_gradients(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", "builtin")  # which starts no processes
    kept = graphs(150)
    explorers = [explore(z) for z, _ in kept]
    tables = ",\n".join([explorer.table for explorer in explorers])
    code = f"""
    const TABLES = [{tables}];
    const answer = (contents, i) => {{
      const given = contents.numbers.data.map(read);
      const numbers = calculated(contents, given, TABLES[i]), steps = stepsOf(contents, null);
      const state = stateAt(contents, numbers, steps, steps.length - 1);
      const {{ nodes }} = contents;
      const leaves = nodes.map((_, k) => k).filter((k) => nodes[k].op === null);
      return [nodes.length - 1, ...leaves].map(
        (k) => [nodes[k].name, repr(numbers.data[k]), repr(state.grads[k])]);
    }};"""

    found = answers(tmp_path, code, [explorer.contents for explorer in explorers])

    for (z, xs), [[_, data, _], *leaves] in zip(kept, found):
        grads = {name: grad for name, _, grad in leaves}
        assert float(data) == pytest.approx(z.data, rel=1e-12)
        for x in xs:
            wanted = pytest.approx(x.grad, rel=1e-12, abs=1e-12, nan_ok=True)
            assert float(grads[x.label]) == wanted


@needs_node
def test_numbers_are_written_as_python_writes_them(tmp_path):
    numbers = [0.0, -0.0, 1.0, -2.5, 1e-7, 1e22, 123456.75, math.inf, -math.inf, math.nan]

    found = answers(
        tmp_path, "const answer = (x) => repr(read(x));", [json_number(x) for x in numbers]
    )

    assert found == [repr(x) for x in numbers]


@needs_node
def test_no_variable_has_the_name_of_a_word_of_javascript(tmp_path):
    labels = ["new", "var", "this", "function", "Math", "NaN", "largest", "let", "power"]
    xs = [Value(i + 1.0, label=label) for i, label in enumerate(labels)]
    source = trace(ops.maximum(*xs) ** ops.minimum(*xs), [], xs).source("javascript")
    code = """
    const answer = ([source, xs]) =>
      new Function(`"use strict"; ${source}\\nreturn program;`)()([], xs)[0];"""

    assert answers(tmp_path, code, [[source, [x.data for x in xs]]]) == [9]


def test_an_op_of_ones_own_is_not_in_the_table():
    cube = Op("cube", "cube", lambda x: x**3, lambda z, x: 3 * x**2)

    table = op_table([(cube, 1), (ops.mul, 2)])

    assert "mul/2" in table
    assert "cube" not in table


def test_a_flat_slope_is_null():
    assert "slopes: [\n    null,\n  ]" in op_table([(ops.sign, 1)])
