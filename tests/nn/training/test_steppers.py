"""A run knows no stepper: any stepper moves it, and the steps it leaves out are done elsewhere."""

import ast
import random
from pathlib import Path

import pytest

from engine import compiled
from nn import MLP, SGD, ExponentialLR, data, mse_loss
from nn.training import run as run_file
from nn.training.graph_stepper import GraphStepper
from nn.training.loop import epoch, whole_epochs
from nn.training.machine_stepper import MachineStepper
from nn.training.run import Run

ORDER = [
    {
        "history",
        "stopping",
        "objective",
        "randomness",
        "arguments",
        "surroundings",
        "last_step",
        "number",
        "deferred",
        "scored",
        "replayed_loss",
        "shifting",
    },
    {"samples", "run", "states", "upcoming", "structures"},
    {"arrays", "checkpoint", "graph_stepper", "tapes"},
    {"plans"},
    {"validation", "lengths", "recorded"},
    {"turns"},
    {"courses"},
    {"judged", "machine_steps"},
    {"machine_judge"},
    {"machine_stepper"},
    {"loop", "jit"},
]


def imports(file):
    """The files of the room that a file names in an import, even inside a function."""
    nodes = [n for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.ImportFrom)]
    modules = [n.module for n in nodes if (n.module or "").startswith("nn.training.")]
    return {module.split(".")[2] for module in modules}


def test_the_files_of_the_room_import_one_way():
    below, files = set(), Path(run_file.__file__).parent
    for level in ORDER:
        for name in level:
            assert imports(files / f"{name}.py") <= below, name
        below |= level

    assert {f.stem for f in files.glob("*.py")} == {"__init__", *below}


def made(batch_size=None):
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(0))
    optimizer = SGD(model.parameters(), lr=0.2)
    schedule = ExponentialLR(optimizer, 0.9)
    return Run(model, data.xor(), optimizer, mse_loss, batch_size, schedule=schedule)


def left(run):
    numbers = [p.data.hex() for p in run.parameters]
    return numbers, run.history.losses, run.history.epochs, run.schedule.last_epoch


@pytest.mark.parametrize("batch_size", [None, 1, 3])
def test_one_run_may_change_its_stepper_between_epochs(batch_size):
    mixed, plain = made(batch_size), made(batch_size)
    steppers = [GraphStepper(mixed), MachineStepper(mixed)]
    for i in range(6):
        epoch(mixed, steppers[i % 2], None, lambda _: None)
        mixed.end_epoch(False)
        epoch(plain, GraphStepper(plain), None, lambda _: None)
        plain.end_epoch(False)

    assert left(mixed) == left(plain)


def test_the_graph_stepper_leaves_every_epoch_to_the_loop():
    run, told = made(), []
    whole_epochs(run, GraphStepper(run), 50, 50, told.append)

    assert (run.history.steps, told) == (0, [])


@pytest.mark.skipif(not compiled, reason="a pure build has no machine that does epochs alone")
def test_the_machine_does_whole_epochs_up_to_the_last_before_a_checkpoint():
    run, told = made(), []
    stepper = MachineStepper(run)
    epoch(run, stepper, None, told.append)  # finds the pace
    run.end_epoch(False)
    whole_epochs(run, stepper, 100, 40, told.append)

    assert (len(run.history.epochs), sum(told)) == (39, 39)


def test_a_stepper_judges_the_model_by_its_outputs():
    class Doubtful(GraphStepper):
        def outputs(self, inputs):
            return [0.5 for _ in inputs]

    run = made()
    run.metrics = {"mean": lambda _targets, outputs: sum(outputs) / len(outputs)}
    epoch(run, Doubtful(run), None, lambda _: None)

    assert run.history.epochs[-1]["mean"] == 0.5
