"""The pictures of a training: whatever its columns and classes are called, they are all there."""

import csv
import logging
import os
import re
import shutil
import warnings
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nn.command.main import main

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")

from nn.command.figures import warnings_as_lines
from nn.plot import fonts

PICTURES = {"weights.svg", "loss_curve.svg", "decision_regions.svg", "confusion_matrix.svg"}
HARD = [
    (["$x$ \\frac", "a_b^c %{"], ["$\\foo$", "b\\", "{x^_%}$$", "$"]),
    (["温度", "湿度 %"], ["晴", "雨"]),
    (["온도", "😀"], ["日本", "カタカナ", "مرحبا"]),
    (["<a>&amp;", "'\""], ["_x", "_", "--"]),
]


def table(columns, classes, path="table.csv"):
    """A CSV file of that table, of 4 rows for each class."""
    rng = Random(0)
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow([*columns, "the target"])
        for k, name in enumerate(classes * 4):
            rows.writerow([round(rng.gauss(k % len(classes), 0.1), 3) for _ in columns] + [name])


def train(*more):
    words = ["table.csv", "--target", "the target", "--epochs", "2", "--hidden", "3"]
    return main(["train", *words, "--output", "out", "--quiet", *more])


def texts():
    """The texts in all pictures."""
    files = [ElementTree.parse(path) for path in Path("out").glob("*.svg")]
    found = [file.iter("{http://www.w3.org/2000/svg}text") for file in files]
    return {"".join(text.itertext()) for file in found for text in file}


@pytest.mark.usefixtures("a_folder_of_its_own")
@pytest.mark.parametrize(("columns", "classes"), HARD, ids=["TeX", "Chinese", "others", "XML"])
def test_a_table_with_names_that_others_would_read_has_all_its_pictures(columns, classes, capfd):
    table(columns, classes)

    assert train() in (0, 1)
    assert set(os.listdir("out")) >= PICTURES
    assert texts() >= {*columns, *classes}
    assert "Warning" not in capfd.readouterr().err


NAME = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Cs"]), min_size=1
)
NAMES = st.lists(NAME.map(lambda x: f"n{x[:5]}z"), min_size=4, max_size=4, unique=True)


@pytest.mark.usefixtures("a_folder_of_its_own")
@given(names=NAMES)
@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_columns_and_classes_of_any_name_have_all_their_pictures(names, capfd):
    table(names[:2], names[2:])
    shutil.rmtree("out", ignore_errors=True)  # of the example before

    assert train() in (0, 1)
    assert "Warning" not in capfd.readouterr().err
    assert set(os.listdir("out")) >= PICTURES


@pytest.mark.usefixtures("a_folder_of_its_own")
def test_a_film_whose_letters_no_font_has_says_so_in_one_line(capfd, monkeypatch):
    monkeypatch.setattr(fonts, "candidates", lambda: iter([]))
    table(["温度", "湿度 %"], ["晴", "雨"])
    train("--film", "film.gif")
    lines = [line for line in capfd.readouterr().err.splitlines() if "font" in line]

    assert len(lines) == 1
    assert lines[0].startswith("chainrule: no font here has the letters '")
    assert lines[0].endswith("install one that has them, such as Noto Sans CJK")
    assert Path("film.gif").stat().st_size > 1000


@pytest.mark.usefixtures("a_folder_of_its_own")
def test_a_picture_that_cannot_be_drawn_is_left_out_with_a_line_that_says_why(capsys):
    table(["a", "b"], ["x", "y"])
    rows = re.sub(r"\n([-0-9.]+),", r"\n\1e305,", Path("table.csv").read_text())
    Path("table.csv").write_text(rows)

    assert train() in (0, 1)
    assert (
        "chainrule: no decision_regions.svg: a plot shows numbers up to" in capsys.readouterr().err
    )
    assert set(os.listdir("out")) >= PICTURES - {"decision_regions.svg"}


def test_what_packages_warn_of_is_a_line_each_once(capsys, recwarn):
    with warnings_as_lines():
        for text in ("one\nthing", "another", "one\nthing"):
            warnings.warn(text, UserWarning, stacklevel=1)
        logging.getLogger("matplotlib").warning("it keeps a list of fonts in /tmp")

    assert capsys.readouterr().err == "chainrule: one thing\nchainrule: another\n"
    assert len(recwarn) == 0
