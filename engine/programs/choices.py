"""Choices: operands that differ from sample to sample, while the structure stays.

A token chooses a row of a table, a class chooses a logit. There the graph has an operation
`choose`, of a number of the sample, the index, and of all candidates. In a plan it becomes

    ("choose", 7, (0, ~3, ~5, ~9))      row 7 is scalar 3, 5 or 9, as column 0 of the inputs says

An operation that takes row 7 takes the candidate itself, as in a graph where the choice was made
before: what it adds to the gradient of row 7, it adds to that of the candidate.
"""

from __future__ import annotations

from engine.programs.kinds import NoPlanError
from engine.programs.tape import is_choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from engine.programs.tape import Tape

    Choices = Mapping[int, tuple[int, ...]]  # of each row that is chosen: its candidates


def silent_parameters(tape: Tape) -> list[int]:
    """The parameters that get no gradient where they are chosen, and are used nowhere else.

    Raises NoPlanError where the order of the operations would follow from what is chosen. The graph
    of one sample visits the chosen candidate alone. So its operations have another order for each
    candidate, unless all candidates were visited before, for another reason. And an index has to be
    a number of the sample.
    """
    last = len(tape.parameters) + len(tape.inputs)
    for slot in tape.outputs:
        if slot >= tape.first and is_choice(tape.ops[slot - tape.first]):
            raise NoPlanError("an output is chosen")
    for slot in [slot for slot, op in enumerate(tape.ops, tape.first) if is_choice(op)]:
        op, (index, *candidates) = tape.ops[slot - tape.first], tape.args[slot - tape.first]
        if not len(tape.parameters) <= index < last:
            raise NoPlanError("something is chosen by a number that is computed")
        if any(x >= tape.first and is_choice(tape.ops[x - tape.first]) for x in candidates):
            raise NoPlanError("something is chosen among what is chosen")
        if op.name == "choose" and slot > tape.first and slot - 1 in candidates:
            raise NoPlanError("the candidates of a choice are computed for nothing else")
    return silent_in(tape)


def silent_in(tape: Tape) -> list[int]:
    blind = [getattr(op.gradient, "blind", None) if is_choice(op) else None for op in tape.ops]
    silent = {args[1 + k] for args, k in zip(tape.args, blind) if k is not None}
    for args, k in zip(tape.args, blind) if silent else ():
        taken = args if k is None else (*args[: 1 + k], *args[2 + k :])
        if not silent.isdisjoint(taken) or max(silent) >= len(tape.parameters):
            raise NoPlanError("what gets no gradient where it is chosen is used otherwise")
    return sorted(silent)


def check_visits(order: Sequence[Any], stand_ins: Collection[int]) -> None:
    """The same for a graph in which Values, of these identities, stand in for computed ones."""
    for i in [i for i, v in enumerate(order) if v.op is not None and v.op.name == "choose"]:
        before = order[i - 1]
        if id(before) in stand_ins and any(before is x for x in order[i].inputs[1:]):
            raise NoPlanError("the candidates of a choice are computed for nothing else")


class Sharing:
    """Which candidates count as one when the order of gradients is kept.

    Candidates of one choice do, for nobody knows which of them is chosen.
    """

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.parent: dict[int, int] = {}
        for candidates in {*choices.values()}:
            roots = [*map(self.root, candidates)]
            for x in roots:  # a constant, which is the least, has no gradient
                self.parent[x] = max(roots)

    def root(self, x: int) -> int:
        while (above := self.parent.setdefault(x, x)) != x:
            self.parent[x] = self.parent[above]
            x = above
        return x

    def shared(self, operand: int) -> int:
        """What stands for an operand, and for all that shares its gradient."""
        if operand in self.choices:
            operand = self.choices[operand][0]
        return self.root(operand) if operand in self.parent else operand

    def needed(self, operands: Collection[int]) -> set[int]:
        """The operands that have to be computed before: of a choice, all candidates."""
        if self.choices.keys().isdisjoint(operands):
            return {*operands}
        return {y for x in operands for y in self.choices.get(x, (x,))}
