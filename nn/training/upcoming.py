"""Ahead: what Python has to say about each step, for many steps at once, and the way back.

A schedule's rates and Dropout's random numbers depend on no result, so they can be found before
the steps are made. Where the machine stops early, everything is taken back to where it was, and
goes as far as it came.
"""

from __future__ import annotations

from array import array
from time import perf_counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from nn.training.run import Run


class Ahead:
    """The settings of the next steps, as many of them as can be known.

    lrs, momenta: [steps * groups]; moving: whether the momenta change. rates: the optimiser's lr
    before each step, and after the last. settings: of each group (how many parameters, what else
    it has), which stay the same for all these steps.
    """

    def __init__(self, run: Run, most: int, stepped: bool, sources: Iterable[Any]) -> None:
        """Look at most so many steps ahead; stepped: whether the schedule steps after each.

        sources: the random sources that will be drawn from.
        """
        self.start = perf_counter()
        self.optimizer = run.optimizer
        self.schedule: Any = run.schedule if stepped else None
        self.groups = [dict(group) for group in self.optimizer.param_groups]
        self.earlier = None if self.schedule is None else self.schedule.state_dict()
        self.sources = [(source, source.getstate()) for source in sources]
        self.settings = [(len(group["params"]), settings(group)) for group in self.groups]
        self.steps, self.rates = 0, [self.optimizer.lr]
        self.lrs = array("d", [group["lr"] for group in self.groups])
        self.momenta = array("d", [momentum(group) for group in self.groups])
        if self.schedule is None:
            self.steps, self.rates = most, self.rates * (most + 1)
            self.lrs *= most
            self.momenta *= most
        else:
            self.look(most)
        self.moving = self.momenta != self.momenta[: len(self.groups)] * self.steps

    def look(self, most: int) -> None:
        """Step the schedule. Where it raises, or changes more than a machine can be told for each
        step, the steps before that are all: an eager step, or the next look, comes to the rest.
        """
        lrs, momenta = array("d"), array("d")
        groups = self.optimizer.param_groups
        fixed = [unchanging(group) for group in groups]
        while self.steps < most and fixed == [unchanging(group) for group in groups]:
            found = [(group["lr"], momentum(group)) for group in groups]
            try:
                self.schedule.step()
            except Exception:  # whatever it is, the eager step will raise it
                break
            self.steps += 1
            self.rates.append(self.optimizer.lr)
            lrs.extend([lr for lr, _ in found])
            momenta.extend([x for _, x in found])
        self.lrs, self.momenta = lrs, momenta

    def back(self, done: int = 0) -> None:
        """Take all of it back, and the schedule as far as the steps that were done."""
        if self.schedule is not None:
            self.schedule.load_state_dict(self.earlier)
        for group, earlier in zip(self.optimizer.param_groups, self.groups):
            group.update(earlier)
        for source, state in self.sources:
            source.setstate(state)
        for _ in range(done if self.schedule is not None else 0):
            self.schedule.step()


def momentum(group: dict[str, Any]) -> float:
    """The momentum of a group, of Adam beta1, 0 where there is none."""
    number: float = group["betas"][0] if "betas" in group else group.get("momentum", 0.0)
    return number


def settings(group: dict[str, Any]) -> dict[str, Any]:
    return {name: x for name, x in group.items() if name not in ("params", "lr", "initial_lr")}


def unchanging(group: dict[str, Any]) -> dict[str, Any]:
    """The settings that have to be the same for all steps."""
    found = {name: x for name, x in settings(group).items() if name != "momentum"}
    if "betas" in found:
        found["betas"] = found["betas"][1]
    return found
