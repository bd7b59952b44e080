"""Tapes: what is recorded of a batch, its whole loss or what shows it, as tapes."""

from __future__ import annotations

from typing import NamedTuple

from engine import Value, topological_order
from engine.programs.kinds import NoPlanError
from engine.programs.tape import Tape
from engine.recording import tracing
from nn.training.samples import recorded, shape_of, shared_draws

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nn.training.objective import Objective
    from nn.training.samples import Draws


class Parts(NamedTuple):
    """What `JoinedKinds` takes of a batch whose samples are alike."""

    sample: Tape
    loss: Tape
    own: int
    outputs: list[int]


def tape_of(
    objective: Objective,
    inputs: Sequence[Any],
    targets: Sequence[Any],
    parameters: list[Value],
    classes: bool,
) -> tuple[Tape, Draws]:
    """The loss of a batch as a tape, and what each of its samples draws.

    classes: whether targets are classes, which stay as they are; else they are inputs of the tape.
    Raises NoPlanError, with the reason, for a loss that cannot be recorded.
    """
    leaves: list[list[Any]] = [[] for _ in inputs]  # of each sample
    rows = [recorded([x] if shape_of(x) is None else x, own) for x, own in zip(inputs, leaves)]
    goals = goals_of(targets, leaves, classes)
    try:
        with tracing() as block:
            loss = objective(rows, goals)
        draws = shared_draws(block.drawn, leaves)
        return Tape([loss], [x for own in leaves for x in own], parameters), draws
    except (ArithmeticError, TypeError, ValueError) as error:
        raise NoPlanError(str(error)) from None


def goals_of(targets: Sequence[Any], leaves: list[list[Value]], classes: bool) -> list[Any]:
    """What the loss is told of each sample; if that is a number, a Value among its leaves."""
    if classes:
        return list(targets)
    if any(hasattr(t, "__len__") for t in targets):
        raise NoPlanError("a target is several numbers")
    goals = [Value(t) for t in targets]
    for own, goal in zip(leaves, goals):
        own.append(goal)
    return goals


def tapes_of(
    objective: Objective,
    inputs: Sequence[Any],
    targets: Sequence[Any],
    parameters: list[Value],
    classes: bool,
) -> tuple[Parts, Draws]:
    """The same in two parts: the outputs of one sample, and the loss of the outputs of all.

    It takes a model whose samples are alike. Raises NoPlanError as tape_of does, and where the
    parts would not have the bits of the whole.
    """
    of_sample: list[Any] = []
    first = inputs[0]
    x = recorded([first] if shape_of(first) is None else first, of_sample)
    own = len(of_sample)
    try:
        with tracing() as block:
            made = objective.model(x)
        draws = shared_draws(block.drawn, [of_sample])
        outputs = made if isinstance(made, list) else [made]
        leaves = [[Value(y.data) for y in outputs] for _ in inputs]
        given = [list(ys) if isinstance(made, list) else ys[0] for ys in leaves]
        goals = goals_of(targets, leaves, classes)
        with tracing() as block:
            loss = objective.of_outputs(given, goals)
        if block.drawn:
            raise NoPlanError("the loss draws random numbers")
        order = shared_order(loss, leaves, len(outputs))
        sample = Tape([outputs[j] for j in order], of_sample, parameters)
        whole = Tape([loss], [v for ys in leaves for v in ys], parameters)
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        raise NoPlanError(str(error)) from None
    slots = [sample.outputs[order.index(j)] for j in range(len(outputs))]
    return Parts(sample, whole, own, slots), draws


def shared_order(loss: Value, leaves: list[list[Value]], outputs: int) -> list[int]:
    """The order in which the loss comes to the outputs of a sample, which is that of its graph.

    Raises NoPlanError unless it is the same for all samples, and has every output.
    """
    place = {id(v): (i, j) for i, own in enumerate(leaves) for j, v in enumerate(own[:outputs])}
    orders: list[list[int]] = [[] for _ in leaves]
    for v in topological_order(loss):
        if id(v) in place:
            i, j = place[id(v)]
            orders[i].append(j)
    if len(orders[0]) < outputs or any(order != orders[0] for order in orders):
        raise NoPlanError("the loss takes the outputs of the samples in different orders")
    return orders[0]
