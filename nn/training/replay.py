"""Replay: training steps in the machine, without a graph for each of them, and with the same bits.

The loss of one batch is traced and lowered to a plan; from then on a step is a run of the plan,
and the optimiser's formula, in C; in a pure build the plan runs in Python. Steps that the machine
cannot answer for, such as one whose loss is not finite, are done again on a graph, which knows the
number or the error.

In fast mode the machine's last bits are its own: see engine/fast.h.
"""

from __future__ import annotations

from time import perf_counter

from engine import compiled
from engine.programs.plan import NoPlanError
from nn.training.arrays import KNOWN, State
from nn.training.plans import BatchPlans
from nn.training.upcoming import Ahead

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from nn.training.run import Run

SECONDS = 0.05  # in the machine at a time: then Python may see a Ctrl-C, and move the bar
GROWTH = 16  # times as many steps as in the last time, at most


class Replay:
    """The steps of a run, in the machine."""

    def __init__(self, run: Run, fast: bool = False) -> None:
        """Raises NoPlanError, with the reason, where steps cannot be replayed."""
        if type(run.optimizer) not in KNOWN:
            raise NoPlanError(f"the machine has no {type(run.optimizer).__name__}")
        self.run, self.plans = run, BatchPlans(run, fast)
        self.pace = 1  # steps at a time

    def check_parameters(self) -> None:
        """Raise ValueError if the model has other Values now: those of the plan would be moved."""
        there = {id(p) for p in self.run.model.parameters()}
        for i, p in enumerate(self.run.parameters):
            if id(p) not in there:
                raise ValueError(
                    f"parameter {i} of the recorded graph, {p!r:.60}, is the model's no longer"
                )

    def epoch(self, batches: Sequence[Sequence[int]], advance: Callable[[int], None]) -> None:
        """The steps of these batches of places, in the machine as far as it can."""
        self.check_parameters()
        if not compiled:
            for batch in batches:
                self.python_step(batch)
                advance(1)
            return
        state, stepped = State(self.run), self.run.each == "step"
        done = 0
        try:
            while done < len(batches):
                size, steps = len(batches[done]), 0
                machine = self.plans.machine(size)
                if machine is not None:
                    chunk = [b for b in batches[done : done + self.pace] if len(b) == size]
                    ahead = Ahead(self.run, len(chunk), stepped, self.plans.sources())
                    steps = self.steps(machine, state, chunk[: ahead.steps], ahead)
                if not steps:
                    self.eager_step(state, batches[done])
                    steps = 1
                done += steps
                advance(steps)
        finally:
            state.give_back()

    def epochs(self, most: int) -> int:
        """As many epochs of one batch each, at most, as the machine can do; 0 if none.

        Their figures go into the record, and the schedule is stepped after each.
        """
        run, most = self.run, min(most, self.pace)
        if len(run.loader) != 1 or most < 2 or not compiled:
            return 0
        self.check_parameters()
        machine, state = self.plans.machine(len(run.loader.inputs)), State(run)
        if machine is None:
            return 0
        first, before = run.loader.epoch, run.history.steps
        ahead = Ahead(run, most, True, self.plans.sources())
        try:
            chunk = [batch for _ in range(ahead.steps) for batch in run.loader.batches()]
            self.steps(machine, state, chunk, ahead)
        finally:
            state.give_back()
            losses = run.history.losses[before:]
            run.loader.epoch = first + len(losses)
            rates = ahead.rates[run.each == "step" :]  # as of the end of an epoch
            run.history.epochs += [{"loss": x, "lr": lr} for x, lr in zip(losses, rates)]
        return len(losses)

    def python_step(self, batch: Sequence[int]) -> None:
        """A step whose gradient is computed in Python, without a graph."""
        run, machine = self.run, self.plans.machine(len(batch))
        if machine is not None:
            states = [(rng, rng.getstate()) for rng in self.plans.sources()]
            answer = machine.evaluate([p.data for p in run.parameters], *self.plans.batch(batch))
            if answer is not None:
                run.descend(lambda: self.gradient(*answer))
                return
            for rng, random in states:
                rng.setstate(random)
        run.step(*run.loader.samples(batch))

    def gradient(self, loss: float, grads: Sequence[float]) -> float:
        """The loss, once the parameters have their gradients."""
        for p, grad in zip(self.run.parameters, grads):
            p.grad = grad
        return loss

    def eager_step(self, state: State, batch: Sequence[int]) -> None:
        """A step on a graph. Raises TrainingError for a loss that is not finite."""
        state.give_back()
        try:
            self.run.step(*self.run.loader.samples(batch))
        finally:
            state.read()

    def steps(
        self, machine: Any, state: State, chunk: Sequence[Sequence[int]], ahead: Ahead
    ) -> int:
        """As many of these steps as the machine can do; the schedule has then come as far.

        The record says how many were done: an interruption before it is kept leaves all as it was.
        """
        history, most, saved = self.run.history, len(chunk), state.copy()
        first = history.steps
        if not most:
            return 0
        try:
            data = self.plans.batches(chunk)
            losses, before = trained(state, machine, data, ahead, most)
            if 0 < len(losses) < most:
                state.restore(saved)
                losses, before = trained(state, machine, data, ahead, len(losses))
            if len(losses):
                self.run.last_finite = list(before)
            history.losses += list(losses)
        finally:
            done = history.steps - first
            if not done:
                state.restore(saved)
            if done < most:
                ahead.back(done)
                self.plans.batches(chunk[:done])  # draws the random numbers of these steps
        if done == most:
            seconds = max(perf_counter() - ahead.start, 1e-6)
            self.pace = max(1, min(GROWTH * self.pace, int(most * SECONDS / seconds)))
        else:
            self.pace = 1  # what was found ahead was in vain
        return done


def trained(state: State, machine: Any, data: Any, ahead: Ahead, most: int) -> tuple[Any, Any]:
    """The losses of so many steps, or fewer, and the weights before the last of them.

    Those are what Run gives back if the next step has no loss.
    """
    losses = state.train(machine, data, ahead, 0, most - 1)
    before = state.parameters[:]
    if len(losses) == most - 1:
        losses += state.train(machine, data, ahead, most - 1, most)
    return losses, before
