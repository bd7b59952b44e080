"""From a batch to a plan: its loss is recorded, lowered, and checked against its graph."""

from __future__ import annotations

import marshal
from array import array
from hashlib import sha256
from math import inf

from engine.op import leaves_domain
from engine.programs.joining import JoinedKinds
from engine.programs.machines import machine_of_plan
from engine.programs.plan import NoPlanError, Plan, lowered
from engine.programs.tape import Tape
from nn.evaluation import is_straight
from nn.training.randomness import undrawn
from nn.training.samples import Samples, shape_of
from nn.training.tapes import tape_of, tapes_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from engine import Value
    from nn.data.loader import DataLoader
    from nn.training.objective import Objective
    from nn.training.samples import Draws
    from nn.training.tapes import Parts


PLANS: dict[Any, Plan] = {}  # the latest, by the structure of their tapes
MOST = 8
FEW = 16  # samples that are compared, where all are alike
TOLERANCE = 1e-9  # of fast gradients, as a share of the largest


class BatchPlans:
    """The machines of a training, one for each size of batch.

    samples: the numbers that the machines work on. deviation: how far fast gradients are from the
    gradients of a graph, as a share of the largest.
    """

    def __init__(
        self,
        loader: DataLoader,
        objective: Objective,
        parameters: list[Value],
        sources: Callable[[], list[Any]],
        fast: bool = False,
    ) -> None:
        """objective: the loss of a batch. sources: gives the random sources it may draw from.

        Raises NoPlanError, with the reason, where steps cannot be replayed.
        """
        self.loader, self.objective, self.parameters = loader, objective, parameters
        self.sources, self.fast, self.deviation = sources, fast, 0.0
        self.alike = is_straight(objective.model)  # whether one sample shows what all do
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
        few = min(size, max(FEW, len(set(self.classes or ()))))
        if self.alike and size > 2 * few and self.machine(few) is not None:
            size = few  # another size of the same samples
        self.check_numbers(size)

    # ---- recording ----

    def plan(self, lanes: int) -> tuple[Plan, Draws]:
        """The plan of a batch of that many samples, and what each sample draws.

        Every class occurs in the batch that is recorded.
        """
        places = self.places(lanes)
        inputs, targets = self.loader.samples(places)
        classes = None if self.classes is None else [self.classes[i] for i in places]
        given = self.objective, inputs, targets, self.parameters, classes is not None
        if self.alike and lanes > 1:
            try:
                with undrawn(self.sources()):
                    parts, draws = tapes_of(*given)
                return plan_of(parts, lanes, classes), draws
            except NoPlanError:
                self.alike = False
        with undrawn(self.sources()):
            tape, draws = tape_of(*given)
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


def plan_of(made: Tape | Parts, lanes: int, classes: Sequence[int] | None) -> Plan:
    """The plan of a tape; of the latest tapes, none of the same structure is lowered again."""
    tapes = [made] if isinstance(made, Tape) else [made.sample, made.loss]
    key: Any = [None if classes is None else sha256(array("i", classes).tobytes()).digest(), lanes]
    for tape in tapes:
        numbers = array("d", tape.constants).tobytes()  # which tell -0.0 from 0.0
        slots = (len(tape.parameters), len(tape.inputs), tape.args, tape.outputs)
        # version 2 writes what is equal alike: later ones write what occurs twice but once
        key += [tuple(tape.ops), numbers, sha256(marshal.dumps(slots, 2)).digest()]
    key = tuple(key)
    PLANS[key] = plan = PLANS.pop(key, None) or made_anew(made, lanes, classes)
    for oldest in list(PLANS)[:-MOST]:
        PLANS.pop(oldest, None)
    return plan


def made_anew(made: Tape | Parts, lanes: int, classes: Sequence[int] | None) -> Plan:
    if isinstance(made, Tape):
        return lowered(made, lanes, classes)
    kinds = JoinedKinds(made.sample, made.loss, lanes, made.own, made.outputs)
    return Plan(kinds, classes)


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
