"""Tables as other people's programs write them, at the command line."""

from pathlib import Path

import pytest

from nn.command.main import main
from tests.nn.command.own_tables import flowers, table

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
pytestmark = pytest.mark.usefixtures("a_folder_of_its_own")


def test_decimal_commas_are_read_where_the_command_is_told(capsys, no_plots):
    text = Path(flowers()).read_text().replace(",", ";").replace(".", ",")
    Path("commas.csv").write_text(text)
    options = ["--delimiter", ";", "--decimal", ","]

    assert main(["train", "commas.csv", "--target", "kind", "--quiet", *options[:2]]) == 2
    assert "(--decimal , reads it)" in capsys.readouterr().err
    assert main(["train", "commas.csv", "--target", "kind", "--quiet", *options]) == 0
    assert main(["predict", "commas/weights.json", "commas.csv", *options]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 60


def test_predict_answers_with_a_code_as_it_was_written(capsys, no_plots):
    text = Path(flowers()).read_text().replace(",a", ",007").replace(",b", ",0012")
    Path("codes.csv").write_text(text)

    assert main(["train", "codes.csv", "--target", "kind", "--quiet"]) == 0
    assert main(["predict", "codes/weights.json", "40,0", "60,0"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["007", "0012"]


def test_typed_rows_may_say_true_and_false(capsys, no_plots):
    rows = "".join(f"{i % 2 == 1},{'no' if i % 2 else 'yes'}\n" for i in range(40))
    Path("truth.csv").write_text(f"big,answer\n{rows}")

    assert main(["train", "truth.csv", "--target", "answer", "--quiet"]) == 0
    assert main(["predict", "truth/weights.json", "True", "False", "1"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["no", "yes", "no"]


def test_columns_are_left_out_by_name_and_predict_takes_the_same_file(capsys, no_plots):
    lines = Path(flowers()).read_text().splitlines()
    text = "\n".join(["id," + lines[0], *[f"n{i},{line}" for i, line in enumerate(lines[1:])]])
    Path("wide.csv").write_text(text)
    train = ["train", "wide.csv", "--target", "kind", "--quiet", "--output", "out"]

    for options in (["--drop", "id"], ["--columns", "length", "width"]):
        assert main([*train, *options]) == 0
        assert main(["predict", "out/weights.json", "wide.csv"]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 60


def test_an_index_is_left_out_by_its_empty_name(capsys, no_plots):
    lines = Path(flowers()).read_text().splitlines()
    text = "\n".join(["," + lines[0], *[f"{i},{line}" for i, line in enumerate(lines[1:])]])
    Path("index.csv").write_text(text)
    train = ["train", "index.csv", "--target", "kind", "--quiet"]

    assert main(train) == 2
    assert "counts the rows: leave such an index out by --drop ''" in capsys.readouterr().err
    assert main([*train, "--drop", ""]) == 0
    assert main(["predict", "index/weights.json", "index.csv"]) == 0


def test_columns_are_for_a_csv_file(capsys):
    assert main(["train", "moons", "--drop", "x0"]) == 2
    assert "--drop is for a CSV file, moons has its own columns" in capsys.readouterr().err


def people(gap=""):
    """Where a ticket costs more for one sex, in one class; some ages are not known."""
    rows = [
        [i, f"name {i}", "fm"[i % 2], [20 + i % 30, gap][i % 7 == 0], 10 + 90 * (i % 2)]
        for i in range(80)
    ]
    return table("people.csv", [["", "name", "sex", "age", "fare"], *rows])


def test_predict_takes_raw_rows_of_text_and_gaps(capsys, no_plots):
    options = ["--target", "fare", "--kind", "numbers", "--quiet", "--drop", "", "name"]
    assert main(["train", people(), *options, "--missing", "mean"]) == 0
    assert main(["predict", "people/weights.json", "f,33", 'm,""', " m , ", "people.csv"]) == 0
    answers = [float(line) for line in capsys.readouterr().out.splitlines()]

    assert answers[:3] == pytest.approx([10, 100, 100], abs=20)
    assert len(answers) == 83
    assert answers[3:] == pytest.approx([10, 100] * 40, abs=20)
    for row, message in [("x,3", "'x' is none of 'f', 'm'"), ("f", "takes 2 cells (sex, age)")]:
        assert main(["predict", "people/weights.json", row]) == 2
        assert message in capsys.readouterr().err


def test_each_refusal_says_the_next_step_until_the_table_is_learned(capsys, no_plots):
    train = ["train", people(), "--target", "fare", "--kind", "numbers", "--quiet"]

    assert main(train) == 2
    assert "index out by --drop ''" in capsys.readouterr().err
    assert main([*train, "--drop", ""]) == 2
    assert "'name 0' is no number (--drop leaves a column out)" in capsys.readouterr().err
    assert main([*train, "--drop", "", "name"]) == 2
    assert "the cell is empty (--missing drop leaves such rows out" in capsys.readouterr().err
    assert main([*train, "--drop", "", "name", "--missing", "drop"]) == 0
    assert main(["predict", "people/weights.json", "f,"]) == 2
    assert "column 'age': the cell is empty" in capsys.readouterr().err


@pytest.mark.parametrize("cells", [("1.0", "0.0"), ("1", "0")])
def test_a_target_of_0_and_1_that_is_taken_for_an_amount_is_mentioned(cells, capsys, no_plots):
    path = table("gaps.csv", [["x", "y"], *[[i % 2, cells[i % 2]] for i in range(40)]])
    kind = ["--kind", "numbers"] if cells[0] == "1" else []

    assert main(["train", path, "--target", "y", "--epochs", "2", *kind]) == 0
    assert "(the target is 0 or 1, taken for an amount: --kind classes" in capsys.readouterr().out
