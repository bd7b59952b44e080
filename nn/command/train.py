"""The main job: train a network on a task, and put what came of it into a folder.

From top to bottom: data, model, optimiser, schedule, `fit`, figures, files.
"""

from __future__ import annotations

import math
import os
import random
import tempfile
from functools import partial
from typing import NamedTuple

from nn.checks import count, not_negative
from nn.command.report import write_pictures
from nn.data.preparation import Standardizer, train_test_split
from nn.layers.linear import Dropout, Normalization, Sequential
from nn.losses import cross_entropy, mse_loss
from nn.metrics import accuracy_score, r2_score
from nn.mlp import MLP, Layer
from nn.optim.by_name import make_optimizer
from nn.penalties import l1_penalty, weights_of
from nn.saving.models import save
from nn.schedules.by_name import make_schedule
from nn.training.loop import fit
from nn.training.stopping import EarlyStopping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

    from nn.command.tasks import Task
    from nn.data.tables import Table
    from nn.film.film import Film
    from nn.module import Module
    from nn.training.history import History


class Settings(NamedTuple):
    """What a user may choose; the command has an option for each."""

    hidden: Sequence[int]
    activation: str
    dropout: float
    optimizer: str
    lr: float
    momentum: float
    schedule: str
    warmup: int
    weight_decay: float
    l1: float
    label_smoothing: float
    max_norm: float | None
    epochs: int
    steps: int | None
    batch_size: int | None
    patience: int | None
    seed: int
    split_seed: int
    output: Path
    save: Path | None
    film: Path | None
    replay: bool | str
    fast: bool
    resume: bool
    quiet: bool


class Outcome(NamedTuple):
    """What was reached on the held-out rows; figure is the accuracy, or the mean squared error."""

    figure: float
    learned: bool
    words: str
    interrupted: bool


