"""The tail of a plan: what is done once, which is the sums over the samples and what follows."""

from __future__ import annotations

from collections import Counter

from engine import ops
from engine.programs.aliases import with_aliases
from engine.programs.grouping import grouped
from engine.programs.kinds import ANY, NONE, NoPlanError
from engine.programs.tape import is_choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from engine.programs.kinds import Kinds


class Tail:
    """The sums over the samples, and the instructions that are done once.

    output: the row of the tape's output; outputs: those of all outputs, if it has several; rows:
    how many there are. counts: the instructions of each block.
    """

    def __init__(
        self,
        kinds: Kinds,
        rows: Sequence[int],
        classes: Sequence[int] | None,
        once: bool,
        ends: Sequence[int] = (),
    ) -> None:
        """rows: of each kind, in the body. once: whether the tail is all there is. ends: slots at
        which blocks of instructions end, each of which keeps its place; else there is one block.

        Raises NoPlanError where the samples come together otherwise than in sums.
        """
        self.kinds, self.row_of_kind, self.classes, self.once = kinds, rows, classes, once
        self.instructions: list[tuple[Any, ...]] = []
        self.sums: list[tuple[Any, ...]] = []
        self.row: dict[int, int] = {}  # of a slot
        self.chains: dict[int, list[int]] = {}  # of a sum so far: the slots that it has added up
        self.choices: dict[
            tuple[int, ...], int
        ] = {}  # the row of each: what chooses the same is one
        self.chosen: list[int] = []  # the slots that are chosen
        self.rows = 0
        self.ends = [*(ends or [len(kinds.kind)])]
        self.counts: list[int] = []
        if len(self.ends) > 1:
            self.take_inputs()
        self.write()
        outputs = [self.operand(slot) for slot in kinds.tape.outputs]
        moved = self.group()
        self.sums = [(name, moved[out], of_class) for name, out, of_class in self.sums]
        self.outputs = [moved[row] for row in outputs]
        self.output = self.outputs[0]

    def take_inputs(self) -> None:
        """Give the inputs their rows, which come before those of all blocks."""
        tape = self.kinds.tape
        for op, args in zip(tape.ops, tape.args):
            for slot in args[1:] if is_choice(op) else args:
                if self.kinds.first_input <= slot < self.kinds.first_constant:
                    self.operand(slot)

    def group(self) -> list[int]:
        """Put the instructions of each block in the order that is fast; the new row of each."""
        parameters, constants = len(self.kinds.tape.parameters), self.kinds.constants
        one, rows = ~(parameters + len(constants)), self.rows
        if len(self.counts) > 1:
            moved = self.group_blocks(parameters, one)
        else:
            own = with_aliases(self.instructions, rows, one)
            self.rows += len(own) - len(self.instructions)
            self.instructions, moved = grouped(own, self.rows, parameters)
            self.counts = [len(self.instructions)]
        if self.rows > rows:
            constants.append(1.0)
        return moved

    def group_blocks(self, parameters: int, one: int) -> list[int]:
        """The same where there are blocks: the rows of each one begin behind those before it."""
        moved = list(range(self.rows))
        made: list[tuple[Any, ...]] = []
        start, old = 0, self.rows - len(self.instructions)
        first = old
        for k, count in enumerate(self.counts):
            moved[old : old + count] = range(first, first + count)
            part = [renamed(c, moved) for c in self.instructions[start : start + count]]
            part = with_aliases(part, first + count, one)
            own, new = grouped(part, first + len(part), parameters)
            made += own
            self.counts[k] = len(own)
            moved[old : old + count] = new[first : first + count]
            start, old, first = start + count, old + count, first + len(part)
        self.instructions, self.rows = made, first
        return moved

    def write(self) -> None:
        tape, kind = self.kinds.tape, self.kinds.kind
        steps = [
            (slot, op, args)
            for slot, op, args in zip(range(tape.first, len(kind)), tape.ops, tape.args)
            if kind[slot] == NONE
        ]
        uses = Counter([i for _, _, args in steps for i in args])
        ends, begun = iter(self.ends), 0
        end = next(ends)
        for slot, op, args in steps:
            while slot >= end:
                self.counts.append(len(self.instructions) - begun)
                end, begun = next(ends), len(self.instructions)
                self.forget_choices()
            chain = self.chain(op, args)
            if chain is not None and len(chain) == self.kinds.lanes:
                self.add_sum(slot, chain)
            elif chain is not None:
                if uses[slot] != 1:
                    raise NoPlanError("a sum over some of the samples is used by itself")
                self.chains[slot] = chain
            elif is_choice(op):
                self.choose(slot, args, bool(tape.reached[slot]))
            else:
                operands = tuple([self.operand(i) for i in args])
                self.new_row(slot)
                instruction = (op.name, self.row[slot], operands)
                self.instructions.append(
                    instruction if tape.reached[slot] else (*instruction, False)
                )
        self.counts.append(len(self.instructions) - begun)

    def forget_choices(self) -> None:
        """Let each block choose anew: only the block itself then knows in which order to add."""
        self.choices = {}
        for slot in self.chosen:
            self.row.pop(slot, None)

    def new_row(self, slot: int) -> int:
        """The row that a slot has from now on."""
        self.row[slot] = self.rows
        self.rows += 1
        return self.rows - 1

    def choose(self, slot: int, args: Sequence[int], reached: bool) -> None:
        if not self.once:
            raise NoPlanError("the samples come together otherwise than in a sum")
        self.chosen.append(slot)
        index, *candidates = args
        operands = index - self.kinds.first_input, *[self.operand(i) for i in candidates]
        if operands in self.choices:
            self.row[slot] = self.choices[operands]
            return
        row = self.choices[operands] = self.new_row(slot)
        self.instructions.append(("choose", row, operands, *[False] * (not reached)))

    def chain(self, op: Any, args: Sequence[int]) -> list[int] | None:
        """If this adds the next sample to a sum so far: the slots that are added up now, in order.

        A sum so far has one user, which gets its list: copies would grow as its square.
        """
        if op is not ops.add:
            return None
        kind, sample = self.kinds.kind, self.kinds.sample
        x, y = args
        chain = self.chains.get(x) or ([x] if kind[x] != NONE and sample[x] == 0 else None)
        if chain is None or kind[y] == NONE or sample[y] != len(chain):
            return None
        self.chains.pop(x, None)
        chain.append(y)
        return chain

    def add_sum(self, slot: int, chain: list[int]) -> None:
        """Write the sum of a slot of each sample."""
        kinds = [self.kinds.kind[x] for x in chain]
        if any(is_choice(self.kinds.steps[kind][0]) for kind in kinds):
            raise NoPlanError("the samples end in a choice")
        plain = self.kinds.added_to_zero(kinds[0])  # as Python's sum() begins with 0 + x
        kinds = [kinds[0] if kind == plain else kind for kind in kinds]
        rows = [self.row_of_kind[kind] for kind in kinds]
        of_class = [rows[0]]
        if len(set(rows)) > 1:
            if self.classes is None:
                raise NoPlanError("the samples do not all end in the same operation")
            found = dict(zip(self.classes, rows))
            of_class = [found.get(c, -1) for c in range(max(self.classes) + 1)]
            if -1 in of_class or [of_class[c] for c in self.classes] != rows:
                raise NoPlanError("the operations of a sample do not follow from its class")
        self.new_row(slot)
        self.sums.append(("sum", self.row[slot], tuple(of_class)))

    def operand(self, slot: int) -> int:
        """What an instruction takes: a row, or a scalar."""
        kinds = self.kinds
        if kinds.kind[slot] != NONE and slot not in self.row and kinds.lanes == 1:
            self.add_sum(slot, [slot])
        if slot in self.row:
            return self.row[slot]
        if self.once and slot >= kinds.tape.first:  # it was chosen in another block
            self.choose(
                slot, kinds.tape.args[slot - kinds.tape.first], bool(kinds.tape.reached[slot])
            )
            return self.row[slot]
        if self.once and kinds.first_input <= slot < kinds.first_constant:
            self.new_row(slot)
            self.sums.append(("sum", self.row[slot], (slot - kinds.first_input,)))
            return self.row[slot]
        if kinds.sample[slot] != ANY:
            raise NoPlanError("the samples come together otherwise than in a sum")
        return kinds.scalar(slot)


def renamed(instruction: tuple[Any, ...], moved: Sequence[int]) -> tuple[Any, ...]:
    """An instruction with the new numbers of its rows."""
    name, out, operands, *rest = instruction
    if name == "choose":
        column, *candidates = operands
        chosen = column, *[moved[x] if x >= 0 else x for x in candidates]
        return name, moved[out], chosen, *rest
    return name, moved[out], tuple([moved[x] if x >= 0 else x for x in operands]), *rest
