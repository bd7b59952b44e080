"""A training run: the model, what moves it, and how far it has come.

`fit` is the loop around it. A step is here, an epoch, and all that a checkpoint keeps.
"""

from __future__ import annotations

import math
import random

from engine import Value, no_grad
from engine.op import number
from nn.checks import wanted, whole
from nn.data.loader import DataLoader, check_data
from nn.losses import added, cross_entropy, nll_loss
from nn.module import Module
from nn.optim.clip import clip_grad_norm_
from nn.optim.optimizer import Optimizer
from nn.training.history import History
from nn.training.stopping import EarlyStopping

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from nn.training.replay import Replay

    Metric = Callable[[Sequence[Any], Sequence[Any]], float]


class TrainingError(ArithmeticError):
    """A loss that is not finite, or an arithmetic error on the way to it, with the step."""

    __module__ = "nn"


class Run:
    """A training run: the model, what moves it, and how far it has come."""

    validation: tuple[Sequence[Any], Sequence[Any]] | None
    metrics: Mapping[str, Metric]
    penalty: Callable[[], Any] | None
    max_norm: float | None
    schedule: Any  # a Schedule, or one that steps on a metric, or None
    each: str
    stopping: EarlyStopping | None
    settings: dict[str, Any]
    replay: Replay | None

    def __init__(
        self,
        model: Module,
        data: Any,
        optimizer: Optimizer,
        loss: Callable[[Sequence[Any], Sequence[Any]], Any],
        batch_size: int | None,
        shuffle: bool,
        seed: int,
    ) -> None:
        if not isinstance(model, Module):
            raise TypeError(f"fit trains a Module, got {type(model).__name__} {model!r:.60}")
        made = isinstance(optimizer, Optimizer)
        wanted(made, "optimizer is one that was made, such as Adam(model.parameters())", optimizer)
        self.model: Any = model
        self.optimizer, self.loss = optimizer, loss
        if isinstance(data, DataLoader):
            self.loader = data
        else:
            inputs, targets = pair(data)
            self.loader = DataLoader(inputs, targets, batch_size, shuffle=shuffle, seed=seed)
        self.parameters: list[Value] = optimizer.parameters
        self.last_finite = [p.data for p in self.parameters]
        self.history = History()

    def check(self, epochs: int | None, steps: int | None) -> None:
        """Raise TypeError or ValueError, before anything is done, for what does not go together."""
        if (epochs is None) == (steps is None):
            raise ValueError(f"fit takes either epochs or steps, got {epochs!r} and {steps!r}")
        for name, n in (("epochs", epochs), ("steps", steps)):
            if n is not None:
                whole(name, n)
        own = {id(p) for p in self.model.parameters()}
        if not all(id(p) in own for p in self.parameters):
            raise ValueError("the optimiser has parameters that are not the model's")
        wanted(callable(self.loss), "loss is a function of predictions and targets", self.loss)
        wanted(
            self.penalty is None or callable(self.penalty),
            "penalty is a function, such as lambda: 1e-4 * l2_penalty(weights)",
            self.penalty,
        )
        functions = hasattr(self.metrics, "values") and all(map(callable, self.metrics.values()))
        wanted(functions, "metrics are a dict of names and functions", self.metrics)
        if self.max_norm is not None and not number(self.max_norm) > 0:
            raise ValueError(f"max_norm is a positive number, got {self.max_norm}")
        if self.validation is not None:
            try:
                check_data(*self.validation)
            except (TypeError, ValueError) as error:
                raise type(error)(f"validation: {error}") from None
        self.check_schedule()
        self.check_stopping()

    def check_schedule(self) -> None:
        if self.each not in ("epoch", "step"):
            raise ValueError(f"schedule_each is 'epoch' or 'step', got {self.each!r}")
        if self.schedule is None:
            return
        made = hasattr(self.schedule, "needs_metric") and not isinstance(self.schedule, type)
        wanted(made, "schedule is one that was made, such as StepLR(optimizer, 10)", self.schedule)
        if self.schedule.optimizer is not self.optimizer:
            raise ValueError("the schedule is that of another optimiser")
        if self.schedule.needs_metric and self.each == "step":
            raise ValueError("a schedule that waits for a metric takes schedule_each='epoch'")

    def check_stopping(self) -> None:
        stopping = self.stopping
        if stopping is None:
            return
        wanted(
            isinstance(stopping, EarlyStopping), "early_stopping is an EarlyStopping()", stopping
        )
        prefix = "val_" if self.validation else ""
        known = ["loss", "lr", *(["val_loss"] if self.validation else [])]
        known += [prefix + name for name in self.metrics]
        if stopping.monitor not in known:
            hint = "" if self.validation else ": it needs validation data"
            raise ValueError(
                f"early stopping monitors {stopping.monitor!r}, but there are "
                f"{', '.join(known)}{hint}"
            )
        stopping.restart()

    def done(self, epochs: int | None, steps: int | None) -> bool:
        if self.history.stopped:
            return True
        if epochs is not None and len(self.history.epochs) >= epochs:
            self.history.stopped = "all epochs done"
        elif steps is not None and self.history.steps >= steps:
            self.history.stopped = "all steps done"
        return bool(self.history.stopped)

    def epoch(self, steps: int | None, advance: Callable[[Run, int], None]) -> None:
        """One pass over the data, and its figures."""
        self.model.train()
        first = self.history.steps
        batches = self.loader.batches()
        if steps is not None:
            batches = batches[: steps - first]
        if self.replay is not None:
            self.replay.epoch(batches, lambda n: advance(self, n))
        else:
            for batch in batches:
                self.step(*self.loader.samples(batch))
                advance(self, 1)
        losses = self.history.losses[first:]
        figures = {"loss": added(losses) / len(losses), "lr": self.optimizer.lr}
        self.history.epochs.append(figures | self.evaluated())

    def epochs(self, end: int, checkpoint_every: int, advance: Callable[[Run, int], None]) -> None:
        """Epochs of one step each that nothing in Python has a part in, many at a time.

        Up to the last but one of all, and of those until the next checkpoint.
        """
        waits = self.schedule is not None and self.schedule.needs_metric
        if self.replay is None or self.stopping or self.validation or self.metrics or waits:
            return
        self.model.train()
        steps = 1
        while steps:
            done = len(self.history.epochs)
            ahead = min(end - done, checkpoint_every - done % checkpoint_every) - 1
            steps = self.replay.epochs(ahead)
            advance(self, steps)

    def step(self, inputs: Sequence[Any], targets: Sequence[Any]) -> None:
        """One step of the optimiser; whatever interrupts it, the parameters are those before it."""

        def gradient() -> Value:
            loss = self.loss_of(inputs, targets)
            self.optimizer.zero_grad()
            loss.backward()
            return loss

        self.descend(gradient)

    def descend(self, gradient: Callable[[], Value | float]) -> None:
        """A step of the optimiser along the gradient of the loss that this function gives."""
        before = [p.data for p in self.parameters]

        def closure() -> Value | float:
            loss = gradient()
            if self.max_norm is not None:
                clip_grad_norm_(self.parameters, self.max_norm)
            self.last_finite = before
            return loss

        try:
            loss = self.optimizer.step(closure)
        except ArithmeticError as error:
            self.give_back(self.last_finite)
            step = self.history.steps + 1
            advice = ": try a smaller learning rate" if step > 1 else ""
            raise TrainingError(f"step {step}: {error}{advice}") from error
        except KeyboardInterrupt:
            self.give_back(before)
            raise
        self.history.losses.append(float(loss))
        if self.schedule is not None and self.each == "step":
            self.schedule.step()

    def loss_of(self, inputs: Sequence[Any], targets: Sequence[Any]) -> Value:
        """The loss of a batch. Raises TrainingError if it is not finite."""
        outputs = [self.model(x) for x in inputs]
        if self.loss in (cross_entropy, nll_loss) and not hasattr(outputs[0], "__len__"):
            raise ValueError(
                "the model gives one number, and this loss takes one for each class: give it "
                "more outputs, or take binary_cross_entropy_with_logits"
            )
        loss = self.loss(outputs, targets)
        if self.penalty is not None:
            loss = loss + self.penalty()
        if not isinstance(loss, Value):
            raise TypeError(f"the loss is no Value but {loss!r:.60}: nothing to differentiate")
        if not math.isfinite(loss.data):
            raise TrainingError(f"the loss is {loss.data}")
        return loss

    def give_back(self, numbers: Sequence[float]) -> None:
        for p, data in zip(self.parameters, numbers):
            p.data = data

    def evaluated(self) -> dict[str, float]:
        """The loss on the held-out data, and the metrics."""
        if self.validation is None and not self.metrics:
            return {}
        self.model.eval()
        inputs, targets = self.validation or (self.loader.inputs, self.loader.targets)
        with no_grad():
            outputs = plain([self.model(x) for x in inputs])
        prefix = "val_" if self.validation else ""
        figures = {}
        if self.validation:
            figures["val_loss"] = float(self.loss(outputs, targets))
        for name, metric in self.metrics.items():
            figures[prefix + name] = float(metric(targets, outputs))
        return figures

    def end_epoch(self, asked: bool) -> None:
        figures = self.history.epochs[-1]
        if self.schedule is not None and self.each == "epoch":
            if self.schedule.needs_metric:
                self.schedule.step(figures.get("val_loss", figures["loss"]))
            else:
                self.schedule.step()
        if self.stopping is not None and self.stopping.update(figures, self.parameters):
            self.history.stopped = "early stopping"
        elif asked:
            self.history.stopped = "a callback"

    # ---- checkpoints: all that the next epoch depends on ----

    def parts(self) -> dict[str, Any]:
        """What has a state, by name."""
        parts = {
            "model": self.model,
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "loader": self.loader,
            "early_stopping": self.stopping,
            "history": self.history,
        }
        return {name: part for name, part in parts.items() if part is not None}

    def sources(self) -> list[Any]:
        """The random sources: the module random, and those of modules such as Dropout."""
        found = [getattr(module, "rng", None) for module in self.model.modules()]
        return [random, *[rng for rng in found if isinstance(rng, random.Random)]]

    def states(self) -> dict[str, Any]:
        states = {name: part.state_dict() for name, part in self.parts().items()}
        states["settings"] = self.settings
        return {**states, "random": [source.getstate() for source in self.sources()]}

    def save(self, checkpoint: str | os.PathLike[str]) -> None:
        from nn.saving.models import save_checkpoint

        save_checkpoint(checkpoint, self.states())

    def resume(self, checkpoint: str | os.PathLike[str]) -> None:
        """Take over the states of a checkpoint, all or, with a ValueError, none."""
        from nn.saving.models import load_checkpoint

        states, before = load_checkpoint(checkpoint), self.states()
        try:
            check_settings(states.get("settings"), self.settings)
            if set(states) != set(before):
                raise ValueError(f"it has {sorted(states)}, wanted {sorted(before)}")
            self.take(states)
        except (KeyError, TypeError, ValueError) as error:
            self.take(before)
            reason = str(error) if len(str(error)) < 300 else f"{str(error)[:300]}..."
            raise ValueError(f"cannot resume from {checkpoint}: {reason}") from None

    def take(self, states: dict[str, Any]) -> None:
        for name, part in self.parts().items():
            part.load_state_dict(states[name])
        sources = self.sources()
        if len(states["random"]) != len(sources):
            raise ValueError(f"the model has {len(sources)} random sources")
        for source, (version, words, extra) in zip(sources, states["random"]):
            source.setstate((version, tuple(words), extra))
        self.last_finite = [p.data for p in self.parameters]


def check_settings(there: Any, here: dict[str, Any]) -> None:
    """Raise ValueError, with what differs, unless a run was started with the same settings."""
    there = there if isinstance(there, dict) else {}
    different = [
        f"{name} was {there.get(name)!r:.40} and is {here.get(name)!r:.40} now"
        for name in {**here, **there}
        if there.get(name) != here.get(name)
    ]
    if different:
        raise ValueError("; ".join(different))


def pair(data: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    """Inputs and targets. Raises TypeError for what has not both."""
    if hasattr(data, "inputs") and hasattr(data, "targets"):
        return data.inputs, data.targets
    if isinstance(data, tuple | list) and len(data) == 2:
        return data[0], data[1]
    raise TypeError(f"data is (inputs, targets), got {type(data).__name__} {data!r:.60}")


def plain(tree: Any) -> Any:
    """Values in nested lists as their numbers."""
    if isinstance(tree, list | tuple):
        return [plain(branch) for branch in tree]
    return float(tree)
