"""The plan: the tape of a batch's loss, as instructions that work on all samples at once.

The graph of a loss over a batch has the same operations for each sample, and then sums over the
samples. The plan has one instruction for the same operation of all samples. It computes a *row*:
one number for each sample. For example, v3 = w * x in each of 100 samples is one instruction, and
its row holds the 100 values of v3. Neurons that look at the same inputs become a *layer*, which is
one instruction too. What is computed once for the whole batch, from the sums on, is the *tail*. The
machine of `engine.machine` runs a plan at the speed of vector instructions.

Sums keep the order of `Value.backward`, and so they keep its last bits. A parameter adds up what
it gets from the last sample first and from the first sample last; within a sample the operations
keep their order. Where that is impossible there is no plan, and `lowered` says why.

An instruction names its operands by numbers. r >= 0 is row r, of the body or of the tail. k < 0 is
scalar ~k: the parameters come first, the constants after them.
"""

from __future__ import annotations

from engine.op import compiled
from engine.programs.body import body_of
from engine.programs.choices import silent_parameters
from engine.programs.kinds import Kinds
from engine.programs.kinds import NoPlanError as NoPlanError
from engine.programs.tail import Tail
from engine.programs.tape import is_choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.programs.tape import Tape


class Plan:
    """Instructions, as `engine.machine` takes them.

    body: done for each sample. sums: over the samples. tail: done once. A plan is `sequential` if
    several operations of a sample take the same parameter. Then the gradients of one sample have to
    be added up before the gradients of the sample that precedes it. answers: the rows of the body
    that are a sample's outputs, where it is known which they are.
    """

    def __init__(self, kinds: Kinds, classes: Sequence[int] | None, once: bool = False) -> None:
        """once: all of it is the tail, which keeps any order that one sample may have."""
        if not once:
            kinds.sort()
        self.parameters, self.constants = len(kinds.tape.parameters), kinds.constants
        self.inputs, self.lanes, self.sequential = kinds.columns, kinds.lanes, kinds.sequential
        self.body, rows = body_of(kinds)
        self.rows = self.inputs + len(rows)
        tail = Tail(kinds, rows, classes, once)
        self.sums, self.tail, self.tail_rows = tail.sums, tail.instructions, tail.rows
        self.output, self.silent = tail.output, kinds.silent
        self.answers = [rows[kind] for kind in kinds.outputs_of_sample()]

    def __repr__(self) -> str:
        return (
            f"Plan({self.lanes} samples, {len(self.body)} instructions for each, "
            f"{len(self.tail)} once)"
        )


def lowered(tape: Tape, lanes: int, classes: Sequence[int] | None = None) -> Plan:
    """The plan of a tape whose inputs are those of `lanes` samples, one sample after the other.

    classes: the class of each sample, where its operations depend on it. Raises NoPlanError, with
    the reason, if there is no plan.
    """
    if lanes < 1 or len(tape.inputs) % lanes:
        raise NoPlanError(f"{len(tape.inputs)} inputs are not those of {lanes} samples")
    if len(tape.outputs) != 1 or tape.outputs[0] < tape.first:
        raise NoPlanError("it takes one output, which is computed")
    silent = silent_parameters(tape)
    if lanes > 1:
        return Plan(Kinds(tape, lanes, silent), classes)
    try:
        if not is_recurrent(tape):
            plan = Plan(Kinds(tape, 1, silent), classes)
            in_python = any(map(is_choice, tape.ops)) and not compiled
            if not (plan.sequential or in_python):
                return plan
    except NoPlanError:
        pass
    return Plan(Kinds(tape, 1, silent), None, once=True)


def is_recurrent(tape: Tape) -> bool:
    """Whether several operations take the same parameter, as in each step of a sequence.

    The tail is faster then: it has loops for the same operation on neighbouring numbers.
    """
    parameters, seen = len(tape.parameters), set()
    for op, args in zip(tape.ops, tape.args):
        for slot in {*args} if not is_choice(op) else ():
            if slot < parameters:
                if slot in seen:
                    return True
                seen.add(slot)
    return False
