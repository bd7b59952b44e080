"""Tables as other people's programs write them, at the command line."""

from pathlib import Path

import pytest

from nn.command.main import main
from tests.nn.command.own_tables import flowers

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
