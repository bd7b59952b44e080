"""The commands that take a formula: explain and explore."""

import math

import pytest

from engine import Value, explain, tanh
from nn.command.main import main

NEURON = ["tanh(w*x + b)", "w=2", "x=-0.5", "b=1.5"]


def error_of(capsys, *words):
    """The one line that a command ends with."""
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err


def test_explain_prints_what_the_library_says(capsys):
    w, x, b = Value(2.0, label="w"), Value(-0.5, label="x"), Value(1.5, label="b")

    assert main(["explain", NEURON[0], "w", *NEURON[1:]]) == 0
    assert capsys.readouterr().out == f"{explain(tanh(w * x + b), w).text()}\n"


@pytest.mark.parametrize("form", ["text", "markdown", "latex"])
def test_explain_lists_no_more_paths_than_its_limit(capsys, form):
    words = ["explain", "a*a + a*a", "a", "a=3", "--format", form]
    assert main(words) == 0
    listed = capsys.readouterr().out
    assert main([*words, "--limit", "1"]) == 0

    assert len(capsys.readouterr().out) < len(listed)


def test_explain_wants_a_variable_of_the_formula(capsys):
    assert "v is no variable here" in error_of(capsys, "explain", "w*x", "v", "w=2", "x=1")


def test_explain_wants_the_variable_before_the_numbers(capsys):
    assert "such as w" in error_of(capsys, "explain", "w*x", "w=2", "x=1")


def test_explore_writes_a_page_of_the_formula(capsys, tmp_path):
    path = tmp_path / "steps.html"
    assert main(["explore", *NEURON, "-o", str(path), "--lang", "zh"]) == 0

    result = math.tanh(2 * -0.5 + 1.5)
    assert capsys.readouterr().out == f"tanh(w*x + b) = {result:.6g}, step by step: {path}\n"
    assert '<html lang="zh">' in path.read_text("utf-8")


def test_explore_opens_its_page_in_the_browser(monkeypatch, tmp_path):
    shown = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    path = tmp_path / "steps.html"
    assert main(["explore", *NEURON, "-o", str(path), "--open"]) == 0

    assert shown == [path.resolve().as_uri()]


def test_explore_writes_no_picture(capsys, tmp_path):
    path = tmp_path / "steps.svg"

    assert "the page is HTML" in error_of(capsys, "explore", *NEURON, "-o", str(path))
    assert not path.exists()
