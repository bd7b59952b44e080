"""The batch: a program's outputs for many samples at once, in the machine of the compiled build.

A row is a number of the program in all samples; each operation becomes one instruction on rows,
and neurons that look at the same inputs one layer. Samples never mix: a lane has the bits of its
sample alone.
"""

from __future__ import annotations

from array import array

from engine import ops

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from engine.programs.tape import Tape

LANES = 64  # samples at a time: then the rows of most programs stay in the cache


class Batch:
    """The rows of a tape: a plan without gradients, and its machine."""

    def __init__(self, tape: Tape) -> None:
        """Raises ImportError without the compiled build, ValueError for what it cannot run."""
        from engine.machine.machine import Machine

        self.tape = tape
        self.parameters, self.constants = len(tape.parameters), tape.constants
        self.inputs = len(tape.inputs)
        self.rows = self.inputs + len(tape)
        self.row: dict[int, int] = {self.parameters + i: i for i in range(self.inputs)}
        self.body: list[tuple[Any, ...]] = []
        self.write_body()
        self.wanted = [self.operand(slot) for slot in tape.outputs]
        if min(self.wanted) < 0:
            raise ValueError("an output is a parameter or a constant")
        # The machine takes plans whose rows end in one number; here nobody asks for it.
        self.sums, self.tail = [("sum", 0, (self.wanted[0],))], ()
        self.tail_rows, self.output, self.sequential = 1, 0, False
        self.machine = Machine(self, LANES)

    def write_body(self) -> None:
        """The instructions: a layer stands where its first neuron does."""
        tape = self.tape
        layers: dict[tuple[int, ...], list[int]] = {}  # neurons by inputs, and by having a bias
        for slot, op, args in zip(range(tape.first, len(tape.nodes)), tape.ops, tape.args):
            if op is ops.dot and self.is_neuron(args):
                n = len(args) // 2
                layers.setdefault((len(args) % 2, *args[n : 2 * n]), []).append(slot)
        for slot, op, args in zip(range(tape.first, len(tape.nodes)), tape.ops, tape.args):
            if slot in self.row:
                continue
            n = len(args) // 2
            neurons = layers.get((len(args) % 2, *args[n : 2 * n]), []) if op is ops.dot else []
            first = len(self.row)
            self.row.update({neuron: first + j for j, neuron in enumerate(neurons or [slot])})
            if slot in neurons:
                self.body.append(self.layer(first, neurons))
            else:
                self.body.append((op.name, first, tuple(map(self.operand, args))))

    def is_neuron(self, args: Sequence[int]) -> bool:
        """Whether that is a dot product of scalars with rows, and maybe a bias."""
        n = len(args) // 2
        scalars = [self.is_scalar(i) for i in args]
        return n > 0 and all(scalars[:n]) and all(scalars[2 * n :]) and not any(scalars[n : 2 * n])

    def is_scalar(self, slot: int) -> bool:
        """Whether that is a parameter or a constant."""
        return slot < self.parameters or self.parameters + self.inputs <= slot < self.tape.first

    def operand(self, slot: int) -> int:
        if slot < self.parameters:
            return ~slot
        return ~(slot - self.inputs) if self.is_scalar(slot) else self.row[slot]

    def layer(self, first: int, neurons: list[int]) -> tuple[Any, ...]:
        taken = [
            tuple(map(self.operand, self.tape.args[slot - self.tape.first])) for slot in neurons
        ]
        n = len(taken[0]) // 2
        weights = tuple([operands[:n] for operands in taken])
        biases = tuple([operands[-1] for operands in taken if len(operands) % 2])
        return "layer", first, taken[0][n : 2 * n], weights, biases

    def outputs(
        self, samples: Sequence[Sequence[float]], parameters: Sequence[float]
    ) -> list[list[float]] | None:
        """The outputs of each of up to LANES samples; None where the operations must be asked."""
        numbers = array("d", [x for sample in samples for x in sample])
        numbers.extend(array("d", samples[-1]) * (LANES - len(samples)))
        found = self.machine.outputs(array("d", parameters), numbers, self.wanted)
        if found is None:
            return None
        n = len(self.wanted)
        return [list(found[k * n : (k + 1) * n]) for k in range(len(samples))]
