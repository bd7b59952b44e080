"""The rows of a table: which ones train, which are watched meanwhile, and which judge."""

from __future__ import annotations

from collections import Counter
from functools import partial

from nn.checks import count
from nn.data.preparation import train_test_split
from nn.layers import Normalization, Sequential

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nn.command.settings import Settings
    from nn.command.tasks import Task
    from nn.data.tables import Table
    from nn.module import Module

Rows = tuple["list[list[float]]", "list[Any]"]


def divided(table: Table, task: Task, settings: Settings) -> tuple[Rows, Rows, Rows]:
    """Rows to train on, rows to watch meanwhile, and rows to judge by in the end.

    They are drawn with a seed of their own, `split_seed`, so that trainings with different seeds
    are judged by the same rows. Without early stopping, the watched rows are the rows that judge.
    With early stopping they choose the moment to stop, and so cannot judge it: then a fifth of the
    rows to train on is watched instead. A task that holds nothing out has all rows in each part.
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
    rows = Counter(table.targets)
    for k, name in enumerate(names):
        if rows[k] < 2:
            raise ValueError(
                f"class {name!r:.60} of {table.target_name!r} has 1 row: at least 2 are needed, "
                "one to learn from and one to judge by"
            )


def scaled(rows: Rows, model: Module) -> Rows:
    """The rows with the targets in the units of the fitted part of the model."""
    inputs, targets = rows
    last = list(model)[-1] if isinstance(model, Sequential) else None
    if not isinstance(last, Normalization):
        return rows
    mean, size = last.means[0], last.deviations[0]
    return inputs, [(t - mean) / size for t in targets]


def summary(table: Table, training: Rows, held_out: Rows) -> str:
    """The columns and the number of rows, in a line."""
    n, k = len(training[0]), len(held_out[0])
    kinds = "a number" if table.class_names is None else f"{len(table.class_names)} classes"
    judged = "" if held_out is training or held_out[0] is training[0] else f", {k} held out"
    return (
        f"{count(len(table.feature_names), 'feature')}, target {table.target_name!r} ({kinds}), "
        f"{count(n, 'row')} to train on{judged}"
    )
