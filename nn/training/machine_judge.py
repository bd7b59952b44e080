"""Judging by the machine: the outputs and the loss of the samples that judge a model.

Python judges first. The machine does it from then on, if it gives what Python gave, to the bit.
"""

from __future__ import annotations

from math import inf
from time import perf_counter

from engine import compiled
from engine.programs.plan import NoPlanError
from nn.evaluation import MANY, is_straight, outputs_of_program, outputs_one_by_one, program_of
from nn.training.judged import can_wait
from nn.training.machine_steps import MachineSteps
from nn.training.validation import Validation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from engine import Program
    from nn.training.arrays import Arrays
    from nn.training.run import Run

PRICE = 3e-5  # seconds that it takes about to make a plan of the samples that judge, for each
UNABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class MachineJudge(MachineSteps):
    """The steps of a run, and what is asked of its model between them.

    validation: what judges the model in the machine. arrays: where the parameters are, while
    several epochs are done.
    """

    def __init__(self, run: Run, fast: bool = False) -> None:
        super().__init__(run, fast)
        self.straight = is_straight(run.model)
        self.arrays: Arrays | None = None
        self.judge_anew()

    def judge_anew(self) -> None:
        """Judge as if the model had never been judged."""
        self.program: Program | None = None  # of the model in eval mode, for `outputs`
        self.recorded = False
        self.validation: Validation | None = None
        self.spent = 0.0  # seconds, on judging it in Python

    def outputs(self, inputs: Sequence[Any]) -> Any:
        """The outputs of the model, by a program that is recorded in the first epoch.

        A model of one's own, which may have an `if` in it, is asked itself. The program is compared
        with the model on all these inputs, and only if it has its bits it is asked again.
        """
        if not self.straight:
            return super().outputs(inputs)
        if not self.recorded and compiled:
            self.recorded = True
            if len(inputs) >= MANY:
                self.program = program_of(self.run.model, inputs[0])
            wanted = outputs_one_by_one(self.run.model, inputs)
            if repr(outputs_of_program(self.program, inputs)) != repr(wanted):
                self.program = None
            return wanted
        found = outputs_of_program(self.program, inputs)
        return super().outputs(inputs) if found is None else found

    def judged(self, inputs: Sequence[Any]) -> tuple[Any, float]:
        """The outputs and the loss of the samples that judge the model.

        A plan of them is made once Python has taken about as long as that takes.
        """
        if not can_wait(self.run):
            self.finish()  # a metric may look at the gradients
        arrays = self.arrays
        if self.validation is not None:
            numbers = [p.data for p in self.run.parameters] if arrays is None else arrays.parameters
            if self.validation.look(numbers):
                watch = self.validation.watch
                outputs = self.validation.outputs() if self.run.metrics else []
                return outputs, watch.losses[0]
            if arrays is not None:
                arrays.give_back()
            return super().judged(inputs)
        start = perf_counter()
        found = super().judged(inputs)
        self.spent += perf_counter() - start
        if self.spent > PRICE * len(inputs) and self.straight and compiled:
            self.spent = -inf  # it is tried once
            self.prepare_validation(found)
        return found

    def prepare_validation(self, wanted: tuple[Any, float]) -> None:
        """Have the machine judge from now on, if it gives what Python gave."""
        try:
            validation = Validation(self.run, self.sources)
        except (NoPlanError, *UNABLE):
            return
        parameters = [p.data for p in self.run.parameters]
        outputs, loss = wanted
        if validation.look(parameters):
            same_outputs = not self.run.metrics or repr(validation.outputs()) == repr(outputs)
            same_loss = not self.run.validation or validation.watch.losses[0].hex() == loss.hex()
            self.validation = validation if same_outputs and same_loss else None
