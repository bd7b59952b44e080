"""A plateau: smaller steps once a training has stopped getting better."""

from __future__ import annotations

from math import inf

from engine.op import number
from nn.checks import below_one, finite, not_negative, positive, whole
from nn.optim.optimizer import Optimizer
from nn.optim.states import check_list
from nn.schedules.schedule import Schedule, per_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class ReduceLROnPlateau(Schedule):
    """factor times the rate once a metric has not got better for more than patience epochs.

    In mode "min" lower is better, in mode "max" higher. To be better, an epoch has to improve on
    the best so far by a share of it, `threshold` (threshold_mode "rel"), or by that number ("abs").
    "rel" is for metrics that are not negative: as in PyTorch, the bar for a best of b is
    b * (1 - threshold), in mode "max" b * (1 + threshold). For a negative b that bar is worse than
    b itself, so that -1.0 over and over counts as better, and so does -0.95 with a threshold of
    0.1. A metric that may be negative, such as a log-likelihood, takes threshold_mode="abs".
    Bad epochs are not counted for `cooldown` epochs after a change. A rate does not fall below
    min_lr, and does not change if it would fall by less than eps.
    """

    __module__ = "nn"
    needs_metric = True
    settings = (
        "mode",
        "factor",
        "patience",
        "threshold",
        "threshold_mode",
        "cooldown",
        "min_lrs",
        "eps",
    )

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if mode not in ("min", "max"):
            raise ValueError(f"mode is 'min' or 'max', got {mode!r:.60}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold_mode is 'rel' or 'abs', got {threshold_mode!r:.60}")
        self.mode, self.threshold_mode = mode, threshold_mode
        self.factor = below_one("factor", positive("factor", factor))
        self.patience = whole("patience", patience, least=0)
        self.threshold = finite("threshold", threshold)
        self.cooldown = whole("cooldown", cooldown, least=0)
        self.eps = not_negative("eps", eps)
        self.min_lrs = [not_negative("min_lr", x) for x in per_group(optimizer, "min_lr", min_lr)]
        self.best: float | None = None
        self.num_bad_epochs = self.cooldown_counter = 0
        super().__init__(optimizer)

    def lrs(self, epoch: int) -> list[float]:  # noqa: ARG002 (they depend on the past)
        return self.current()

    def step(self, metrics: Any) -> None:  # type: ignore[override]
        """Count the epoch as good or bad by its metric, a number or a Value; reduce the rates."""
        metric, lrs = float(metrics), self.current()
        self.num_bad_epochs += 1
        if self.better(metric):
            self.best, self.num_bad_epochs = metric, 0
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            lower = [max(lr * self.factor, least) for lr, least in zip(lrs, self.min_lrs)]
            lrs = [new if lr - new > self.eps else lr for lr, new in zip(lrs, lower)]
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self.last_epoch += 1
        self.set(lrs)

    def better(self, metric: float) -> bool:
        """Is the metric better than the best so far, by the threshold?"""
        sign = 1 if self.mode == "min" else -1
        if self.best is None:
            return sign * metric < inf
        if self.threshold_mode == "rel":
            return sign * metric < sign * self.best * (1.0 - sign * self.threshold)
        return sign * metric < sign * self.best - self.threshold

    def state_dict(self) -> dict[str, Any]:
        counted = ("best", "num_bad_epochs", "cooldown_counter")
        return {
            **super().state_dict(),
            **{name: getattr(self, name) for name in counted},
            "lrs": self.get_last_lr(),
        }

    def fitting(self, state_dict: Any) -> dict[str, Any]:
        found = super().fitting(state_dict)
        check_list("lrs", found["lrs"], len(self.base_lrs))
        found["lrs"] = [not_negative("lr", x) for x in found["lrs"]]
        found["best"] = None if found["best"] is None else number(found["best"])
        for name in ("num_bad_epochs", "cooldown_counter"):
            found[name] = whole(name, found[name], least=0)
        return found

    def take(self, state: dict[str, Any]) -> None:
        self.best, self.num_bad_epochs = state["best"], state["num_bad_epochs"]
        self.cooldown_counter = state["cooldown_counter"]
        self.base_lrs, self.last_epoch = state["base_lrs"], state["last_epoch"]
        self.set(state["lrs"])
