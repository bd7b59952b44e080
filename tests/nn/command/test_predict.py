"""Predictions by the command, of rows in a file or on the command line."""

import random
from pathlib import Path

import pytest

from nn import MLP, metrics
from nn.command.main import main
from nn.command.tasks import TASKS
from tests.nn.command.own_tables import flowers, table

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
pytestmark = pytest.mark.usefixtures("a_folder_of_its_own")


@pytest.fixture
def trained(no_plots):
    main(["train", flowers(), "--target", "kind", "--quiet", "--epochs", "20"])
    return "flowers/weights.json"


def test_a_csv_file_is_predicted_row_by_row(trained, capsys):
    assert main(["predict", trained, "flowers.csv"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]

    assert metrics.accuracy_score(names, ["ab"[i % 2] for i in range(60)]) > 0.9


def test_columns_are_found_by_their_names(trained, capsys):
    table("other.csv", [["width", "remark", "length"], [0, "none", 60]])

    assert main(["predict", trained, "other.csv", "60,0"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second


def test_the_probabilities_of_all_classes_sum_to_one(trained, capsys):
    assert main(["predict", trained, "50,0", "--probabilities"]) == 0
    words = capsys.readouterr().out.split()

    assert words[::2] == ["a", "b"]
    assert sum([float(p) for p in words[1::2]]) == pytest.approx(1, abs=2e-4)


def test_a_row_may_begin_with_a_minus(trained, capsys):
    assert main(["predict", trained, "-40,0"]) == 0


def test_the_numbers_of_xor_are_predicted(capsys, no_plots):
    main(["train", "xor", "--quiet"])
    main(["predict", "xor/weights.json", "0,1", "1,1"])
    answers = [float(line) for line in capsys.readouterr().out.splitlines()]

    assert answers == pytest.approx([1, 0], abs=1e-6)


def test_a_model_that_a_script_saved_is_predicted_with_too(capsys):
    from nn import save

    save(MLP(2, [2], rng=random.Random(0)), "mine.json")

    assert main(["predict", "mine.json", "0,0"]) == 0
    assert capsys.readouterr().out == "0,0\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["flowers/weights.json", "1"], "(length, width), got 1: put commas between them"),
        (["flowers/weights.json", "1,2,3"], "the model takes 2 numbers (length, width), got 3"),
        (["flowers/weights.json", "1,b"], "expected numbers with commas between, as in 0,1, got"),
        (["flowers/weights.json", "1,nan"], "expected numbers with commas between, as in 0,1, go"),
        (["flowers/weights.json", "no.csv"], "cannot read no.csv: No such file or directory"),
        (["flowers/weights.json", "thin.csv"], "thin.csv: no column 'width', there is 'length'"),
        (["flowers/weights.json", "text.csv"], "line 2, column 'width': 'w' is no number"),
        (["none.json", "1,2"], "cannot read none.json: No such file or directory"),
        (["flowers/checkpoint.json", "1,2"], "cannot load flowers/checkpoint.json: it is not of"),
        (["flowers", "1,2"], f"flowers is a folder: take {Path('flowers', 'weights.json')}"),
        (["plain.json", "thin.csv"], "the model does not say which columns of thin.csv it takes"),
        (["plain.json", "1", "--probabilities"], "tells no classes apart: it has no probabilities"),
    ],
)
def test_what_cannot_be_predicted_is_one_line_on_stderr(trained, arguments, message, capsys):
    from nn import save

    save(MLP(1, [1]), "plain.json")
    table("thin.csv", [["length"], [1]])
    table("text.csv", [["length", "width"], [1, "w"]])

    assert main(["predict", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_the_help_names_every_task_with_its_settings(capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["train", "--help"])
    text = capsys.readouterr().out

    assert all(f"  {name} " in text for name in TASKS)
