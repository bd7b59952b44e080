"""What schedules share: they set the learning rates of an optimiser, epoch by epoch."""

from __future__ import annotations

from math import inf

from nn.checks import positive, whole
from nn.optim.optimizer import Optimizer
from nn.optim.states import check_list, complete

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, ClassVar


class Schedule:
    """What all schedules share. A subclass says what the rate is: `lr(base_lr, epoch)`.

    `base_lrs` are the rates the groups had before their first schedule (`group["initial_lr"]`),
    `last_epoch` is the epoch whose rates are set: 0 as soon as the schedule is made. `settings`
    names the attributes that a state dict has.
    """

    __module__ = "nn"
    settings: ClassVar[tuple[str, ...]] = ()
    needs_metric: ClassVar[bool] = (
        False  # whether it is stepped by `step(metric)`, as ReduceLROnPlateau is
    )

    def __init__(self, optimizer: Optimizer) -> None:
        """Sets the rates of epoch 0. Raises TypeError if there is no optimizer."""
        self.optimizer = owned(optimizer)
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.go(0)

    def lr(self, base_lr: float, epoch: int) -> float:
        """The learning rate at an epoch of a group that began with base_lr."""
        raise NotImplementedError(f"{type(self).__name__} does not say what the rate is")

    def lrs(self, epoch: int) -> list[float]:
        """The learning rate of each group at an epoch."""
        return [self.lr(base_lr, epoch) for base_lr in self.base_lrs]

    def go(self, epoch: int) -> None:
        """Set the rates of an epoch."""
        try:
            lrs = self.lrs(epoch)
        except OverflowError:
            lrs = [inf]
        for lr in lrs:
            if not 0 <= lr < inf:
                name = type(self).__name__
                raise ValueError(f"{name} comes to a learning rate of {lr} at epoch {epoch}")
        self.last_epoch = epoch
        self.set(lrs)

    def set(self, lrs: Sequence[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, lrs):
            group["lr"] = lr
        self._last_lr = list(lrs)

    def step(self) -> None:
        """Set the rates of the next epoch.

        Raises ValueError if something else has changed them since, for that would be undone.
        """
        lrs = self.current()
        if lrs != self._last_lr:
            raise ValueError(
                f"{type(self).__name__} had set the learning rates {self._last_lr}, now they are "
                f"{lrs}: only one schedule may change them, SequentialLR joins several"
            )
        self.go(self.last_epoch + 1)

    def current(self) -> list[float]:
        """The rates in the optimiser. Raises ValueError if a group has been added to it."""
        lrs = [group["lr"] for group in self.optimizer.param_groups]
        if len(lrs) != len(self.base_lrs):
            raise ValueError(
                f"{type(self).__name__} was made for {len(self.base_lrs)} parameter groups, "
                f"the optimiser has {len(lrs)}"
            )
        return lrs

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group, as the schedule set it last."""
        return list(self._last_lr)

    def state_dict(self) -> dict[str, Any]:
        """All that a schedule with the same settings needs to go on from here, ready for JSON."""
        return {
            "schedule": type(self).__name__,
            **{name: getattr(self, name) for name in self.settings},
            "base_lrs": list(self.base_lrs),
            "last_epoch": self.last_epoch,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from the state_dict of a schedule with the same settings; sets the rates.

        Raises ValueError that names what differs, and leaves the schedule as it was.
        """
        earlier = self.state_dict()
        try:
            found = self.fitting(state_dict)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"state dict does not fit: {error}") from None
        try:
            self.take(found)
        except (TypeError, ValueError, ArithmeticError) as error:
            self.take(earlier)
            raise ValueError(f"state dict does not fit: {error}") from None

    def fitting(self, state_dict: Any) -> dict[str, Any]:
        """The state dict, its numbers checked. Raises TypeError or ValueError if it is another."""
        own = self.state_dict()
        name = state_dict.get("schedule") if isinstance(state_dict, dict) else None
        if name is not None and name != own["schedule"]:
            raise ValueError(f"it is of {name!s:.60}, not of {own['schedule']}")
        found = complete(state_dict, own)
        for name in self.settings:
            if found[name] != own[name]:
                raise ValueError(f"{name} is {found[name]!r:.60} there and {own[name]!r:.60} here")
        check_list("base_lrs", found["base_lrs"], len(self.base_lrs))
        found["base_lrs"] = [positive("lr", x) for x in found["base_lrs"]]
        found["last_epoch"] = whole("last_epoch", found["last_epoch"], least=0)
        return found

    def take(self, state: dict[str, Any]) -> None:
        self.base_lrs = state["base_lrs"]
        self.go(state["last_epoch"])


def owned(optimizer: Any) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"a schedule takes an optimizer, got {optimizer!r:.60}")
    return optimizer


def per_group(optimizer: Any, name: str, given: Any) -> list[Any]:
    """A list with one for each group of the optimiser, from such a list or from one for all."""
    n = len(owned(optimizer).param_groups)
    each = list(given) if isinstance(given, list | tuple) else [given] * n
    if len(each) != n:
        raise ValueError(f"{name} is one for all groups or a list of {n}, got {len(each)}")
    return each
