"""The command among others: closed outputs, its own files, messages that name its options."""

import pytest

from nn.command.main import main
from tests.nn.command.shell import needs_bash, shell

pytestmark = needs_bash


@pytest.mark.parametrize(
    "words", ['draw "x*x" x=1 --format svg', 'draw "x*x" x=1', 'explain "x*x" x x=1', "--version"]
)
def test_a_closed_output_is_no_error(words, tmp_path):
    process = shell(f"chainrule {words} >&-", tmp_path)

    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


def test_an_error_does_not_go_to_the_output_where_errors_are_closed(tmp_path):
    process = shell('chainrule explain "x*x" y x=1 2>&-', tmp_path)

    assert (process.returncode, process.stdout) == (2, "")


@pytest.mark.parametrize("path", ["moons/checkpoint.json", "./moons/../moons/checkpoint.json"])
def test_a_network_is_not_saved_onto_the_checkpoint(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(["train", "moons", "--quiet", "--save", path]) == 2
    assert "is the checkpoint of the training" in capsys.readouterr().err
    assert not (tmp_path / "moons" / "checkpoint.json").exists()


def test_a_message_says_the_option_and_not_the_argument_of_a_function(tmp_path):
    (tmp_path / "mixed.csv").write_text("x,kind\n1,1\n2,1\n3,a\n4,a\n")
    process = shell("chainrule train mixed.csv --target kind", tmp_path)

    assert "(--kind classes takes both for names)" in process.stderr
    assert shell("chainrule train mixed.csv --target kind --kind classes", tmp_path).returncode == 0
