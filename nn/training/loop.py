"""The training loop: predict, compare, differentiate, step, until told to stop.

    for inputs, targets in loader:
        loss = mse_loss([model(x) for x in inputs], targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

That is all of it. What `fit` adds is what one wants around it: the record, held-out data, a
bar that moves, schedules, early stopping, checkpoints, and a clear end when the loss runs away.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from time import monotonic

from nn.checks import whole
from nn.data.loader import DataLoader
from nn.losses import mse_loss
from nn.training.run import Run, pair

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

SECONDS = 5.0  # that a checkpoint may be behind, however many epochs those are


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

    data: (inputs, targets), something with these two attributes, or a DataLoader, which then has
    the say on batch_size, shuffle and seed. loss: a function of the predictions of a batch and
    its targets. `epochs` passes over the data, or `steps` steps. validation: held-out (inputs,
    targets), whose loss is "val_loss". metrics: {"accuracy": accuracy_score}, functions of the
    targets and the outputs as plain numbers; on the validation data, if there are any. For an
    output of one number, say lambda t, y: accuracy_score(t, classes(y)). penalty: a function
    without arguments that gives what to add to the loss of each step, such as an L2 penalty.
    max_norm: clip the gradient to that length. schedule: steps each "epoch" or each "step".
    callbacks: called with the record after each epoch; one that returns True ends the run.
    checkpoint: a file that holds all that the next epoch depends on, written after every
    checkpoint_every of them, and if it is older than some seconds. With resume the run goes on from
    it, if it is there, as if it had never stopped: to the same last bit, also that of the record.
    settings: what else must then be as it was, in words that JSON has. progress: whether to show a
    bar. Afterwards the model is in eval mode. LBFGS goes up to max_iter steps on each batch, which
    is best all of the data, and the loss of its step is that of the first.
    replay: True has the steps done by the machine of `engine.machine`, with the same bits, and
    raises NoPlanError where it cannot; "auto" does so where it can. It knows every optimiser but
    LBFGS. Schedules and the random numbers of Dropout are then asked for many steps at a time.
    fast: allows these steps other last bits, for speed: fused multiply-adds, sums over samples in
    vectors, and a tanh, exp and log of its own, within 3 units in the last place. The gradient of
    a batch is compared with that of its graph beforehand: the record's `deviation` is how far they
    are apart, and NoPlanError is raised above 1e-9 of the largest. A pure build has nothing faster,
    and stays exact.

    Ctrl-C ends the run and keeps what was learned. A loss that is not finite ends it with a
    TrainingError that names the step; the model then has the last weights whose loss was finite.
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
    run = Run(model, data, optimizer, loss, batch_size, shuffle, seed)
    run.metrics, run.penalty, run.max_norm = metrics or {}, penalty, max_norm
    run.schedule, run.each, run.stopping = schedule, schedule_each, early_stopping
    run.validation = pair(validation) if validation is not None else None
    callbacks = [callbacks] if callable(callbacks) else list(callbacks)
    run.settings = dict(settings or {})
    if fast:  # else a checkpoint is as it was before there was such a thing
        if not replay:
            raise ValueError("fast is for replayed steps: it takes replay=True or 'auto'")
        run.settings["fast"] = True
    run.check(epochs, steps)
    whole("checkpoint_every", checkpoint_every)
    if resume and checkpoint is None:
        raise ValueError("resume=True needs the checkpoint to go on from")
    if resume and checkpoint is not None and os.path.exists(checkpoint):
        run.resume(checkpoint)
    run.replay = prepared(run, replay, fast)
    written = monotonic()
    with bar(run, epochs * len(run.loader) if epochs else steps, progress) as advance:
        try:
            while not run.done(epochs, steps):
                if not callbacks:
                    end = epochs or steps or 0
                    run.epochs(end, checkpoint_every if checkpoint else end, advance)
                run.epoch(steps, advance)
                answers = [callback(run.history) for callback in callbacks]
                run.end_epoch(True in answers)
                due = len(run.history.epochs) % checkpoint_every == 0
                due = due or run.done(epochs, steps) or monotonic() - written > SECONDS
                if checkpoint is not None and due:
                    run.save(checkpoint)
                    written = monotonic()
        except KeyboardInterrupt:
            run.history.stopped = "interrupted"
    if run.stopping is not None:
        run.stopping.restore(run.parameters)
    model.eval()
    return run.history


def prepared(run: Run, replay: bool | str, fast: bool) -> Any:
    """What replays the steps of the run, None if nothing is to."""
    if replay not in (True, False, "auto"):
        raise ValueError(f"replay is True, False or 'auto', got {replay!r:.60}")
    if not replay:
        return None
    from engine.programs.plan import NoPlanError
    from nn.training.replay import Replay

    run.model.train()
    try:
        made = Replay(run, fast)
        run.history.deviation = made.plans.deviation if fast else None
        return made
    except NoPlanError:
        if replay == "auto":
            return None
        raise


@contextmanager
def bar(run: Run, total: int | None, progress: bool) -> Iterator[Callable[[Run, int], None]]:
    """A function to call after some steps, which moves a progress bar on."""
    from tqdm import tqdm

    options: dict[str, Any] = {"desc": "training", "unit": "step", "disable": not progress}
    with tqdm(total=total, initial=run.history.steps, **options) as shown:

        def advance(run: Run, steps: int) -> None:
            shown.update(steps)
            if run.history.steps % 20 < steps or run.history.steps == total:
                figures = {"loss": run.history.losses[-1]}
                if run.history.epochs:
                    last = run.history.epochs[-1]
                    figures |= {k: x for k, x in last.items() if k not in ("loss", "lr")}
                shown.set_postfix({k: f"{x:.4g}" for k, x in figures.items()}, refresh=False)

        yield advance
