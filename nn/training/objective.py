"""The objective: the loss of a batch, which a training makes small."""

from __future__ import annotations

import math
from inspect import signature

from engine import Value
from engine.op import leaves_domain
from nn.data.loader import width_of
from nn.evaluation import is_straight
from nn.losses import cross_entropy, nll_loss
from nn.reduction import flattened
from nn.sample import added

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Loss = Callable[..., Any]


class TrainingError(ArithmeticError):
    """A loss that is not finite, or an arithmetic error on the way to it, with the step."""

    __module__ = "nn"


class Objective:
    """The loss of a model's outputs for a batch, plus the penalty if there is one.

    Weights of the samples, if there are any, are what `loss_of` makes of them.

    loss: a function of the outputs and the targets of a batch. penalty: a function without
    arguments, such as an L2 penalty of the weights.

    >>> from nn.losses import mse_loss
    >>> w = Value(3.0)
    >>> objective = Objective(lambda x: w * x, mse_loss, penalty=lambda: 0.5 * w * w)
    >>> objective([1.0, 2.0], [3.0, 4.0]).data  # (0**2 + 2**2) / 2 + 0.5 * 3**2
    6.5
    """

    def __init__(
        self, model: Any, loss: Loss, penalty: Callable[[], Any] | None = None, first: Any = None
    ) -> None:
        self.model, self.loss, self.penalty, self.first = model, loss, penalty, first

    def __call__(self, inputs: Sequence[Any], *others: Sequence[Any]) -> Value:
        """The loss of a batch. others: its targets, and what else the loss takes of each sample.

        Raises TrainingError if it is not finite.
        """
        return self.of_outputs(self.outputs(inputs), *others)

    def of_outputs(self, outputs: Sequence[Any], *others: Sequence[Any]) -> Value:
        """The same, of what the model gave for each sample."""
        if self.loss in (cross_entropy, nll_loss) and not hasattr(outputs[0], "__len__"):
            raise ValueError(
                "the model gives one number, and this loss takes one for each class: give it "
                "more outputs, or take binary_cross_entropy_with_logits"
            )
        loss = loss_of(self.loss, outputs, *others)
        if self.penalty is not None:
            loss = loss + self.penalty()
        if not isinstance(loss, Value):
            raise TypeError(f"the loss is no Value but {loss!r:.60}: nothing to differentiate")
        if not math.isfinite(loss.data):
            raise TrainingError(f"the loss is {loss.data}")
        return loss

    def outputs(self, inputs: Sequence[Any]) -> list[Any]:
        """What the model gives for each input; its error names an input of another length.

        Sequences for a model of one's own may have any length: then its error names the input.
        """
        found = []
        first = inputs[0] if self.first is None else self.first
        for x in inputs:
            try:
                found.append(self.model(x))
            except ValueError as error:
                if leaves_domain(error) or width_of(x) == width_of(first):
                    raise
                straight = is_straight(self.model)
                what = "an input has another shape than the first" if straight else "an input"
                raise ValueError(f"{what}, {x!r:.60}: {error}") from error
        return found


def loss_of(loss: Loss, outputs: Sequence[Any], targets: Any, weights: Any = None) -> Any:
    """The loss of a batch whose samples have weights, if they have any.

    A loss of nn has a loss for each sample, by reduction="none". It is multiplied by the weight of
    the sample. Their mean, or their sum if that is the reduction of the loss, is the loss of the
    batch: sum(weight * loss of the sample) / n, as in Keras. So weights of 1 change nothing. A loss
    without a reduction is given the weights after the targets.

    >>> from nn.losses import mse_loss
    >>> loss_of(mse_loss, [1.0, 2.0], [0.0, 0.0], [3.0, 1.0])  # (3 * 1 + 1 * 4) / 2
    3.5
    """
    if weights is None:
        return loss(outputs, targets)
    reduction = reduction_of(loss)
    if reduction is None:
        return loss(outputs, targets, weights)
    own = [flattened(x) for x in loss(outputs, targets, reduction="none")]
    if reduction == "sum":
        return added([w * added(xs) for w, xs in zip(weights, own)])
    return added([w * (added(xs) / len(xs)) for w, xs in zip(weights, own)]) / len(own)


def reduction_of(loss: Loss) -> str | None:
    """What becomes of the losses of the samples, "mean" or "sum"; None if a loss does not say."""
    try:
        found = signature(loss).parameters.get("reduction")
    except (TypeError, ValueError):  # a builtin may have no signature
        return None
    return None if found is None else str(found.default)
