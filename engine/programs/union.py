"""The union: one plan for several losses, of which each runs a part.

The losses are those of sequences of several lengths. What a short sequence computes, a longer one
computes first, but for a few operations at the end, such as the mean over the steps. So the plan
has the operations of the longest sequence, and behind them those that the others have alone:

    length 3   a b c d e f / 3          one plan   a b | c d | e f | / 3 | / 2 | / 1
    length 2   a b c d / 2              blocks     run by lengths 1, 2, 3; 2, 3; 3; 3; 2; 1
    length 1   a b / 1

Each length runs its operations in the order of its own graph. Sums of gradients keep their bits.
"""

from __future__ import annotations

from itertools import pairwise

from engine.programs.choices import silent_parameters
from engine.programs.kinds import Kinds, NoPlanError
from engine.programs.tail import Tail
from engine.programs.tape import Tape, is_choice
from engine.programs.wires import shared_length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from engine.programs.wires import Wires


class Union:
    """The operations of several graphs, those of the first one first.

    wires: of each graph. shared: how many operations of the first graph each of them begins with.
    first: where its own operations begin.
    """

    def __init__(self, wires: Sequence[Wires]) -> None:
        """wires: those of the graph with the most operations first.

        Raises NoPlanError if the others do not begin as the first does.
        """
        longest = wires[0]
        self.wires, self.ops, self.taken = wires, [*longest.ops], longest.each()
        self.shared, self.first = [len(self.ops)], [len(self.ops)]
        for own in wires[1:]:
            n, start = shared_length(longest, own), len(self.ops)
            if any(map(is_choice, own.ops[n:])):
                raise NoPlanError("the graphs choose in other places")
            self.shared.append(n)
            self.first.append(start)
            self.ops += own.ops[n:]
            self.taken += [
                tuple([x if x < n else x - n + start for x in taken]) for taken in own.each(n)
            ]
        if len(self.ops) > 2 * len(longest.ops):
            raise NoPlanError("the graphs have little in common")
        self.reached = self.reached_by_all()

    def reached_by_all(self) -> bytearray:
        """A 1 for each operation that a gradient comes to, which is the same in every graph.

        Raises NoPlanError if it is not.
        """
        n = len(self.ops)
        reached, earliest = bytearray(n), [n] * n  # the first that passes a gradient on to it
        reached[self.outputs[0]] = 1
        for k in reversed(range(self.first[0])):
            for x in passed_to(self.ops[k], self.taken[k]) if reached[k] else ():
                reached[x], earliest[x] = 1, k
        ends = [*self.first[1:], n]
        for v in range(1, len(self.wires)):
            given = {self.outputs[v]}  # what a gradient comes to by its own operations
            for k in reversed(range(self.first[v], ends[v])):
                if k in given:
                    reached[k] = 1
                    given.update(passed_to(self.ops[k], self.taken[k]))
            shared = self.shared[v]
            ending = {x for x in range(shared) if reached[x] and earliest[x] >= shared}
            if not ending <= given or not all(map(reached.__getitem__, given)):
                raise NoPlanError("a gradient comes to an operation in some graphs only")
        return reached

    @property
    def outputs(self) -> list[int]:
        """The last operation of each graph."""
        ends = [*self.first[1:], len(self.ops)]
        last = [end if end > start else n for n, start, end in zip(self.shared, self.first, ends)]
        return [self.first[0] - 1, *[end - 1 for end in last[1:]]]

    def blocks(self) -> list[tuple[int, int, list[int]]]:
        """Operations that the same graphs have: (the first, behind the last, the graphs)."""
        cuts = sorted({0, *self.shared})
        found = [
            (start, end, [v for v, n in enumerate(self.shared) if n >= end])
            for start, end in pairwise(cuts)
        ]
        ends = [*self.first[1:], len(self.ops)]
        own = [(start, end, [v]) for v, (start, end) in enumerate(zip(self.first, ends))]
        return found + [block for block in own[1:] if block[0] < block[1]]


def passed_to(op: Any, taken: Sequence[int]) -> Sequence[int]:
    """The operations among those taken that get a gradient."""
    if op.flat:
        taken = [x for j, x in enumerate(taken) if op.passes(j)]
    return [x for x in taken if x >= 0]


class UnionTape(Tape):
    """The union as a tape: slots of parameters, inputs, constants, and the operations."""

    def __init__(
        self, union: Union, parameters: Sequence[Any], inputs: int, constants: Sequence[float]
    ) -> None:
        self.parameters: list[Any] = list(parameters)
        self.inputs: list[Any] = [None] * inputs
        self.constants = list(constants)
        first = self.first = len(parameters) + inputs + len(constants)
        self.nodes: list[Any] = [
            *self.parameters,
            *[None] * (first - len(parameters) + len(union.ops)),
        ]
        self.ops = union.ops
        self.args = [tuple([x + first if x >= 0 else ~x for x in taken]) for taken in union.taken]
        self.outputs = [first + k for k in union.outputs]
        self.reached = bytearray(b"\1") * first + union.reached


class UnionPlan:
    """A plan of one sample with several losses: see `Plan`, and engine/machine/variants.py.

    blocks: how many instructions, and the numbers of the losses that run them. outputs: the rows of
    the losses.
    """

    def __init__(
        self,
        wires: Sequence[Wires],
        parameters: Sequence[Any],
        inputs: int,
        constants: Sequence[float],
    ) -> None:
        """wires: those with the most operations first. Raises NoPlanError."""
        union = Union(wires)
        tape = UnionTape(union, parameters, inputs, constants)
        self.silent = silent_parameters(tape)
        kinds = Kinds(tape, 1)
        blocks = union.blocks()
        tail = Tail(kinds, [], None, once=True, ends=[tape.first + end for _, end, _ in blocks])
        self.parameters, self.constants = len(tape.parameters), kinds.constants
        self.inputs = self.rows = inputs
        self.lanes, self.sequential = 1, False
        self.body: list[Any] = []
        self.sums, self.tail, self.tail_rows = tail.sums, tail.instructions, tail.rows
        self.output, self.outputs = tail.output, tail.outputs
        self.blocks = [(n, own) for n, (_, _, own) in zip(tail.counts, blocks)]
