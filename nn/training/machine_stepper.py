"""The stepper in the machine: steps without a graph for each of them, and with the same bits.

The loss of one batch is recorded and lowered to a plan. From then on a step is a run of the plan
and of the optimiser's formula, in C; in a pure build the plan runs in Python. A step that the
machine cannot answer for, such as one whose loss is not finite, is done again on a graph, which
knows the number or the error.

In fast mode the machine's last bits are its own: see `version_for` in engine/machine/machine.h.
"""

from __future__ import annotations

from array import array
from math import inf
from time import perf_counter

from engine import compiled
from engine.op import leaves_domain
from engine.programs.plan import NoPlanError
from nn.data.loader import DataLoader
from nn.evaluation import MANY, is_straight, outputs_of_program, outputs_one_by_one, program_of
from nn.module import Module
from nn.sample import added
from nn.training.arrays import KNOWN, Arrays
from nn.training.courses import Courses
from nn.training.graph_stepper import GraphStepper
from nn.training.judged import JudgedStretch, can_wait
from nn.training.last_step import LastStep
from nn.training.objective import TrainingError
from nn.training.randomness import RandomState, random_sources
from nn.training.samples import contents
from nn.training.surroundings import Surroundings
from nn.training.upcoming import Upcoming
from nn.training.validation import Validation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from engine import Program, Value
    from nn.training.run import Run

