"""Schedules by name, as the command and the estimators are asked for them."""

from __future__ import annotations

from nn.schedules.formulas import CosineAnnealingLR, ExponentialLR, LinearLR, StepLR
from nn.schedules.onecycle import OneCycleLR
from nn.schedules.plateau import ReduceLROnPlateau
from nn.schedules.sequential import SequentialLR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nn.optim.optimizer import Optimizer
    from nn.schedules.schedule import Schedule

# For each name, a function that makes the schedule of an optimiser over a number of epochs.
SCHEDULES: dict[str, Callable[[Any, int], Any]] = {
    "constant": lambda _optimizer, _epochs: None,
    "step": lambda optimizer, epochs: StepLR(optimizer, max(1, epochs // 3)),
    "exponential": lambda optimizer, epochs: ExponentialLR(optimizer, 0.01 ** (1 / epochs)),
    "linear": lambda optimizer, epochs: LinearLR(optimizer, 1.0, 0.01, epochs),
    "cosine": lambda optimizer, epochs: CosineAnnealingLR(optimizer, epochs),
    "plateau": lambda optimizer, epochs: ReduceLROnPlateau(optimizer, patience=epochs // 10),
}


def make_schedule(
    name: str, optimizer: Optimizer, epochs: int, steps_per_epoch: int, warmup: int = 0
) -> Schedule | None:
    """The schedule of that name over that many epochs; the rate grows in the first `warmup`.

    None for a rate that stays the same. "onecycle" counts steps, the others count epochs. Raises
    ValueError for a warm-up that leaves no epoch, or that does not go with the schedule.
    """
    if warmup and name in ("plateau", "onecycle"):
        raise ValueError(f"a warm-up does not go with the schedule {name}")
    if warmup >= epochs:
        raise ValueError(f"a warm-up of {warmup} epochs leaves none of {epochs}")
    if name == "onecycle":
        cycles = bool({"momentum", "betas"} & set(optimizer.rules))
        return OneCycleLR(optimizer, optimizer.lr, epochs * steps_per_epoch, cycle_momentum=cycles)
    if not warmup:
        made: Schedule | None = SCHEDULES[name](optimizer, epochs)
        return made
    first = LinearLR(optimizer, 1 / (warmup + 1), 1.0, warmup)
    then = SCHEDULES[name](optimizer, epochs - warmup)
    return SequentialLR(optimizer, [first, then], [warmup]) if then is not None else first
