"""From a batch to a plan: its loss is recorded, lowered, and checked against its graph."""

from __future__ import annotations

import marshal
from array import array
from hashlib import sha256
from math import inf, isnan

from engine import no_grad
from engine.op import compiled, leaves_domain
from engine.programs.joining import JoinedKinds
from engine.programs.machines import machine_of_plan
from engine.programs.plan import NoPlanError, Plan, lowered
from engine.programs.tape import Tape
from nn.evaluation import is_straight
from nn.training.objective import loss_of
from nn.training.randomness import OWN_DRAWS, RandomState, undrawn
from nn.training.samples import Samples
from nn.training.shifting import shifted
from nn.training.tapes import tape_of, tapes_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from engine import Value
    from nn.data.loader import DataLoader
    from nn.training.objective import Objective
    from nn.training.samples import Way
    from nn.training.tapes import One, Parts


PLANS: dict[Any, Plan] = {}  # the latest, by the structure of their tapes
MOST = 8
FEW = 16  # samples that are compared, where all are alike
NAMES, TARGETS = ("input", "target", "weight"), 1  # of the arguments
RECURRENT = 8_000  # operations, up to which recurrent samples are done one by one: see is_recurrent
LONGEST = 100_000 if compiled else 10_000  # operations that are done one by one
MANY = 50_000  # operations that are recorded to see whether they are the same for other samples
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
        self.one: One | None = None  # what is recorded of one sample, for two machines
        self.alike = is_straight(objective.model)  # whether one sample shows what all do
        self.samples = Samples(loader.lists)
        self.machines: dict[int, Any] = {}
        size = loader.size
        self.ragged = size == self.samples.count and not of_one_shape(self.samples)
        if not self.ragged:
            check_shapes(self.samples)
        self.machines[size] = self.first_machine(size)
        if self.samples.ways[size].asked:
            self.check_targets(size)
        few = 2 * FEW if fast else FEW  # since a machine of 16 lanes is never fast
        few = min(size, max(few, len(set(self.samples.labels or ()))))
        if self.alike and not self.ragged and size > 2 * few and self.machine(few) is not None:
            size = few  # another size of the same samples
        self.one = None
        self.check_numbers(size)

    # ---- recording ----

    def first_machine(self, lanes: int) -> Any:
        """The machine for batches of that size, by the first way that there is.

        The targets are numbers, or classes where the loss wants classes. Raises NoPlanError.
        """
        try:
            return self.made(lanes)
        except NoPlanError as error:
            self.alike = is_straight(self.objective.model)
            try:
                self.samples.as_classes(TARGETS)
                return self.made(lanes)
            except NoPlanError as other:
                if self.samples.labels is None:  # as it is no list of classes
                    if isinstance(error.__cause__, TypeError | ValueError):
                        self.check_targets(lanes)  # whose message has the targets as they are
                    raise error from None
                if str(other) == str(error):
                    raise
                raise NoPlanError(f"{other}; as numbers: {error}") from error

    def made(self, lanes: int) -> Any:
        """A machine for batches of that size. Raises NoPlanError, with the first reason.

        Every class occurs in the batch that is recorded.
        """
        places, labels = self.places(lanes), self.samples.labels
        classes = None if labels is None else [labels[i] for i in places]
        if self.alike and lanes > 1:
            try:
                with undrawn(self.sources()):
                    parts, way, one = tapes_of(
                        self.objective, self.samples, places, self.parameters, self.one
                    )
                plan = plan_of(parts, lanes, classes)
                self.one = None if self.machines else one
                del parts, one  # which take more memory than the machine
                machine = machine_of_plan(plan, self.fast)
            except NoPlanError:
                self.alike = False
            else:
                self.samples.ways[lanes] = way
                return machine
        with undrawn(self.sources()):
            machine, self.samples.ways[lanes] = self.of_tape(places, classes)
        return machine

    def of_tape(self, places: Sequence[int], classes: list[int] | None) -> tuple[Any, Way]:
        """A machine of the tape of a batch, and how batches are replayed.

        The same operation of all samples is done at once, or all operations one by one. With
        classes, which operations there are follows from the class: then only the first will do.
        """
        reason: NoPlanError | None = None
        way: Way | None = None
        ways = (False, True) if classes is None else (False,)
        for together in ways[int(self.ragged) :]:  # samples of many shapes are not alike
            try:
                if way is None or way.draws:  # else it is the same tape
                    tape, way = self.tape(places, together)
                way = way._replace(together=together)
                if together and len(tape) > LONGEST:
                    raise NoPlanError(f"the samples are not alike: {len(tape)} operations")
                plan = plan_of(tape, 1 if together else len(places), classes)
                alone = plan.sequential and classes is None and not way.draws
                if alone and len(tape) <= RECURRENT:
                    way = way._replace(together=True)
                    plan = plan_of(tape, 1, None)
                if classes is None:
                    self.check_others(tape, places, together)
                return machine_of_plan(plan, self.fast), way
            except NoPlanError as error:
                reason = reason or error
        raise reason or NoPlanError("classes are for samples of one length")

    def tape(self, places: Sequence[int], together: bool) -> tuple[Tape, Way]:
        return tape_of(self.objective, self.samples, places, self.parameters, together)

    def check_others(self, tape: Tape, places: Sequence[int], together: bool) -> None:
        """Raise NoPlanError unless other batches have the same tape, also with other weights.

        As many batches are recorded as show every sample, or as have MANY operations in all.
        """
        n, lanes, key = self.samples.count, len(places), key_of(tape, 1, None)
        with shifted(self.parameters):
            starts = range(1) if self.ragged else range(1, n + 1, lanes)
            for start in starts[: MANY // max(1, len(tape))]:
                others = [(start + i) % n for i in range(lanes)]
                try:
                    found, _ = self.tape(others, together)
                except NoPlanError as error:
                    if isinstance(error.__cause__, Exception) and leaves_domain(error.__cause__):
                        continue  # the weights led there
                    raise
                if key_of(found, 1, None) != key:
                    raise NoPlanError("other samples do not have the same operations")

    def places(self, lanes: int) -> list[int]:
        """The samples that are recorded. Raises NoPlanError if they cannot show every class."""
        places, labels = list(range(self.samples.count)), self.samples.labels
        if labels is not None:
            firsts = [labels.index(c) for c in sorted(set(labels))]
            if len(firsts) > lanes:
                raise NoPlanError(f"a batch of {lanes} has not all of {len(firsts)} classes")
            chosen = set(firsts)
            places = firsts + [i for i in places if i not in chosen]
        return places[:lanes]

    def machine(self, lanes: int) -> Any:
        """The machine for batches of that size; None if there is no plan for them."""
        if lanes not in self.machines:
            try:
                self.machines[lanes] = self.made(lanes)
            except NoPlanError:
                self.machines[lanes] = None
        return self.machines[lanes]

    # ---- comparing ----

    def check_targets(self, size: int) -> None:
        """Raise NoPlanError if the loss refuses the targets of any sample: the graph is to say so.

        It is asked for all samples, with the output of the first for each of them.
        """
        with undrawn(self.sources()), no_grad():
            try:
                output = self.objective.model(self.loader.inputs[0])
                for start in range(0, self.samples.count, size):
                    places = range(start, min(start + size, self.samples.count))
                    _, *others = self.loader.samples(places)
                    loss_of(self.objective.loss, [output] * len(places), *others)
            except ArithmeticError:
                return  # the output is of no use here
            except (TypeError, ValueError) as error:
                raise NoPlanError(str(error)) from error

    def check_numbers(self, lanes: int) -> None:
        """Raise NoPlanError unless another batch, with other weights, has the bits of its graph.

        In fast mode its gradients may be as far off as TOLERANCE. A program that goes another way
        for other numbers, by an `if`, or draws random numbers of its own is found out here.
        """
        loader, sources = self.loader, self.sources()
        order = loader.order(loader.epoch)[:lanes]
        try:
            with shifted(self.parameters):
                numbers = array("d", [p.data for p in self.parameters])
                with undrawn(sources):
                    answer = self.machines[lanes].evaluate(numbers, *self.samples.batch(order))
                    drawn = RandomState(sources)
                with undrawn(sources):
                    loss = self.objective(*loader.samples(order))
                    drew_alike = RandomState(sources).states == drawn.states
                loss.backward()
                found = loss.data, array("d", [p.grad for p in self.parameters])
                del loss
        except (ArithmeticError, ValueError) as error:
            if not leaves_domain(error):
                raise
            raise NoPlanError(str(error)) from None
        if not drew_alike:
            raise NoPlanError(OWN_DRAWS)
        if answer is not None and self.fast:
            self.deviation = deviation(answer, found)
            if not self.deviation <= TOLERANCE:
                raise NoPlanError(
                    f"fast gradients differ by {self.deviation:.1g} of the largest, "
                    f"more than {TOLERANCE:g}"
                )
        elif answer is None or same(*answer) != same(*found):
            raise NoPlanError("a step of the machine has not the bits of its graph")


def of_one_shape(samples: Samples) -> bool:
    """Whether all samples have as many numbers, in the same lists."""
    return all(shapes == samples.shapes[0] for shapes in samples.shapes)


def check_shapes(samples: Samples) -> None:
    """Raise NoPlanError unless all samples have as many numbers, in the same lists."""
    first = samples.shapes[0]
    for i, shapes in enumerate(samples.shapes):
        for what, shape, wanted, argument in zip(NAMES, shapes, first, samples.arguments):
            if shape != wanted:
                got = argument.given[i]
                raise NoPlanError(f"{what} {i} has another shape than the first: {got!r:.60}")


def plan_of(made: Tape | Parts, lanes: int, classes: Sequence[int] | None) -> Plan:
    """The plan of a tape; of the latest tapes, none of the same structure is lowered again."""
    key = key_of(made, lanes, classes)
    PLANS[key] = plan = PLANS.pop(key, None) or made_anew(made, lanes, classes)
    for oldest in list(PLANS)[:-MOST]:
        PLANS.pop(oldest, None)
    return plan


def key_of(made: Tape | Parts, lanes: int, classes: Sequence[int] | None) -> tuple[Any, ...]:
    """What is the same for tapes that have the same plan."""
    tapes = [made] if isinstance(made, Tape) else [made.sample, made.loss]
    key: Any = [None if classes is None else sha256(array("i", classes).tobytes()).digest(), lanes]
    for tape in tapes:
        numbers = array("d", tape.constants).tobytes()  # which tell -0.0 from 0.0
        slots = (len(tape.parameters), len(tape.inputs), tape.args, tape.outputs)
        # version 2 writes what is equal alike: later ones write what occurs twice but once
        key += [tuple(tape.ops), numbers, sha256(marshal.dumps(slots, 2)).digest()]
    return tuple(key)


def made_anew(made: Tape | Parts, lanes: int, classes: Sequence[int] | None) -> Plan:
    if isinstance(made, Tape):
        return lowered(made, lanes, classes)
    kinds = JoinedKinds(made.sample, made.loss, lanes, made.own, made.outputs, made.kinds)
    return Plan(kinds, classes)


def same(value: float, grads: Sequence[float]) -> bytes | list[str]:
    """The bits, in which every nan is the same."""
    numbers = array("d", (value, *grads))
    if not any(map(isnan, numbers)):
        return numbers.tobytes()
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
