"""A run: the state of a training. What is trained, what moves it, and how far it has come.

A stepper does the steps, on graphs (`graph_stepper`) or in the machine (`machine_stepper`), and
`fit` is the loop around both. A run knows neither.
"""

from __future__ import annotations

from math import nan

from engine.op import leaves_domain, number
from nn.checks import wanted, whole
from nn.data.loader import DataLoader, check_samples, pair
from nn.module import Module
from nn.optim.clip import clip_grad_norm_
from nn.optim.optimizer import Optimizer
from nn.sample import added
from nn.training.history import EARLY, History
from nn.training.objective import Objective, TrainingError
from nn.training.stopping import EarlyStopping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Protocol

    from engine import Value
    from nn.training.objective import Loss

    Metric = Callable[[Sequence[Any], Sequence[Any]], float]

    class Stepper(Protocol):
        """What puts the model in a mode, and asks it for many outputs and their loss."""

        def mode(self, training: bool) -> None: ...
        def judged(self, inputs: Sequence[Any]) -> tuple[Any, float]: ...


class Run:
    """The state of a training: the model, what moves it, and how far it has come.

    `history` is the record so far. `last_finite` are the parameters of the last finite loss.
    """

    def __init__(
        self,
        model: Module,
        data: Any,
        optimizer: Optimizer,
        loss: Loss,
        batch_size: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        *,
        sample_weight: Any = None,
        validation: Any = None,
        metrics: Mapping[str, Metric] | None = None,
        penalty: Callable[[], Any] | None = None,
        max_norm: float | None = None,
        schedule: Any = None,
        schedule_each: str = "epoch",
        early_stopping: EarlyStopping | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """The arguments have the names and meanings they have in `fit`.

        Raises TypeError or ValueError for what is not a model, an optimiser or data.
        """
        if not isinstance(model, Module):
            raise TypeError(f"fit trains a Module, got {type(model).__name__} {model!r:.60}")
        made = isinstance(optimizer, Optimizer)
        wanted(made, "optimizer is one that was made, such as Adam(model.parameters())", optimizer)
        if isinstance(data, DataLoader):
            self.loader = data
        else:
            inputs, targets = pair(data)
            self.loader = DataLoader(
                inputs, targets, batch_size, shuffle, seed, sample_weight=sample_weight
            )
        self.model: Any = model
        self.optimizer = optimizer
        self.objective = Objective(self.model, loss, penalty, self.loader.inputs[0])
        self.metrics: Mapping[str, Metric] = metrics or {}
        self.max_norm = max_norm
        self.schedule, self.schedule_each = schedule, schedule_each
        self.stopping = early_stopping
        self.validation: tuple[Sequence[Any], Sequence[Any]] | None = None
        if validation is not None:
            self.validation = pair(validation)
        self.settings: dict[str, Any] = dict(settings or {})
        self.parameters: list[Value] = optimizer.parameters
        self.last_finite: Sequence[float] = [p.data for p in self.parameters]
        self.history = History()

    # ---- before the first step ----

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
        loss, penalty = self.objective.loss, self.objective.penalty
        wanted(callable(loss), "loss is a function of predictions and targets", loss)
        wanted(
            penalty is None or callable(penalty),
            "penalty is a function, such as lambda: 1e-4 * l2_penalty(weights)",
            penalty,
        )
        functions = hasattr(self.metrics, "values") and all(map(callable, self.metrics.values()))
        wanted(functions, "metrics are a dict of names and functions", self.metrics)
        if self.max_norm is not None and not number(self.max_norm) > 0:
            raise ValueError(f"max_norm is a positive number, got {self.max_norm}")
        if self.validation is not None:
            try:
                check_samples(*self.validation)
            except (TypeError, ValueError) as error:
                raise type(error)(f"validation: {error}") from None
        self.check_schedule()
        self.check_stopping()

    def check_schedule(self) -> None:
        if self.schedule_each not in ("epoch", "step"):
            raise ValueError(f"schedule_each is 'epoch' or 'step', got {self.schedule_each!r}")
        if self.schedule is None:
            return
        made = hasattr(self.schedule, "needs_metric") and not isinstance(self.schedule, type)
        wanted(made, "schedule is one that was made, such as StepLR(optimizer, 10)", self.schedule)
        if self.schedule.optimizer is not self.optimizer:
            raise ValueError("the schedule is that of another optimiser")
        if self.schedule.needs_metric and self.schedule_each == "step":
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

    # ---- a step ----

    def descend(self, gradient: Callable[[], Value | float]) -> None:
        """One step of the optimiser. gradient: sets the grads of the parameters, gives the loss.

        Whatever interrupts the step, the parameters are the ones before it. Raises TrainingError
        where the loss is not finite, or a function of it has no value.
        """
        before = [p.data for p in self.parameters]

        def closure() -> Value | float:
            loss = gradient()
            if self.max_norm is not None:
                clip_grad_norm_(self.parameters, self.max_norm)
            self.last_finite = before
            return loss

        try:
            loss = self.optimizer.step(closure)
        except (ArithmeticError, ValueError) as error:
            if not leaves_domain(error):
                raise
            self.give_back(self.last_finite)
            step = self.history.steps + 1
            advice = ": try a smaller learning rate" if step > 1 else ""
            raise TrainingError(f"step {step}: {error}{advice}") from error
        except KeyboardInterrupt:
            self.give_back(before)
            raise
        self.history.losses.append(float(loss))
        if self.schedule is not None and self.schedule_each == "step":
            self.schedule.step()

    def give_back(self, numbers: Sequence[float]) -> None:
        """Set the parameters to these numbers."""
        for p, data in zip(self.parameters, numbers):
            p.data = data

    # ---- the end of an epoch ----

    def record_epoch(self, first: int, stepper: Stepper) -> None:
        """Put the figures of an epoch into the record. first: the number of steps before it.

        stepper: gives the numbers of the model for a list of inputs.
        """
        losses = self.history.losses[first:]
        figures = {"loss": added(losses) / len(losses), "lr": self.optimizer.lr}
        try:
            figures |= self.evaluated(stepper)
        except (ArithmeticError, ValueError) as error:
            if not leaves_domain(error):
                raise
            self.give_back(self.last_finite)
            after = f"after step {self.history.steps}"
            raise TrainingError(f"{after}: {error}: try a smaller learning rate") from error
        self.history.add(figures)

    def evaluated(self, stepper: Stepper) -> dict[str, float]:
        """The loss on the held-out data, and the metrics, of the model in eval mode."""
        if self.validation is None and not self.metrics:
            return {}
        stepper.mode(training=False)
        inputs, targets = self.judging
        try:
            predictions, loss = stepper.judged(inputs)
        except (IndexError, TypeError, ValueError) as error:
            known = type(error) in (IndexError, TypeError, ValueError)
            if self.validation is None or not known or leaves_domain(error):
                raise
            raise type(error)(f"validation: {error}") from error
        prefix = "val_" if self.validation else ""
        figures = {"val_loss": loss} if self.validation else {}
        for name, metric in self.metrics.items():
            found = metric(targets, predictions)
            try:
                figures[prefix + name] = float(found)
            except (TypeError, ValueError):
                got = f"{type(found).__name__} {found!r:.60}"
                raise TypeError(f"the metric {name!r} gives a number, got {got}") from None
        return figures

    @property
    def judging(self) -> tuple[Sequence[Any], Sequence[Any]]:
        """The samples that judge the model: the held-out ones, or those it learns from."""
        return self.validation or (self.loader.inputs, self.loader.targets)

    def held_out_loss(self, predictions: Sequence[Any]) -> float:
        """The loss of what the model gives for the held-out data; nan if there are none."""
        if self.validation is None:
            return nan
        return float(self.objective.loss(predictions, self.validation[1]))

    def end_epoch(self, asked: bool, numbers: Sequence[float] | None = None) -> None:
        """Step the schedule, and stop if the figures of the epoch or a callback say so.

        numbers: the parameters, where their Values have not got them yet.
        """
        figures = self.history.latest
        if self.schedule is not None and self.schedule_each == "epoch":
            if self.schedule.needs_metric:
                self.schedule.step(figures.get("val_loss", figures["loss"]))
            else:
                self.schedule.step()
        if self.stopping is not None and numbers is None:
            over = self.stopping.update(figures, self.parameters)
        elif self.stopping is not None:
            if self.stopping.is_better(figures):
                self.stopping.best_weights = list(numbers or ())
            over = self.stopping.over
        else:
            over = False
        if over:
            self.history.stopped = EARLY
        elif asked:
            self.history.stopped = "a callback"

    def done(self, epochs: int | None, steps: int | None) -> bool:
        """Whether the run has ended; after all epochs or steps it says so in the record."""
        if self.history.stopped:
            return True
        if epochs is not None and self.history.epoch_count >= epochs:
            self.history.stopped = "all epochs done"
        elif steps is not None and self.history.steps >= steps:
            self.history.stopped = "all steps done"
        return bool(self.history.stopped)
