"""The body of a plan: an instruction on rows for each kind, and one for each layer."""

from __future__ import annotations

from engine.programs.kinds import is_scalar
from engine.programs.neurons import as_layer, layers, neuron_inputs
from engine.programs.tape import is_choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from engine.programs.kinds import Kinds

MANY = 4  # samples, from which on a single neuron is faster as a layer


def body_of(kinds: Kinds) -> tuple[list[tuple[Any, ...]], list[int]]:
    """The instructions, and the row of each kind. The first rows are the inputs."""
    steps = kinds.steps
    groups = [[k] for k in range(len(steps))]
    if not kinds.sequential:  # its gradients go sample by sample, and not layer by layer
        groups = layers(seen_through(kinds), is_scalar, differentiated=True)
    rows = [0] * len(steps)
    for row, k in enumerate([k for group in groups for k in group], kinds.columns):
        rows[k] = row
    wanted = depends_on_parameters(kinds)
    chosen = any(is_choice(op) for op, _, _ in steps)
    body = []
    for group in groups:
        op, operands, reached = step = steps[group[0]]
        alone = False
        if len(group) == 1 and not kinds.sequential and neuron_inputs(step, is_scalar):
            taken = [x for x in operands if kinds.is_chosen(x)] if chosen else []
            alone = bool(kinds.lanes >= MANY or taken) and not chosen_rows(kinds, taken)
        row = rows[group[0]]
        if len(group) > 1 or alone:
            body.append(as_layer(row, [encoded(kinds, steps[k][1], rows) for k in group]))
        else:
            name = "choose" if is_choice(op) else op.name
            instruction = (name, row, encoded(kinds, operands, rows))
            live = reached and group[0] in wanted
            body.append(instruction if live else (*instruction, False))
    return body, rows


def seen_through(kinds: Kinds) -> list[tuple[Any, ...]]:
    """The steps, where one that takes a chosen row also takes all that it may be.

    No neuron that takes one becomes part of a layer: a layer has its inputs in an order of its own.
    """
    if not any(is_choice(op) for op, _, _ in kinds.steps):
        return list(kinds.steps)
    seen: list[tuple[Any, ...]] = []
    for op, operands, reached in kinds.steps:
        others = chosen_rows(kinds, operands)
        seen.append((op, (*operands, *others), reached and not others))
    return seen


def chosen_rows(kinds: Kinds, operands: Sequence[Any]) -> list[Any]:
    """The rows among the candidates of those operands that are chosen."""
    chosen = [kinds.steps[x[1]][1][1:] for x in operands if kinds.is_chosen(x)]
    return [x for candidates in chosen for x in candidates if not is_scalar(x)]


def depends_on_parameters(kinds: Kinds) -> set[int]:
    """The kinds that depend on a parameter: no gradient is wanted of the others."""
    found: set[int] = set()
    for kind, (_, operands, _) in enumerate(kinds.steps):
        for x in operands:
            if kinds.is_parameter(x) or (not is_scalar(x) and x[0] == "row" and x[1] in found):
                found.add(kind)
                break
    return found


def encoded(kinds: Kinds, operands: Sequence[Any], rows: Sequence[int]) -> tuple[int, ...]:
    """The operands as numbers: row r, or scalar ~k."""
    parameters, scalars = kinds.first_input, kinds.scalars  # of every weight, so without a call
    return tuple(
        [
            (scalars[x] if x < parameters else kinds.scalar(x))
            if type(x) is int
            else (rows[x[1]] if x[0] == "row" else x[1])
            for x in operands
        ]
    )
