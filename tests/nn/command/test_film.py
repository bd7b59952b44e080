"""The command films a training."""

import os
from pathlib import Path

import pytest

from nn.command.main import main
from tests.nn.film.films import content


@pytest.mark.usefixtures("a_folder_of_its_own")
def test_the_command_films_a_training(capsys):
    assert main(["train", "xor", "--steps", "30", "--film", "films/xor.html"]) in (0, 1)
    found = content(Path("films/xor.html").read_text("utf-8"))

    assert "wrote films" in capsys.readouterr().out
    assert (found["title"], found["names"]) == ("xor", ["x0", "x1"])
    assert [found["frames"][i]["step"] for i in (0, 1, -1)] == [0, 1, 30]


@pytest.mark.usefixtures("a_folder_of_its_own")
def test_the_command_names_the_classes_of_a_film():
    assert main(["train", "moons", "--film", "moons.html", "--steps", "2", "--quiet"]) in (0, 1)

    assert content(Path("moons.html").read_text("utf-8"))["labels"] == ["class 0", "class 1"]


@pytest.mark.usefixtures("a_folder_of_its_own")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["xor", "--film", "."], "a film is saved as .html, .gif, .apng, .png"),
        (["xor", "--film", "xor.avi"], "a film is saved as .html, .gif, .apng, .png"),
    ],
)
def test_a_film_that_cannot_be_is_refused_before_the_training(arguments, message, capsys):
    assert main(["train", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert os.listdir() == []


@pytest.mark.usefixtures("a_folder_of_its_own")
def test_the_command_films_a_task_of_many_inputs():
    pytest.importorskip("sklearn", reason="needs scikit-learn, of the extra data")
    main(["train", "iris", "--film", "iris.html", "--epochs", "5", "--quiet"])

    text = Path("iris.html").read_text("utf-8")
    assert content(text)["names"] == ["sepal length (cm)", "sepal width (cm)"]
    assert "<p>held at the mean of the data: petal length (cm) = " in text


@pytest.mark.usefixtures("a_folder_of_its_own")
def test_a_film_that_would_replace_a_folder_is_refused_before_the_training(capsys):
    Path("film.html").mkdir()

    assert main(["train", "xor", "--film", "film.html"]) == 2
    assert "cannot write film.html: it is a folder" in capsys.readouterr().err


@pytest.mark.usefixtures("a_folder_of_its_own")
def test_by_default_nothing_is_filmed():
    main(["train", "xor", "--steps", "2", "--quiet"])

    assert os.listdir() == ["xor"]
