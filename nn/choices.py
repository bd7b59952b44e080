"""Choices by name: the optimisers and schedules that the command can be asked for."""

from __future__ import annotations

from functools import partial

from nn.adaptive import Adagrad, Adam, AdamW, RMSprop
from nn.lbfgs import LBFGS
from nn.onecycle import OneCycleLR
from nn.optim import SGD
from nn.plateau import ReduceLROnPlateau
from nn.schedules import CosineAnnealingLR, ExponentialLR, LinearLR, SequentialLR, StepLR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nn.module import Module
    from nn.optim import Optimizer
    from nn.schedule import Schedule
    from nn.train import Settings

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": SGD,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "lbfgs": partial(LBFGS, line_search_fn="strong_wolfe"),
}


def make_optimizer(model: Module, settings: Settings) -> Optimizer:
    name = settings.optimizer
    options: dict[str, float] = {"lr": settings.lr}
    if settings.momentum:
        if name not in ("sgd", "rmsprop"):
            raise ValueError(f"momentum is for sgd and rmsprop, {name} has its own")
        options["momentum"] = settings.momentum
    if settings.weight_decay:
        if name == "lbfgs":
            raise ValueError("lbfgs has no weight decay")
        options["weight_decay"] = settings.weight_decay
    return OPTIMIZERS[name](model.parameters(), **options)


# For each name, the schedule of an optimiser over so many epochs.
SCHEDULES: dict[str, Callable[[Any, int], Any]] = {
    "constant": lambda _optimizer, _epochs: None,
    "step": lambda optimizer, epochs: StepLR(optimizer, max(1, epochs // 3)),
    "exponential": lambda optimizer, epochs: ExponentialLR(optimizer, 0.01 ** (1 / epochs)),
    "linear": lambda optimizer, epochs: LinearLR(optimizer, 1.0, 0.01, epochs),
    "cosine": lambda optimizer, epochs: CosineAnnealingLR(optimizer, epochs),
    "plateau": lambda optimizer, epochs: ReduceLROnPlateau(optimizer, patience=epochs // 10),
}


def make_schedule(
    optimizer: Optimizer, settings: Settings, epochs: int, steps_per_epoch: int
) -> Schedule | None:
    """The schedule of that name, after a warm-up if one is asked for."""
    name, warmup = settings.schedule, settings.warmup
    if warmup and name in ("plateau", "onecycle"):
        raise ValueError(f"a warm-up does not go with the schedule {name}")
    if name == "onecycle":
        cycles = bool({"momentum", "betas"} & set(optimizer.rules))
        return OneCycleLR(optimizer, settings.lr, epochs * steps_per_epoch, cycle_momentum=cycles)
    if not warmup:
        made: Schedule | None = SCHEDULES[name](optimizer, epochs)
        return made
    if warmup >= epochs:
        raise ValueError(f"a warm-up of {warmup} epochs leaves none of {epochs}")
    first = LinearLR(optimizer, 1 / (warmup + 1), 1.0, warmup)
    then = SCHEDULES[name](optimizer, epochs - warmup)
    return SequentialLR(optimizer, [first, then], [warmup]) if then is not None else first
