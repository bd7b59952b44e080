"""The switch: which of the two builds runs."""

import sys
from pathlib import Path

import pytest

import engine
from tests.engine.native.builds import needs_compiled, printed


def test_chainrule_pure_runs_python_whatever_is_built():
    code = "import engine, engine.op, engine.value as v; print(engine.compiled, v.__file__[-3:])"

    assert printed(code, CHAINRULE_PURE="1") == ["False .py"]


@needs_compiled
def test_chainrule_pure_0_is_no_wish():
    assert printed("import engine; print(engine.compiled)", CHAINRULE_PURE="0") == ["True"]


def test_compiled_says_which_file_runs():
    assert engine.compiled == (not sys.modules["engine.value"].__file__.endswith(".py"))
    assert engine.compiled == (not sys.modules["engine.op"].__file__.endswith(".py"))


@pytest.mark.parametrize(
    "binary", ["value.cpython-39-x86_64-linux-gnu.so", "op.cp39-win_amd64.pyd"]
)
def test_a_binary_of_another_python_is_ignored(tmp_path, binary):
    package = tmp_path / "engine"
    for path in Path(engine.__file__).parent.rglob("*.py"):
        copy = package / path.relative_to(Path(engine.__file__).parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text("utf-8"), "utf-8")
    (package / binary).write_bytes(b"\x7fELF, of another time")
    code = "import sys; sys.path.insert(0, sys.argv[1]); import engine; print(engine.compiled)"

    assert printed(code, str(tmp_path)) == ["False"]
