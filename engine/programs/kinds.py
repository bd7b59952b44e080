"""Kinds: the same operation of every sample counts as one.

The graph of a batch holds the operations of each sample, one sample after the other. Operations of
the same op on the same operands of their samples are one kind. For example, v3 = w * x in each of
100 samples is one kind. The machine runs a kind as one instruction for all samples.
"""

from __future__ import annotations

from engine import ops
from engine.programs.neurons import neuron_inputs
from engine.programs.tape import is_choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from engine.programs.tape import Tape

ANY = -1  # the sample of what is the same for all samples
MIXED = -2  # the sample of what is made of several samples, or of none: it belongs to the tail
NONE = -1  # the kind of a slot that is no operation of a sample
# The slopes of these ops are numbers, whatever the inputs. A sample that has no such operation gets
# a gradient of 0 there, and 0 times such a slope stays 0.
LINEAR = {"add", "sub", "neg"}


BEFORE = "a parameter is used before the samples, and by them"


class NoPlanError(ValueError):
    """A tape that the machine cannot run with the bits of the graph, and why."""


class AloneError(NoPlanError):
    """A sample takes a number that is computed from parameters alone."""


class Kinds:
    """The kinds of a tape.

    sample, kind: of each slot, or ANY, MIXED and NONE. steps: (op, operands, whether a gradient
    comes to it) of each kind. An operand is ("row", kind), ("input", column), or the slot of a
    parameter or constant. sequential: whether several operations of a sample take one parameter.
    constants: their numbers. silent: the parameters that get no gradient.
    """

    def __init__(self, tape: Tape, lanes: int, silent: Sequence[int] = ()) -> None:
        """There are no kinds before `sort`: then all operations are done once."""
        self.tape, self.lanes, self.constants = tape, lanes, list(tape.constants)
        self.columns = len(tape.inputs) // lanes
        self.first_input = len(tape.parameters)
        self.first_constant = self.first_input + len(tape.inputs)
        self.sample = [ANY] * len(tape.nodes)
        self.kind = [NONE] * len(tape.nodes)
        self.steps: list[tuple[Any, ...]] = []
        self.sequential = False
        self.silent = [*silent]
        self.scalars = [~slot for slot in range(self.first_input)]  # the parameters as operands

    def sort(self) -> None:
        """Find the kinds. Raises NoPlanError where the samples are not alike.

        A sample may begin with operations of parameters alone, as an RNN whose state begins with
        zeros. They are looked for if it does.
        """
        try:
            self.find({})
        except AloneError:
            self.find(self.takers_of_parameters())

    def find(self, takers: dict[int, int]) -> None:
        """Find the kinds. takers: the sample of operations of parameters alone, by their slots."""
        self.sample, self.kind = [ANY] * len(self.kind), [NONE] * len(self.kind)
        self.steps = []
        tape, sample_of = self.tape, self.sample
        members: list[bytearray] = []  # of each kind: a 1 for each sample that has one
        # An operand as a number that is the same in every sample: a scalar is its slot, a column of
        # the inputs is the slot that it has in the first sample, a kind comes after all slots.
        codes = [NONE] * len(tape.nodes)  # whose numbers are shared: there are millions of them
        codes[: self.first_input] = range(self.first_input)
        codes[self.first_constant : tape.first] = range(self.first_constant, tape.first)
        inputs = slice(self.first_input, self.first_constant)
        codes[inputs] = [*range(self.first_input, self.first_input + self.columns)] * self.lanes
        sample_of[inputs] = [sample for sample in range(self.lanes) for _ in range(self.columns)]
        # What the codes say as operands, but for scalars, which are their own codes.
        code_of: list[int] = []  # of a kind
        said: dict[int, Any] = {self.first_input + j: ("input", j) for j in range(self.columns)}
        known: dict[tuple[Any, ...], list[int]] = {}  # a sample may do the same twice
        last = [NONE] * self.lanes  # the kind that came last in each sample
        for slot, op, args in zip(range(tape.first, len(codes)), tape.ops, tape.args):
            samples = {*map(sample_of.__getitem__, args)}
            samples.discard(ANY)
            if slot in takers:
                samples = {takers[slot]}
            if len(samples) != 1 or MIXED in samples:
                if samples:
                    sample_of[slot] = MIXED
                continue
            (sample,) = samples
            taken = [*map(codes.__getitem__, args)]
            same = known.setdefault((op, *taken), [])
            for kind in same:
                if not members[kind][sample]:
                    break
            else:
                kind = len(self.steps)
                same.append(kind)
                if NONE in taken:
                    reason = "the samples use a number that is computed from parameters alone"
                    raise AloneError(reason)
                operands = tuple([said.get(code, code) for code in taken])
                self.steps.append((op, operands, bool(tape.reached[slot])))
                members.append(bytearray(self.lanes))
                code_of.append(len(codes) + kind)
                said[code_of[kind]] = ("row", kind)
            if kind <= last[sample]:
                raise NoPlanError("the samples do not have the same operations in the same order")
            last[sample] = self.kind[slot] = kind
            sample_of[slot], codes[slot] = sample, code_of[kind]
            members[kind][sample] = 1
        self.check_members(members)
        self.check_parameters()

    def takers_of_parameters(self) -> dict[int, int]:
        """The operations of parameters alone that belong to one sample, which alone takes them."""
        tape = self.tape
        of: list[set[int]] = [set() for _ in tape.nodes]  # the samples that a slot depends on
        for i in range(len(tape.inputs)):
            of[self.first_input + i] = {i // self.columns}
        steps = list(zip(range(tape.first, len(tape.nodes)), tape.args))
        for slot, args in steps:
            of[slot] = set().union(*map(of.__getitem__, args))
        alone = {slot for slot, _ in steps if not of[slot]}
        for slot, args in reversed(steps):
            for x in args:
                if x in alone:
                    of[x] |= of[slot]
        return {slot: min(of[slot]) for slot in alone if len(of[slot]) == 1}

    def check_members(self, members: list[bytearray]) -> None:
        """Raise NoPlanError if samples lack a kind whose slopes depend on numbers."""
        for (op, operands, _), samples in zip(self.steps, members):
            factors = {ops.mul: operands, ops.div: operands[1:]}.get(op, ())
            scaled = any(is_scalar(x) and x >= self.first_constant for x in factors)
            if samples.count(1) < self.lanes and op.name not in LINEAR and not scaled:
                raise NoPlanError(f"{op.name} is part of some samples only")

    def check_parameters(self) -> None:
        """See in which order gradients come to the parameters."""
        used: dict[int, int] = {}
        takers: dict[
            int, set[Any]
        ] = {}  # of what is chosen: the operations, or layers, that take it
        for k, step in enumerate(self.steps):
            choice = is_choice(step[0])
            for j, x in enumerate(step[1]):
                if type(x) is int:  # asked of every weight, so without a call
                    if x < self.first_input and not choice:
                        used[x] = used.get(x, 0) + 1
                elif x[0] == "row" and self.is_chosen(x):
                    takers.setdefault(x[1], set()).add(neuron_inputs(step, is_scalar) or (k, j))
        tables: dict[int, set[Any]] = {}  # of a candidate
        for k, (op, candidates, _) in enumerate(self.steps):
            if is_choice(op):
                for x in filter(self.is_parameter, candidates):
                    tables.setdefault(x, set()).update(takers.get(k, ()))
        self.sequential = any(count > 1 for count in used.values()) or any(
            len(found) + (x in used) > 1 for x, found in tables.items()
        )
        if not self.taken_before().isdisjoint(used.keys() | tables.keys()):
            raise NoPlanError(BEFORE)

    def taken_before(self) -> set[int]:
        """The parameters that operations take which come before the end of the samples, and are
        no part of them.
        """
        first, args, kind = self.tape.first, self.tape.args, self.kind
        backward = reversed(range(first, len(kind)))
        end = next((slot for slot in backward if kind[slot] != NONE), first)
        loose = [args[slot - first] for slot in range(first, end) if kind[slot] == NONE]
        return {x for taken in loose for x in taken if x < self.first_input}

    def outputs_of_sample(self) -> list[int]:
        """The kinds that are a sample's outputs: a loss alone does not tell which they are."""
        return []

    def is_chosen(self, operand: Any) -> bool:
        """Whether an operand is what a choice gives."""
        return (
            not is_scalar(operand) and operand[0] == "row" and is_choice(self.steps[operand[1]][0])
        )

    def added_to_zero(self, kind: int) -> int | None:
        """If a kind is 0 + x, the kind x, if nothing else uses it.

        In a sum, 0 + x stands for x to the bit: a sum of it is never -0, where the two differ.
        """
        op, operands, _ = self.steps[kind]
        if op is not ops.add or is_scalar(operands[1]) or not is_scalar(operands[0]):
            return None
        place = ~self.scalar(operands[0]) - self.first_input  # among the constants
        users = sum([step[1].count(operands[1]) for step in self.steps])
        if place < 0 or self.constants[place] != 0.0 or users > 1 or operands[1][0] != "row":
            return None
        found: int = operands[1][1]
        return found

    def is_parameter(self, operand: Any) -> bool:
        return is_scalar(operand) and operand < self.first_input

    def scalar(self, slot: int) -> int:
        """A parameter or a constant as an operand of an instruction."""
        return ~(slot if slot < self.first_input else slot - len(self.tape.inputs))


def is_scalar(operand: Any) -> bool:
    return isinstance(operand, int)
