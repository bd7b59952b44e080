"""The stepper on graphs: each step builds the graph of its batch, and sweeps it backward.

A stepper does the steps of a run, and puts their losses into the record. `fit` asks it for the
epochs in this order: `epochs`, for as many whole epochs as it can do alone; then `epoch`, for the
steps of one; then `judged`, to judge the model.
"""

from __future__ import annotations

from nn.evaluation import outputs_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from engine import Value
    from nn.training.run import Run


class GraphStepper:
    """The steps of a run, a graph for each of them."""

    watched = False  # by callbacks, which may change anything between two epochs

    def __init__(self, run: Run) -> None:
        self.run = run

    def epochs(self, most: int) -> None:
        """Do whole epochs, at most so many, with their figures in the record; here none."""

    def epoch(self, batches: Sequence[Sequence[int]], advance: Callable[[int], None]) -> None:
        """Do the steps of one epoch. batches: the places of the samples of each step.

        advance: is called with the number of steps just done.
        """
        for batch in batches:
            self.step(*self.run.loader.samples(batch))
            advance(1)

    def mode(self, training: bool) -> None:
        """Put the model in train mode, or in eval mode."""
        self.run.model.train(training)

    def outputs(self, inputs: Sequence[Any]) -> Any:
        """The outputs of the model for a list of inputs, as plain numbers."""
        return outputs_of(self.run.model, inputs)

    def judged(self, inputs: Sequence[Any]) -> tuple[Any, float]:
        """The outputs for the samples that judge the model, and their loss if it is asked for."""
        outputs = self.outputs(inputs)
        return outputs, self.run.held_out_loss(outputs)

    def step(self, *samples: Sequence[Any]) -> None:
        """One step of the optimiser on the graph of a batch. samples: inputs, targets and so on."""
        self.run.descend(lambda: self.graph_gradient(*samples))

    def graph_gradient(self, *samples: Sequence[Any]) -> Value:
        """The loss of a batch, once the parameters have its gradient. samples: inputs, targets."""
        loss = self.run.objective(*samples)
        self.run.optimizer.zero_grad()
        loss.backward()
        return loss

    def finish(self) -> None:
        """Leave the parameters as a step on a graph leaves them."""
