"""Schedules in a sequence, such as a warm-up and then a decay."""

from __future__ import annotations

from bisect import bisect_right

from nn.checks import whole
from nn.optim.states import check_list
from nn.schedules.schedule import Schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nn.optim.optimizer import Optimizer


class SequentialLR(Schedule):
    """One schedule after the other, each from its own epoch 0: the next begins at a milestone.

    >>> from engine import Value
    >>> from nn.optim.sgd import SGD
    >>> from nn.schedules.formulas import ExponentialLR, LinearLR
    >>> optimizer = SGD([Value(0.0)], lr=1.0)
    >>> warm_up = LinearLR(optimizer, start_factor=0.25, total_iters=3)
    >>> decay = ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = SequentialLR(optimizer, [warm_up, decay], milestones=[3])
    >>> rates = []
    >>> for _ in range(6):
    ...     rates.append(optimizer.lr)
    ...     schedule.step()
    >>> rates
    [0.25, 0.5, 0.75, 1.0, 0.5, 0.25]
    """

    __module__ = "nn"
    settings = ("milestones",)

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[Schedule], milestones: Sequence[int]
    ) -> None:
        """As many milestones, which grow, as there are changes from one schedule to the next."""
        self.schedulers = list(schedulers)
        self.milestones = [whole("a milestone", x) for x in milestones]
        if len(self.schedulers) != len(self.milestones) + 1:
            raise ValueError(
                "SequentialLR takes one more schedule than milestones, "
                f"got {len(self.schedulers)} and {len(self.milestones)}"
            )
        if self.milestones != sorted(set(self.milestones)):
            raise ValueError(f"milestones grow from one to the next, got {self.milestones}")
        for part in self.schedulers:
            if not isinstance(part, Schedule) or part.needs_metric:
                raise TypeError(f"SequentialLR joins schedules of the epoch, got {part!r:.60}")
            if part.optimizer is not optimizer:
                raise ValueError(f"{type(part).__name__} is a schedule of another optimiser")
        super().__init__(optimizer)

    def go(self, epoch: int) -> None:
        k = bisect_right(self.milestones, epoch)
        part = self.schedulers[k]
        part.go(epoch - self.milestones[k - 1] if k else epoch)
        self.last_epoch = epoch
        self._last_lr = part.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "schedulers": [s.state_dict() for s in self.schedulers]}

    def fitting(self, state_dict: Any) -> dict[str, Any]:
        found = super().fitting(state_dict)
        check_list("schedulers", found["schedulers"], len(self.schedulers))
        parts = zip(self.schedulers, found["schedulers"])
        return {**found, "schedulers": [part.fitting(state) for part, state in parts]}

    def take(self, state: dict[str, Any]) -> None:
        for part, own in zip(self.schedulers, state["schedulers"]):
            part.take(own)
        super().take(state)
