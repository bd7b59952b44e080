"""The faces of engine and nn: what dir, help, completion, star imports and type checkers show."""

import ast
import doctest
import importlib
import inspect
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import engine
import nn
from engine.ops import TABLE

ROOT = Path(__file__).parents[2]
FACES = [engine, nn]
every_face = pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)


def printed(code):
    """What a new process prints, where the packages that nobody needs are not installed."""
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return found.stdout


def late_imports(face):
    """{name: module} of the names that only type checkers see a face import."""
    found = {}
    for statement in ast.parse(Path(face.__file__).read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
            for line in statement.body:
                found.update({alias.name: line.module for alias in line.names})
    return found


def public_names(face):
    return sorted({*face.__all__, *late_imports(face)})


def public_classes():
    found = [(face, name) for face in FACES for name in public_names(face)]
    return [(face, name) for face, name in found if inspect.isclass(getattr(face, name))]


# ---- names that are imported when they are asked for ----


@every_face
def test_type_checkers_and_python_know_the_same_names(face):
    code = f"import {face.__name__} as face; known = {{*vars(face)}}; import json; "
    late = set(json.loads(printed(f"{code}print(json.dumps(sorted({{*dir(face)}} - known)))")))

    assert set(late_imports(face)) == late


@every_face
def test_a_late_name_is_the_one_of_its_module(face):
    for name, module in late_imports(face).items():
        if module == face.__name__:
            assert getattr(face, name) is importlib.import_module(f"{module}.{name}")
        else:
            assert getattr(face, name) is getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("name", ["draw", "Diagram", "explore", "Explorer"])
def test_a_late_name_says_what_to_install_for_it(name):
    code = f"""
import sys
sys.modules["graphviz"] = None
import engine
try:
    engine.{name}
except ImportError as error:
    print(error)
"""
    assert printed(code).endswith("the Python package graphviz: pip install graphviz\n")


def test_threads_that_ask_for_late_names_at_once_all_get_them():
    code = """
import sys, threading, nn
sys.setswitchinterval(1e-6)
failed, start = [], threading.Barrier(16)
def work(i):
    start.wait()
    for k in range(len(nn.__all__)):
        try:
            getattr(nn, nn.__all__[(7 * k + 13 * i) % len(nn.__all__)])
        except Exception as error:
            failed.append(error)
threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
print(failed)
"""
    assert {printed(code) for _ in range(4)} == {"[]\n"}


@every_face
def test_no_file_uses_a_late_name_while_it_is_imported(face):
    late = {name for f in FACES for name, home in late_imports(f).items() if home != f.__name__}
    for path in sorted(Path(face.__file__).parent.rglob("*.py")):
        if path == Path(face.__file__):
            continue
        for line in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(line, ast.ImportFrom) and line.module in ("engine", "nn"):
                assert not late & {alias.name for alias in line.names}, path


@every_face
def test_dir_shows_every_public_name_before_it_is_used(face):
    code = f"import {face.__name__} as face, json; print(json.dumps(dir(face)))"

    assert set(public_names(face)) - set(json.loads(printed(code))) == set()


@every_face
def test_dir_shows_nothing_that_the_face_imports_for_itself(face):
    foreign = {name for name, x in vars(face).items() if inspect.ismodule(x)}
    foreign -= {name for name in foreign if vars(face)[name].__name__.startswith(face.__name__)}

    assert {*foreign, "TYPE_CHECKING", "annotations", "lazy_names"} & {*dir(face)} == set()


@every_face
def test_a_star_import_gives_every_listed_name(face):
    code = f"from {face.__name__} import *; import json; print(json.dumps(dir()))"

    assert set(face.__all__) - set(json.loads(printed(code))) == set()


@every_face
def test_a_name_that_is_not_there_is_named(face):
    with pytest.raises(AttributeError, match=rf"^module '{face.__name__}' has no attribute 'x'$"):
        face.x


@pytest.mark.parametrize(
    ("start", "completed"), [("engine.expla", "engine.explain("), ("nn.Fil", "nn.Film(")]
)
def test_tab_completes_a_late_name(start, completed):
    code = f"import engine, nn, rlcompleter; print(rlcompleter.Completer().complete({start!r}, 0))"

    assert printed(code).startswith(completed)


@every_face
def test_help_works_where_only_python_is_installed(face):
    absent = ["graphviz", "matplotlib", "numpy", "onnx", "safetensors", "sklearn", "torch", "tqdm"]
    code = f"import sys; sys.modules.update(dict.fromkeys({absent}))\n"
    code += f"import {face.__name__} as face, pydoc; print(pydoc.plain(pydoc.render_doc(face)))"
    shown = printed(code)

    assert [name for name in face.__all__ if name not in shown] == []


# ---- classes say the face that has them ----


@pytest.mark.parametrize(("face", "name"), public_classes())
def test_a_public_class_says_its_face(face, name):
    kind = getattr(face, name)

    assert (kind.__module__, kind.__qualname__) == (face.__name__, name)
    assert pickle.loads(pickle.dumps(kind)) is kind


def test_a_class_says_its_face_when_only_its_file_is_imported():
    code = "from nn.training.history import History; from engine.programs.program import Program; "

    assert (
        printed(f"{code}print(History, Program)")
        == "<class 'nn.History'> <class 'engine.Program'>\n"
    )


@pytest.mark.parametrize(("face", "name"), public_classes())
def test_no_other_lines_are_shown_as_the_source_of_a_public_class(face, name):
    with pytest.raises(OSError, match=r"class definition|source code"):
        inspect.getsource(getattr(face, name))


def examples(face, name):
    """The doctests of a class and of its methods, as if typed after `from face import *`."""
    kind, globs = getattr(face, name), {**vars(face)}
    found = doctest.DocTestFinder().find(kind, name, module=False, globs=globs)
    return [test for test in found if test.examples]


@pytest.mark.parametrize(("face", "name"), [c for c in public_classes() if examples(*c)])
def test_the_examples_of_a_public_class_work(face, name):
    said = []
    runner = doctest.DocTestRunner()
    for example in examples(face, name):
        runner.run(example, out=said.append)

    assert "".join(said) == ""
    assert runner.tries > 0


def test_public_classes_have_examples():
    assert len([c for c in public_classes() if examples(*c)]) >= 20


# ---- ops explain themselves ----


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_an_op_says_its_formula_and_its_slope(op):
    formula, _, slopes = op.__doc__.partition("\n")

    assert len(formula) > 10
    assert "slope" in slopes.lower()


def probes(op):
    numbers = [-float("inf"), -1e3, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 1e3, float("inf")]
    if op.arity == 1:
        return [(x,) for x in numbers]
    return [(x, y) for x in numbers for y in numbers]


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_an_op_says_what_it_raises_and_nothing_else(op):
    raised = set()
    for numbers in probes(op):
        try:
            op(*numbers)
        except (ArithmeticError, ValueError) as error:
            raised.add(type(error).__name__)

    assert {word.strip(";,.") for word in op.__doc__.split() if "Error" in word} == raised


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("tanh", "(x)"),
        ("add", "(x, y)"),
        ("leaky_relu", "(x, negative_slope=0.01)"),
        ("elu", "(x, alpha=1.0)"),
        ("maximum", "(*xs)"),
    ],
)
def test_an_op_has_the_signature_of_its_inputs(name, signature):
    assert str(inspect.signature(TABLE[name])) == signature