STRETCH = 0.05  # seconds in the machine: then Python may see a Ctrl-C, and move the bar
GROWTH = 16  # a stretch has at most so many times the steps of the stretch before it
PRICE = 3e-5  # seconds that it takes about to make a plan of the samples that judge, for each
UNABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class MachineStepper(GraphStepper):
    """The steps of a run, in the machine as far as it can, and otherwise on graphs."""

    def __init__(self, run: Run, fast: bool = False) -> None:
        """Raises NoPlanError, with the reason, where steps cannot be replayed."""
        super().__init__(run)
        self.fast, self.last = fast, None  # type: bool, LastStep | None
        # Python does the steps of an optimiser that the machine does not know, which asks the
        # machine for the loss and its gradient.
        self.in_python = not compiled or type(run.optimizer) not in KNOWN
        moved = set(map(id, run.parameters))
        # Parameters that no step moves still have gradients, which add up.
        self.frozen = [p for p in run.model.parameters() if id(p) not in moved]
        self.in_python = self.in_python or bool(self.frozen)
        # A train() of one's own may change the model: it is recorded in each epoch that it changed.
        self.watched, self.strict = has_own_train(run.model), True
        self.surroundings: Surroundings | None = None  # of the objective, where it is watched
        self.shapes: Any = None  # of the data, where it is watched, and what is in it now
        self.contents: Any = None
        self.plans: Any = None
        if not self.watched:
            self.record()
        self.straight = is_straight(run.model)
        self.on_graphs = False  # since a callback made of it what cannot be replayed
        self.program: Program | None = None  # of the model in eval mode, for `outputs`
        self.recorded = False
        self.modules: list[Module] = []  # of the model, as long as nobody may have changed it
        self.pace = 1  # steps at a time
        self.arrays: Arrays | None = None  # where the parameters are while several epochs are done
        self.validation: Validation | None = None  # what judges the model in the machine
        self.spent = 0.0  # seconds, on judging it in Python

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

    def epochs(self, most: int) -> None:
        """Do epochs without a look at the Values between them, at most so many, with their record.

        It does none if something in Python has a part in them: a metric that reads more than its
        arguments, or held-out data that no plan is known for.
        """
        run = self.run
        if most < 1 or self.in_python or self.watched or self.on_graphs:
            return
        asked = bool(run.validation or run.metrics)
        if (asked and self.validation is None) or not can_wait(run):
            return
        waits = run.schedule is not None and run.schedule.needs_metric
        decides = bool(run.stopping) or waits
        if len(run.loader) != 1 or (decides and self.validation is None):
            self.long_epochs(most)
        elif min(most, self.pace) < 2:
            return
        elif asked or decides:
            self.judged_epochs(self.validation, min(most, self.pace))
        else:
            self.short_epochs(min(most, self.pace))

    def long_epochs(self, most: int) -> None:
        """Epochs one by one, for a moment; the parameters stay in arrays from one to the next.

        Where nothing happens between epochs, several are done at once.
        """
        run, end = self.run, perf_counter() + STRETCH
        self.check_parameters()
        self.arrays = arrays = Arrays(run.optimizer)
        asked = run.validation or run.metrics or run.stopping or run.schedule
        alone = not asked and type(run.loader) is DataLoader
        try:
            while most and not run.history.stopped and perf_counter() < end:
                several = min(most, self.pace // len(run.loader)) if alone else 1
                if several > 1:
                    self.several_epochs(arrays, several)
                    most -= several
                    continue
                self.mode(training=True)
                first = run.history.steps
                self.steps(arrays, run.loader.batches(), lambda _: None)
                try:
                    run.record_epoch(first, self)
                except TrainingError:  # which gives the parameters these numbers
                    arrays.parameters = array("d", run.last_finite)
                    raise
                run.end_epoch(False, arrays.parameters)
                most -= 1
        finally:
            self.arrays = None
            arrays.give_back()

    def several_epochs(self, arrays: Arrays, count: int) -> None:
        """So many epochs as one list of batches; those that were finished are in the record."""
        run = self.run
        first, before, each = run.loader.epoch, run.history.steps, len(run.loader)
        self.mode(training=True)
        batches = [batch for _ in range(count) for batch in run.loader.batches()]
        try:
            self.steps(arrays, batches, lambda _: None)
        finally:
            losses = run.history.losses[before:]
            whole = len(losses) // each
            run.loader.epoch = first + min(whole + 1, count)
            if whole:
                starts = range(0, whole * each, each)
                means = [added(losses[start : start + each]) / each for start in starts]
                run.history.add_many({"loss": means, "lr": [run.optimizer.lr] * whole})

    def short_epochs(self, most: int) -> None:
        """Epochs of one step each, many in one call of the machine."""
        run = self.run
        self.check_parameters()
        self.mode(training=True)
        if self.plans.machine(range(len(run.loader.inputs))) is None:
            return
        arrays = Arrays(run.optimizer)
        first, before = run.loader.epoch, run.history.steps
        upcoming = Upcoming(run.optimizer, run.schedule, most, self.plans.sources())
        try:
            self.stretch(arrays, upcoming, run.loader.batches() * upcoming.steps)
        finally:
            arrays.give_back()
            losses = run.history.losses[before:]
            run.loader.epoch = first + len(losses)
            rates = upcoming.rates[run.schedule_each == "step" :]  # as of the end of an epoch
            if losses:
                run.history.add_many({"loss": losses, "lr": rates[: len(losses)]})

    def judged_epochs(self, validation: Any, most: int) -> None:
        """The same, with what is found out after each of them."""
        self.check_parameters()
        self.mode(training=True)
        if self.plans.machine(range(len(self.run.loader.inputs))) is None:
            return
        stretch = JudgedStretch(self.run, validation, most, self.plans.sources())
        try:
            self.last = stretch.do(self.plans) or self.last
        finally:
            self.keep_pace(stretch.upcoming, stretch.done, stretch.upcoming.steps)

    def epoch(self, batches: Sequence[Sequence[int]], advance: Callable[[int], None]) -> None:
        self.check_parameters()
        if self.on_graphs:
            super().epoch(batches, advance)
            return
        if self.in_python:
            for batch in batches:
                self.python_step(batch)
                advance(1)
            return
        arrays = Arrays(self.run.optimizer)
        try:
            self.steps(arrays, batches, advance)
        finally:
            arrays.give_back()
            if self.watched:
                self.finish()

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

    def judged(self, inputs: Sequence[Any]) -> tuple[Any, float]:
        """The outputs and the loss of the samples that judge the model.

        A plan of them is made once Python has taken about as long as that takes.
        """
        if not can_wait(self.run):
            self.finish()  # a metric may look at the gradients
        arrays = self.arrays
        if self.validation is not None:
            numbers = [p.data for p in self.run.parameters] if arrays is None else arrays.parameters
            if self.validation.look(numbers):
                watch = self.validation.watch
                outputs = self.validation.outputs() if self.run.metrics else []
                return outputs, watch.losses[0]
            if arrays is not None:
                arrays.give_back()
            return super().judged(inputs)
        start = perf_counter()
        found = super().judged(inputs)
        self.spent += perf_counter() - start
        if self.spent > PRICE * len(inputs) and self.straight and compiled:
            self.spent = -inf  # it is tried once
            self.prepare_validation(found)
        return found

    def prepare_validation(self, wanted: tuple[Any, float]) -> None:
        """Have the machine judge from now on, if it gives what Python gave."""
        try:
            validation = Validation(self.run, self.sources)
        except (NoPlanError, *UNABLE):
            return
        parameters = [p.data for p in self.run.parameters]
        outputs, loss = wanted
        if validation.look(parameters):
            same_outputs = not self.run.metrics or repr(validation.outputs()) == repr(outputs)
            same_loss = not self.run.validation or validation.watch.losses[0].hex() == loss.hex()
            self.validation = validation if same_outputs and same_loss else None

    def mode(self, training: bool) -> None:
        if self.modules and not has_own_train(self.run.model):
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

        Such as the factor of a penalty, an activation, a global number, or a number of the data.
        """
        run, objective, known = self.run, self.run.objective, self.surroundings
        shapes, seen = contents([*run.loader.lists, *(run.validation or ())])
        self.shapes = shapes if known is None else self.shapes
        if known is None or known.changed() or seen != self.contents:
            self.contents = seen
            self.surroundings = Surroundings([objective.model, objective.loss, objective.penalty])
            if known is not None or self.plans is None:
                self.straight = is_straight(objective.model)
                self.recorded, self.program, self.validation, self.spent = False, None, None, 0.0
                try:
                    if shapes != self.shapes:  # the loader has batches of those
                        raise NoPlanError("the samples have other shapes than before")
                    self.record()
                    self.on_graphs = False
                except NoPlanError as error:
                    if known is None and self.strict and not starts_outside(error):
                        raise
                    self.on_graphs = True

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


def has_own_train(model: Any) -> bool:
    """Whether a model has a train() of its own, which may do anything to it."""
    return type(model).train is not Module.train or "train" in vars(model)


def attributes(model: Module) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The attributes of each module of a model, and what is in them now."""
    found = [vars(module) for module in Module.modules(model)]
    return [(own, dict(own)) for own in found]


def starts_outside(error: BaseException | None) -> bool:
    """Whether a plan failed at a number without a value, such as log(-1): a graph says at which.

    Its step raises the TrainingError that it raises without replay.
    """
    while isinstance(error, Exception) and not leaves_domain(error):
        error = error.__context__
    return error is not None
