"""The training loop: predict, compare, differentiate, step, until told to stop.

    for inputs, targets in loader:
        loss = mse_loss([model(x) for x in inputs], targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

That is all of it. `fit` adds what one wants around it: the record, held-out data, a progress bar,
schedules, early stopping, checkpoints, and a clear end when the loss runs away. A stepper does the
steps, on graphs as above or in the machine.
"""

from __future__ import annotations

import math
import os
from contextlib import contextmanager
from time import monotonic

from nn.checks import whole
from nn.data.loader import DataLoader
from nn.losses import mse_loss
from nn.training.checkpoint import resume_run, save_run
from nn.training.graph_stepper import GraphStepper
from nn.training.run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from nn.module import Module
    from nn.optim.optimizer import Optimizer
    from nn.schedules.schedule import Schedule
    from nn.training.history import History
    from nn.training.run import Metric
    from nn.training.stopping import EarlyStopping

# Seconds: a checkpoint that is older is written anew. The first comes soon, others less often.
SOON, SECONDS = 0.1, 5.0


def fit(
    model: Module,
    data: Any,
    *,
    optimizer: Optimizer,
    loss: Callable[[Sequence[Any], Sequence[Any]], Any] = mse_loss,
    epochs: int | None = None,
    steps: int | None = None,
    batch_size: int | None = None,
    shuffle: bool = True,
    seed: int = 0,
    sample_weight: Sequence[float] | None = None,
    validation: Any = None,
    metrics: Mapping[str, Metric] | None = None,
    penalty: Callable[[], Any] | None = None,
    max_norm: float | None = None,
    schedule: Schedule | None = None,
    schedule_each: str = "epoch",
    early_stopping: EarlyStopping | None = None,
    callbacks: Iterable[Callable[[History], Any]] = (),
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int = 1,
    settings: Mapping[str, Any] | None = None,
    resume: bool = False,
    replay: bool | str = False,
    fast: bool = False,
    progress: bool = True,
) -> History:
    """Train the model on data, and return the record of the run.

    The data. data: (inputs, targets), an object with these two attributes, or a DataLoader; a
    DataLoader decides on batch_size, shuffle, seed and weights itself. An input may be several: a
    model that takes (a, b) has [(a0, b0), (a1, b1), ...], as zip gives them. sample_weight: what
    each sample counts in the loss, a number of at least 0. A loss of one's own without a reduction
    is called with the weights after the targets. validation: held-out (inputs, targets); their
    loss, without weights, is "val_loss" in the record.

    What is made small, and for how long. loss: a function of the predictions and the targets of a
    batch. penalty: a function without arguments, such as an L2 penalty; its result is added to the
    loss of each step. max_norm: clip the gradient to that length. Either `epochs` passes over the
    data, or `steps` steps. schedule: steps after each "epoch" or each "step" (schedule_each).
    LBFGS goes up to max_iter steps on each batch, which should be all of the data; the record
    has the loss of the first.

    What is recorded. metrics: {"accuracy": accuracy_score}, functions of the targets and of the
    outputs as plain numbers, on the validation data if there is any. For an output of one number
    say lambda t, y: accuracy_score(t, classes(y)). callbacks: are called with the record after each
    epoch; if one returns True the run ends. progress: whether to show a bar.

    Checkpoints. checkpoint: a file that holds all that the next epoch depends on. It is written
    after every checkpoint_every epochs, and at the end of an epoch if it is older than some
    seconds, in the first seconds more often. With resume, and if the file is there, the run goes on
    from it as if it had never stopped: weights and record have the same bits. After an end within
    an epoch, by steps, it goes on with the next epoch. A run that early
    stopping has ended does not go on, unless its patience is longer now; one that a callback has
    ended does. settings: what else must be the same to resume, as JSON can hold it.

    How the steps are done. replay: with True the machine of `engine.machine` does them, with the
    same bits; NoPlanError is raised if it cannot. With "auto" it does them if it can. It knows
    every optimiser but LBFGS. It asks schedules, and Dropout for its random numbers, for many steps
    at a time. fast: these steps may have other last bits, for speed: fused multiply-adds, sums over
    samples in vectors, and a tanh, exp and log of its own, within 3 units in the last place. The
    gradient of one batch is compared with the gradient of its graph first: the record's `deviation`
    is how far they are apart, as a share of the largest, and NoPlanError is raised above 1e-9. A
    pure build has nothing faster, and stays exact.

    Afterwards the model is in eval mode. Ctrl-C ends the run and keeps what was learned. A loss
    that is not finite ends it with a TrainingError that names the step, and so does a step out of
    the domain of a function such as log; the model then has the last weights with a finite loss.
    Raises ValueError or TypeError for arguments that do not go together.

    >>> from random import Random
    >>> from nn import MLP, SGD, data
    >>> model = MLP(2, [4, 1], activation="tanh", rng=Random(0))
    >>> fit(model, data.xor(), optimizer=SGD(model.parameters(), lr=0.2), steps=500, progress=False)
    ... # doctest: +ELLIPSIS
    History(500 epochs, 500 steps, loss=..., lr=0.2, stopped: all steps done)
    """
    if isinstance(data, DataLoader) and batch_size is not None:
        raise ValueError(f"a DataLoader has its own batch_size, got batch_size={batch_size} too")
    if isinstance(data, DataLoader) and sample_weight is not None:
        raise ValueError("a DataLoader has its own sample_weight, got sample_weight too")
    run = Run(
        model,
        data,
        optimizer,
        loss,
        batch_size,
        shuffle,
        seed,
        sample_weight=sample_weight,
        validation=validation,
        metrics=metrics,
        penalty=penalty,
        max_norm=max_norm,
        schedule=schedule,
        schedule_each=schedule_each,
        early_stopping=early_stopping,
        settings=settings,
    )
    callbacks = [callbacks] if callable(callbacks) else list(callbacks)
    if fast:  # else a checkpoint is as it was before there was such a thing
        if not replay:
            raise ValueError("fast is for replayed steps: it takes replay=True or 'auto'")
        run.settings["fast"] = True
    run.check(epochs, steps)
    whole("checkpoint_every", checkpoint_every)
    if resume and checkpoint is None:
        raise ValueError("resume=True needs the checkpoint to go on from")
    if resume and checkpoint is not None and os.path.exists(checkpoint):
        resume_run(run, checkpoint)
    stepper = stepper_of(run, replay, fast)
    stepper.watched = stepper.watched or bool(callbacks)
    saved, wait = monotonic(), min(SOON, SECONDS)
    with bar(run, epochs * len(run.loader) if epochs else steps, progress) as advance:
        try:
            while not run.done(epochs, steps):
                if not callbacks:
                    end = epochs or math.ceil((steps or 0) / len(run.loader))
                    every, until = end, math.inf
                    if checkpoint is not None:
                        every, until = checkpoint_every, saved + wait
                    whole_epochs(run, stepper, end, every, advance, until)
                if not run.history.stopped:  # by early stopping, in one of these epochs
                    epoch(run, stepper, steps, advance)
                    answers = [callback(run.history) for callback in callbacks]
                    run.end_epoch(True in answers)
                due = run.history.epoch_count % checkpoint_every == 0
                due = due or run.done(epochs, steps) or monotonic() - saved > wait
                if checkpoint is not None and due:
                    save_run(run, checkpoint)
                    saved, wait = monotonic(), min(2 * wait, SECONDS)
        except KeyboardInterrupt:
            run.history.stopped = "interrupted"
        finally:
            stepper.finish()
    if run.stopping is not None:
        run.stopping.restore(run.parameters)
    model.eval()
    return run.history


