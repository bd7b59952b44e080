"""Tables with constant columns, and with numbers near the ends of what floats hold."""

import random

import pytest

from nn.command.main import main
from tests.nn.command.own_tables import table

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
pytestmark = pytest.mark.usefixtures("a_folder_of_its_own", "no_plots")


@pytest.mark.parametrize("constant", [0.1, 14.62, 1e155])
def test_a_constant_column_changes_no_answer(constant, capsys):
    rng = random.Random(0)
    rows = [[rng.uniform(-3, 3), constant] for _ in range(72)]
    cells = [[a, k, "p" if a > 0 else "q"] for a, k in rows]
    words = ["--target", "cls", "--quiet", "--epochs", "60"]
    main(["train", table("t.csv", [["a", "k", "cls"], *cells]), *words])
    capsys.readouterr()

    assert main(["predict", "t/weights.json", f"-2,{constant + 0.1}"]) == 0
    assert capsys.readouterr().out.startswith("q ")


@pytest.mark.parametrize("of", ["column", "target"])
@pytest.mark.parametrize("size", [1e155, 1e-170, 1e300])
def test_a_column_or_target_of_any_size_is_learned(of, size, capsys):
    a, y = (size, 1.0) if of == "column" else (1.0, size)
    rows = [[i * a, i * y] for i in range(60)]
    main(["train", table("t.csv", [["a", "y"], *rows]), "--target", "y", "--epochs", "20"])

    assert "R2 0.9" in capsys.readouterr().out


def test_of_a_constant_target_no_share_is_printed(capsys):
    rows = [[i, 14.62] for i in range(60)]
    main(["train", table("t.csv", [["a", "y"], *rows]), "--target", "y", "--epochs", "5"])

    out = capsys.readouterr().out
    assert "R2" not in out
    assert "(always the mean of the targets: 0)" in out


def test_a_column_too_wide_is_named(capsys):
    rows = [[(-1) ** i * 1.7e308, i] for i in range(60)]

    assert main(["train", table("t.csv", [["far", "y"], *rows]), "--target", "y"]) == 2
    assert "column 'far' has numbers from -1.7e+308 to 1.7e+308" in capsys.readouterr().err
