"""The plan: a tape of many samples as instructions that take all samples at once.

The graph of a loss over a batch is one sample's graph, repeated, and then a sum over the samples.
What is the same operation in every sample becomes one instruction on a *row*, a number for each
sample; neurons that look at the same inputs become a *layer*. The machine of `engine.machine` runs
it at the speed of vector instructions.

All sums keep the order of `Value.backward`, and with it their last bits: over the samples from
the last to the first, and within a sample as the operations come. Where that order cannot be kept,
there is no plan: `lowered` says why.

An operand is a number: r >= 0 is row r, of the body or of the tail; k < 0 is scalar ~k, which is a
parameter or, after them, a constant.
"""

from __future__ import annotations

from collections import Counter

from engine import ops
from engine.programs.grouping import grouped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from engine.programs.tape import Tape

MANY = 4  # samples, from which on a single neuron is faster as a layer
ANY = -1  # the lane of what is the same for all samples
MIXED = -2  # the lane of what is made of several samples, or of none: the tail
NONE = -1  # the kind of what is no operation of a sample
# Their slopes are numbers, whatever their inputs: where a sample has no part, 0 stays 0.
LINEAR = {"add", "sub", "neg"}


class NoPlanError(ValueError):
    """A tape that the machine cannot run with the bits of the graph, and why."""


class Plan:
    """Instructions, as `engine.machine` takes them.

    body: for each sample. sums: over the samples. tail: once. A plan is `sequential` if a
    parameter has a part in several operations of a sample: then the gradients of the samples have
    to be summed one sample after the other.
    """

    def __init__(
        self, tape: Tape, lanes: int, classes: Sequence[int] | None, once: bool = False
    ) -> None:
        """once: all of it is the tail, which keeps any order that one sample may have."""
        self.parameters, self.constants = len(tape.parameters), list(tape.constants)
        self.inputs = len(tape.inputs) // lanes
        self.lanes = lanes
        self.rows = self.tail_rows = self.output = 0
        self.body: list[tuple[Any, ...]] = []
        self.sums: list[tuple[Any, ...]] = []
        self.tail: list[tuple[Any, ...]] = []
        self.sequential = False
        Lowering(self, tape, lanes, classes, once).run()

    def __repr__(self) -> str:
        return (
            f"Plan({self.lanes} samples, {len(self.body)} instructions for each, "
            f"{len(self.tail)} once)"
        )


def lowered(tape: Tape, lanes: int, classes: Sequence[int] | None = None) -> Plan:
    """The plan of a tape whose inputs are those of `lanes` samples, one sample after the other.

    classes: the class of each sample, where its operations depend on it. Raises NoPlanError, with
    the reason, if there is none.
    """
    if lanes < 1 or len(tape.inputs) % lanes:
        raise NoPlanError(f"{len(tape.inputs)} inputs are not those of {lanes} samples")
    if len(tape.outputs) != 1 or tape.outputs[0] < tape.first:
        raise NoPlanError("it takes one output, which is computed")
    try:
        return Plan(tape, lanes, classes)
    except NoPlanError:
        if lanes > 1:
            raise
        return Plan(tape, 1, None, once=True)


