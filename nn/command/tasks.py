"""What `chainrule train` can learn: data, and the settings that learn it."""

from __future__ import annotations

import re
from typing import NamedTuple

from nn import data
from nn.command.options import as_options
from nn.data import synthetic, tables
from nn.data.columns import is_gap
from nn.data.csv_files import read_csv
from nn.data.tables import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any


class Task(NamedTuple):
    """Data, the settings that learn it, and when it counts as learned.

    make: a function from a seed to the table. held_out: the share of rows kept for judging; 0 where
    there are so few rows that the model is judged by the rows it learned. standardize: bring the
    columns to like size. goal: classes are learned once the accuracy reaches it, amounts once the
    mean squared error is below it; None where the owner of the data has to say. choices: what a
    user has said about the table, by which its inputs and targets may differ.
    """

    make: Callable[[int], Table]
    hidden: tuple[int, ...]
    lr: float
    epochs: int
    batch_size: int | None = 20
    optimizer: str = "adam"
    schedule: str = "cosine"
    weight_decay: float = 0.0
    held_out: float = 0.25
    standardize: bool = False
    goal: float | None = 0.9
    choices: Mapping[str, Any] = {}


def xor(_seed: int) -> Table:
    inputs, targets = data.xor()
    return Table(inputs, targets, ["x0", "x1"], "xor")


def points(make: Callable[..., synthetic.Points], n: int) -> Callable[[int], Table]:
    """A function from a seed to the table of n points in the plane."""

    def table(seed: int) -> Table:
        inputs, targets = make(n=n, seed=seed)
        names = [str(k) for k in range(max(targets) + 1)]
        return Table(inputs, targets, ["x0", "x1"], "class", names)

    return table


def measured(
    make: Callable[[int], Table],
    hidden: tuple[int, ...],
    lr: float,
    epochs: int,
    weight_decay: float,
    goal: float | None = 0.9,
) -> Task:
    """A task of measurements, whose columns are of unlike size."""
    return Task(
        make,
        hidden,
        lr,
        epochs,
        optimizer="adamw",
        weight_decay=weight_decay,
        standardize=True,
        goal=goal,
    )


TASKS = {
    "xor": Task(
        xor,
        hidden=(4,),
        lr=0.2,
        epochs=1000,
        batch_size=None,
        optimizer="sgd",
        schedule="constant",
        held_out=0.0,
        goal=0.01,
    ),
    "moons": Task(points(data.moons, 200), (16,), 0.05, 100),
    "circles": Task(points(data.circles, 200), (16,), 0.05, 100),
    "spirals": Task(points(data.spirals, 300), (24, 24), 0.02, 150),
    "blobs": Task(points(data.blobs, 150), (8,), 0.02, 50),
    "iris": measured(lambda _seed: tables.iris(), (8,), 0.02, 100, 0.01),
    "wine": measured(lambda _seed: tables.wine(), (16,), 0.02, 60, 0.3),
    "breast_cancer": measured(lambda _seed: tables.breast_cancer(), (16,), 0.01, 30, 0.3),
    "digits": measured(lambda _seed: tables.digits(), (32,), 0.01, 30, 0.1),
}


def own_table(
    path: Path,
    target: str | None,
    delimiter: str = ",",
    classes: bool | None = None,
    **settings: Any,
) -> Task:
    """A task of a CSV file. Raises ValueError unless a column is named as its target."""
    if target is None:
        raise ValueError(f"which column of {path} is to be predicted? say --target COLUMN")

    def make(_seed: int) -> Table:
        try:
            return read_csv(path, target, delimiter=delimiter, classes=classes, **settings)
        except ValueError as error:
            raise ValueError(as_options(str(error)) + next_step(str(error), target)) from None

    choices = {"target": target, "delimiter": delimiter, "classes": classes, **settings}
    return measured(make, (16,), 0.01, 100, 0.1, goal=None)._replace(choices=choices)


def next_step(message: str, target: str) -> str:
    """What a user of the command can do about a cell of a table."""
    cell = re.search(r"column '.*': (?:'(.*)' is no number|(.*) is not finite)$", message)
    if message.endswith("the cell is empty") or (cell and is_gap(cell[1] or cell[2])):
        if f"column {target!r:.60}: " in message:  # no mean stands for what is to be learned
            return " (--missing drop leaves such rows out)"
        return " (--missing drop leaves such rows out, --missing mean fills in means)"
    if re.search(r"column '.*': .* is no number$|no cell that is not empty$", message):
        return " (--drop leaves a column out)"
    return ""


def task_called(
    name: str,
    target: str | None = None,
    delimiter: str = ",",
    classes: bool | None = None,
    **settings: Any,
) -> Task:
    """The task of that name, or of the CSV file. Raises ValueError for any other name."""
    from pathlib import Path

    if name in TASKS:
        if target is not None:
            raise ValueError(f"--target is for a CSV file, {name} has its own")
        for option, usual in (("columns", None), ("drop", []), ("missing", "error")):
            if settings.get(option, usual) != usual:
                raise ValueError(f"--{option} is for a CSV file, {name} has its own columns")
        return TASKS[name]
    if Path(name).suffix.lower() in (".csv", ".txt") or Path(name).is_file():
        return own_table(Path(name), target, delimiter, classes, **settings)
    raise ValueError(
        f"unknown task {name!r}: take one of {', '.join(TASKS)}, or a CSV file with --target COLUMN"
    )
