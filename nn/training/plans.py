"""From a batch to a plan: its loss is recorded, lowered, and checked against its graph."""

from __future__ import annotations

import marshal
from array import array
from hashlib import sha256
from math import inf

from engine import Value
from engine.op import leaves_domain
from engine.programs.machines import machine_of_plan
from engine.programs.plan import NoPlanError, Plan, lowered
from engine.programs.tape import Tape
from engine.recording import tracing
from nn.training.randomness import undrawn
from nn.training.samples import Samples, recorded, shape_of, shared_draws

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from nn.data.loader import DataLoader
    from nn.training.samples import Draws


PLANS: dict[Any, Plan] = {}  # the latest, by the structure of their tapes
MOST = 8
TOLERANCE = 1e-9  # of fast gradients, as a share of the largest


class BatchPlans:
    """The machines of a training, one for each size of batch.

    samples: the numbers that the machines work on. deviation: how far fast gradients are from the
    gradients of a graph, as a share of the largest.
    """

    def __init__(
        self,
        loader: DataLoader,
        objective: Callable[[Sequence[Any], Sequence[Any]], Value],
        parameters: list[Value],
        sources: Callable[[], list[Any]],
        fast: bool = False,
    ) -> None:
        """objective: the loss of a batch. sources: gives the random sources it may draw from.

        Raises NoPlanError, with the reason, where steps cannot be replayed.
        """
        self.loader, self.objective, self.parameters = loader, objective, parameters
        self.sources, self.fast, self.deviation = sources, fast, 0.0
        inputs, targets = loader.inputs, loader.targets
        check_shapes(inputs)
        whole = all(hasattr(t, "__index__") and not isinstance(t, bool) for t in targets)
        size = min(loader.batch_size or len(inputs), len(inputs))
        self.classes: list[int] | None = [int(t) for t in targets] if whole else None
        try:
            plan, draws = self.plan(size)
        except NoPlanError as error:
            if self.classes is None:
                raise
            self.classes = None  # they are numbers, unless the loss wants classes
            try:
                plan, draws = self.plan(size)
            except NoPlanError:
                raise error from None
        self.machines: dict[int, Any] = {size: machine_of_plan(plan, fast)}
        self.samples = Samples(loader, self.classes, draws)
        self.check_numbers(size)

    # ---- recording ----

    def plan(self, lanes: int) -> tuple[Plan, Draws]:
        """The plan of a batch of that many samples, and what each sample draws.

        Every class occurs in the batch that is recorded.
        """
        places = self.places(lanes)
        inputs, targets = self.loader.samples(places)
        with undrawn(self.sources()):
            tape, draws = tape_of(
                self.objective, inputs, targets, self.parameters, self.classes is not None
            )
        classes = None if self.classes is None else [self.classes[i] for i in places]
        return plan_of(tape, lanes, classes), draws

    def places(self, lanes: int) -> list[int]:
        """The samples that are recorded. Raises NoPlanError if they cannot show every class."""
        places = list(range(len(self.loader.inputs)))
        if self.classes is not None:
            firsts = [self.classes.index(c) for c in sorted(set(self.classes))]
            if len(firsts) > lanes:
                raise NoPlanError(f"a batch of {lanes} has not all of {len(firsts)} classes")
            chosen = set(firsts)
            places = firsts + [i for i in places if i not in chosen]
        return places[:lanes]

    def machine(self, lanes: int) -> Any:
        """The machine for batches of that size; None if there is no plan for them."""
        if lanes not in self.machines:
            try:
                plan, draws = self.plan(lanes)
                same_draws = draws == self.samples.draws
                self.machines[lanes] = machine_of_plan(plan, self.fast) if same_draws else None
            except NoPlanError:
                self.machines[lanes] = None
        return self.machines[lanes]

    # ---- comparing ----

    def check_numbers(self, lanes: int) -> None:
        """Raise NoPlanError unless another batch, with other weights, has the bits of its graph.

        In fast mode its gradients may be as far off as TOLERANCE. A program that goes another way
        for other numbers, by an `if`, is found out here.
        """
        loader = self.loader
        order = loader.order(loader.epoch)[:lanes]
        before = [(p, p.data, p.grad) for p in self.parameters]
        try:
            for i, (p, data, _) in enumerate(before):  # zeros, as of biases, are special cases
                p.data, p.grad = data + (1 + i % 7) * 2.0**-10, 0.0
            shifted = array("d", [p.data for p in self.parameters])
            with undrawn(self.sources()):
                answer = self.machines[lanes].evaluate(shifted, *self.samples.batch(order))
            with undrawn(self.sources()):
                loss = self.objective(*loader.samples(order))
            loss.backward()
            found = (loss.data, [p.grad for p in self.parameters])
        except (ArithmeticError, ValueError) as error:
            if not leaves_domain(error):
                raise
            raise NoPlanError(str(error)) from None
        finally:
            for p, data, grad in before:
                p.data, p.grad = data, grad
        if answer is not None and self.fast:
            self.deviation = deviation(answer, found)
            if not self.deviation <= TOLERANCE:
                raise NoPlanError(
                    f"fast gradients differ by {self.deviation:.1g} of the largest, "
                    f"more than {TOLERANCE:g}"
                )
        elif answer is None or same(*answer) != same(*found):
            raise NoPlanError("a step of the machine has not the bits of its graph")


