"""The tasks of `chainrule train` beside XOR: they are learned, written, resumed, and judged."""

import json
import random
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from nn import MLP, History, data, load
from nn.cli import main
from nn.plot import plot_decision_regions, plot_losses
from nn.tasks import TASKS

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
from matplotlib.figure import Figure


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_learned_with_its_defaults(name, tmp_path, capsys):
    assert main(["train", name]) == 0
    assert capsys.readouterr().out.splitlines()[2].startswith(("100.0% of", "97.4% of"))
    assert sorted(p.name for p in (tmp_path / name).iterdir()) == [
        "checkpoint.json",
        "decision_regions.svg",
        "losses.svg",
        "model.json",
    ]


def test_the_model_that_is_written_is_the_one_that_was_judged(capsys):
    main(["train", "moons", "--epochs", "40"])
    model = load("moons/model.json")
    inputs, targets = data.moons(n=200, seed=0)
    right = [max((0, 1), key=lambda k, x=x: model(x)[k].data) for x in inputs]

    assert sum(a == b for a, b in zip(right, targets, strict=True)) > 190


def test_the_same_seed_writes_the_same_files():
    for folder in ("one", "two"):
        main(["train", "circles", "--epochs", "3", "--quiet", "--output", folder])
    names = ["model.json", "losses.svg", "decision_regions.svg"]

    for name in names:
        with open(f"one/{name}") as one, open(f"two/{name}") as two:
            assert one.read() == two.read()
        if name.endswith("svg"):
            assert ElementTree.parse(f"one/{name}").getroot().tag.endswith("svg")


def test_resume_goes_on_from_the_checkpoint_and_does_nothing_twice():
    options = ["train", "moons", "--epochs", "5", "--quiet"]
    main(options)
    first = Path("moons/model.json").read_text()
    Path("moons/model.json").unlink()
    main([*options, "--resume"])
    epochs = json.loads(Path("moons/checkpoint.json").read_text())["states"]["history"]["epochs"]

    assert Path("moons/model.json").read_text() == first
    assert len(epochs) == 5


def test_resume_with_other_settings_is_refused(capsys):
    main(["train", "moons", "--epochs", "2", "--quiet"])

    assert main(["train", "moons", "--epochs", "4", "--hidden", "3", "--quiet", "--resume"]) == 2
    assert "cannot resume from moons/checkpoint.json: state dict does not fit" in (
        capsys.readouterr().err
    )


def test_a_task_that_is_not_learned_is_an_exit_code_and_a_word_of_advice(capsys):
    code = main(["train", "spirals", "--epochs", "1", "--hidden", "2", "--quiet"])

    assert code == 1
    assert capsys.readouterr().err.startswith("chainrule: spirals were not learned: ")


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", "sgd"])
def test_every_optimizer_can_be_chosen(optimizer):
    options = ["--epochs", "2", "--batch-size", "50", "--weight-decay", "0.001", "--patience", "5"]

    assert main(["train", "blobs", "--quiet", "--optimizer", optimizer, *options]) in (0, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["moons", "--epochs", "0"], "expected at least 1, got 0"),
        (["moons", "--optimizer", "adagrad2"], "invalid choice: 'adagrad2'"),
        (["suns"], "invalid choice: 'suns'"),
        ([], "the following arguments are required: task"),
    ],
)
def test_wrong_arguments_are_an_error_in_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit, match=r"^2$"):
        main(["train", *arguments])
    error = capsys.readouterr().err

    assert message in error
    assert error.count("\n") == 1


def test_a_learning_rate_of_zero_is_refused(capsys):
    assert main(["train", "moons", "--lr", "0", "--quiet"]) == 2
    assert "chainrule: the learning rate is a positive number" in capsys.readouterr().err


# ---- the plots ----


def test_the_plot_of_losses_has_a_line_for_each():
    history = History()
    history.epochs += [{"loss": 1.0, "val_loss": 2.0}, {"loss": 0.5, "val_loss": 1.5}]
    ax = plot_losses(history, Figure().subplots())

    assert [list(line.get_ydata()) for line in ax.lines] == [[1.0, 0.5], [2.0, 1.5]]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("epoch", "loss", "log")


def test_the_plot_of_losses_does_without_held_out_data():
    history = History()
    history.epochs += [{"loss": 1.0}]

    assert len(plot_losses(history, Figure().subplots()).lines) == 1


def test_decision_regions_show_each_class_and_mark_what_is_wrong():
    model = MLP(2, [3], rng=random.Random(0))
    inputs, targets = data.blobs(n=30)
    ax = plot_decision_regions(model, inputs, targets, Figure().subplots(), resolution=5)
    points = [len(c.get_offsets()) for c in ax.collections[1:]]
    wrong = [
        p for p, c in zip(points, ax.collections[1:], strict=True) if c.get_edgecolor()[0][0] == 0
    ]

    assert sum(points) == 30
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        f"class {k}" for k in range(3)
    ]
    assert 0 < sum(wrong) < 30
