"""One cycle: the learning rate up and down again, once in a whole training."""

from __future__ import annotations

from nn.checks import below_one, flag, positive, whole
from nn.optim.optimizer import Optimizer
from nn.schedules.formulas import at_most_one, cosine
from nn.schedules.schedule import Schedule, per_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class OneCycleLR(Schedule):
    """Up to max_lr in the first pct_start of the steps, then down to far below the first rate.

    It begins at the first rate, max_lr / div_factor, and ends at the first rate / final_div_factor.
    It takes total_steps steps, or epochs * steps_per_epoch: step it after every batch. With
    cycle_momentum the momentum, or Adam's beta1, goes the other way, from max_momentum to
    base_momentum and back. With three_phase the rate goes back to the first rate as slowly as it
    came (Smith & Topin 2019).
    """

    __module__ = "nn"
    settings = (
        "max_lrs",
        "total_steps",
        "pct_start",
        "anneal_strategy",
        "cycle_momentum",
        "base_momentums",
        "max_momentums",
        "div_factor",
        "final_div_factor",
        "three_phase",
    )

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        """max_lr and the momenta: a number, or a list with one for each group."""
        if total_steps is not None:
            self.total_steps = whole("total_steps", total_steps)
        elif epochs is not None and steps_per_epoch is not None:
            self.total_steps = whole("epochs", epochs) * whole("steps_per_epoch", steps_per_epoch)
        else:
            raise ValueError("OneCycleLR takes total_steps, or epochs and steps_per_epoch")
        self.pct_start = at_most_one("pct_start", pct_start)
        if anneal_strategy not in ANNEAL:
            raise ValueError(f"anneal_strategy is 'cos' or 'linear', got {anneal_strategy!r:.60}")
        self.anneal_strategy = anneal_strategy
        self.div_factor = positive("div_factor", div_factor)
        self.final_div_factor = positive("final_div_factor", final_div_factor)
        self.three_phase = flag("three_phase", three_phase)
        self.cycle_momentum = flag("cycle_momentum", cycle_momentum)
        self.max_lrs = [positive("max_lr", x) for x in per_group(optimizer, "max_lr", max_lr)]
        self.base_momentums, self.max_momentums = (
            [below_one(name, x) for x in per_group(optimizer, name, given)]
            for name, given in (("base_momentum", base_momentum), ("max_momentum", max_momentum))
        )
        if cycle_momentum and not {"momentum", "betas"} & set(optimizer.rules):
            name = type(optimizer).__name__
            raise ValueError(f"{name} has no momentum to cycle: give cycle_momentum=False")
        for group, peak in zip(optimizer.param_groups, self.max_lrs):
            group["initial_lr"] = peak / self.div_factor
        super().__init__(optimizer)

    def lrs(self, epoch: int) -> list[float]:
        if epoch > self.total_steps:
            raise ValueError(f"OneCycleLR was made for {self.total_steps} steps, got {epoch}")
        first = self.base_lrs
        last = [base_lr / self.final_div_factor for base_lr in first]
        return self.between([first, self.max_lrs, first, last], epoch)

    def go(self, epoch: int) -> None:
        super().go(epoch)
        if self.cycle_momentum:
            slow, fast = self.base_momentums, self.max_momentums
            momenta = self.between([fast, slow, fast, fast], epoch)
            for group, momentum in zip(self.optimizer.param_groups, momenta):
                if "betas" in group:
                    group["betas"] = (momentum, group["betas"][1])
                else:
                    group["momentum"] = momentum

    def between(self, corners: list[list[float]], epoch: int) -> list[float]:
        """The number of each group at an epoch, between the ends of the phase it is in.

        corners: the numbers at the first step, at the peak, at the end of the way back (in three
        phases only), and at the last step.
        """
        peak, last = self.pct_start * self.total_steps - 1, self.total_steps - 1
        ends = [0.0, peak, 2 * peak, last] if self.three_phase else [0.0, peak, last]
        if not self.three_phase:
            corners = [corners[0], corners[1], corners[3]]
        k = next((k for k in range(1, len(ends)) if epoch <= ends[k]), len(ends) - 1)
        length = ends[k] - ends[k - 1]
        part = (epoch - ends[k - 1]) / length if length else 1.0
        anneal = ANNEAL[self.anneal_strategy]
        return [anneal(start, end, part) for start, end in zip(corners[k - 1], corners[k])]


def line(start: float, end: float, part: float) -> float:
    return start + (end - start) * part


ANNEAL = {"cos": cosine, "linear": line}
