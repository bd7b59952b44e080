"""Judged epochs: many full batches at once in the machine, each with what is found out after it.

After each epoch there may be a loss on held-out data, metrics, early stopping, and a schedule that
waits for a figure. The machine does a stretch of epochs and keeps what these need. Then they are
asked, epoch by epoch. If one of them would have changed the training, the stretch ends before that
epoch, which is then done alone.
"""

from __future__ import annotations

from array import array

from nn.schedules.plateau import ReduceLROnPlateau
from nn.training.arrays import Arrays
from nn.training.deferred import reads_only_arguments
from nn.training.last_step import LastStep
from nn.training.scored import scores
from nn.training.stopping import EarlyStopping
from nn.training.upcoming import Upcoming

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nn.training.courses import Courses
    from nn.training.run import Run
    from nn.training.validation import Validation

    Columns = dict[str, Any]  # of lists, or of arrays, of numbers


def can_wait(run: Run) -> bool:
    """Whether all that is asked after an epoch may be asked some epochs later."""
    waits = run.schedule is not None and run.schedule.needs_metric
    return (
        all(map(reads_only_arguments, run.metrics.values()))
        and (run.stopping is None or type(run.stopping) is EarlyStopping)
        and (not waits or type(run.schedule) is ReduceLROnPlateau)
    )


class JudgedStretch:
    """Epochs of one full batch each, at most so many.

    `done`: how many were done, with their figures in the record.
    """

    def __init__(self, run: Run, validation: Validation, most: int, sources: list[Any]) -> None:
        self.run, self.validation, self.arrays = run, validation, Arrays(run.optimizer)
        self.decisions = Decisions(run)
        schedule = None if self.decisions.schedule is not None else run.schedule
        self.upcoming = Upcoming(run.optimizer, schedule, min(most, validation.many), sources)
        self.done = 0

    def do(self, plans: Courses) -> LastStep | None:
        """Train, judge, and put it into the record. An interruption leaves all as it was.

        Returns the last of the steps that were done.
        """
        run, arrays, upcoming = self.run, self.arrays, self.upcoming
        first, saved, most = run.loader.epoch, arrays.copy(), upcoming.steps
        chunk, step = run.loader.batches() * most, None
        try:
            machine, data = plans.ready(chunk)
            watch, max_norm = self.validation.watch, run.max_norm
            losses = arrays.train(machine, data, upcoming, 0, most, max_norm, watch)
            columns = self.figures(losses)
            count = self.decisions.follow(columns, self.validation)
            if count < most:
                arrays.restore(saved)
                losses = arrays.train(machine, data, upcoming, 0, count, max_norm)
            if count:
                last = self.validation.weights(count - 2, len(saved[0])) if count > 1 else saved[0]
                run.last_finite = list(last)
                machine, *rows = plans.of_step(machine, data, len(chunk[0]), count - 1)
                step = LastStep(machine, array("d", last), *rows)
                run.history.losses += losses.tolist()
                run.history.add_many({name: column[:count] for name, column in columns.items()})
            self.done = count
        finally:
            if not self.done:
                arrays.restore(saved)
                self.decisions.back()
            if self.done < most:
                upcoming.back(self.done)
                plans.ready(chunk[: self.done])  # draws the random numbers of these steps
            arrays.give_back()
            run.loader.epoch = first + self.done
        return step

    def figures(self, losses: Sequence[float]) -> Columns:
        """The figures of each epoch, as far as all of them are known."""
        run, validation = self.run, self.validation
        count = min(len(losses), validation.looks)
        rates = self.upcoming.rates[run.schedule_each == "step" :]  # as of the end of an epoch
        columns: Columns = {"loss": losses[:count], "lr": rates[:count]}
        prefix = "val_" if run.validation else ""
        if run.validation:
            columns["val_loss"] = validation.watch.losses[:count]
        found = {prefix + name: self.known(metric) for name, metric in run.metrics.items()}
        asked = [
            (column, metric)
            for column, metric in zip(found.values(), run.metrics.values())
            if len(column) < count
        ]
        targets = run.judging[1]
        try:
            for epoch in range(count if asked else 0):
                outputs = validation.outputs(epoch)
                for column, metric in asked:
                    column.append(float(metric(targets, outputs)))
        except Exception:  # whatever it is, the epoch that is done alone will raise it
            count = min(map(len, found.values()))
        columns |= found
        if all(len(column) == count for column in columns.values()):
            return columns
        return {name: column[:count] for name, column in columns.items()}

    def known(self, metric: Any) -> Any:
        """The scores of all epochs that were looked at, if they are known at once; else none."""
        validation = self.validation
        found = scores(
            metric,
            self.run.judging[1],
            validation.watch.outputs,
            0 if validation.bare else validation.width,
        )
        return [] if found is None else found


class Decisions:
    """What decides by the figures of an epoch: early stopping, and a schedule that waits for one.

    schedule: it, or None.
    """

    def __init__(self, run: Run) -> None:
        self.stopping, self.schedule, self.groups = run.stopping, None, run.optimizer.param_groups
        if run.schedule is not None and run.schedule.needs_metric:
            self.schedule = run.schedule
        self.before = self.state()

    def state(self) -> Any:
        stopping, schedule = self.stopping, self.schedule
        return (
            None if stopping is None else (stopping.best, stopping.best_weights, stopping.waited),
            None if schedule is None else schedule.state_dict(),
            [] if schedule is None else [dict(group) for group in self.groups],
        )

    def back(self) -> None:
        """Forget what was followed."""
        stopping, schedule, groups = self.before
        if self.stopping is not None:
            self.stopping.best, self.stopping.best_weights, self.stopping.waited = stopping
        if self.schedule is not None:
            self.schedule.load_state_dict(schedule)
            for group, before in zip(self.groups, groups):
                group.update(before)

    def follow(self, columns: Columns, validation: Validation) -> int:
        """Tell them of all epochs in which they change nothing; how many these are."""
        count = len(columns["loss"])
        if self.stopping is None and self.schedule is None:
            return count
        figures = [dict(zip(columns, row)) for row in zip(*columns.values())]
        quiet, best = self.quiet(figures)
        if quiet < count:
            self.back()
            quiet, best = self.quiet(figures[:quiet])
        if best is not None and self.stopping is not None:
            n = len(validation.watch.parameters) // validation.looks
            self.stopping.best_weights = validation.weights(best, n).tolist()
        return quiet

    def quiet(self, figures: Sequence[Mapping[str, float]]) -> tuple[int, int | None]:
        """In how many epochs they change nothing, and which of these is the best, if one is."""
        best = None
        for epoch, of_epoch in enumerate(figures):
            if self.schedule is not None:
                rates = [group["lr"] for group in self.groups]
                self.schedule.step(of_epoch.get("val_loss", of_epoch["loss"]))
                if rates != [group["lr"] for group in self.groups]:
                    return epoch, best
            if self.stopping is not None:
                if self.stopping.is_better(of_epoch):
                    best = epoch
                if self.stopping.over:
                    return epoch, best
        return len(figures), best
