"""Settings where no option is given: any optimiser and any schedule learn a task."""

import pytest

from engine import compiled
from nn import load_checkpoint
from nn.command.main import main
from nn.command.settings import PACES, chosen_settings
from nn.command.tasks import TASKS
from nn.command.train import options
from nn.optim.by_name import OPTIMIZERS
from nn.schedules.by_name import SCHEDULES

in_c = pytest.mark.skipif(not compiled, reason="takes long in Python: needs the compiled build")
EVERY_SCHEDULE = [*SCHEDULES, "onecycle"]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nn.command.report.write_figures", lambda *_: [])


def settings(task, *words):
    from nn.command.parser import Parser

    parser = Parser(prog="train", epilog="")
    options(parser)
    return chosen_settings(TASKS[task], parser.parse_args([task, *words]))


@pytest.mark.parametrize("name", TASKS)
def test_without_options_a_task_has_its_own_settings(name):
    found, own = settings(name)._asdict(), TASKS[name]._asdict()

    assert {k: found[k] for k in found if k in own} == {k: own[k] for k in found if k in own}


@pytest.mark.parametrize("name", TASKS)
def test_the_optimizer_of_a_task_has_the_rate_of_the_task_also_where_it_is_named(name):
    assert settings(name, "--optimizer", TASKS[name].optimizer) == settings(name)


@pytest.mark.parametrize(
    ("task", "optimizer", "lr"),
    [
        ("moons", "sgd", 0.5),
        ("moons", "adagrad", 0.5),
        ("moons", "rmsprop", 0.05),
        ("moons", "lbfgs", 0.05),
        ("xor", "adam", 0.02),
        ("xor", "adagrad", 0.2),
    ],
)
def test_another_optimizer_has_a_rate_of_its_own_size(task, optimizer, lr):
    assert settings(task, "--optimizer", optimizer).lr == pytest.approx(lr, rel=1e-15)


def test_a_rate_that_is_given_is_taken():
    assert settings("moons", "--optimizer", "sgd", "--lr", "0.3").lr == 0.3


def test_a_step_of_another_optimizer_pulls_weights_as_far_towards_0():
    own, other = settings("wine"), settings("wine", "--optimizer", "sgd")

    assert other.lr * other.weight_decay == pytest.approx(own.lr * own.weight_decay, rel=1e-15)


def test_the_help_says_which_optimizers_take_longer_steps(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])

    assert f"{' and '.join(PACES)} take 10 times as much" in capsys.readouterr().out


@in_c
@pytest.mark.parametrize("schedule", EVERY_SCHEDULE)
@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name != "lbfgs"])
def test_any_optimizer_learns_the_moons_with_any_schedule(optimizer, schedule):
    words = ["--optimizer", optimizer, "--schedule", schedule, "--seed", "1", "--quiet"]

    assert main(["train", "moons", *words]) == 0


@in_c
@pytest.mark.parametrize("schedule", EVERY_SCHEDULE)
def test_momentum_and_patience_go_with_any_schedule(schedule):
    words = ["--optimizer", "sgd", "--momentum", "0.9", "--patience", "20", "--quiet"]

    assert main(["train", "moons", "--schedule", schedule, *words]) == 0


def test_lbfgs_learns_the_moons():
    words = ["--optimizer", "lbfgs", "--patience", "20", "--quiet"]

    assert main(["train", "moons", *words]) == 0


@pytest.mark.parametrize(
    ("words", "rising"),
    [
        (["--schedule", "onecycle", "--epochs", "40"], 12),
        (["--schedule", "constant", "--warmup", "15", "--epochs", "40"], 15),
        (["--schedule", "constant", "--epochs", "40"], 0),
    ],
)
def test_patience_does_not_count_the_epochs_in_which_the_rate_rises(words, rising):
    """At so small a rate no weight moves, and no epoch is better than the first."""
    main(["train", "moons", "--patience", "3", "--lr", "1e-300", "--quiet", *words])
    epochs = load_checkpoint("moons/checkpoint.json")["history"]["epochs"]

    assert len(epochs) == max(rising, 1) + 3
