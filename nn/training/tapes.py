"""Tapes: what is recorded of a batch, its whole loss or what shows it, as tapes."""

from __future__ import annotations

from array import array
from typing import NamedTuple

from engine import Value, topological_order
from engine.programs.choices import check_visits
from engine.programs.kinds import Kinds, NoPlanError
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
    kinds: Kinds


class One:
    """One sample, which is recorded once for batches of all sizes.

    made: what the model gives for it. draws: see `Way`. own: how many numbers its input has.
    """

    def __init__(
        self, objective: Objective, samples: Samples, i: int, parameters: list[Value]
    ) -> None:
        """Raises NoPlanError, and what the model raises."""
        (x, *_), (self.leaves,) = samples.given([i])
        self.i, self.parameters = i, parameters
        self.own = size_of(samples.shapes[i][0])
        self.leaves = self.leaves[: self.own]
        with tracing() as block:
            self.made = objective.model(x[0])
        self.draws = shared_draws(block.drawn, [self.leaves])
        self.outputs = self.made if isinstance(self.made, list) else [self.made]
        self.known: dict[tuple[int, ...], Kinds] = {}

    def kinds(self, order: Sequence[int]) -> Kinds:
        """The kinds of its tape, whose operations come to the outputs in that order."""
        key = tuple(order)
        if key not in self.known:
            tape = Tape([self.outputs[j] for j in order], self.leaves, self.parameters)
            self.known[key] = Kinds(tape, 1)
        return self.known[key]


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
    objective: Objective,
    samples: Samples,
    places: Sequence[int],
    parameters: list[Value],
    one: One | None = None,
) -> tuple[Parts, Way, One]:
    """The same in two parts: the outputs of one sample, and the loss of the outputs of all.

    It takes a model whose samples are alike. one: what was recorded of the first of them for
    another batch. Raises NoPlanError as tape_of does, and where the parts would not have the bits
    of the whole.
    """
    others, leaves = samples.given(places, first=1)
    try:
        if one is None or one.i != places[0]:
            one = One(objective, samples, places[0], parameters)
        made, outputs = one.made, one.outputs
        for own_leaves in leaves:
            own_leaves[:0] = [Value(y.data) for y in outputs]
        n = len(outputs)
        given = [ys[:n] if isinstance(made, list) else ys[0] for ys in leaves]
        with tracing() as block:
            loss = objective.of_outputs(given, *others)
        if block.drawn:
            raise NoPlanError("the loss draws random numbers")
        order = shared_order(loss, leaves, n)
        kinds = one.kinds(order)
        whole = Tape([loss], [v for ys in leaves for v in ys], parameters)
    except WRONG as error:
        raise NoPlanError(str(error)) from error
    slots = [kinds.tape.outputs[order.index(j)] for j in range(n)]
    parts = Parts(kinds.tape, whole, one.own, slots, kinds)
    return parts, Way(False, one.draws, any_asked(leaves)), one


def any_asked(leaves: Sequence[Sequence[Value]]) -> bool:
    """Whether nn has checked numbers of the samples, as a loss does its targets."""
    return any(isinstance(x, Number) and x.asked for own in leaves for x in own)


def shared_order(loss: Value, leaves: list[list[Value]], outputs: int) -> list[int]:
    """The order in which the loss comes to the outputs of a sample, which is that of its graph.

    Raises NoPlanError unless it is the same for all samples, and has every output.
    """
    ids = [id(v) for own in leaves for v in own[:outputs]]
    place = dict(zip(ids, range(len(ids))))
    visited = topological_order(loss)
    check_visits(visited, place)
    orders = [array("i") for _ in leaves]
    for k in map(place.get, map(id, visited)):
        if k is not None:
            orders[k // outputs].append(k % outputs)
    if len(orders[0]) < outputs or any(order != orders[0] for order in orders):
        raise NoPlanError("the loss takes the outputs of the samples in different orders")
    return orders[0].tolist()
