"""The stepper in the machine: steps without a graph for each of them, and with the same bits.

The loss of one batch is recorded and lowered to a plan. From then on a step is a run of the plan
and of the optimiser's formula, in C; in a pure build the plan runs in Python.

In fast mode the machine's last bits are its own: see `version_for` in engine/machine/machine.h.
"""

from __future__ import annotations

from array import array
from time import perf_counter

from engine.op import leaves_domain
from engine.programs.plan import NoPlanError
from nn.data.loader import DataLoader
from nn.evaluation import is_straight
from nn.module import Module
from nn.sample import added
from nn.training.arrays import Arrays
from nn.training.judged import JudgedStretch, can_wait
from nn.training.machine_judge import MachineJudge
from nn.training.machine_steps import STRETCH
from nn.training.objective import TrainingError
from nn.training.samples import contents
from nn.training.surroundings import Surroundings
from nn.training.upcoming import Upcoming

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from nn.training.run import Run


class MachineStepper(MachineJudge):
    """The epochs of a run, in the machine as far as it can, and otherwise on graphs."""

    def __init__(self, run: Run, fast: bool = False) -> None:
        """Raises NoPlanError, with the reason, where steps cannot be replayed."""
        super().__init__(run, fast)
        # A train() of one's own may change the model: it is recorded in each epoch that it changed.
        self.watched, self.strict = has_own_train(run.model), True
        self.surroundings: Surroundings | None = None  # of the objective, where it is watched
        self.shapes: Any = None  # of the data, where it is watched, and what is in it now
        self.contents: Any = None
        if not self.watched:
            self.record()
        self.on_graphs = False  # since a callback made of it what cannot be replayed
        self.modules: list[Module] = []  # of the model, as long as nobody may have changed it

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

    # ---- what may have changed between epochs ----

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
                self.judge_anew()
                try:
                    if shapes != self.shapes:  # the loader has batches of those
                        raise NoPlanError("the samples have other shapes than before")
                    self.record()
                    self.on_graphs = False
                except NoPlanError as error:
                    if known is None and self.strict and not starts_outside(error):
                        raise
                    self.on_graphs = True


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
