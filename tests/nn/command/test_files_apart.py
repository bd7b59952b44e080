"""What a training writes, and what it resumes: no file takes the place of another."""

import os
from pathlib import Path

import pytest

from nn.command.main import main
from tests.nn.command.own_tables import flowers

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
pytestmark = pytest.mark.usefixtures("a_folder_of_its_own", "no_plots")
QUICK = ["train", "xor", "--epochs", "2", "--output", "out", "--quiet"]


@pytest.mark.parametrize("file", ["checkpoint.json", "weights.json"])
@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_film_onto_a_file_of_the_run_is_refused(file, link, capsys):
    main(QUICK)
    before = Path("out", file).read_bytes()
    link(os.path.abspath(f"out/{file}"), "film.html")

    assert main([*QUICK, "--film", "film.html"]) == 2
    assert "film it elsewhere" in capsys.readouterr().err
    assert Path("out", file).read_bytes() == before
    assert main([*QUICK, "--film", f"out/{file}"]) == 2


@pytest.mark.parametrize(("name", "option"), [("a.json", "--save"), ("a.html", "--film")])
def test_an_output_onto_the_table_is_refused(name, option, capsys):
    text = Path(flowers(name)).read_text()
    options = ["--target", "kind", "--epochs", "2", "--output", "out", "--quiet"]

    assert main(["train", name, *options, option, name]) == 2
    assert f"{name} is the table" in capsys.readouterr().err
    assert Path(name).read_text() == text
    assert not Path("out", "weights.json").exists()


def test_a_film_onto_the_saved_network_is_refused(capsys):
    Path("net.json").touch()
    os.symlink("net.json", "film.html")

    assert main([*QUICK, "--save", "net.json", "--film", "film.html"]) == 2
    assert "film.html is what --save writes: film it elsewhere" in capsys.readouterr().err


@pytest.mark.parametrize("schedule", ["cosine", "step", "exponential", "plateau", "onecycle"])
def test_a_longer_training_says_what_would_go(schedule, capsys):
    longer = [*QUICK, "--schedule", schedule, "--resume", "--epochs", "4"]
    main([*QUICK, "--schedule", schedule])
    capsys.readouterr()

    assert main(longer) == 2
    error = capsys.readouterr().err
    assert "epochs was 2 and is 4 now; the rates of --schedule" in error
    assert "keep --epochs 2, or train anew, without --resume" in error


def test_a_training_of_constant_rate_gets_longer_but_not_shorter(capsys):
    assert main([*QUICK, "--resume", "--epochs", "4"]) == 2  # there is no checkpoint yet
    main(QUICK)
    main([*QUICK, "--resume", "--epochs", "4"])
    before = {path: path.read_bytes() for path in Path("out").iterdir()}
    capsys.readouterr()

    assert main([*QUICK, "--resume", "--epochs", "3"]) == 2
    assert "has done 4 epochs already" in capsys.readouterr().err
    assert main([*QUICK, "--resume", "--epochs", "4"]) == 1
    assert {path: path.read_bytes() for path in before} == before


def test_predict_says_what_it_takes_in_the_place_of_onnx(capsys):
    Path("x.onnx").write_bytes(b"\x08\x07\xff")

    assert main(["predict", "x.onnx", "0,1"]) == 2
    assert "x.onnx is for onnxruntime: take the .json or .safetensors" in capsys.readouterr().err
