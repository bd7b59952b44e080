"""The tasks of `chainrule train`: learned, judged, written, resumed, and used to predict."""

import csv
import random
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from engine import compiled
from nn import MLP, data, load, load_checkpoint, metrics
from nn.command.main import main
from nn.command.tasks import TASKS

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
in_c = pytest.mark.skipif(not compiled, reason="takes long in Python: needs the compiled build")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def table(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)
    return str(path)


def flowers(path="flowers.csv", n=60):
    """A table of two classes that one column tells apart."""
    rng = random.Random(0)
    rows = [[rng.gauss(40 + 20 * (i % 2), 2), rng.gauss(0, 1), "ab"[i % 2]] for i in range(n)]
    return table(path, [["length", "width", "kind"], *rows])


def houses(path="houses.csv", n=60):
    """A table of amounts that are a line of one column."""
    rng = random.Random(0)
    sizes = [rng.uniform(50, 200) for _ in range(n)]
    return table(path, [["size", "price"], *[[x, 3000 * x + 50000] for x in sizes]])


# ---- learning ----


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
        (["--epochs", "4"], "epochs was 2 and is 4 now"),  # the cosine goes by them
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
    monkeypatch.setattr("nn.command.train.write_pictures", lambda *a: judged.append(a[3]) or [])
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


# ---- options ----


@pytest.fixture
def no_plots(monkeypatch):
    monkeypatch.setattr("nn.command.report.write_figures", lambda *_: [])


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


def test_a_training_that_cannot_be_replayed_says_why_if_it_is_asked_to(capsys):
    assert main(["train", "moons", "--quiet", "--replay", "--optimizer", "lbfgs"]) == 2
    assert "the machine has no LBFGS" in capsys.readouterr().err


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
        (["moons", "--batch-size", "no"], "invalid batch value: 'no'"),
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


# ---- a table of one's own ----


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


# ---- predictions ----


@pytest.fixture
def trained(no_plots):
    main(["train", flowers(), "--target", "kind", "--quiet", "--epochs", "20"])
    return "flowers/weights.json"


def test_a_csv_file_is_predicted_row_by_row(trained, capsys):
    assert main(["predict", trained, "flowers.csv"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]

    assert metrics.accuracy_score(names, ["ab"[i % 2] for i in range(60)]) > 0.9


def test_columns_are_found_by_their_names(trained, capsys):
    table("other.csv", [["width", "remark", "length"], [0, "none", 60]])

    assert main(["predict", trained, "other.csv", "60,0"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second


def test_the_probabilities_of_all_classes_sum_to_one(trained, capsys):
    assert main(["predict", trained, "50,0", "--probabilities"]) == 0
    words = capsys.readouterr().out.split()

    assert words[::2] == ["a", "b"]
    assert sum([float(p) for p in words[1::2]]) == pytest.approx(1, abs=2e-4)


def test_a_row_may_begin_with_a_minus(trained, capsys):
    assert main(["predict", trained, "-40,0"]) == 0


def test_the_numbers_of_xor_are_predicted(capsys, no_plots):
    main(["train", "xor", "--quiet"])
    main(["predict", "xor/weights.json", "0,1", "1,1"])
    answers = [float(line) for line in capsys.readouterr().out.splitlines()]

    assert answers == pytest.approx([1, 0], abs=1e-6)


def test_a_model_that_a_script_saved_is_predicted_with_too(capsys):
    from nn import save

    save(MLP(2, [2], rng=random.Random(0)), "mine.json")

    assert main(["predict", "mine.json", "0,0"]) == 0
    assert capsys.readouterr().out == "0,0\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["flowers/weights.json", "1"], "(length, width), got 1: put commas between them"),
        (["flowers/weights.json", "1,2,3"], "the model takes 2 numbers (length, width), got 3"),
        (["flowers/weights.json", "1,b"], "expected numbers with commas between, as in 0,1, got"),
        (["flowers/weights.json", "1,nan"], "expected numbers with commas between, as in 0,1, go"),
        (["flowers/weights.json", "no.csv"], "cannot read no.csv: No such file or directory"),
        (["flowers/weights.json", "thin.csv"], "thin.csv: no column 'width', there is 'length'"),
        (["flowers/weights.json", "text.csv"], "line 2, column 'width': 'w' is no number"),
        (["none.json", "1,2"], "cannot read none.json: No such file or directory"),
        (["flowers/checkpoint.json", "1,2"], "cannot load flowers/checkpoint.json: it is not of"),
        (["plain.json", "thin.csv"], "the model does not say which columns of thin.csv it takes"),
        (["plain.json", "1", "--probabilities"], "tells no classes apart: it has no probabilities"),
    ],
)
def test_what_cannot_be_predicted_is_one_line_on_stderr(trained, arguments, message, capsys):
    from nn import save

    save(MLP(1, [1]), "plain.json")
    table("thin.csv", [["length"], [1]])
    table("text.csv", [["length", "width"], [1, "w"]])

    assert main(["predict", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_the_help_names_every_task_with_its_settings(capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["train", "--help"])
    text = capsys.readouterr().out

    assert all(f"  {name} " in text for name in TASKS)
