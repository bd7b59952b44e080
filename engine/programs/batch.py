"""The batch: a program's outputs for many samples at once, in the machine of the compiled build.

A row holds one number of the program for all samples. Each operation becomes one instruction on
rows; neurons that look at the same inputs become one layer. The samples never mix: each has the
bits that it would have alone.
"""

from __future__ import annotations

from array import array

from engine.programs.kinds import NoPlanError
from engine.programs.machines import machine_in_c
from engine.programs.neurons import as_layer, layers, neuron_inputs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from engine.programs.tape import Tape

LANES = 64  # samples at a time: then the rows of most programs stay in the cache
MORE = 1024  # samples at a time, where there are so many: one call of the machine for all of them


class Batch:
    """The rows of a tape: a plan without gradients, and its machines."""

    def __init__(self, tape: Tape) -> None:
        """Raises NoPlanError in a pure build, and for what the machine cannot run."""
        self.tape = tape
        self.parameters, self.constants = len(tape.parameters), tape.constants
        self.inputs = len(tape.inputs)
        self.rows = self.inputs + len(tape)
        self.row: dict[int, int] = {self.parameters + i: i for i in range(self.inputs)}
        self.body: list[tuple[Any, ...]] = []
        self.write_body()
        self.wanted = [self.operand(slot) for slot in tape.outputs]
        if min(self.wanted) < 0:
            raise NoPlanError("an output is a parameter or a constant")
        # The machine takes plans whose rows end in one number; here nobody asks for it.
        self.sums, self.tail = [("sum", 0, (self.wanted[0],))], ()
        self.tail_rows, self.output, self.sequential = 1, 0, False
        self.machines = {LANES: machine_in_c(self, LANES)}  # by their number of lanes

    def write_body(self) -> None:
        tape = self.tape
        steps = [(op, args, True) for op, args in zip(tape.ops, tape.args)]
        groups = layers(steps, self.is_scalar, differentiated=False)
        for row, k in enumerate([k for group in groups for k in group], self.inputs):
            self.row[tape.first + k] = row
        for group in groups:
            op, args, _ = step = steps[group[0]]
            row = self.row[tape.first + group[0]]
            if neuron_inputs(step, self.is_scalar):
                self.body.append(as_layer(row, [self.operands(tape.args[k]) for k in group]))
            else:
                self.body.append((op.name, row, self.operands(args)))

    def is_scalar(self, slot: int) -> bool:
        """Whether that is a parameter or a constant."""
        return slot < self.parameters or self.parameters + self.inputs <= slot < self.tape.first

    def operands(self, slots: Sequence[int]) -> tuple[int, ...]:
        return tuple(map(self.operand, slots))

    def operand(self, slot: int) -> int:
        if slot < self.parameters:
            return ~slot
        return ~(slot - self.inputs) if self.is_scalar(slot) else self.row[slot]

    def parts(self, samples: int) -> Iterator[tuple[int, int]]:
        """The first sample of each part of so many samples, and how many the machine then takes."""
        first = 0
        for lanes in (MORE, LANES):
            least = lanes if lanes == MORE else 1
            while samples - first >= least:
                yield first, lanes
                first += lanes

    def outputs(self, numbers: Any, parameters: Any, lanes: int = LANES) -> Any:
        """The outputs of up to `lanes` samples, an array of one sample after the other.

        numbers: [samples * inputs], parameters: [n], both floats side by side. None where the
        operations must be asked.
        """
        if lanes not in self.machines:
            self.machines[lanes] = machine_in_c(self, lanes)
        n = len(self.wanted)
        samples = len(numbers) // self.inputs if self.inputs else lanes
        if samples < lanes:  # the last sample fills the lanes that are left
            filled = array("d", numbers)
            filled.extend(filled[-self.inputs :] * (lanes - samples))
            numbers = filled
        found = self.machines[lanes].outputs(parameters, numbers, self.wanted)
        return None if found is None else found[: samples * n]
