"""The tasks of `chainrule train`: learned, judged, written, resumed."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from engine import compiled
from nn import MLP, data, load, load_checkpoint
from nn.command.main import main
from tests.nn.command.own_tables import flowers

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
pytestmark = pytest.mark.usefixtures("a_folder_of_its_own")
in_c = pytest.mark.skipif(not compiled, reason="takes long in Python: needs the compiled build")


@pytest.mark.parametrize("name", ["moons", "circles", pytest.param("spirals", marks=in_c), "blobs"])
def test_a_task_in_the_plane_is_learned_with_its_defaults(name, tmp_path, capsys):
    assert main(["train", name]) == 0
    assert capsys.readouterr().out.splitlines()[3].startswith(("100.0% of", "97.4% of"))
    assert sorted(p.name for p in (tmp_path / name).iterdir()) == [
        "checkpoint.json",
        "confusion_matrix.svg",
        "decision_regions.svg",
        "learning_rate.svg",
        "loss_curve.svg",
        "weights.json",
        "weights.svg",
    ]


@pytest.mark.parametrize("name", ["iris", "wine", pytest.param("breast_cancer", marks=in_c)])
def test_a_real_table_is_learned_with_its_defaults(name):
    pytest.importorskip("sklearn", reason="needs scikit-learn, of the extra data")

    assert main(["train", name, "--quiet"]) == 0


@in_c
def test_most_digits_are_learned_in_three_epochs(capsys):
    pytest.importorskip("sklearn", reason="needs scikit-learn, of the extra data")
    main(["train", "digits", "--epochs", "3"])
    (line,) = [
        line for line in capsys.readouterr().out.splitlines() if "held-out rows right" in line
    ]

    assert float(line.partition("%")[0]) > 75


def test_the_model_that_is_written_is_the_one_that_was_judged(capsys):
    main(["train", "moons", "--epochs", "40"])
    model = load("moons/weights.json")
    inputs, targets = data.moons(n=200, seed=0)
    right = [max((0, 1), key=lambda k, x=x: model(x)[k].data) for x in inputs]

    assert sum(a == b for a, b in zip(right, targets, strict=True)) > 190


def test_the_same_seed_writes_the_same_files():
    for folder in ("one", "two"):
        main(["train", "circles", "--epochs", "3", "--quiet", "--output", folder])

    for one in Path("one").iterdir():
        assert one.read_bytes() == Path("two", one.name).read_bytes()
        if one.suffix == ".svg":
            assert ElementTree.parse(one).getroot().tag.endswith("svg")


def test_resume_goes_on_from_the_checkpoint_and_does_nothing_twice(no_plots):
    options = ["train", "moons", "--epochs", "5", "--quiet"]
    main(options)
    first = Path("moons/weights.json").read_text()
    Path("moons/weights.json").unlink()
    main([*options, "--resume"])

    assert Path("moons/weights.json").read_text() == first
    assert len(load_checkpoint("moons/checkpoint.json")["history"]["epochs"]) == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--hidden", "3"], "hidden was [16] and is [3] now"),
        (["--activation", "relu"], "activation was 'tanh' and is 'relu' now"),
        (["--lr", "5"], "lr was 0.05 and is 5.0 now"),
        (["--l1", "0.1"], "l1 was 0.0 and is 0.1 now"),
        (["--split-seed", "1"], "split_seed was 0 and is 1 now"),
    ],
)
def test_resume_with_other_settings_is_refused(options, message, capsys, no_plots):
    main(["train", "moons", "--epochs", "2", "--quiet"])
    capsys.readouterr()

    assert main(["train", "moons", "--epochs", "2", "--quiet", "--resume", *options]) == 2
    error = capsys.readouterr().err
    assert error == f"chainrule: cannot resume from moons/checkpoint.json: {message}\n"


def test_a_training_at_a_constant_rate_may_be_resumed_for_longer(no_plots):
    options = ["train", "moons", "--quiet", "--schedule", "constant"]
    main([*options, "--epochs", "2"])

    assert main([*options, "--epochs", "5", "--resume"]) in (0, 1)
    assert len(load_checkpoint("moons/checkpoint.json")["history"]["epochs"]) == 5


def test_resume_of_another_task_or_other_data_is_refused(capsys, no_plots):
    main(["train", "moons", "--epochs", "2", "--quiet"])
    other = ["train", "circles", "--epochs", "2", "--quiet", "--output", "moons", "--resume"]
    capsys.readouterr()

    assert main(other) == 2
    assert "task was 'moons' and is 'circles' now" in capsys.readouterr().err
    options = ["train", flowers(), "--target", "kind", "--epochs", "1", "--quiet"]
    main(options)
    flowers(n=56)
    assert main([*options, "--resume"]) == 2
    assert "samples is " in capsys.readouterr().err
    text = Path(flowers()).read_text()
    Path("flowers.csv").write_text(text.replace("a\n", "c\n").replace("a\r\n", "c\r\n"))
    main(options)
    Path("flowers.csv").write_text(text.replace(text.split()[1].split(",")[0], "41.5"))
    assert main([*options, "--resume"]) == 2
    assert "checksum is " in capsys.readouterr().err


def test_resume_without_a_checkpoint_is_an_error(capsys):
    assert main(["train", "moons", "--resume", "--quiet"]) == 2
    assert capsys.readouterr().err == "chainrule: there is no checkpoint in moons to resume from\n"
    assert not Path("moons").exists()


@pytest.mark.parametrize("name", ["weights.json", "checkpoint.json", "loss_curve.svg"])
def test_a_table_is_not_overwritten_by_the_files_of_its_training(capsys, name):
    Path("own").mkdir()
    rows = "a,y\n" + "1,2.5\n2,3.5\n" * 4
    Path("own", name).write_text(rows)

    assert main(["train", f"own/{name}", "--target", "y", "--output", "own"]) == 2
    assert "is where files of the training go" in capsys.readouterr().err
    assert Path("own", name).read_text() == rows


def test_a_task_that_is_not_learned_is_an_exit_code_and_a_word_of_advice(capsys, no_plots):
    code = main(["train", "spirals", "--epochs", "1", "--hidden", "2", "--quiet"])

    assert code == 1
    assert capsys.readouterr().err.startswith("chainrule: spirals was not learned: ")


def test_an_interrupted_training_keeps_what_was_learned(monkeypatch, no_plots):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("nn.training.run.Run.end_epoch", interrupted)

    assert main(["train", "moons", "--quiet"]) == 130
    assert isinstance(load("moons/weights.json"), MLP)


def test_trainings_with_other_seeds_are_judged_by_the_same_rows(monkeypatch):
    judged = []
    monkeypatch.setattr("nn.command.report.write_pictures", lambda *a: judged.append(a[3]) or [])
    for options in (["--seed", "1"], ["--seed", "2"], ["--split-seed", "1"]):
        main(["train", flowers(), "--target", "kind", "--epochs", "1", "--quiet", *options])

    assert judged[0] == judged[1]
    assert judged[0] != judged[2]


def test_a_training_that_is_interrupted_at_once_ends_quietly(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("nn.training.loop.epoch", interrupted)

    assert main(["train", "moons", "--quiet"]) == 130
    assert capsys.readouterr().err == ""


def test_what_does_not_fit_a_checkpoint_is_said_in_a_few_words(capsys, no_plots):
    main(["train", "moons", "--epochs", "2", "--quiet"])
    main(["train", "moons", "--epochs", "2", "--quiet", "--resume", "--dropout", "0.1"])

    assert len(capsys.readouterr().err.splitlines()[-1]) < 400
