"""The settings of a training: what a user may choose, and what stands where nothing is chosen."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from typing import Any

    from nn.command.tasks import Task


class Settings(NamedTuple):
    """What a user may choose: the command has an option for each of these."""

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
    pictures: bool
    quiet: bool


# A task's learning rate is for its own optimiser. sgd takes steps as long as the gradient, which is
# small, and adagrad ever shorter ones: both learn all tasks at ten times the rate of the others.
PACES = {"sgd": 10.0, "adagrad": 10.0}


def chosen_settings(task: Task, options: Namespace) -> Settings:
    """What the options say, and else what the task does."""
    given = vars(options)
    own: dict[str, Any] = {**task._asdict(), "output": Path(Path(options.task).stem)}
    optimizer = given.get("optimizer", task.optimizer)
    if optimizer != task.optimizer:
        pace = PACES.get(optimizer, 1.0) / PACES.get(task.optimizer, 1.0)
        own["lr"] = task.lr * pace
        own["weight_decay"] = task.weight_decay / pace  # so that a step pulls as much as before
    if optimizer == "lbfgs":
        own["weight_decay"] = 0.0  # L-BFGS has none
    chosen = {**own, **{name: x for name, x in given.items() if name != "output" or x is not None}}
    return Settings(**{name: chosen[name] for name in Settings._fields})


def what_matters(name: str, task: Task, settings: Settings, epochs: int) -> dict[str, Any]:
    """The settings that a resumed training must share with the training that it resumes.

    The number of epochs may differ, unless the schedule depends on it.
    """
    left_out = ["epochs", "steps", "output", "save", "film", "replay", "fast", "resume"]
    left_out += ["pictures", "quiet"]
    found = {k: x for k, x in settings._asdict().items() if k not in left_out}
    if settings.schedule != "constant":
        found["epochs"] = epochs
    return {"task": name, **task.choices, **found, "hidden": list(settings.hidden)}


def as_resumed(found: dict[str, Any], before: dict[str, Any], task: Task) -> dict[str, Any]:
    """These settings, as a training with the settings `before` can go on with them.

    A patience may become longer or shorter, which changes no step: the checkpoint keeps the first.
    Former versions did not write down what was said about the table.
    """
    taken = {k: x for k, x in found.items() if k in before or k not in task.choices}
    if before.get("patience") is not None and found["patience"] is not None:
        taken["patience"] = before["patience"]
    return taken
