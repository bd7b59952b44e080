"""The terminal: what is printed is text, in any encoding, and nothing of it is obeyed."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn import MLP, save
from nn.command.main import main
from nn.command.terminal import shown
from tests.nn.command.own_tables import table
from tests.nn.command.shell import needs_bash, shell

pytestmark = pytest.mark.usefixtures("a_folder_of_its_own")
OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_what_is_shown_holds_nothing_that_a_terminal_obeys(text):
    assert not OBEYED.search(shown(text))
    assert shown(text) == text or OBEYED.search(text)


@pytest.mark.parametrize("name", ["\x1b[31mred", "\x9b31m", "a\rb", "\x07", "\u202eevil", "w\nx"])
def test_predict_shows_the_control_signs_of_class_names(name, capsys):
    notes = {"inputs": ["x", "y"], "classes": [name, name]}
    save(MLP(2, [2], activation="tanh"), "weights.json", notes)

    for options in ([], ["--probabilities"]):
        assert main(["predict", "weights.json", "0,1", *options]) == 0
        [line] = capsys.readouterr().out.split("\n")[:-1]
        assert name.encode("unicode_escape").decode()[:4] in line or "\\u202e" in line
        assert not OBEYED.search(line)


def test_errors_show_the_control_signs_of_names(capsys):
    notes = {"inputs": ["x\x1b[2J", "y"], "classes": ["a", "b"]}
    save(MLP(2, [2], activation="tanh"), "weights.json", notes)

    assert main(["predict", "weights.json", "0"]) == 2
    assert "x\\x1b[2J" in capsys.readouterr().err


@needs_bash
def test_letters_that_the_output_does_not_have_are_written_as_escapes(tmp_path):
    table(
        tmp_path / "wetter.csv", [["größe", "天气"], *[[i % 2, "晴雨"[i % 2]] for i in range(40)]]
    )
    train = "chainrule train wetter.csv --target 天气 --epochs 30 --save w.json"
    lines = f"{train} && chainrule predict w.json 0 && chainrule explain 'größe*2' größe größe=1"

    done = shell(lines, tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="1")

    assert done.returncode == 0, done.stderr
    assert "\\u6674" in done.stdout
    assert "gr\\xf6\\xdfe" in done.stdout


@pytest.mark.parametrize(
    "text", ["1if 1else 2", "1or 2", "0x1for x in y", "1in x", "'\\d'", "1is 1"]
)
def test_a_formula_that_python_warns_of_gets_one_line(text, capsys, recwarn):
    assert main(["draw", text]) == 2
    assert main(["source", text]) == 2

    assert len(capsys.readouterr().err.splitlines()) == 2
    assert not recwarn.list