class Lowering:
    """From slots to rows."""

    def __init__(
        self, plan: Plan, tape: Tape, lanes: int, classes: Sequence[int] | None, once: bool
    ) -> None:
        self.plan, self.tape, self.n, self.once = plan, tape, lanes, once
        self.classes = list(classes) if classes is not None else None
        self.first_input = len(tape.parameters)
        self.first_constant = self.first_input + len(tape.inputs)
        self.lane = [ANY] * len(tape.nodes)  # of each slot: whose sample it is part of
        self.kind = [NONE] * len(tape.nodes)  # what a slot of a sample does: a number for each kind
        self.kinds: list[tuple[Any, ...]] = []  # (op, operands), an operand ("row", kind) or a slot
        self.members: list[set[int]] = []  # the samples that have one

    def run(self) -> None:
        if not self.once:
            self.sort_into_kinds()
            self.check_parameters()
        self.rows = self.write_body()
        self.write_tail()

    # ---- one instruction for the same operation of every sample ----

    def sort_into_kinds(self) -> None:
        tape, lane_of = self.tape, self.lane
        # An operand as a number that is the same in every sample: a scalar is its slot, a column of
        # the inputs is the slot that it has in the first sample, a kind comes after all slots.
        codes = list(range(len(tape.nodes)))
        for i in range(len(tape.inputs)):
            slot = self.first_input + i
            lane_of[slot] = i // self.plan.inputs
            codes[slot] = self.first_input + i % self.plan.inputs
        known: dict[tuple[Any, ...], list[int]] = {}  # a sample may do the same twice
        last = [NONE] * self.n  # the kind that came last in each sample
        for slot, op, args in zip(range(tape.first, len(codes)), tape.ops, tape.args):
            lanes = {*map(lane_of.__getitem__, args)}
            lanes.discard(ANY)
            if len(lanes) != 1 or MIXED in lanes:
                if lanes:
                    lane_of[slot] = MIXED
                continue
            (lane,) = lanes
            same = known.setdefault((op, *map(codes.__getitem__, args)), [])
            kind = next((kind for kind in same if lane not in self.members[kind]), NONE)
            if kind == NONE:
                kind = len(self.kinds)
                same.append(kind)
                operands = tuple([self.operand(i) for i in args])
                self.kinds.append((op, operands, bool(tape.reached[slot])))
                self.members.append(set())
            if kind <= last[lane]:
                raise NoPlanError("the samples do not have the same operations in the same order")
            last[lane] = self.kind[slot] = kind
            lane_of[slot], codes[slot] = lane, len(codes) + kind
            self.members[kind].add(lane)
        for (op, operands, _), members in zip(self.kinds, self.members):
            scaled = op is ops.mul and any(
                isinstance(x, int) and x >= self.first_constant for x in operands
            )
            if len(members) < self.n and op.name not in LINEAR and not scaled:
                raise NoPlanError(f"{op.name} is part of some samples only")

    def operand(self, slot: int) -> Any:
        """What a slot is to its sample: a column of the inputs, an operation, or a scalar."""
        if self.kind[slot] != NONE:
            return ("row", self.kind[slot])
        if self.lane[slot] != ANY:
            return ("input", (slot - self.first_input) % self.plan.inputs)
        if slot >= self.tape.first:
            raise NoPlanError("the samples use a number that is computed from parameters alone")
        return slot

    def check_parameters(self) -> None:
        """See in which order gradients come to the parameters."""
        tape = self.tape
        used: dict[int, int] = {}
        for _, operands, _ in self.kinds:
            for slot in operands:
                if isinstance(slot, int) and slot < len(tape.parameters):
                    used[slot] = used.get(slot, 0) + 1
        self.plan.sequential = any(count > 1 for count in used.values())
        end = max([slot for slot, kind in enumerate(self.kind) if kind != NONE], default=0)
        for slot in range(tape.first, end):
            if self.kind[slot] == NONE and any(i in used for i in tape.args[slot - tape.first]):
                raise NoPlanError("a parameter is used before the samples, and by them")

    # ---- the body ----

    def write_body(self) -> dict[int, int]:
        """Write the instructions. Returns the row of each kind."""
        rows: dict[int, int] = {}
        next_row = self.plan.inputs
        done: set[int] = set()
        live = self.live_kinds()
        self.users: dict[Any, list[int]] = {}  # of an operand: the kinds that take it
        for kind, (_, operands, _) in enumerate(self.kinds):
            for x in {*operands}:
                self.users.setdefault(x, []).append(kind)
        for kind, (op, operands, reached) in enumerate(self.kinds):
            if kind in done:
                continue
            layer = self.layer_of(kind) if not self.plan.sequential else [kind]
            for member in layer:
                rows[member] = next_row
                next_row += 1
            done.update(layer)
            neuron = op is ops.dot and self.is_neuron(operands) and reached
            alone = neuron and not self.plan.sequential and self.n >= MANY
            if len(layer) > 1 or alone:
                self.plan.body.append(self.layer(layer, rows))
            else:
                instruction = (op.name, rows[kind], self.encoded(operands, rows))
                wanted = reached and kind in live
                self.plan.body.append(instruction if wanted else (*instruction, False))
        self.plan.rows = next_row
        return rows

    def live_kinds(self) -> set[int]:
        """Those that depend on a parameter: no gradient is wanted of the others."""
        live: set[int] = set()
        for kind, (_, operands, _) in enumerate(self.kinds):
            for x in operands:
                if isinstance(x, int):
                    depends = x < len(self.tape.parameters)
                else:
                    depends = x[0] == "row" and x[1] in live
                if depends:
                    live.add(kind)
        return live

    def layer_of(self, kind: int) -> list[int]:
        """The dot products that go with this one: of parameters with the same inputs.

        Their gradients come to each input one after the other, with nothing in between, so they
        may be computed together.
        """
        op, operands, reached = self.kinds[kind]
        if op is not ops.dot or not self.is_neuron(operands) or not reached:
            return [kind]
        inputs = self.dot_inputs(operands)
        users = sorted({other for x in inputs for other in self.users[x]})
        layer = []
        for other in users[users.index(kind) :]:
            other_op, taken, other_reached = self.kinds[other]
            same = (
                other_op is ops.dot
                and other_reached
                and len(taken) == len(operands)
                and self.is_neuron(taken)
            )
            if not same or self.dot_inputs(taken) != inputs:
                break
            layer.append(other)
        return layer

    def is_neuron(self, operands: Sequence[Any]) -> bool:
        """Whether that is a dot product of scalars with rows, and maybe a bias."""
        n = len(operands) // 2
        scalars = [*operands[:n], *operands[2 * n :]]
        return all(isinstance(x, int) for x in scalars) and all(
            isinstance(x, tuple) for x in operands[n : 2 * n]
        )

    def dot_inputs(self, operands: Sequence[Any]) -> tuple[Any, ...]:
        n = len(operands) // 2
        return tuple(operands[n : 2 * n])

    def layer(self, kinds: list[int], rows: dict[int, int]) -> tuple[Any, ...]:
        operands = [self.kinds[kind][1] for kind in kinds]
        n = len(operands[0]) // 2
        inputs = self.encoded(self.dot_inputs(operands[0]), rows)
        weights = tuple([self.encoded(taken[:n], rows) for taken in operands])
        biases = tuple([self.scalar(taken[-1]) for taken in operands if len(taken) % 2])
        return "layer", rows[kinds[0]], inputs, weights, biases

    def encoded(self, operands: Sequence[Any], rows: dict[int, int]) -> tuple[int, ...]:
        return tuple(
            [
                self.scalar(x) if isinstance(x, int) else rows[x[1]] if x[0] == "row" else x[1]
                for x in operands
            ]
        )

    def scalar(self, slot: int) -> int:
        """A parameter or a constant as an operand."""
        return ~(slot if slot < self.first_input else slot - len(self.tape.inputs))

    # ---- the sums and the tail ----

    def write_tail(self) -> None:
        """What is done once: the sums over the samples, and what comes after and beside them."""
        tape, plan = self.tape, self.plan
        steps = [
            (slot, op, args)
            for slot, op, args in zip(range(tape.first, len(self.kind)), tape.ops, tape.args)
            if self.kind[slot] == NONE
        ]
        uses = Counter([i for _, _, args in steps for i in args])
        self.tail: dict[int, int] = {}  # the row of a slot
        self.chains: dict[int, list[int]] = {}  # of a sum so far: the slots that it has added up
        for slot, op, args in steps:
            chain = self.chain(op, args)
            if chain is not None and len(chain) == self.n:
                self.sum(slot, chain)
            elif chain is not None:
                if uses[slot] != 1:
                    raise NoPlanError("a sum over some of the samples is used by itself")
                self.chains[slot] = chain
            else:
                operands = tuple([self.tail_operand(i) for i in args])
                self.tail[slot] = len(self.tail)
                instruction = (op.name, self.tail[slot], operands)
                plan.tail.append(instruction if tape.reached[slot] else (*instruction, False))
        output = self.tail_operand(tape.outputs[0])
        plan.tail_rows = len(self.tail)
        plan.tail, rows = grouped(plan.tail, plan.tail_rows, plan.parameters)
        plan.sums = [(name, rows[out], of_class) for name, out, of_class in plan.sums]
        plan.output = rows[output]

    def chain(self, op: Any, args: Sequence[int]) -> list[int] | None:
        """The samples' slots that are added up so far, if that is such a sum, in their order.

        A sum so far has one user, whose it becomes here: copies would grow as its square.
        """
        if op is not ops.add:
            return None
        x, y = args
        chain = self.chains.get(x) or ([x] if self.kind[x] != NONE and self.lane[x] == 0 else None)
        if chain is None or self.kind[y] == NONE or self.lane[y] != len(chain):
            return None
        self.chains.pop(x, None)
        chain.append(y)
        return chain

    def sum(self, slot: int, chain: list[int]) -> None:
        """Write the sum of a slot of each sample."""
        rows = [self.rows[self.kind[x]] for x in chain]
        of_class = [rows[0]]
        if len(set(rows)) > 1:
            if self.classes is None:
                raise NoPlanError("the samples do not all end in the same operation")
            found = dict(zip(self.classes, rows))
            of_class = [found.get(c, -1) for c in range(max(self.classes) + 1)]
            if -1 in of_class or [of_class[c] for c in self.classes] != rows:
                raise NoPlanError("the operations of a sample do not follow from its class")
        self.tail[slot] = len(self.tail)
        self.plan.sums.append(("sum", self.tail[slot], tuple(of_class)))

    def tail_operand(self, slot: int) -> int:
        if self.kind[slot] != NONE and slot not in self.tail and self.n == 1:
            self.sum(slot, [slot])
        if slot in self.tail:
            return self.tail[slot]
        if self.once and self.first_input <= slot < self.first_constant:
            self.tail[slot] = len(self.tail)
            self.plan.sums.append(("sum", self.tail[slot], (slot - self.first_input,)))
            return self.tail[slot]
        if self.lane[slot] != ANY:
            raise NoPlanError("the samples come together otherwise than in a sum")
        return self.scalar(slot)
