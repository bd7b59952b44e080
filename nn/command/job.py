"""The main job: train a network on a task, and put what came of it into a folder.

From top to bottom: data, model, optimiser, schedule, `fit`, figures, files.
"""

from __future__ import annotations

import math
import re
from functools import partial

from nn.checks import not_negative
from nn.command.figures import warnings_as_lines
from nn.command.judge import judge
from nn.command.network import network
from nn.command.outputs import check_outputs, write_outputs
from nn.command.rows import divided, scaled, summary
from nn.command.settings import as_resumed, what_matters
from nn.command.terminal import shown
from nn.losses import cross_entropy, mse_loss
from nn.metrics import accuracy_score
from nn.optim.by_name import make_optimizer
from nn.penalties import l1_penalty, weights_of
from nn.saving.checkpoints import load_checkpoint
from nn.schedules.by_name import make_schedule
from nn.schedules.onecycle import OneCycleLR
from nn.training.history import EARLY
from nn.training.loop import fit
from nn.training.stopping import EarlyStopping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nn.command.judge import Outcome
    from nn.command.rows import Rows
    from nn.command.settings import Settings
    from nn.command.tasks import Task
    from nn.data.tables import Table
    from nn.film.film import Film
    from nn.schedules.schedule import Schedule
    from nn.training.history import History


def train(name: str, task: Task, settings: Settings) -> Outcome:
    """Train a model, print how well it does, and write it and its pictures into a folder.

    Raises OSError, before the training, if nothing can be written there, ValueError for settings
    that do not go together, and ArithmeticError if the loss runs away.
    """
    say: Callable[..., None] = (lambda *_: None) if settings.quiet else say_on_terminal
    table = task.make(settings.seed)
    training, validation, held_out = divided(table, task, settings)
    fitted, model = network(table, training, task, settings)
    optimizer = make_optimizer(
        settings.optimizer, fitted, settings.lr, settings.momentum, settings.weight_decay
    )
    smoothing = settings.label_smoothing
    if smoothing and table.class_names is None:
        raise ValueError("label smoothing is for classes, and the target is a number")
    epochs = settings.epochs
    if settings.steps is not None:
        epochs = math.ceil(settings.steps / batches(training, settings))
    schedule = make_schedule(
        settings.schedule, optimizer, epochs, batches(training, settings), settings.warmup
    )
    film = recorder(name, table, training, model, settings)
    weights, strength = weights_of(fitted), not_negative("l1", settings.l1)
    penalty = partial(weighted_l1, strength, weights) if strength else None
    check_outputs(settings, name)
    matters = what_matters(name, task, settings, epochs)
    checkpoint = settings.output / "checkpoint.json"
    done = -1
    if settings.resume:
        states = load_checkpoint(checkpoint)
        matters = as_resumed(matters, part_of(states, "settings"), task)
        done = len(part_of(states, "history").get("losses", []))

    say(f"{name}: {summary(table, training, held_out)}")
    if task.goal is None and table.class_names is None and set(table.targets) <= {0.0, 1.0}:
        say("(the target is 0 or 1, taken for an amount: --kind classes takes it for classes)")
    say(fitted)
    history = run_or_explain(
        fit,
        fitted,
        scaled(training, model),
        optimizer=optimizer,
        loss=mse_loss
        if table.class_names is None
        else partial(cross_entropy, label_smoothing=smoothing),
        epochs=None if settings.steps is not None else epochs,
        steps=settings.steps,
        batch_size=settings.batch_size,
        seed=settings.seed,
        validation=scaled(validation, model) if task.held_out else None,
        metrics={"accuracy": accuracy_score} if table.class_names else {},
        penalty=penalty,
        max_norm=settings.max_norm,
        schedule=schedule,
        schedule_each="step" if settings.schedule == "onecycle" else "epoch",
        early_stopping=stopping(settings, task, schedule, epochs),
        callbacks=[] if film is None else [film],
        checkpoint=checkpoint,
        checkpoint_every=epochs,  # and whenever the last one is some seconds old
        settings=matters,
        resume=settings.resume,
        replay=settings.replay,
        fast=settings.fast,
        progress=not settings.quiet,
    )
    if settings.resume:
        check_length(history, settings, epochs)
    if history.steps == done and history.stopped == EARLY:
        say(f"(it had ended there already: --patience above {settings.patience} goes on)")
    if history.deviation is not None:
        say(f"fast: gradients differ by {history.deviation:.1g} of the largest")
    outcome = judge(model, table, held_out, task, history, say)

    write_outputs(name, model, table, held_out, history, film, settings, say)
    return outcome


def say_on_terminal(text: object) -> None:
    print(shown(str(text), keep="\n"))


def run_or_explain(fit: Callable[..., History], *data: Any, **settings: Any) -> History:
    """The record of a training. Raises what fit does, with what a user of the command can do."""
    try:
        return fit(*data, **settings)
    except ValueError as error:
        before = re.search(r"epochs was (\d+) and is \d+ now", str(error))
        if before is None:
            raise
        schedule = settings["settings"]["schedule"]
        raise ValueError(
            f"{error}; the rates of --schedule {schedule} depend on the number of epochs: keep "
            f"--epochs {before[1]}, or train anew, without --resume; only a training that began "
            "with --schedule constant may get longer"
        ) from None


def check_length(history: History, settings: Settings, epochs: int) -> None:
    """Raise ValueError if the resumed training had gone further than it was now to go."""
    done, wanted, option = len(history.epochs), epochs, "epochs"
    if settings.steps is not None:
        done, wanted, option = history.steps, settings.steps, "steps"
    if done > wanted:
        raise ValueError(
            f"the training in {settings.output} has done {done} {option} already: --resume goes "
            f"on to {done} or more, got --{option} {wanted}"
        )


def part_of(states: dict[str, Any], name: str) -> dict[str, Any]:
    """A part of a checkpoint, which anyone may have written; `fit` refuses one that is no dict."""
    found = states.get(name)
    return found if isinstance(found, dict) else {}


def batches(training: Rows, settings: Settings) -> int:
    n = len(training[0])
    return math.ceil(n / (settings.batch_size or n))


def stopping(
    settings: Settings, task: Task, schedule: Schedule | None, epochs: int
) -> EarlyStopping | None:
    """Early stopping, if it is asked for, which does not stop while the schedule warms up."""
    if settings.patience is None:
        return None
    rising = settings.warmup
    if isinstance(schedule, OneCycleLR):
        rising = math.ceil(schedule.pct_start * epochs)
    monitor = "val_loss" if task.held_out else "loss"
    return EarlyStopping(monitor=monitor, patience=settings.patience, start_from_epoch=rising)


def weighted_l1(strength: float, weights: list[Any]) -> Any:
    return strength * l1_penalty(weights)


def recorder(name: str, table: Table, rows: Rows, model: Any, settings: Settings) -> Film | None:
    """What films the training, if that is asked for.

    Raises ValueError for an ending that no film has, and for a task that no film shows.
    """
    if settings.film is None:
        return None
    from nn.film.film import Film, check_film

    with warnings_as_lines():
        check_film(settings.film)
    names, classes = table.feature_names, None
    if table.class_names is not None:
        classes = [f"{table.target_name} {label}" for label in table.class_names]
    axes = names if len(names) > 1 else [names[0], table.target_name]
    return Film(model, *rows, title=name, threshold=0.5, names=axes, class_names=classes)