def test_an_op_of_ones_own_has_a_signature():
    def scaled(x, factor=2.0):
        return x * factor

    op = engine.Op("scaled", "scaled", scaled, lambda z, x, y: y, lambda z, x, y: x)

    assert str(inspect.signature(op)) == "(x, factor=2.0)"


def test_a_method_that_is_an_op_has_the_signature_without_its_value():
    assert str(inspect.signature(engine.Value(1.0).leaky_relu)) == "(negative_slope=0.01)"


def test_help_of_an_op_shows_its_name_signature_and_doc():
    shown = printed("import engine, pydoc; print(pydoc.plain(pydoc.render_doc(engine.log)))")

    assert "log(x)\n    The natural logarithm of x, for x > 0; ValueError elsewhere." in shown


# ---- what type checkers see ----


def declared_methods():
    """{name: parameters} of the methods of Value that only type checkers see."""
    text = Path(engine.__file__).with_name("value.py").read_text(encoding="utf-8")
    (value,) = [x for x in ast.parse(text).body if isinstance(x, ast.ClassDef)]
    (block,) = [x for x in value.body if isinstance(x, ast.If)]
    return {f.name: ast.unparse(f.args) for f in block.body}


def test_type_checkers_know_each_op_as_a_method():
    numpys = {"arcsin", "arccos", "arctan"}

    assert set(declared_methods()) == {*TABLE, *numpys}
    for name in declared_methods():
        assert isinstance(getattr(engine.Value, name), engine.Op)


def test_the_methods_that_type_checkers_know_take_what_the_ops_take():
    for name, parameters in declared_methods().items():
        taken = parameters.replace(": SupportsFloat", "").replace(", /", "").replace(" = ", "=")
        signature = str(inspect.signature(getattr(engine.Value(1.0), name)))
        first = "self, " if signature != "()" else "self"

        assert taken == f"{first}{signature[1:-1]}", name


PROGRAM = """
from engine import Program, Value, draw, explain, trace
from nn import MLP, Adam, Film, Linear, StepLR, fit, mse_loss

x = Value(1.0)
y: Value = x.tanh() + x.relu() * x.leaky_relu(0.2) - x.maximum(0.0, x)
program: Program = trace(y, inputs=[x], parameters=[])
draw(y).render("picture")
explain(y, x)
model = MLP(2, [3, 1])
optimizer = Adam(model.parameters(), lr=0.1)
film = Film(model, [[0.0, 1.0]], [1.0])
fit(model, ([[0.0, 1.0]], [1.0]), optimizer=optimizer, schedule=StepLR(optimizer, 2))
"""
WRONG = """
from engine import Value, drwa
x = Value(1.0)
x.tnah()
x.tanh(2.0)
"""


def test_mypy_knows_the_faces_and_the_ops_and_refuses_what_is_misspelled(tmp_path):
    pytest.importorskip("mypy", reason="needs mypy")
    Path(tmp_path, "right.py").write_text(PROGRAM, encoding="utf-8")
    Path(tmp_path, "wrong.py").write_text(WRONG, encoding="utf-8")
    options = ["--strict", "--no-error-summary", "--hide-error-codes", "--follow-imports=silent"]
    command = [sys.executable, "-m", "mypy", *options, "--config-file=", "--cache-dir", "cache"]
    home = Path(engine.__file__).parents[1]  # mypy knows site-packages, and refuses to be told
    here = {} if home.name == "site-packages" else {"MYPYPATH": str(home)}
    found = subprocess.run(
        [*command, "right.py", "wrong.py"],
        cwd=tmp_path,
        env=os.environ | here,
        capture_output=True,
        text=True,
    )

    wrong = {line.partition(" error: ")[0]: line for line in found.stdout.splitlines()}
    assert list(wrong) == ["wrong.py:2:", "wrong.py:4:", "wrong.py:5:"]
    assert '"engine" has no attribute "drwa"' in wrong["wrong.py:2:"]
    assert '"Value" has no attribute "tnah"' in wrong["wrong.py:4:"]
    assert 'Too many arguments for "tanh" of "Value"' in wrong["wrong.py:5:"]
