"""Joining: the kinds of a batch, from what one sample computes and from the loss of all outputs.

Where every sample is known to go through the same operations, one of them is recorded. The loss is
recorded with a stand-in for each output of each sample. The kinds of the whole batch are those of
the sample, and behind them those of the loss:

    sample     y = tanh(w * x + b)                      one tape, of one sample
    loss       ((y0 - t0)**2 + (y1 - t1)**2 + ...) / n  a tape in which y0, y1 ... are inputs
"""

from __future__ import annotations

from engine.programs.choices import silent_parameters
from engine.programs.kinds import BEFORE, NONE, Kinds, NoPlanError, is_scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from engine.programs.tape import Tape


class JoinedKinds(Kinds):
    """The kinds of a batch of samples that are alike.

    sample: the tape of one; its inputs are its own numbers, `own` of them, and then those that are
    drawn. loss: the tape of the loss, whose inputs are for each sample the stand-ins of its
    outputs, and then what else the loss takes of it, such as its target. outputs: the slot in
    `sample` of each stand-in. Both tapes have the same parameters.
    """

    def __init__(
        self,
        sample: Tape,
        loss: Tape,
        lanes: int,
        own: int,
        outputs: Sequence[int],
        kinds: Kinds | None = None,
    ) -> None:
        """kinds: those of the sample, which are sorted if another batch of it has a plan."""
        super().__init__(loss, lanes)
        self.one, self.own, self.outputs = sample, own, outputs
        self.of_one = kinds or Kinds(sample, 1)
        self.scalars = self.of_one.scalars  # plans of the same sample have the same numbers
        self.extra = self.columns - len(outputs)  # what else the loss takes of a sample
        self.constants = [*loss.constants, *sample.constants]

    def sort(self) -> None:
        """Find the kinds. Raises NoPlanError where the bits might not be those of the graph."""
        self.silent = silent_parameters(self.one)
        super().sort()
        sample = self.of_one
        if not sample.steps:
            sample.sort()
        self.check_order(sample)
        n = len(sample.steps)
        self.row_of_output = [sample.kind[slot] for slot in self.outputs]
        # The parameters are the same in both.
        of_sample = Moved(self.of_sample, self.first_input)
        of_loss = Moved(self.of_loss(n), self.first_input)
        self.steps = [
            *[(op, of_sample.all(args), live) for op, args, live in sample.steps],
            *[(op, of_loss.all(args), live) for op, args, live in self.steps],
        ]
        self.kind = [kind if kind == NONE else kind + n for kind in self.kind]
        self.columns = len(self.one.inputs) + self.extra
        self.sequential = sample.sequential

    def check_order(self, sample: Kinds) -> None:
        """Raise NoPlanError unless the operations that share a gradient keep their order."""
        one = self.one
        stand_ins = [
            self.first_input + lane * self.columns + j
            for lane in range(self.lanes)
            for j in range(len(self.outputs))
        ]
        if not all(map(self.tape.reached.__getitem__, stand_ins)):
            raise NoPlanError("no gradient comes to an output")
        taken = {*self.outputs}.isdisjoint
        if min(self.outputs) < one.first or not all(map(taken, one.args)):
            raise NoPlanError("an output is an input, or used to compute another")
        if any(self.is_parameter(x) for _, operands, _ in self.steps for x in operands):
            raise NoPlanError("the loss takes a parameter for each sample")
        before = self.taken_before()
        if before and not all(before.isdisjoint(operands) for _, operands, _ in sample.steps):
            raise NoPlanError(BEFORE)

    def outputs_of_sample(self) -> list[int]:
        """The kinds of the outputs of one sample, in its order."""
        return self.row_of_output

    def of_sample(self, x: Any) -> Any:
        """An operand of the sample as one of the batch."""
        if not is_scalar(x):
            kind, i = x
            return ("input", i + self.extra) if kind == "input" and i >= self.own else x
        first = len(self.one.parameters) + len(self.one.inputs)
        return self.first_constant + len(self.tape.constants) + x - first

    def of_loss(self, n: int) -> Any:
        """What moves an operand of the loss. n: how many kinds come before."""

        def place(x: Any) -> Any:
            if is_scalar(x):
                return x
            kind, i = x
            if kind == "row":
                return ("row", i + n)
            if i < len(self.outputs):
                return ("row", self.row_of_output[i])
            return ("input", self.own + i - len(self.outputs))

        return place


class Moved(dict):  # type: ignore[type-arg]
    """What operands become; each is asked for once."""

    def __init__(self, place: Callable[[Any], Any], parameters: int) -> None:
        self.place, self.parameters = place, parameters

    def __missing__(self, x: Any) -> Any:
        self[x] = found = self.place(x)
        return found

    def all(self, operands: Sequence[Any]) -> tuple[Any, ...]:
        n = self.parameters
        return tuple([x if type(x) is int and x < n else self[x] for x in operands])
