"""Courses: the machines of a training on samples of several shapes, which take turns.

Sequences of one length are samples of one shape. Each shape has plans of its own, one for each size
of batch, which are made when the first such batch comes. The machine then goes from shape to shape
without Python between the steps. Of many shapes, those that most samples have are planned; making
plans anew for the others in each epoch would take longer than their graphs.
"""

from __future__ import annotations

from array import array
from contextlib import suppress
from itertools import groupby, takewhile

from engine import no_grad
from engine.op import leaves_domain
from engine.programs.kinds import NoPlanError
from nn.data.loader import DataLoader, lengths_in, lengths_of
from nn.evaluation import is_straight
from nn.training.lengths import Lengths
from nn.training.plans import BatchPlans
from nn.training.randomness import undrawn
from nn.training.turns import Turns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from engine import Value
    from nn.training.objective import Objective
    from nn.training.samples import Samples

MOST = 64  # shapes that have plans


class Courses:
    """The plans of each shape of the samples of a loader.

    shape: for each sample the number of its shape, in the order in which the shapes come; None if
    there is one. within: for each sample its number among those of its shape. deviation: as that of
    `BatchPlans`, the largest.
    """

    def __init__(
        self,
        loader: DataLoader,
        objective: Objective,
        parameters: list[Value],
        sources: Callable[[], list[Any]],
        fast: bool = False,
    ) -> None:
        """Raises NoPlanError, with the reason, where the steps of the first shape, or all, cannot
        be replayed. The arguments are those of `BatchPlans`.
        """
        self.loader, self.given = loader, (objective, parameters, sources, fast)
        self.shape: list[int] | None = None
        self.together: Lengths | None = None  # the plan that all shapes share, if there is one
        self.plans: dict[int, BatchPlans | None] = {}  # of a shape; None if it has none
        lengths = lengths_of(loader.inputs, loader.targets)
        if lengths is not None:
            check_first_of_each(loader, lengths, objective, sources)
        if lengths is None or loader.size == loader.count:
            try:
                self.plans[0] = BatchPlans(loader, *self.given)
            except NoPlanError as error:
                if lengths is None:
                    raise
                raise another_shape(loader, first_other(lengths), str(error)) from error
            return
        number = {key: k for k, key in enumerate(dict.fromkeys(lengths))}
        self.shape = [number[key] for key in lengths]
        self.places: list[list[int]] = [[] for _ in number]
        self.within = []
        for i, k in enumerate(self.shape):
            self.within.append(len(self.places[k]))
            self.places[k].append(i)
        # Shape 0 says why there is no plan, if there is none.
        common = sorted(range(1, len(number)), key=lambda k: -len(self.places[k]))
        self.planned = {0, *common[: MOST - 1]}
        if loader.size > 1 and loader.lengths is None:
            other = first_other(lengths)
            raise another_shape(loader, other, "a batch has one shape with group_by_length=True")
        try:
            self.together = Lengths(loader, objective, parameters, sources, self.shape)
        except NoPlanError:
            self.plans[0] = self.made(0)

    def made(self, shape: int) -> BatchPlans:
        """The plans of a shape. Raises NoPlanError."""
        loader = self.loader
        inputs, targets, *weights = loader.samples(self.places[shape])
        settings = loader.batch_size, loader.shuffle, loader.seed
        own = DataLoader(inputs, targets, *settings, sample_weight=weights[0] if weights else None)
        return BatchPlans(own, *self.given)

    def plans_of(self, shape: int) -> BatchPlans | None:
        """The plans of a shape; None if its steps cannot be replayed."""
        if shape not in self.plans:
            self.plans[shape] = None
            if shape in self.planned:
                with suppress(NoPlanError):
                    self.plans[shape] = self.made(shape)
        return self.plans[shape]

    # ---- what all have ----

    @property
    def first(self) -> BatchPlans:
        """The plans of the first shape there are, which is the only one if samples are alike."""
        return next(plans for plans in self.plans.values() if plans is not None)

    @property
    def samples(self) -> Samples:
        """The samples of the first shape."""
        return self.first.samples

    @property
    def deviation(self) -> float:
        """How far fast gradients are off."""
        found = [plans.deviation for plans in self.plans.values() if plans is not None]
        return max(found, default=0.0)

    def sources(self) -> list[Any]:
        """The random sources that are drawn from, each once."""
        known = [plans for plans in self.plans.values() if plans is not None]
        found = [rng for plans in known for rng in plans.samples.sources()]
        return list({id(rng): rng for rng in found}.values())

    # ---- a batch, or many ----

    def local(self, batch: Sequence[int]) -> tuple[BatchPlans | None, Sequence[int]]:
        """The plans of a batch, and the places of its samples among those of its shape."""
        if self.shape is None:
            return self.first, batch
        return self.plans_of(self.shape[batch[0]]), [self.within[i] for i in batch]

    def machine(self, batch: Sequence[int]) -> Any:
        """The machine of a batch; None if it cannot be replayed."""
        if self.together is not None:
            return self.together.machine
        plans, _ = self.local(batch)
        return None if plans is None else plans.machine(len(batch))

    def evaluated(self, batch: Sequence[int], parameters: Sequence[float]) -> Any:
        """The loss of a batch and its gradient, or None."""
        if self.together is not None:
            return self.together.evaluated(batch[0], parameters)
        plans, places = self.local(batch)
        if plans is None or plans.machine(len(batch)) is None:
            return None
        return plans.machine(len(batch)).evaluate(parameters, *plans.samples.batch(places))

    def possible(self, batches: Sequence[Sequence[int]]) -> list[Sequence[int]]:
        """The first of these batches, as far as all can be replayed in one call."""
        if self.together is not None:
            return list(batches)
        if self.shape is None:
            known = {size: self.first.machine(size) for size in {*map(len, batches)}}
            if None not in known.values():
                return list(batches)
            return list(takewhile(lambda batch: known[len(batch)] is not None, batches))
        return list(takewhile(lambda batch: self.machine(batch) is not None, batches))

    def ready(self, chunk: Sequence[Sequence[int]]) -> tuple[Any, tuple[Any, Any, Any]]:
        """What trains on the batches of a chunk, and what it is given: see `Samples.batches`.

        The random numbers of these steps are drawn, batch by batch.
        """
        if self.shape is None and (not chunk or len(chunk[0]) == len(chunk[-1])):
            machine = self.first.machine(len(chunk[0])) if chunk else None
            return machine, self.first.samples.batches(chunk)
        turns = Turns()
        if self.together is not None:
            turns.add_lengths(self.together, [batch[0] for batch in chunk])
            return turns, (None, None, array("i", range(len(chunk))))
        for batches in [[*same] for _, same in groupby(chunk, len)] if self.shape is None else []:
            turns.add_alike(self.first, batches)
        for batch in chunk if self.shape is not None else ():
            plans, places = self.local(batch)
            assert plans is not None  # possible() has seen it
            turns.add(plans, places)
        return turns, (None, None, array("i", range(len(chunk))))

    def of_step(self, machine: Any, batches: Any, size: int, step: int) -> tuple[Any, ...]:
        """The machine of a step, and what it evaluates of what it was trained on.

        machine, batches: what `ready` gave. size: how many samples a step has, if all have as many.
        """
        if isinstance(machine, Turns):
            return machine.of_step(step)
        return machine, *self.first.samples.rows_of_step(batches, size, step)


def check_first_of_each(
    loader: DataLoader,
    lengths: Sequence[Any],
    objective: Objective,
    sources: Callable[[], list[Any]],
) -> None:
    """Raise NoPlanError if a model of nn does not take samples of one of these lengths.

    An MLP takes rows of one length: the first of another length is named before anything is done.
    """
    if not is_straight(objective.model):
        return
    for i in [lengths.index(key) for key in dict.fromkeys(lengths)]:
        try:
            with no_grad(), undrawn(sources()):
                objective.model(loader.inputs[i])
        except ValueError as error:
            if i and not leaves_domain(error):
                raise another_shape(loader, i, str(error)) from None


def first_other(lengths: Sequence[Any]) -> int:
    return next(i for i, own in enumerate(lengths) if own != lengths[0])


def another_shape(loader: DataLoader, i: int, reason: str) -> NoPlanError:
    what, row = "input", loader.inputs[i]
    if lengths_in(row) == lengths_in(loader.inputs[0]):
        what, row = "target", loader.targets[i]
    return NoPlanError(f"{what} {i} has another shape than the first: {row!r:.60}: {reason}")
