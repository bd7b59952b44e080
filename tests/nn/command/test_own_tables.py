"""A table of one's own: learned, and what is said of one that cannot be."""

from pathlib import Path

import pytest

from nn.command.main import main
from tests.nn.command.own_tables import flowers, houses, table

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
pytestmark = pytest.mark.usefixtures("a_folder_of_its_own")


def test_a_table_of_classes_is_learned_and_predicted(capsys, no_plots):
    assert main(["train", flowers(), "--target", "kind", "--quiet"]) == 0
    assert main(["predict", "flowers/weights.json", "40,0", "60,-1"]) == 0
    answers = [line.split() for line in capsys.readouterr().out.splitlines()]

    assert [name for name, _ in answers] == ["a", "b"]
    assert all(float(share) > 0.9 for _, share in answers)


def test_a_table_of_amounts_is_learned_in_its_own_units(capsys, no_plots):
    assert main(["train", houses(), "--target", "price", "--quiet"]) == 0
    assert main(["predict", "houses/weights.json", "100"]) == 0

    assert float(capsys.readouterr().out) == pytest.approx(350000, rel=0.05)  # of 45 rows


def test_a_text_in_a_column_of_numbers_is_named(capsys):
    path = table("bad.csv", [["x", "kind"], [1, "a"], ["wide", "b"], [2, "a"]])

    assert main(["train", path, "--target", "kind", "--quiet"]) == 2
    assert "line 3, column 'x': 'wide' is no number" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ("aaaa", "the target 'kind' has one class only, 'a'"),
        ("aaab", "class 'b' of 'kind' has 1 row: at least 2 are needed, one to learn from and"),
    ],
)
def test_a_class_that_cannot_be_learned_or_judged_is_named(kinds, message, capsys):
    path = table("few.csv", [["x", "kind"], *[[i, kind] for i, kind in enumerate(kinds)]])

    assert main(["train", path, "--target", "kind", "--quiet"]) == 2
    assert message in capsys.readouterr().err


def test_cells_may_be_delimited_by_another_sign(capsys, no_plots):
    text = Path(flowers()).read_text().replace(",", "\t")
    Path("tabs.csv").write_text(text)
    options = ["--delimiter", "tab"]

    assert main(["train", "tabs.csv", "--target", "kind", "--quiet", *options]) == 0
    assert main(["predict", "tabs/weights.json", "tabs.csv", *options]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 60
