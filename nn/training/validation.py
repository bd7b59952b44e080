"""Validation in the machine: what a model gives for the samples that judge it, and their loss.

The samples are the held-out ones, or those of the training where a run has only metrics. Their loss
is recorded in eval mode, as that of a batch, and computed forward only. The machine can look at it
after each epoch while it trains, without Python in between.
"""

from __future__ import annotations

from array import array

from engine.programs.machines import watch_of
from engine.programs.plan import NoPlanError
from nn.data.loader import DataLoader
from nn.training.objective import Objective
from nn.training.plans import BatchPlans

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nn.training.run import Run

ROOM = 2**18  # numbers that are kept of the looks of one stretch


class Validation:
    """The samples that judge a run, in a machine.

    watch: what `train` of another machine looks through. many: epochs that one stretch may have.
    """

    def __init__(self, run: Run, sources: Callable[[], list[Any]]) -> None:
        """The model is in eval mode. Raises NoPlanError, with the reason, if that cannot be."""
        inputs, targets = run.judging
        self.samples = len(inputs)
        loader, objective = DataLoader(inputs, targets), Objective(run.model, run.objective.loss)
        plans = BatchPlans(loader, objective, run.parameters, sources)
        machine = plans.machine(self.samples)
        if machine is None or (run.metrics and not machine.answers):
            raise NoPlanError("it is not known which numbers are the outputs")
        self.bare = not isinstance(objective.outputs(inputs[:1])[0], list)
        answers = machine.answers if run.metrics else []
        self.width = len(answers)
        rows, classes = plans.samples.batch(range(self.samples))
        self.watch = watch_of(machine, rows, classes, answers)
        self.many = max(1, ROOM // (self.samples * self.width + len(run.parameters)))

    @property
    def looks(self) -> int:
        """How many epochs were looked at in the latest stretch."""
        return len(self.watch.losses)

    def weights(self, epoch: int, parameters: int) -> Any:
        """The parameters after that epoch of the stretch. parameters: how many there are."""
        return self.watch.parameters[epoch * parameters : (epoch + 1) * parameters]

    def outputs(self, epoch: int = 0) -> list[Any]:
        """The outputs after that epoch of the stretch, as the model gives them."""
        n, m = self.samples * self.width, self.width
        numbers = self.watch.outputs[epoch * n : (epoch + 1) * n].tolist()
        return numbers if self.bare else [numbers[i : i + m] for i in range(0, n, m)]

    def look(self, parameters: Any) -> bool:
        """Look once, with these parameters; False where Python has to say what they give."""
        known: bool = self.watch.look(array("d", parameters))
        return known
