"""The other tasks of `chainrule train`: points in the plane that a network learns to tell apart."""

from __future__ import annotations

import random
from typing import NamedTuple

from nn import data
from nn.adaptive import Adam, AdamW, RMSprop
from nn.fit import fit
from nn.loader import train_test_split
from nn.losses import cross_entropy
from nn.metrics import accuracy_score
from nn.mlp import MLP
from nn.optim import SGD
from nn.schedules import CosineAnnealingLR
from nn.serialize import save
from nn.stopping import EarlyStopping
from nn.train import make_writable, write_figures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

    from nn.history import History

OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
    "sgd": SGD,
}


class Task(NamedTuple):
    """Data, and the settings that learn it."""

    make: Callable[..., tuple[list[list[float]], list[int]]]
    samples: int
    hidden: tuple[int, ...]
    lr: float
    epochs: int


TASKS = {
    "moons": Task(data.moons, 200, (16,), 0.05, 100),
    "circles": Task(data.circles, 200, (16,), 0.05, 100),
    "spirals": Task(data.spirals, 300, (24, 24), 0.02, 150),
    "blobs": Task(data.blobs, 150, (8,), 0.02, 50),
}
HELD_OUT = 0.25


def train_task(
    name: str,
    hidden: Sequence[int],
    activation: str,
    lr: float,
    optimizer: str,
    weight_decay: float,
    epochs: int,
    batch_size: int,
    patience: int | None,
    seed: int,
    output: Path,
    resume: bool,
    quiet: bool,
) -> float:
    """Train an MLP on a task, print how well it does, and write it and its pictures.

    With patience it stops after as many epochs without gain. Returns the accuracy on the held-out
    quarter of the samples. Raises OSError, before the training, if nothing can be written into the
    folder output.
    """
    task = TASKS[name]
    inputs, targets = task.make(n=task.samples, seed=seed)
    train_inputs, test_inputs, train, test = train_test_split(
        inputs, targets, HELD_OUT, seed=seed, stratify=True
    )
    sizes = [*hidden, max(targets) + 1]
    model = MLP(2, sizes, activation=activation, rng=random.Random(seed))
    moved_by = OPTIMIZERS[optimizer](model.parameters(), lr=lr, weight_decay=weight_decay)
    make_writable(output)

    say: Callable[..., None] = (lambda *_: None) if quiet else print
    say(model)
    history = fit(
        model,
        (train_inputs, train),
        optimizer=moved_by,
        loss=cross_entropy,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        validation=(test_inputs, test),
        metrics={"accuracy": accuracy_score},
        schedule=CosineAnnealingLR(moved_by, T_max=epochs),
        early_stopping=None if patience is None else EarlyStopping(patience=patience),
        checkpoint=output / "checkpoint.json",
        resume=resume,
        progress=not quiet,
    )
    outputs = [[y.data for y in model(x)] for x in test_inputs]
    accuracy = accuracy_score(test, outputs)
    say(
        f"{accuracy:.1%} of {len(test)} held-out samples right, loss {history['loss'][-1]:.3g}, "
        f"after {len(history.epochs)} epochs ({history.stopped})"
    )
    save(model, output / "model.json")
    names = ["model.json", "checkpoint.json"]
    names += write_plots(output, model, history, (test_inputs, test))
    say(f"wrote {', '.join(names)} in {output}")
    return accuracy


def write_plots(folder: Path, model: MLP, history: History, held_out: Any) -> list[str]:
    """losses.svg and decision_regions.svg."""

    def plots() -> dict[str, Callable[[Any], Any]]:
        from nn.plot import plot_decision_regions, plot_losses

        return {
            "losses.svg": lambda ax: plot_losses(history, ax),
            "decision_regions.svg": lambda ax: plot_decision_regions(
                model, held_out[0], held_out[1], ax
            ),
        }

    return write_figures(folder, plots)
