"""The replayed loss: what the machine computed, as a Value that passes its gradient on."""

from __future__ import annotations

import math
from array import array
from weakref import ref

from engine import Op, Value
from engine.op import number
from engine.value import add_slopes, data_of, node_of_many, sweeping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class Again:
    """The machine, and what it was given for a loss, to be asked for another gradient.

    A copy has no machine: its gradients are the known slopes times a factor.
    """

    def __init__(self, machine: Any, given: Sequence[Any]) -> None:
        self.machine, self.given = machine, given

    def __reduce__(self) -> Any:
        return Again, (None, ())

    def gradient(self, seed: float, start: Sequence[float]) -> Any:
        """start + seed * d loss / d parameters, added up as in a graph; None without an answer."""
        if self.machine is None:
            return None
        answer = self.machine.evaluate(*self.given, seed=seed, start=array("d", start))
        return None if answer is None else answer[1]


class ReplayedLoss(Value):
    """A loss that the machine computed, with its slopes at the parameters.

    Its graph has one operation, `replay`, of all parameters.
    """

    slopes: Any  # [parameters] of floats
    again: Again

    def __setstate__(self, state: Any) -> None:
        """Become a copy, whose operation knows the copy and its parameters."""
        if type(state) is tuple and len(state) == 5:
            _, data, grad, inputs, attributes = state
            gradient = Slopes(attributes["slopes"], attributes["again"], inputs)
            gradient.loss = ref(self)
            numbers = array("d", data_of(inputs))
            state = replay_op(data, numbers, gradient), data, grad, inputs, attributes
        super().__setstate__(state)

    def backward(self, gradient: Any = 1.0) -> None:
        """Add gradient * d self / d p to the grad of each parameter p, as Value.backward does."""
        seed, slopes = number(gradient), self.slopes
        if seed != 1.0:
            slopes = self.again.gradient(seed, [0.0] * len(slopes))
        if slopes is None:
            add_slopes(self, self.slopes, seed)
            return
        add_slopes(self, slopes, 1.0)
        self.grad = seed


class Known:
    """A function of the parameters, whose number is known where they are now, and nowhere else."""

    def __init__(self, data: float, numbers: array[float]) -> None:
        """numbers: of the parameters."""
        self.data, self.numbers = data, numbers

    def __call__(self, *parameters: float) -> float:
        if array("d", parameters) != self.numbers:
            raise ValueError(
                "a replayed loss is known only for the parameters of its call: "
                "take the function without jit"
            )
        return self.data


class Slopes:
    """The slopes of a function of the parameters, which are known.

    A graph adds each part of a gradient to that of its parameter by itself, and so does the machine
    where the loss is part of another, as in loss / 3: it goes on from what the parameters have.
    """

    def __init__(self, slopes: list[float], again: Again, parameters: Sequence[Value]) -> None:
        self.slopes, self.again, self.parameters = slopes, again, parameters
        self.loss: Any = lambda: None  # a weak reference to the node

    def __reduce__(self) -> Any:
        return Slopes, (self.slopes, Again(None, ()), ())

    def __call__(self, z: Any, *_parameters: Any) -> list[float]:
        if isinstance(z, Value):
            raise NotImplementedError(
                "a replayed loss has grads by loss.backward(), and no graph to differentiate: "
                "take the function without jit"
            )
        loss = self.loss()
        if loss is None or not math.isfinite(loss.grad) or not is_sweeping():
            return self.slopes
        grads = self.again.gradient(loss.grad, [p.grad for p in self.parameters])
        if grads is None:
            return self.slopes
        for p, grad in zip(self.parameters, grads):
            p.grad = grad
        return [0.0] * len(self.slopes)  # all is there: the sweep has nothing to add


def is_sweeping() -> bool:
    """Whether this thread is in the sweep of a backward: then it holds the lock of all sweeps."""
    held: bool = sweeping._is_owned()  # type: ignore[attr-defined]
    return held


def replay_op(data: float, numbers: array[float], gradient: Slopes) -> Op:
    return Op("replay", "replay", Known(data, numbers), gradient=gradient)


def replayed_loss(
    data: float, parameters: tuple[Value, ...], slopes: list[float], again: Again
) -> Value:
    """The node of a loss whose number and slopes are known."""
    gradient = Slopes(slopes, again, parameters)
    op = replay_op(data, again.given[0], gradient)
    loss: Any = node_of_many(ReplayedLoss, op, data, parameters)
    loss.slopes, loss.again, gradient.loss = slopes, again, ref(loss)
    return loss  # type: ignore[no-any-return]