def stepper_of(run: Run, replay: bool | str, fast: bool) -> GraphStepper:
    """What does the steps of the run: in the machine if that is asked for, or on graphs."""
    if replay not in (True, False, "auto"):
        raise ValueError(f"replay is True, False or 'auto', got {replay!r:.60}")
    if not replay:
        return GraphStepper(run)
    from engine.programs.plan import NoPlanError
    from nn.training.machine_stepper import (
        MachineStepper,
        attributes,
        has_own_train,
        starts_outside,
    )

    if not has_own_train(run.model):
        run.model.train()
    before = attributes(run.model)
    try:
        stepper = MachineStepper(run, fast)
    except NoPlanError as error:
        for (
            own,
            kept,
        ) in before:  # a model may count its calls, or carry a state from one to another
            own.clear()
            own.update(kept)
        if replay == "auto" or starts_outside(error):
            return GraphStepper(run)
        raise
    stepper.strict = replay is True
    return stepper


def whole_epochs(
    run: Run,
    stepper: GraphStepper,
    end: int,
    checkpoint_every: int,
    advance: Callable[[int], None],
    until: float = math.inf,
) -> None:
    """The epochs that the stepper does alone, up to the last but one.

    The last epoch, and one after which a checkpoint is due, is left to `epoch`. until: when the
    checkpoint is due at the latest, by the clock.
    """
    while monotonic() < until:
        done, before = run.history.epoch_count, run.history.steps
        stepper.epochs(min(end - done, checkpoint_every - done % checkpoint_every) - 1)
        if run.history.steps == before:
            return
        advance(run.history.steps - before)


def epoch(
    run: Run, stepper: GraphStepper, steps: int | None, advance: Callable[[int], None]
) -> None:
    """One pass over the data, and its figures. steps: where the run ends, even within an epoch."""
    stepper.mode(training=True)
    first = run.history.steps
    batches = run.loader.batches()
    if steps is not None:
        batches = batches[: steps - first]
    stepper.epoch(batches, advance)
    run.record_epoch(first, stepper)


@contextmanager
def bar(run: Run, total: int | None, progress: bool) -> Iterator[Callable[[int], None]]:
    """A function that moves a progress bar on by a number of steps that are done."""
    if not progress:
        yield lambda _: None
        return
    from tqdm import tqdm

    options: dict[str, Any] = {"desc": "training", "unit": "step"}
    with tqdm(total=total, initial=run.history.steps, **options) as shown:

        def advance(steps: int) -> None:
            shown.update(steps)
            if run.history.steps % 20 < steps or run.history.steps == total:
                figures = {"loss": run.history.losses[-1]}
                last = run.history.latest
                figures |= {k: x for k, x in last.items() if k not in ("loss", "lr")}
                shown.set_postfix({k: f"{x:.4g}" for k, x in figures.items()}, refresh=False)

        yield advance
