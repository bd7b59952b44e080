"""Gradient descent: follow -grad, a step at a time."""

from __future__ import annotations

from engine import Value
from engine.op import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class SGD:
    """p <- p - lr * velocity, where velocity <- momentum * velocity + grad, for every parameter.

    Without momentum that is plain gradient descent. It is "stochastic" once each step sees a
    sample of the data only (Robbins & Monro 1951; momentum as in Sutskever et al. 2013).
    """

    def __init__(
        self, parameters: Iterable[Value], lr: float = 1e-3, momentum: float = 0.0
    ) -> None:
        """Raises ValueError if there are no parameters or one comes twice, lr is not positive or
        momentum is outside [0, 1); TypeError if a parameter is not a Value.
        """
        if not hasattr(parameters, "__iter__"):
            raise TypeError(
                f"parameters are a list of Values, as of model.parameters(), got {parameters!r:.60}"
            )
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError("the optimiser got no parameters")
        for p in self.parameters:
            if not isinstance(p, Value):
                raise TypeError(f"a parameter is a Value, got {type(p).__name__} {p!r:.60}")
        if len(set(self.parameters)) < len(self.parameters):
            twice = next(i for i, p in enumerate(self.parameters) if p in self.parameters[:i])
            raise ValueError(f"a parameter is to be given once, number {twice} is given again")
        lr, momentum = number(lr), number(momentum)
        if not 0 < lr < float("inf"):
            raise ValueError(f"the learning rate is a positive number, got {lr}")
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum is at least 0 and below 1, got {momentum}")
        self.lr, self.momentum = lr, momentum
        self.velocities = [0.0] * len(self.parameters)

    def zero_grad(self) -> None:
        """Set the grad of every parameter to 0."""
        for p in self.parameters:
            p.grad = 0.0

    def step(self) -> None:
        """Move every parameter against its grad."""
        for i, p in enumerate(self.parameters):
            velocity = self.velocities[i] = self.momentum * self.velocities[i] + p.grad
            p.data -= self.lr * velocity
