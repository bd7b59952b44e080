"""The stepper in the machine: steps without a graph for each of them, and with the same bits.

The loss of one batch is recorded and lowered to a plan. From then on a step is a run of the plan
and of the optimiser's formula, in C; in a pure build the plan runs in Python. A step that the
machine cannot answer for, such as one whose loss is not finite, is done again on a graph, which
knows the number or the error.

In fast mode the machine's last bits are its own: see `version_for` in engine/machine/machine.h.
"""

from __future__ import annotations

from time import perf_counter

from engine import compiled
from engine.programs.plan import NoPlanError
from nn.evaluation import MANY, is_straight, outputs_of_program, outputs_one_by_one, program_of
from nn.module import Module
from nn.training.arrays import KNOWN, Arrays
from nn.training.graph_stepper import GraphStepper
from nn.training.plans import BatchPlans
from nn.training.randomness import random_sources
from nn.training.surroundings import Surroundings
from nn.training.upcoming import Upcoming

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from engine import Program
    from nn.training.run import Run

STRETCH = 0.05  # seconds in the machine: then Python may see a Ctrl-C, and move the bar
GROWTH = 16  # a stretch has at most so many times the steps of the stretch before it


class MachineStepper(GraphStepper):
    """The steps of a run, in the machine as far as it can, and otherwise on graphs."""

    def __init__(self, run: Run, fast: bool = False) -> None:
        """Raises NoPlanError, with the reason, where steps cannot be replayed."""
        super().__init__(run)
        if type(run.optimizer) not in KNOWN:
            raise NoPlanError(f"the machine has no {type(run.optimizer).__name__}")
        self.fast = fast
        self.record()
        self.surroundings: Surroundings | None = None  # of the objective, where callbacks watch
        self.straight = is_straight(run.model)
        self.on_graphs = False  # since a callback made of it what cannot be replayed
        self.program: Program | None = None  # of the model in eval mode, for `outputs`
        self.recorded = False
        self.modules: list[Module] = []  # of the model, as long as nobody may have changed it
        self.pace = 1  # steps at a time

    def record(self) -> None:
        """Record a batch, and make its machine. Raises NoPlanError."""
        run = self.run
        self.plans = BatchPlans(
            run.loader, run.objective, run.parameters, lambda: random_sources(run.model), self.fast
        )
        self.samples = self.plans.samples

    def epochs(self, most: int) -> None:
        """Do epochs of one step each, at most so many, with the schedule and the record.

        It does none if an epoch has several steps, or if something in Python has a part in it:
        early stopping, validation, metrics, or a schedule that waits for a metric.
        """
        run, most = self.run, min(most, self.pace)
        waits = run.schedule is not None and run.schedule.needs_metric
        if run.stopping or run.validation or run.metrics or waits:
            return
        if len(run.loader) != 1 or most < 2 or not compiled:
            return
        self.check_parameters()
        self.mode(training=True)
        machine, arrays = self.plans.machine(len(run.loader.inputs)), Arrays(run.optimizer)
        if machine is None:
            return
        first, before = run.loader.epoch, run.history.steps
        upcoming = Upcoming(run.optimizer, run.schedule, most, self.samples.sources())
        try:
            self.stretch(machine, arrays, upcoming, run.loader.batches() * upcoming.steps)
        finally:
            arrays.give_back()
            losses = run.history.losses[before:]
            run.loader.epoch = first + len(losses)
            rates = upcoming.rates[run.schedule_each == "step" :]  # as of the end of an epoch
            if losses:
                run.history.add_many(losses, rates[: len(losses)])

    def epoch(self, batches: Sequence[Sequence[int]], advance: Callable[[int], None]) -> None:
        self.check_parameters()
        if self.on_graphs:
            super().epoch(batches, advance)
            return
        if not compiled:
            for batch in batches:
                self.python_step(batch)
                advance(1)
            return
        run, arrays = self.run, Arrays(self.run.optimizer)
        schedule = run.schedule if run.schedule_each == "step" else None
        done = 0
        try:
            while done < len(batches):
                size, steps = len(batches[done]), 0
                machine = self.plans.machine(size)
                if machine is not None:
                    chunk = [b for b in batches[done : done + self.pace] if len(b) == size]
                    sources = self.samples.sources()
                    upcoming = Upcoming(run.optimizer, schedule, len(chunk), sources)
                    steps = self.stretch(machine, arrays, upcoming, chunk[: upcoming.steps])
                if not steps:
                    self.graph_step(arrays, batches[done])
                    steps = 1
                done += steps
                advance(steps)
        finally:
            arrays.give_back()

    def outputs(self, inputs: Sequence[Any]) -> Any:
        """The outputs of the model, by a program that is recorded in the first epoch.

        A model of one's own, which may have an `if` in it, is asked itself. The program is compared
        with the model on all these inputs, and only if it has its bits it is asked again.
        """
        if not self.straight:
            return super().outputs(inputs)
        if not self.recorded and compiled:
            self.recorded = True
            if len(inputs) >= MANY:
                self.program = program_of(self.run.model, inputs[0])
            wanted = outputs_one_by_one(self.run.model, inputs)
            if repr(outputs_of_program(self.program, inputs)) != repr(wanted):
                self.program = None
            return wanted
        found = outputs_of_program(self.program, inputs)
        return super().outputs(inputs) if found is None else found

    def mode(self, training: bool) -> None:
        if self.modules and type(self.run.model).train is Module.train:
            for module in self.modules:
                module.training = training
        else:
            super().mode(training)

    def check_parameters(self) -> None:
        """Raise ValueError if the model has other Values now: the machine moves the old ones."""
        if self.modules and not self.watched:
            return
        there = {id(p) for p in self.run.model.parameters()}
        for i, p in enumerate(self.run.parameters):
            if id(p) not in there:
                raise ValueError(
                    f"parameter {i} of the recorded graph, {p!r:.60}, is the model's no longer"
                )
        self.modules = [] if self.watched else Module.modules(self.run.model)
        if self.watched:
            self.look_around()

    def look_around(self) -> None:
        """Record anew if a callback has changed what the loss of a batch reads, but the parameters.

        Such as the factor of a penalty, an activation, or a global number.
        """
        objective = self.run.objective
        if self.surroundings is None or self.surroundings.changed():
            known = self.surroundings
            self.surroundings = Surroundings([objective.model, objective.loss, objective.penalty])
            if known is not None:
                self.straight, self.recorded, self.program = (
                    is_straight(objective.model),
                    False,
                    None,
                )
                try:
                    self.record()
                    self.on_graphs = False
                except NoPlanError:
                    self.on_graphs = True

    # ---- a stretch of steps ----

    def stretch(
        self, machine: Any, arrays: Arrays, upcoming: Upcoming, chunk: Sequence[Sequence[int]]
    ) -> int:
        """Do as many steps as the machine can, one for each batch of the chunk; how many it did.

        The schedule comes equally far. Steps count as done once their losses are in the record: an
        interruption before that leaves everything as it was before the first step.
        """
        history, most, saved = self.run.history, len(chunk), arrays.copy()
        first = history.steps
        if not most:
            return 0
        try:
            data = self.samples.batches(chunk)
            losses, before = self.trained(machine, arrays, upcoming, data, most)
            if 0 < len(losses) < most:
                arrays.restore(saved)
                losses, before = self.trained(machine, arrays, upcoming, data, len(losses))
            if len(losses):
                self.run.last_finite = list(before)
            history.losses += list(losses)
        finally:
            done = history.steps - first
            if not done:
                arrays.restore(saved)
            if done < most:
                upcoming.back(done)
                self.samples.batches(chunk[:done])  # draws the random numbers of these steps
        if done == most:
            seconds = max(perf_counter() - upcoming.start, 1e-6)
            self.pace = max(1, min(GROWTH * self.pace, int(most * STRETCH / seconds)))
        else:
            self.pace = 1  # what was found ahead was in vain
        return done

    def trained(
        self, machine: Any, arrays: Arrays, upcoming: Upcoming, data: Any, most: int
    ) -> tuple[Any, Any]:
        """The losses of so many steps, or fewer, and the parameters before the last of them.

        The run goes back to these parameters if the next step has no loss.
        """
        max_norm = self.run.max_norm
        losses = arrays.train(machine, data, upcoming, 0, most - 1, max_norm)
        before = arrays.parameters[:]
        if len(losses) == most - 1:
            losses += arrays.train(machine, data, upcoming, most - 1, most, max_norm)
        return losses, before

    def graph_step(self, arrays: Arrays, batch: Sequence[int]) -> None:
        """A step on a graph. Raises TrainingError for a loss that is not finite."""
        arrays.give_back()
        try:
            self.step(*self.run.loader.samples(batch))
        finally:
            arrays.read()

    def python_step(self, batch: Sequence[int]) -> None:
        """A step whose gradient is computed in Python, without a graph."""
        run, machine = self.run, self.plans.machine(len(batch))
        if machine is not None:
            states = [(rng, rng.getstate()) for rng in self.samples.sources()]
            answer = machine.evaluate([p.data for p in run.parameters], *self.samples.batch(batch))
            if answer is not None:
                run.descend(lambda: self.gradient(*answer))
                return
            for rng, random in states:
                rng.setstate(random)
        self.step(*run.loader.samples(batch))

    def gradient(self, loss: float, grads: Sequence[float]) -> float:
        """The loss, once the parameters have their gradients."""
        for p, grad in zip(self.run.parameters, grads):
            p.grad = grad
        return loss