def check_shapes(inputs: Sequence[Any]) -> None:
    """Raise NoPlanError unless all inputs are numbers, or lists of as many numbers."""
    first = shape_of(inputs[0])
    for i, x in enumerate(inputs):
        if shape_of(x) != first:
            raise NoPlanError(f"input {i} has another shape than the first: {x!r:.60}")


def tape_of(
    objective: Callable[[Sequence[Any], Sequence[Any]], Value],
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
    goals = list(targets)
    if not classes:
        if any(hasattr(t, "__len__") for t in goals):
            raise NoPlanError("a target is several numbers")
        goals = [Value(t) for t in goals]
        for own, goal in zip(leaves, goals):
            own.append(goal)
    try:
        with tracing() as block:
            loss = objective(rows, goals)
        draws = shared_draws(block.drawn, leaves)
        return Tape([loss], [x for own in leaves for x in own], parameters), draws
    except (ArithmeticError, TypeError, ValueError) as error:
        raise NoPlanError(str(error)) from None


def plan_of(tape: Tape, lanes: int, classes: Sequence[int] | None) -> Plan:
    """The plan of a tape; of the latest tapes, none of the same structure is lowered again."""
    numbers = array("d", tape.constants).tobytes()  # which tell -0.0 from 0.0
    chosen = None if classes is None else list(classes)
    slots = (len(tape.parameters), len(tape.inputs), tape.args, tape.outputs, lanes, chosen)
    # version 2 writes what is equal alike: later ones write what occurs twice but once
    key = (tuple(tape.ops), numbers, sha256(marshal.dumps(slots, 2)).digest())
    plan = PLANS.pop(key, None) or lowered(tape, lanes, classes)
    PLANS[key] = plan  # behind the others
    for oldest in list(PLANS)[:-MOST]:
        PLANS.pop(oldest, None)
    return plan


def same(value: float, grads: Sequence[float]) -> list[str]:
    """The bits, in which every nan is the same."""
    return [x.hex() if x == x else "nan" for x in (value, *grads)]


def deviation(found: tuple[float, Sequence[float]], wanted: tuple[float, Sequence[float]]) -> float:
    """How far off gradients are, as a share of the largest; of a loss, as a share of it (or 1)."""
    largest = max([abs(x) for x in wanted[1]], default=0.0)
    pairs = [(found[0], wanted[0], max(abs(wanted[0]), 1.0))]
    pairs += [(x, y, largest) for x, y in zip(found[1], wanted[1])]
    shares = [
        abs(x - y) / size if size else inf for x, y, size in pairs if same(x, ()) != same(y, ())
    ]
    return max([share if share == share else inf for share in shares], default=0.0)