def train(name: str, task: Task, settings: Settings) -> Outcome:
    """Train a model, print how well it does, and write it and its pictures into a folder.

    Raises OSError, before the training, if nothing can be written there, ValueError for settings
    that do not go together, and ArithmeticError if the loss runs away.
    """
    say: Callable[..., None] = (lambda *_: None) if settings.quiet else print
    table = task.make(settings.seed)
    training, validation, held_out = parts(table, task, settings)
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
    make_writable(settings.output)
    if settings.resume and not (settings.output / "checkpoint.json").exists():
        raise ValueError(f"there is no checkpoint in {settings.output} to resume from")
    if settings.save is not None:
        check_savable(settings.save)
    if settings.film is not None:
        make_writable_beside(settings.film)

    say(f"{name}: {described(table, training, held_out)}")
    say(fitted)
    history = fit(
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
        early_stopping=stopping(settings, task),
        callbacks=[] if film is None else [film],
        checkpoint=settings.output / "checkpoint.json",
        checkpoint_every=max(1, epochs // 20),
        settings=what_matters(name, settings, epochs),
        resume=settings.resume,
        replay=settings.replay,
        fast=settings.fast,
        progress=not settings.quiet,
    )
    if history.deviation is not None:
        say(f"fast: gradients differ by {history.deviation:.1g} of the largest")
    outcome = judge(model, table, held_out, task, history, say)

    notes = {
        "task": name,
        "inputs": table.feature_names,
        "target": table.target_name,
        "classes": table.class_names,
    }
    names = ["weights.json", "checkpoint.json"]
    save(model, settings.output / "weights.json", notes)
    if settings.save is not None:
        save_as(model, settings.save, notes)
    names += write_pictures(settings.output, model, table, held_out, history)
    say(f"wrote {', '.join(names)} in {settings.output}{os.sep}")
    if settings.save is not None:
        say(f"wrote {settings.save}")
    if film is not None and settings.film is not None:
        film.save(settings.film)
        say(f"wrote {settings.film}")
    return outcome


def make_writable(folder: Path) -> None:
    """Make the folder if need be. Raises OSError unless files can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OSError(f"cannot write into the folder {folder}: {error.strerror}") from None


FORMATS = (".json", ".safetensors", ".onnx")


def check_savable(path: Path) -> None:
    """Raise ValueError or OSError, before the training, for a file that cannot be written."""
    if path.suffix not in FORMATS:
        raise ValueError(f"a network is saved as {', '.join(FORMATS)}, got {str(path)!r:.60}")
    make_writable_beside(path)


def make_writable_beside(path: Path) -> None:
    """Raise OSError unless a file can be written there."""
    if path.is_dir():
        raise OSError(f"cannot write {path}: it is a folder")
    make_writable(path.parent)


def save_as(model: Module, path: Path, notes: dict[str, Any]) -> None:
    """Write the model in the format that the path ends in."""
    if path.suffix == ".onnx":
        from nn.saving.export import to_onnx

        to_onnx(model, path)
    else:
        save(model, path, notes)


def what_matters(name: str, settings: Settings, epochs: int) -> dict[str, Any]:
    """The settings that a resumed training must share with the one that it resumes.

    More epochs are no other training, unless the schedule goes by them.
    """
    left_out = ("epochs", "steps", "output", "save", "film", "replay", "fast", "resume", "quiet")
    found = {k: x for k, x in settings._asdict().items() if k not in left_out}
    if settings.schedule != "constant":
        found["epochs"] = epochs
    return {"task": name, **found, "hidden": list(settings.hidden)}


# ---- data ----

Rows = tuple["list[list[float]]", "list[Any]"]


def parts(table: Table, task: Task, settings: Settings) -> tuple[Rows, Rows, Rows]:
    """Rows to train on, to watch meanwhile, and to judge by in the end.

    Which rows they are is drawn from a seed of its own, so that trainings with other seeds are
    judged by the same. With early stopping the watched ones are a fifth of the others, since what
    was used to choose the moment to stop cannot judge it. Where nothing is held out, all three are
    all rows.
    """
    whole = (table.inputs, table.targets)
    if not task.held_out:
        return whole, whole, whole
    classes = table.class_names is not None
    if classes:
        check_classes(table)
    split = partial(train_test_split, seed=settings.split_seed, stratify=classes)
    inputs, held_out_inputs, targets, held_out_targets = split(*whole, task.held_out)
    held_out = (held_out_inputs, held_out_targets)
    if settings.patience is None:
        return (inputs, targets), held_out, held_out
    inputs, watched_inputs, targets, watched_targets = split(inputs, targets, 0.2)
    return (inputs, targets), (watched_inputs, watched_targets), held_out


def check_classes(table: Table) -> None:
    """Raise ValueError unless there are two classes, each with a row to learn and one to judge."""
    names = table.class_names or []
    if len(names) < 2:
        raise ValueError(f"the target {table.target_name!r} has one class only, {names[0]!r:.60}")
    for k, name in enumerate(names):
        if table.targets.count(k) < 2:
            raise ValueError(
                f"class {name!r:.60} of {table.target_name!r} has 1 row: at least 2 are needed, "
                "one to learn from and one to judge by"
            )


def scaled(rows: Rows, model: Module) -> Rows:
    """The rows as the fitted part of the model has them: targets in its own units."""
    inputs, targets = rows
    last = list(model)[-1] if isinstance(model, Sequential) else None
    if not isinstance(last, Normalization):
        return rows
    mean, size = last.means[0], last.deviations[0]
    return inputs, [(t - mean) / size for t in targets]


def described(table: Table, training: Rows, held_out: Rows) -> str:
    n, k = len(training[0]), len(held_out[0])
    kinds = "a number" if table.class_names is None else f"{len(table.class_names)} classes"
    judged = "" if held_out is training or held_out[0] is training[0] else f", {k} held out"
    return (
        f"{count(len(table.feature_names), 'feature')}, target {table.target_name!r} ({kinds}), "
        f"{count(n, 'row')} to train on{judged}"
    )


# ---- model and optimiser ----


def network(table: Table, training: Rows, task: Task, settings: Settings) -> tuple[Module, Module]:
    """The model that is fitted, and all of it: also what puts targets back into their units."""
    inputs, targets = training
    nin, nout = len(table.feature_names), len(table.class_names or ["the amount"])
    nouts = [*settings.hidden, nout]
    rng = random.Random(settings.seed)
    fitted: Module = MLP(nin, nouts, activation=settings.activation, rng=rng)
    if settings.dropout:
        fitted = Sequential()
        for width in settings.hidden:
            fitted.append(Layer(nin, width, activation=settings.activation, rng=rng))
            fitted.append(Dropout(settings.dropout, rng=rng))
            nin = width
        fitted.append(Layer(nin, nout, activation="linear", rng=rng))
    if not task.standardize:
        return fitted, fitted
    scale = Standardizer(inputs)
    fitted = Sequential(Normalization(scale.means, scale.deviations), *chained(fitted))
    if table.class_names is not None:
        return fitted, fitted
    scale = Standardizer([[t] for t in targets])
    return fitted, Sequential(*fitted, Normalization(scale.means, scale.deviations, invert=True))


def chained(model: Module) -> list[Module]:
    return list(model) if isinstance(model, Sequential) else [model]


def batches(training: Rows, settings: Settings) -> int:
    n = len(training[0])
    return math.ceil(n / (settings.batch_size or n))


def stopping(settings: Settings, task: Task) -> EarlyStopping | None:
    if settings.patience is None:
        return None
    monitor = "val_loss" if task.held_out else "loss"
    return EarlyStopping(monitor=monitor, patience=settings.patience)


def weighted_l1(strength: float, weights: list[Any]) -> Any:
    return strength * l1_penalty(weights)


def recorder(name: str, table: Table, rows: Rows, model: Any, settings: Settings) -> Film | None:
    """What films the training, if that is asked for.

    Raises ValueError for an ending that no film has, and for a task that no film shows.
    """
    if settings.film is None:
        return None
    from nn.film.film import Film, check_film

    check_film(settings.film)
    names, classes = table.feature_names, None
    if table.class_names is not None:
        classes = [f"{table.target_name} {label}" for label in table.class_names]
    axes = names if len(names) > 1 else [names[0], table.target_name]
    return Film(model, *rows, title=name, threshold=0.5, names=axes, class_names=classes)


# ---- how well it does ----


def judge(
    model: Any,
    table: Table,
    rows: Rows,
    task: Task,
    history: History,
    say: Callable[..., None],
) -> Outcome:
    """Print the figures on the rows that judge, beside those of the simplest guess."""
    inputs, targets = rows
    outputs = [numbers(model(x)) for x in inputs]
    n = f"{len(inputs)}{' held-out' if task.held_out else ''} row{'' if len(inputs) == 1 else 's'}"
    after = f"after {count(history.steps, 'step')} ({history.stopped})"
    if table.class_names is None:
        predictions = [y for (y,) in outputs]
        if len(inputs) <= FEW:
            say_each(table, inputs, targets, predictions, say)
        error = mse_loss(predictions, targets)
        guess = sum(targets) / len(targets)
        baseline = mse_loss([guess] * len(targets), targets)
        fits = f", R2 {r2_score(targets, predictions):.4f}" if baseline else ""
        words = f"the mean squared error is {error:.2g}"
        say(f"mean squared error {error:.2g}{fits} on {n} {after}")
        say(f"(always the mean of the targets: {baseline:.2g})")
        learned = task.goal is None or error < task.goal
        words += "" if learned else f", not below {task.goal}"
        return Outcome(error, learned, words, history.stopped == "interrupted")
    accuracy = accuracy_score(targets, outputs)
    most = max([targets.count(k) for k in set(targets)]) / len(targets)
    say(f"{accuracy:.1%} of {n} right {after}")
    say(f"(always the most frequent class: {most:.1%})")
    learned = task.goal is None or accuracy >= task.goal
    words = f"{accuracy:.1%} of the held-out rows are right"
    words += "" if learned else f", not {task.goal:.0%}"
    return Outcome(accuracy, learned, words, history.stopped == "interrupted")


FEW = 8  # rows that are worth a line each


def say_each(
    table: Table,
    inputs: Sequence[Sequence[float]],
    targets: Sequence[float],
    predictions: Sequence[float],
    say: Callable[..., None],
) -> None:
    say("".join([f"{name:>8.8}" for name in table.feature_names]) + "  target  prediction")
    for x, target, prediction in zip(inputs, targets, predictions):
        say("".join([f"{v:8g}" for v in x]) + f"  {target:6g}  {prediction:10.4f}")


def numbers(output: Any) -> list[float]:
    """The numbers of an output; one of a bare Value."""
    return [float(y) for y in output] if isinstance(output, list) else [float(output)]
