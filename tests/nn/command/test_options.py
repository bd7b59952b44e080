"""The options of `chainrule train`, and what is said of those that make no sense."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nn import load, load_checkpoint
from nn.command.main import main
from tests.nn.command.own_tables import flowers, table

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
pytestmark = pytest.mark.usefixtures("a_folder_of_its_own")


def history_of(*options):
    """The record of a short training with these options."""
    assert main(["train", "moons", "--quiet", "--epochs", "4", *options]) in (0, 1)
    return load_checkpoint("moons/checkpoint.json")["history"]


@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "rmsprop", "adam", "adamw", "lbfgs"])
def test_every_optimizer_lowers_the_loss(optimizer, no_plots):
    losses = history_of("--optimizer", optimizer, "--batch-size", "all", "--hidden", "4")["losses"]

    assert losses[-1] < losses[0]


RATES = {
    "constant": [0.4, 0.4, 0.4, 0.4],
    "step": [0.4, 0.04, 0.004, 0.0004],
    "exponential": [0.4, 0.4 * 0.1**0.5, 0.04, 0.4 * 0.1**1.5],
    "linear": [0.4, 0.301, 0.202, 0.103],
    "cosine": [0.4, 0.2 + 0.2 * 0.5**0.5, 0.2, 0.2 - 0.2 * 0.5**0.5],
}


@pytest.mark.parametrize(("schedule", "rates"), RATES.items())
def test_a_schedule_spans_the_training(schedule, rates, no_plots):
    epochs = history_of("--schedule", schedule, "--lr", "0.4", "--optimizer", "sgd")["epochs"]

    assert [epoch["lr"] for epoch in epochs] == pytest.approx(rates, rel=1e-12)


def test_one_cycle_rises_to_the_rate_and_falls_far_below_it(no_plots):
    epochs = history_of("--schedule", "onecycle", "--lr", "0.4")["epochs"]
    rates = [epoch["lr"] for epoch in epochs]

    assert max(rates) > 0.2
    assert rates[-1] < 0.01


def test_the_plateau_lowers_the_rate_once_the_loss_no_longer_falls(no_plots):
    options = ["--schedule", "plateau", "--lr", "30", "--optimizer", "sgd", "--epochs", "9"]
    rates = [epoch["lr"] for epoch in history_of(*options)["epochs"]]

    assert rates[0] == 30
    assert rates[-1] < 30


def test_a_warm_up_comes_before_the_schedule(no_plots):
    epochs = history_of("--schedule", "constant", "--warmup", "3", "--lr", "0.4")["epochs"]

    assert [epoch["lr"] for epoch in epochs] == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_steps_may_be_counted_instead_of_epochs(no_plots):
    assert main(["train", "moons", "--quiet", "--steps", "11"]) in (0, 1)
    assert len(load_checkpoint("moons/checkpoint.json")["history"]["losses"]) == 11


def test_early_stopping_watches_rows_that_do_not_judge(capsys, no_plots):
    main(["train", "moons", "--patience", "1", "--lr", "0.2"])
    lines = capsys.readouterr().out.splitlines()

    assert lines[1].endswith("120 rows to train on, 50 held out")  # and 30 that are watched
    assert "(early stopping)" in lines[3]


def test_a_replayed_training_has_the_bits_of_an_eager_one(no_plots):
    weights = []
    for option in ("--replay", "--no-replay"):
        history_of(option)
        weights.append(Path("moons/weights.json").read_bytes())

    assert weights[0] == weights[1]


def test_a_training_by_lbfgs_is_replayed_too(no_plots):
    weights = []
    for option in ("--replay", "--no-replay"):
        history_of(option, "--optimizer", "lbfgs")
        weights.append(Path("moons/weights.json").read_bytes())

    assert weights[0] == weights[1]


@pytest.mark.parametrize("option", ["--weight-decay", "--l1", "--dropout", "--label-smoothing"])
def test_every_cure_of_overfitting_changes_what_is_learned(option, no_plots):
    plain = history_of()["losses"]
    cured = history_of(option, "0.1")["losses"]

    assert cured != plain


def test_an_l1_penalty_makes_weights_small(no_plots):
    sizes = []
    for strength in ("0", "0.1"):
        history_of("--l1", strength, "--epochs", "10")
        sizes.append(sum([abs(p.data) for p in load("moons/weights.json").parameters()]))

    assert sizes[1] < sizes[0] / 2


def test_gradients_may_be_clipped(no_plots):
    assert history_of("--max-norm", "0.001")["losses"] != history_of()["losses"]


def test_the_network_is_also_saved_where_one_wants_it(capsys, no_plots):
    main(["train", "moons", "--epochs", "1", "--save", "mine.json"])

    assert "wrote mine.json" in capsys.readouterr().out
    assert Path("mine.json").read_bytes() == Path("moons/weights.json").read_bytes()


def test_a_network_may_be_saved_as_onnx(no_plots):
    onnx = pytest.importorskip("onnx", reason="needs onnx, of the extra onnx")
    main(["train", "moons", "--epochs", "1", "--quiet", "--save", "mine.onnx"])

    onnx.checker.check_model(onnx.load("mine.onnx"))


@pytest.mark.parametrize(
    ("save", "message"),
    [
        ("mine.pt", "a network is saved as .json, .safetensors, .onnx, got 'mine.pt'"),
        ("folder.json", "cannot write folder.json: it is a folder"),
    ],
)
def test_what_cannot_be_saved_is_said_before_the_training(save, message, capsys):
    Path("folder.json").mkdir()

    assert main(["train", "moons", "--quiet", "--save", save]) == 2
    assert capsys.readouterr().err == f"chainrule: {message}\n"
    assert not Path("moons/weights.json").exists()


def test_lbfgs_has_no_weight_decay_unless_one_is_asked_for(no_plots):
    options = ["--quiet", "--optimizer", "lbfgs", "--epochs", "1", "--batch-size", "all"]

    assert main(["train", flowers(), "--target", "kind", *options]) in (0, 1)


def test_a_column_of_whole_numbers_may_be_said_to_be_amounts(capsys, no_plots):
    path = table("quality.csv", [["x", "quality"], *[[i, i % 4] for i in range(40)]])
    options = ["train", path, "--target", "quality", "--epochs", "1"]
    main(options)
    main([*options, "--kind", "numbers"])
    lines = [x for x in capsys.readouterr().out.splitlines() if x.startswith("quality.csv")]

    assert ["4 classes" in line for line in lines] == [True, False]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["moons", "--epochs", "0"], "expected at least 1, got 0"),
        (["moons", "--delimiter", "ab"], "expected one sign, such as ; or tab, got 'ab'"),
        (["moons", "--warmup", "-1"], "expected at least 0, got -1"),
        (["moons", "--batch-size", "no"], "expected a whole number or all, got 'no'"),
        (["moons", "--optimizer", "adagrad2"], "invalid choice: 'adagrad2'"),
        (["moons", "--schedule", "x"], "invalid choice: 'x'"),
        (["moons", "--epochs", "2", "--steps", "3"], "not allowed with argument --epochs"),
        ([], "the following arguments are required: task"),
    ],
)
def test_wrong_arguments_are_an_error_in_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit, match=r"^2$"):
        main(["train", *arguments])
    error = capsys.readouterr().err

    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["suns"], "unknown task 'suns': take one of xor, moons, circles"),
        (["moons", "--lr", "0"], "the learning rate is a positive number"),
        (["moons", "--momentum", "0.9"], "momentum is for sgd and rmsprop, adam has its own"),
        (["moons", "--optimizer", "lbfgs", "--weight-decay", "1"], "lbfgs has no weight decay"),
        (["moons", "--warmup", "100"], "a warm-up of 100 epochs leaves none of 100"),
        (["moons", "--warmup", "2", "--schedule", "onecycle"], "does not go with the schedule one"),
        (["moons", "--l1", "-1"], "l1 is a finite number of at least 0, got -1.0"),
        (["moons", "--dropout", "1.5"], "a probability p between 0 and 1, got 1.5"),
        (["moons", "--label-smoothing", "2"], "label_smoothing is between 0 and 1, got 2.0"),
        (["moons", "--max-norm", "0"], "max_norm is a positive number, got 0.0"),
        (["xor", "--label-smoothing", "0.1"], "label smoothing is for classes, and the target is"),
        (["moons", "--target", "kind"], "--target is for a CSV file, moons has its own"),
        (["none.csv", "--target", "kind"], "cannot read none.csv: No such file or directory"),
        (["none.csv"], "which column of none.csv is to be predicted? say --target COLUMN"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_one_line(arguments, message, capsys):
    assert main(["train", *arguments, "--quiet"]) == 2
    error = capsys.readouterr().err

    assert error.startswith("chainrule: ")
    assert message in error
    assert error.count("\n") == 1


def test_no_pictures_are_drawn_where_none_are_wanted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = (
        "import sys; from nn.command.main import main; "
        "main(['train', 'xor', '--no-pictures', '--quiet']); print('matplotlib' in sys.modules)"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout == "False\n"
    assert sorted(os.listdir("xor")) == ["checkpoint.json", "weights.json"]
