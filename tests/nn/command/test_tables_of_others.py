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
