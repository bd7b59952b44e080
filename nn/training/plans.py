"""From a batch to a plan: the loss of a batch, traced, and what a machine of it works on."""

from __future__ import annotations

import marshal
from array import array
from contextlib import contextmanager
from hashlib import sha256
from math import inf

from engine import Value
from engine.programs.machines import machine
from engine.programs.plan import NoPlanError, Plan, lowered
from engine.programs.tape import Tape
from engine.recording import tracing
from nn.init import source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from nn.layers.linear import Dropout
    from nn.training.run import Run

    Draws = list[tuple[Dropout, int]]


PLANS: dict[Any, Plan] = {}  # the latest, by the structure of their tapes
MOST = 8
TOLERANCE = 1e-9  # of fast gradients, as a share of the largest


class BatchPlans:
    """The machines of a run, one for each size of batch, and the numbers they work on.

    data: the samples, one after the other, of `width` numbers each. labels: their classes, or
    None. draws: the Dropouts that each sample passes, and how many numbers each of them draws.
    deviation: of fast gradients from those of a graph, as a share of the largest.
    """

    def __init__(self, run: Run, fast: bool = False) -> None:
        """Raises NoPlanError, with the reason, where steps cannot be replayed."""
        self.run, self.fast, self.deviation = run, fast, 0.0
        inputs, targets = run.loader.inputs, run.loader.targets
        whole = all(hasattr(t, "__index__") and not isinstance(t, bool) for t in targets)
        size = min(run.loader.batch_size or len(inputs), len(inputs))
        self.classes: list[int] | None = [int(t) for t in targets] if whole else None
        try:
            plan, self.draws = self.plan(size)
        except NoPlanError as error:
            if self.classes is None:
                raise
            self.classes = None  # they are numbers, unless the loss wants classes
            try:
                plan, self.draws = self.plan(size)
            except NoPlanError:
                raise error from None
        self.machines: dict[int, Any] = {size: machine(plan, fast)}
        self.width = plan.inputs - sum([n for _, n in self.draws])
        self.data = array("d", [x for i in range(len(inputs)) for x in self.numbers(i)])
        self.labels = array("i", self.classes) if self.classes is not None else None
        self.check_numbers(size)

    # ---- the plan ----

    def plan(self, lanes: int) -> tuple[Plan, Draws]:
        """The plan of a batch of that many samples, in which every class occurs; what they draw."""
        run, places = self.run, self.places(lanes)
        rows = [[Value(x) for x in vector(run.loader.inputs[i])] for i in places]
        goals = [run.loader.targets[i] for i in places]
        leaves = [list(row) for row in rows]  # of each sample
        if self.classes is None:
            if any(hasattr(t, "__len__") for t in goals):
                raise NoPlanError("a target is several numbers")
            goals = [Value(t) for t in goals]
            for own, goal in zip(leaves, goals):
                own.append(goal)
        try:
            with undrawn(run.sources()), tracing() as block:
                loss = run.loss_of(rows, goals)
            draws = shared_draws(block.drawn, leaves)
            tape = Tape([loss], [x for own in leaves for x in own], run.parameters)
        except (ArithmeticError, TypeError, ValueError) as error:
            raise NoPlanError(str(error)) from None
        classes = None if self.classes is None else [self.classes[i] for i in places]
        return plan_of(tape, lanes, classes), draws

    def places(self, lanes: int) -> list[int]:
        """The samples that are recorded. Raises NoPlanError if they cannot show every class."""
        places = list(range(len(self.run.loader.inputs)))
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
                same_draws = draws == self.draws
                self.machines[lanes] = machine(plan, self.fast) if same_draws else None
            except NoPlanError:
                self.machines[lanes] = None
        return self.machines[lanes]

    def check_numbers(self, lanes: int) -> None:
        """Raise NoPlanError unless another batch, with other weights, has the bits of its graph.

        In fast mode, unless its numbers are as near as TOLERANCE. A program that takes another way
        for other numbers, by an `if`, is seen here at the latest.
        """
        run = self.run
        order = run.loader.order(run.loader.epoch)[:lanes]
        before = [(p, p.data, p.grad) for p in run.parameters]
        try:
            for i, (p, data, _) in enumerate(before):  # zeros, as of biases, are special cases
                p.data, p.grad = data + (1 + i % 7) * 2.0**-10, 0.0
            shifted = array("d", [p.data for p in run.parameters])
            with undrawn(run.sources()):
                answer = self.machines[lanes].evaluate(shifted, *self.batch(order))
            with undrawn(run.sources()):
                loss = run.loss_of(*run.loader.samples(order))
            loss.backward()
            found = (loss.data, [p.grad for p in run.parameters])
        except ArithmeticError as error:
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

    # ---- its numbers ----

    def numbers(self, i: int) -> list[float]:
        """The inputs of a plan for sample i: its own, and its target if that is a number."""
        row = [float(x) for x in vector(self.run.loader.inputs[i])]
        return row if self.classes is not None else [*row, float(self.run.loader.targets[i])]

    def batch(self, places: Iterable[int]) -> tuple[Any, Any]:
        """What a machine evaluates: the numbers of the samples there, and their classes.

        To each come its random numbers, drawn as the graph of these samples would.
        """
        rows, n = array("d"), self.width
        for i in places:
            rows += self.data[i * n : (i + 1) * n]
            rows.extend(self.drawn())
        labels = self.labels
        return rows, None if labels is None else array("i", [labels[i] for i in places])

    def batches(self, chunk: Sequence[Sequence[int]]) -> tuple[Any, Any, Any]:
        """What a machine trains on: samples, their classes, and which of them each step sees."""
        places = array("i", [i for batch in chunk for i in batch])
        if not self.draws:
            return self.data, self.labels, places
        return *self.batch(places), array("i", range(len(places)))

    def drawn(self) -> list[float]:
        """The random numbers of the next sample."""
        return [x for module, n in self.draws for x in module.mask(n)]

    def sources(self) -> list[Any]:
        """The random sources that are drawn from."""
        found = [source(module.rng) for module, _ in self.draws]
        return list({id(rng): rng for rng in found}.values())


