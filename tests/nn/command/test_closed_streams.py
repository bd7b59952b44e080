"""Streams that are closed, full or no longer read: each subcommand ends quietly, with a code."""

import os

import pytest

from nn.command.main import main
from nn.command.parser import SUBCOMMANDS
from tests.nn.command.shell import needs_bash, shell

pytestmark = needs_bash
full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
LINES = {
    "train": "train xor --steps 1 --output own --quiet",
    "predict": "predict model.json 0,1",
    "draw": 'draw "x*x" x=1',
    "explain": 'explain "x*x" x x=1',
    "explore": 'explore "x*x" x=1 -o page.html',
    "source": 'source "x*x"',
    "completion": "completion bash",
}
CODES = {"train": 1}  # not learned in one step
QUIET = ("train",)  # nothing goes to the output


@pytest.fixture
def folder(tmp_path):
    from random import Random

    from nn import MLP, save

    save(MLP(2, [2], rng=Random(0)), tmp_path / "model.json")
    return tmp_path


def codes(words, redirections, folder):
    """The exit codes of the command with each of the redirections, and what came out elsewhere."""
    runs = [f"chainrule {words} {to}; echo ${{PIPESTATUS[0]}} >&3" for to in redirections]
    process = shell("\n".join(["exec 3>codes", *runs]), folder, PYTHONUNBUFFERED="")
    return list(map(int, (folder / "codes").read_text().split())), process


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_closed_streams_and_a_reader_that_has_left_are_no_error(name, folder):
    if name == "completion":
        pytest.importorskip("shtab")
    found, process = codes(LINES[name], [">&-", ">&- 2>&-", "<&- | true"], folder)

    assert found == [CODES.get(name, 0)] * 3
    assert process.stdout == ""
    assert "Traceback" not in process.stderr
    assert "Exception" not in process.stderr
    assert name in CODES or process.stderr == ""


@full
@pytest.mark.parametrize("name", [name for name in SUBCOMMANDS if name not in QUIET])
def test_an_output_that_is_full_is_said_in_a_line(name, folder):
    if name == "completion":
        pytest.importorskip("shtab")
    found, process = codes(LINES[name], [">/dev/full"], folder)

    assert found == [2]
    assert process.stderr == "chainrule: cannot write: No space left on device\n"


@full
@pytest.mark.parametrize("words", ['explain "x*x" y x=1', "nonsense", "predict none.json 1"])
def test_an_error_that_cannot_be_said_is_still_in_the_exit_code(words, folder):
    found, process = codes(words, ["2>&-", "2>/dev/full", ">&- 2>&-", "2>&1 >&- | true"], folder)

    assert found == [2] * 4
    assert (process.stdout, process.stderr) == ("", "")


@pytest.mark.parametrize("words", ["--help", "--version", "", "train --help"])
def test_help_that_nobody_reads_is_no_error(words, folder):
    found, process = codes(words, [">&-", "| true"], folder)

    assert found == [0] * 2
    assert process.stderr == ""


@pytest.mark.parametrize("words", [LINES["train"], 'explain "x*x" y x=1', "nonsense"])
def test_errors_go_to_stderr_alone(words, folder):
    process = shell(f"chainrule {words}", folder)

    assert process.stdout == ""
    assert process.stderr.startswith("chainrule: ")
    assert process.stderr.count("\n") == 1


def test_an_error_without_a_file_says_what_it_says(capsys, monkeypatch):
    def fail(_options):
        raise OSError("cannot write into the folder own: it is full")

    monkeypatch.setattr("nn.command.explain.run", fail)

    assert main(["explain", "x", "x", "x=1"]) == 2
    assert capsys.readouterr().err == "chainrule: cannot write into the folder own: it is full\n"
