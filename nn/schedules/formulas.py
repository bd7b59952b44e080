"""Learning rates that change by a formula of the epoch: long steps at first, then finer ones.

    schedule = CosineAnnealingLR(optimizer, T_max=50)
    for epoch in range(50):
        ...                # the steps of the optimiser
        schedule.step()    # sets the rates of the next epoch

A schedule computes the rate of each group from two numbers only: the rate the group began with and
the number of the epoch. So two schedules on one optimiser do not multiply; SequentialLR lets one
follow the other. An "epoch" is the time between two calls of `step`; for OneCycleLR and a warm-up
it is often a single batch.
"""

from __future__ import annotations

from bisect import bisect_right
from math import cos, pi

from engine.op import number
from nn.checks import not_negative, positive, whole
from nn.schedules.schedule import Schedule, per_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from nn.optim.optimizer import Optimizer


class StepLR(Schedule):
    """base_lr * gamma**(epoch // step_size): gamma times the rate every step_size epochs."""

    __module__ = "nn"
    settings = ("step_size", "gamma")

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = whole("step_size", step_size), positive("gamma", gamma)
        super().__init__(optimizer)

    def lr(self, base_lr: float, epoch: int) -> float:
        rate: float = base_lr * self.gamma ** (epoch // self.step_size)
        return rate


class MultiStepLR(Schedule):
    """base_lr * gamma**n, where n of the milestones, which are epochs, have been reached."""

    __module__ = "nn"
    settings = ("milestones", "gamma")

    def __init__(self, optimizer: Optimizer, milestones: Sequence[int], gamma: float = 0.1) -> None:
        self.milestones = sorted([whole("a milestone", x) for x in milestones])
        self.gamma = positive("gamma", gamma)
        super().__init__(optimizer)

    def lr(self, base_lr: float, epoch: int) -> float:
        rate: float = base_lr * self.gamma ** bisect_right(self.milestones, epoch)
        return rate


class ExponentialLR(Schedule):
    """base_lr * gamma**epoch."""

    __module__ = "nn"
    settings = ("gamma",)

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = positive("gamma", gamma)
        super().__init__(optimizer)

    def lr(self, base_lr: float, epoch: int) -> float:
        rate: float = base_lr * self.gamma**epoch
        return rate


class ConstantLR(Schedule):
    """base_lr * factor before epoch total_iters, base_lr from then on."""

    __module__ = "nn"
    settings = ("factor", "total_iters")

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5) -> None:
        self.factor = at_most_one("factor", factor)
        self.total_iters = whole("total_iters", total_iters)
        super().__init__(optimizer)

    def lr(self, base_lr: float, epoch: int) -> float:
        return base_lr * self.factor if epoch < self.total_iters else base_lr


class LinearLR(Schedule):
    """base_lr times a factor that goes from start_factor to end_factor in total_iters epochs.

    The warm-up of Goyal et al. 2017, section 2.2: join it to what follows by SequentialLR.
    """

    __module__ = "nn"
    settings = ("start_factor", "end_factor", "total_iters")

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:
        self.start_factor = at_most_one("start_factor", positive("start_factor", start_factor))
        self.end_factor = at_most_one("end_factor", end_factor)
        self.total_iters = whole("total_iters", total_iters)
        super().__init__(optimizer)

    def lr(self, base_lr: float, epoch: int) -> float:
        part = min(epoch, self.total_iters) / self.total_iters
        return base_lr * (self.start_factor + (self.end_factor - self.start_factor) * part)


class CosineAnnealingLR(Schedule):
    """eta_min + (base_lr - eta_min) * (1 + cos(pi * epoch / T_max)) / 2.

    Half a wave, from base_lr down to eta_min at epoch T_max (Loshchilov & Hutter 2017, equation
    5); after that it goes up again.
    """

    __module__ = "nn"
    settings = ("T_max", "eta_min")

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:  # noqa: N803
        self.T_max, self.eta_min = whole("T_max", T_max), not_negative("eta_min", eta_min)
        super().__init__(optimizer)

    def lr(self, base_lr: float, epoch: int) -> float:
        return cosine(base_lr, self.eta_min, epoch / self.T_max)


class CosineAnnealingWarmRestarts(Schedule):
    """The cosine of T_0 epochs, then afresh of T_0 * T_mult, of T_0 * T_mult**2, and so on.

    Loshchilov & Hutter 2017, equation 5 and section 3.
    """

    __module__ = "nn"
    settings = ("T_0", "T_mult", "eta_min")

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,  # noqa: N803 (PyTorch's names)
        T_mult: int = 1,  # noqa: N803
        eta_min: float = 0.0,
    ) -> None:
        self.T_0, self.T_mult = whole("T_0", T_0), whole("T_mult", T_mult)
        self.eta_min = not_negative("eta_min", eta_min)
        super().__init__(optimizer)

    def lr(self, base_lr: float, epoch: int) -> float:
        length = self.T_0
        if self.T_mult == 1:
            epoch %= length
        while epoch >= length:
            epoch -= length
            length *= self.T_mult
        return cosine(base_lr, self.eta_min, epoch / length)


class LambdaLR(Schedule):
    """base_lr * lr_lambda(epoch), for your own function, or a list with one for each group.

    The functions are not in the state dict.
    """

    __module__ = "nn"

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
    ) -> None:
        self.lr_lambdas = per_group(optimizer, "lr_lambda", lr_lambda)
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(f"lr_lambda is a function of the epoch, got {function!r:.60}")
        super().__init__(optimizer)

    def lrs(self, epoch: int) -> list[float]:
        return [
            base_lr * number(factor(epoch))
            for factor, base_lr in zip(self.lr_lambdas, self.base_lrs)
        ]


# ---- parts of the formulas ----


def cosine(start: float, end: float, part: float) -> float:
    """From start to end along half a wave of the cosine, where a part of the way is gone."""
    return end + (start - end) * (1 + cos(pi * part)) / 2


def at_most_one(name: str, x: Any) -> float:
    value = not_negative(name, x)
    if value > 1:
        raise ValueError(f"{name} is at most 1, got {value}")
    return value
