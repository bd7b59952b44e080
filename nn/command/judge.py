"""The judge: how well a trained model does, beside the simplest guess."""

from __future__ import annotations

from collections import Counter
from math import inf, sqrt
from typing import NamedTuple

from nn.checks import count
from nn.command.digits import told_apart
from nn.evaluation import rows_of_outputs
from nn.losses import mse_loss
from nn.metrics import accuracy_score, r2_score

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from nn.command.rows import Rows
    from nn.command.tasks import Task
    from nn.data.tables import Table
    from nn.training.history import History


class Outcome(NamedTuple):
    """What was reached on the rows that judge: an accuracy, or a mean squared error."""

    figure: float
    learned: bool
    words: str
    interrupted: bool


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
    outputs = rows_of_outputs(model, inputs)
    n = f"{len(inputs)}{' held-out' if task.held_out else ''} row{'' if len(inputs) == 1 else 's'}"
    after = f"after {count(history.steps, 'step')} ({history.stopped})"
    if table.class_names is None:
        predictions = [y for (y,) in outputs]
        if len(inputs) <= FEW:
            say_each(table, inputs, targets, predictions, say)
        error = mse_loss(predictions, targets)
        constant = min(targets) == max(targets)
        guess = targets[0] if constant else sum(targets) / len(targets)
        baseline = mse_loss([guess] * len(targets), targets)
        fits = f", R2 {r2_score(targets, predictions):.4f}" if not constant else ""
        words = f"the {size_of_errors(error, predictions, targets, 'is ')}"
        say(f"{size_of_errors(error, predictions, targets)}{fits} on {n} {after}")
        mean = size_of_errors(baseline, [guess] * len(targets), targets)
        say(f"(always the mean of the targets: {mean.rsplit(' ', 1)[1]})")
        learned = task.goal is None or error < task.goal
        words += "" if learned else f", not below {task.goal}"
        return Outcome(error, learned, words, history.stopped == "interrupted")
    accuracy = accuracy_score(targets, outputs)
    most = max(Counter(targets).values()) / len(targets)
    say(f"{accuracy:.1%} of {n} right {after}")
    say(f"(always the most frequent class: {most:.1%})")
    learned = task.goal is None or accuracy >= task.goal
    words = f"{accuracy:.1%} of the held-out rows are right"
    words += "" if learned else f", not {task.goal:.0%}"
    return Outcome(accuracy, learned, words, history.stopped == "interrupted")


def size_of_errors(
    error: float, predictions: Sequence[float], targets: Sequence[float], verb: str = ""
) -> str:
    """The mean squared error in words; its root where squares are too large or small for floats."""
    largest = max([abs(p - t) for p, t in zip(predictions, targets)])
    if largest == 0 or largest == inf or 1e-150 < largest < 1e150:
        return f"mean squared error {verb}{error:.2g}"
    shares = [(p - t) / largest for p, t in zip(predictions, targets)]
    root = largest * sqrt(sum([share * share for share in shares]) / len(shares))
    return f"root of the mean squared error {verb}{root:.2g}"


FEW = 8  # rows that are worth a line each


def say_each(
    table: Table,
    inputs: Sequence[Sequence[float]],
    targets: Sequence[float],
    predictions: Sequence[float],
    say: Callable[..., None],
) -> None:
    columns = [told_apart(column) for column in zip(*inputs)]
    wide = [max(8, 2 + max(map(len, column))) for column in columns]
    wanted = told_apart(targets)
    say(
        "".join([f"{name[:8]:>{n}}" for name, n in zip(table.feature_names, wide)])
        + f"  {'target':>{max(6, *map(len, wanted))}}  prediction"
    )
    for x, target, prediction in zip(zip(*columns), wanted, predictions):
        cells = "".join([f"{cell:>{n}}" for cell, n in zip(x, wide)])
        say(f"{cells}  {target:>{max(6, *map(len, wanted))}}  {prediction:10.4f}")
