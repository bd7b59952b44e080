"""Upcoming steps: what Python decides about each of them, found for many steps at once.

A schedule's rates and Dropout's random numbers depend on no result, so they can be found before
the steps are done. If the machine then does fewer steps, `back` undoes what was looked at in vain.
"""

from __future__ import annotations

from array import array
from time import perf_counter

from nn.training.randomness import RandomState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from nn.optim.optimizer import Optimizer


class Upcoming:
    """The next `steps` steps: their learning rates and momenta, and what stays the same.

    lrs, momenta: [steps * groups]. moving: whether the momenta change. rates: the optimiser's lr
    before each step, and after the last. settings: for each group its number of parameters and its
    other settings, which are the same for all these steps. start: when the look began.
    """

    def __init__(
        self, optimizer: Optimizer, schedule: Any, most: int, sources: Iterable[Any]
    ) -> None:
        """Look at most so many steps ahead. schedule: the one that steps after each, or None.

        sources: the random sources that these steps draw from.
        """
        self.start = perf_counter()
        self.optimizer, self.schedule = optimizer, schedule
        self.groups = [dict(group) for group in optimizer.param_groups]
        self.schedule_before = None if schedule is None else schedule.state_dict()
        self.random = RandomState(sources)
        self.settings = [(len(group["params"]), settings(group)) for group in self.groups]
        self.steps, self.rates = 0, [optimizer.lr]
        self.lrs = array("d", [group["lr"] for group in self.groups])
        self.momenta = array("d", [momentum(group) for group in self.groups])
        if schedule is None:
            self.steps, self.rates = most, self.rates * (most + 1)
            self.lrs *= most
            self.momenta *= most
        else:
            self.look(most)
        self.moving = self.momenta != self.momenta[: len(self.groups)] * self.steps

    def look(self, most: int) -> None:
        """Step the schedule, at most so often.

        It ends early where the schedule raises, or changes a setting that the machine is not told
        for each step (only lr and momentum are). A step on a graph, or the next look, meets that.
        """
        lrs, momenta = array("d"), array("d")
        groups = self.optimizer.param_groups
        fixed = [unchanging(group) for group in groups]
        while self.steps < most and fixed == [unchanging(group) for group in groups]:
            found = [(group["lr"], momentum(group)) for group in groups]
            try:
                self.schedule.step()
            except Exception:  # whatever it is, the step on a graph will raise it
                break
            self.steps += 1
            self.rates.append(self.optimizer.lr)
            lrs.extend([lr for lr, _ in found])
            momenta.extend([x for _, x in found])
        self.lrs, self.momenta = lrs, momenta

    def back(self, done: int = 0) -> None:
        """Undo the look: the schedule goes back to where it is after the steps that were done.

        The random sources go back to where they were before the first step.
        """
        if self.schedule is not None:
            self.schedule.load_state_dict(self.schedule_before)
        for group, before in zip(self.optimizer.param_groups, self.groups):
            group.update(before)
        self.random.restore()
        for _ in range(done if self.schedule is not None else 0):
            self.schedule.step()


def momentum(group: dict[str, Any]) -> float:
    """The momentum of a group: beta1 in Adam, 0 if it has none."""
    number: float = group["betas"][0] if "betas" in group else group.get("momentum", 0.0)
    return number


def settings(group: dict[str, Any]) -> dict[str, Any]:
    """The settings of a group but the learning rate."""
    return {name: x for name, x in group.items() if name not in ("params", "lr", "initial_lr")}


def unchanging(group: dict[str, Any]) -> dict[str, Any]:
    """The settings that have to be the same for all steps."""
    found = {name: x for name, x in settings(group).items() if name != "momentum"}
    if "betas" in found:
        found["betas"] = found["betas"][1]
    return found