def plan_of(tape: Tape, lanes: int, classes: Sequence[int] | None) -> Plan:
    """As `lowered`; what was lowered lately, for whatever numbers, is not lowered again."""
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


def shared_draws(drawn: list[tuple[Any, list[Any]]], leaves: list[list[Any]]) -> Draws:
    """What every sample draws, in its order; the leaves of each sample get what was drawn for it.

    Raises NoPlanError unless all samples draw alike.
    """
    each = len(drawn) // len(leaves)
    parts = [drawn[i * each : (i + 1) * each] for i in range(len(leaves))]
    alike = [[(module, len(numbers)) for module, numbers in part] for part in parts]
    if each * len(leaves) < len(drawn) or any(part != alike[0] for part in alike):
        raise NoPlanError("the samples do not draw the same random numbers")
    for own, part in zip(leaves, parts):
        own.extend([x for _, numbers in part for x in numbers])
    return alike[0]


@contextmanager
def undrawn(sources: Iterable[Any]) -> Iterator[None]:
    """A block after which random sources are where they were before."""
    states = [(rng, rng.getstate()) for rng in sources]
    try:
        yield
    finally:
        for rng, state in states:
            rng.setstate(state)


def same(value: float, grads: Sequence[float]) -> list[str]:
    """The bits, in which every nan is the same."""
    return [x.hex() if x == x else "nan" for x in (value, *grads)]


def deviation(found: tuple[float, Sequence[float]], wanted: tuple[float, Sequence[float]]) -> float:
    """How far gradients are off as a share of the largest, or the loss as one of itself (or 1)."""
    largest = max([abs(x) for x in wanted[1]], default=0.0)
    pairs = [(found[0], wanted[0], max(abs(wanted[0]), 1.0))]
    pairs += [(x, y, largest) for x, y in zip(found[1], wanted[1])]
    shares = [
        abs(x - y) / size if size else inf for x, y, size in pairs if same(x, ()) != same(y, ())
    ]
    return max([share if share == share else inf for share in shares], default=0.0)


def vector(x: Any) -> Sequence[Any]:
    return x if hasattr(x, "__len__") else [x]
