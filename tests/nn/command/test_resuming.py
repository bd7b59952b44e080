"""`chainrule train --resume`: what ended stays ended, and what is resumed is the same training."""

import re

import pytest

from nn.command.main import main
from nn.command.tasks import own_table

pytestmark = pytest.mark.usefixtures("a_folder_of_its_own", "no_plots")

STOPPED = ["train", "moons", "--lr", ".5", "--epochs", "40", "--output", "es"]
STEPS = re.compile(r"after (\d+) steps \(early stopping\)")


def trained(capsys, *words):
    assert main([*STOPPED, *words]) == 0
    out = capsys.readouterr().out
    with open("es/weights.json", "rb") as file:
        return int(STEPS.findall(out)[0]), file.read(), out


def test_a_training_that_early_stopping_ended_stays_as_it_was(capsys):
    steps, network, _ = trained(capsys, "--patience", "1")
    for _ in range(2):
        assert trained(capsys, "--patience", "1", "--resume")[:2] == (steps, network)


def test_a_training_that_had_ended_says_what_goes_on(capsys):
    trained(capsys, "--patience", "1")

    line = "(it had ended there already: --patience above 1 goes on)"
    assert line in trained(capsys, "--patience", "1", "--resume")[2]
    assert line not in trained(capsys, "--patience", "3", "--resume")[2]


def test_more_patience_goes_on_to_the_bits_of_a_training_with_that_patience(capsys):
    few, _, _ = trained(capsys, "--patience", "1")
    steps, network, _ = trained(capsys, "--patience", "3", "--resume")

    assert steps > few
    assert trained(capsys, "--patience", "3")[:2] == (steps, network)


def test_patience_where_there_was_none_is_another_training(capsys):
    assert main([*STOPPED, "--quiet"]) == 0
    assert main([*STOPPED, "--quiet", "--resume", "--patience", "3"]) == 2
    assert "patience was None and is 3 now" in capsys.readouterr().err


TABLE = ["a,b,c,y,z"] + [f"{i % 7},{i * i % 11},{i % 3},{i % 2},{(i + 1) % 2}" for i in range(40)]
OWN = ["train", "own.csv", "--target", "y", "--epochs", "2", "--quiet", "--schedule", "constant"]
CHANGES = {
    "columns": ["--columns", "a", "b"],
    "drop": ["--drop", "c"],
    "missing": ["--missing", "mean"],
    "decimal": ["--decimal", ","],
    "target": ["--target", "z"],
    "classes": ["--kind", "numbers"],
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_view_of_the_table_is_another_training(name, capsys):
    with open("own.csv", "w") as file:
        file.write("\n".join(TABLE))
    assert main(OWN) == 0
    capsys.readouterr()

    assert main([*OWN, *CHANGES[name], "--resume"]) == 2
    assert re.search(f"{name} was .* and is .* now", capsys.readouterr().err)
    assert main([*OWN, "--resume"]) == 0


def test_a_checkpoint_that_does_not_know_the_table_is_resumed(monkeypatch):
    with open("own.csv", "w") as file:
        file.write("\n".join(TABLE))
    with monkeypatch.context() as former:
        former.setattr(
            "nn.command.tasks.own_table", lambda *a, **b: own_table(*a, **b)._replace(choices={})
        )
        assert main(OWN) == 0

    assert main([*OWN, "--epochs", "3", "--resume"]) == 0


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": "chainrule checkpoint"}'])
def test_a_checkpoint_that_is_none_is_refused_in_a_line(content, capsys):
    assert main([*STOPPED, "--quiet"]) == 0
    with open("es/checkpoint.json", "w") as file:
        file.write(content)

    assert main([*STOPPED, "--quiet", "--resume"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
