"""The network of a task, with its settings: layers, dropout, columns brought to like size."""

from __future__ import annotations

import random
from math import inf

from nn.data.preparation import Standardizer
from nn.layers import Dropout, Normalization, Sequential
from nn.mlp import MLP, Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nn.command.rows import Rows
    from nn.command.settings import Settings
    from nn.command.tasks import Task
    from nn.data.tables import Table
    from nn.module import Module


def network(table: Table, training: Rows, task: Task, settings: Settings) -> tuple[Module, Module]:
    """The model that is fitted, and the whole model, which gives targets in their own units."""
    inputs, targets = training
    nin, nout = len(table.feature_names), len(table.class_names or ["the amount"])
    nouts = [*settings.hidden, nout]
    check_size(nin, nouts, settings.optimizer)
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
    check_widths(table.feature_names, inputs)
    scale = Standardizer(inputs)
    fitted = Sequential(Normalization(scale.means, scale.deviations), *chained(fitted))
    if table.class_names is not None:
        return fitted, fitted
    check_widths(["the target"], [[t] for t in targets])
    scale = Standardizer([[t] for t in targets])
    return fitted, Sequential(*fitted, Normalization(scale.means, scale.deviations, invert=True))


# What a checkpoint keeps of each parameter, if its optimiser keeps more than two numbers of it.
KEPT = {"lbfgs": 24}  # ten steps of the past, and what changed on each
MOST = 2_000_000  # numbers: a checkpoint of 64 MB, the largest that is read


def check_size(nin: int, nouts: Sequence[int], optimizer: str) -> None:
    """Raise ValueError, before the network is made, for one whose checkpoint no file holds."""
    n = sum([(before + 1) * width for before, width in zip([nin, *nouts], nouts)])
    most = MOST // KEPT.get(optimizer, 4)
    if n > most:
        raise ValueError(
            f"{nin} features and layers of {', '.join(map(str, nouts))} have {n} parameters, more "
            f"than {most}: --columns or --drop takes fewer columns, --hidden smaller layers"
        )


def check_widths(names: Sequence[str], rows: Sequence[Sequence[float]]) -> None:
    """Raise ValueError, with its name, for a column whose numbers are further apart than floats."""
    for name, column in zip(names, zip(*rows)):
        if max(column) - min(column) == inf:
            raise ValueError(
                f"column {name!r} has numbers from {min(column):g} to {max(column):g}, further "
                "apart than a float holds: divide them by a power of 10 first"
            )


def chained(model: Module) -> list[Module]:
    return list(model) if isinstance(model, Sequential) else [model]
