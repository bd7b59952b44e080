"""Tapes: what is recorded of a batch, its whole loss or what shows it, as tapes."""

from __future__ import annotations

from typing import NamedTuple

from engine import Value, topological_order
from engine.programs.choices import check_visits
from engine.programs.kinds import NoPlanError
from engine.programs.tape import Tape
from engine.recording import tracing
from nn.training.arguments import size_of
from nn.training.number import Number
from nn.training.samples import Way, shared_draws
from nn.training.states import settle_zeros

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from nn.training.objective import Objective
    from nn.training.samples import Samples

WRONG = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class Parts(NamedTuple):
    """What `JoinedKinds` takes of a batch whose samples are alike."""

    sample: Tape
    loss: Tape
    own: int
    outputs: list[int]


def tape_of(
    loss_of: Callable[..., Any],
    samples: Samples,
    places: Sequence[int],
    parameters: list[Value],
    together: bool,
) -> tuple[Tape, Way]:
    """The loss of the samples at these places as a tape, and how it is replayed.

    loss_of: takes the lists of the samples. Raises NoPlanError, with the reason, for a loss that
    cannot be recorded.
    """
    given, leaves = samples.given(places)
    try:
        with tracing() as block:
            loss = loss_of(*given)
        flat = [x for own in leaves for x in own]
        settle_zeros(loss, lambda: loss_of(*given), flat, parameters)
        if together:
            leaves = [[x for own in leaves for x in own]]
        way = Way(together, shared_draws(block.drawn, leaves), any_asked(leaves))
        return Tape([loss], [x for own in leaves for x in own], parameters), way
    except WRONG as error:
        raise NoPlanError(str(error)) from error


def tapes_of(
    objective: Objective, samples: Samples, places: Sequence[int], parameters: list[Value]
) -> tuple[Parts, Way]:
    """The same in two parts: the outputs of one sample, and the loss of the outputs of all.

    It takes a model whose samples are alike. Raises NoPlanError as tape_of does, and where the
    parts would not have the bits of the whole.
    """
    (x, *_), (of_sample,) = samples.given(places[:1])
    own = size_of(samples.shapes[places[0]][0])
    of_sample = of_sample[:own]
    others, leaves = samples.given(places, first=1)
    try:
        with tracing() as block:
            made = objective.model(x[0])
        draws = shared_draws(block.drawn, [of_sample])
        outputs = made if isinstance(made, list) else [made]
        for own_leaves in leaves:
            own_leaves[:0] = [Value(y.data) for y in outputs]
        n = len(outputs)
        given = [ys[:n] if isinstance(made, list) else ys[0] for ys in leaves]
        with tracing() as block:
            loss = objective.of_outputs(given, *others)
        if block.drawn:
            raise NoPlanError("the loss draws random numbers")
        order = shared_order(loss, leaves, n)
        sample = Tape([outputs[j] for j in order], of_sample, parameters)
        whole = Tape([loss], [v for ys in leaves for v in ys], parameters)
    except WRONG as error:
        raise NoPlanError(str(error)) from error
    slots = [sample.outputs[order.index(j)] for j in range(n)]
    return Parts(sample, whole, own, slots), Way(False, draws, any_asked(leaves))


def any_asked(leaves: Sequence[Sequence[Value]]) -> bool:
    """Whether nn has checked numbers of the samples, as a loss does its targets."""
    return any(isinstance(x, Number) and x.asked for own in leaves for x in own)


def shared_order(loss: Value, leaves: list[list[Value]], outputs: int) -> list[int]:
    """The order in which the loss comes to the outputs of a sample, which is that of its graph.

    Raises NoPlanError unless it is the same for all samples, and has every output.
    """
    place = {id(v): (i, j) for i, own in enumerate(leaves) for j, v in enumerate(own[:outputs])}
    orders: list[list[int]] = [[] for _ in leaves]
    visited = topological_order(loss)
    check_visits(visited, place)
    for v in visited:
        if id(v) in place:
            i, j = place[id(v)]
            orders[i].append(j)
    if len(orders[0]) < outputs or any(order != orders[0] for order in orders):
        raise NoPlanError("the loss takes the outputs of the samples in different orders")
    return orders[0]
