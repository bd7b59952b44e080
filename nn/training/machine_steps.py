"""Steps in the machine: those of a list of batches, as far as it can do them.

A step that the machine cannot answer for, such as one whose loss is not finite, is done again on a
graph, which knows the number or the error.
"""

from __future__ import annotations

from array import array
from time import perf_counter

from engine import compiled
from nn.evaluation import is_straight
from nn.training.arrays import KNOWN, Arrays
from nn.training.courses import Courses
from nn.training.graph_stepper import GraphStepper
from nn.training.last_step import LastStep
from nn.training.randomness import RandomState, random_sources
from nn.training.surroundings import Surroundings
from nn.training.upcoming import Upcoming

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from engine import Value
    from nn.training.run import Run

STRETCH = 0.05  # seconds in the machine: then Python may see a Ctrl-C, and move the bar
GROWTH = 16  # a stretch has at most so many times the steps of the stretch before it


class MachineSteps(GraphStepper):
    """The steps of a run by the plans of its batches, once `record` has made them.

    in_python: whether Python does the steps of the optimiser, and asks the machine for the loss and
    its gradient. frozen: the parameters that no step moves; they have gradients, which add up.
    """

    def __init__(self, run: Run, fast: bool = False) -> None:
        super().__init__(run)
        self.fast, self.last = fast, None  # type: bool, LastStep | None
        moved = set(map(id, run.parameters))
        self.frozen = [p for p in run.model.parameters() if id(p) not in moved]
        unknown = type(run.optimizer) not in KNOWN  # to the machine
        self.in_python = not compiled or unknown or bool(self.frozen)
        self.plans: Any = None
        self.pace = 1  # steps at a time

    def record(self) -> None:
        """Record a batch, and make its machine. Raises NoPlanError."""
        run = self.run
        objective = run.objective
        parameters = [*run.parameters, *self.frozen]
        self.plans = Courses(run.loader, objective, parameters, self.sources, self.fast)
        run.history.deviation = self.plans.deviation if self.fast else None

    def sources(self) -> list[Any]:
        """The random sources that a loss may draw from."""
        objective, found = self.run.objective, random_sources(self.run.model)
        read = [objective.loss, objective.penalty]
        if not is_straight(objective.model):
            read.append(objective.model)
        found += Surroundings(read).sources
        return list({id(source): source for source in found}.values())

    def steps(
        self, arrays: Arrays, batches: Sequence[Sequence[int]], advance: Callable[[int], None]
    ) -> None:
        """A step for each batch, in the machine as far as it can."""
        run, done = self.run, 0
        schedule = run.schedule if run.schedule_each == "step" else None
        while done < len(batches):
            steps = 0
            chunk = self.plans.possible(batches[done : done + self.pace])
            if chunk:
                upcoming = Upcoming(run.optimizer, schedule, len(chunk), self.plans.sources())
                steps = self.stretch(arrays, upcoming, chunk[: upcoming.steps])
            if not steps:
                self.graph_step(arrays, batches[done])
                steps = 1
            done += steps
            advance(steps)

    def finish(self) -> None:
        """Give the parameters the grads of the last step, if the machine did it."""
        if self.last is not None:
            self.last.give_gradient(self.run.parameters, self.run.max_norm)
            self.last = None

    # ---- a stretch of steps ----

    def stretch(self, arrays: Arrays, upcoming: Upcoming, chunk: Sequence[Sequence[int]]) -> int:
        """Do as many steps as the machine can, one for each batch of the chunk; how many it did.

        The schedule comes equally far. Steps count as done once their losses are in the record: an
        interruption before that leaves everything as it was before the first step.
        """
        history, most, saved = self.run.history, len(chunk), arrays.copy()
        first = history.steps
        if not most:
            return 0
        try:
            machine, data = self.plans.ready(chunk)
            losses, before = self.trained(machine, arrays, upcoming, data, most)
            if 0 < len(losses) < most:
                arrays.restore(saved)
                losses, before = self.trained(machine, arrays, upcoming, data, len(losses))
            if len(losses):
                self.run.last_finite = before
                machine, *rows = self.plans.of_step(machine, data, len(chunk[0]), len(losses) - 1)
                self.last = LastStep(machine, before, *rows)
            history.losses += list(losses)
        finally:
            done = history.steps - first
            if not done:
                arrays.restore(saved)
            if done < most:
                upcoming.back(done)
                self.plans.ready(chunk[:done])  # draws the random numbers of these steps
        self.keep_pace(upcoming, done, most)
        return done

    def keep_pace(self, upcoming: Upcoming, done: int, most: int) -> None:
        """Find how many steps the next stretch has, by what was done of the one before."""
        if done == most:
            seconds = max(perf_counter() - upcoming.start, 1e-6)
            self.pace = max(1, min(GROWTH * self.pace, int(most * STRETCH / seconds)))
        else:
            self.pace = 1  # what was found ahead was in vain

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

    # ---- a step that Python has a part in ----

    def graph_step(self, arrays: Arrays, batch: Sequence[int]) -> None:
        """A step on a graph. Raises TrainingError for a loss that is not finite."""
        arrays.give_back()
        self.finish()  # a step on a graph that fails leaves the grads of the step before
        try:
            self.step(*self.run.loader.samples(batch))
        finally:
            arrays.read()

    def python_step(self, batch: Sequence[int]) -> None:
        """A step of the optimiser in Python, without a graph."""
        run = self.run

        def gradient() -> Value | float:
            if self.plans.machine(batch) is not None:
                before = RandomState(self.plans.sources())
                numbers = array("d", [p.data for p in (*run.parameters, *self.frozen)])
                answer = self.plans.evaluated(batch, numbers)
                if answer is not None:
                    return self.gradient(*answer)
                before.restore()
            return self.graph_gradient(*run.loader.samples(batch))

        run.descend(gradient)

    def gradient(self, loss: float, grads: Sequence[float]) -> float:
        """The loss, once the parameters have their gradients."""
        n = len(self.run.parameters)
        for p, grad in zip(self.run.parameters, grads):
            p.grad = grad
        for p, grad in zip(self.frozen, grads[n:]):
            p.grad += grad
        return loss
