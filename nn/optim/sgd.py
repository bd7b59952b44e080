"""Gradient descent: follow -grad, a step at a time, with or without momentum."""

from __future__ import annotations

from engine.value import descend
from nn.checks import below_one, finite, flag, not_negative, positive
from nn.optim.optimizer import Optimizer, gradients

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, ClassVar


class SGD(Optimizer):
    """p <- p - lr * velocity, where velocity <- momentum * velocity + (1 - dampening) * grad.

    The first velocity is the grad. Without momentum that is plain gradient descent. It is
    "stochastic" once each step sees a sample of the data only (Robbins & Monro 1951; momentum:
    Polyak 1964). With nesterov the step is grad + momentum * velocity: the slope a little further
    on (Nesterov 1983, in the form of Sutskever et al. 2013, section 2).

    >>> from engine import Value
    >>> p = Value(1.0)
    >>> optimizer = SGD([p], lr=0.1)
    >>> (p * p).backward()
    >>> optimizer.step()
    >>> p.data
    0.8
    """

    __module__ = "nn"
    rules: ClassVar = {
        "lr": positive,
        "momentum": below_one,
        "dampening": finite,
        "weight_decay": not_negative,
        "nesterov": flag,
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        """lr > 0, 0 <= momentum < 1, weight_decay >= 0. Raises as Optimizer does."""
        settings = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
        }
        super().__init__(params, settings)

    def check(self, settings: dict[str, Any]) -> None:
        if settings["nesterov"] and not (settings["momentum"] > 0 and settings["dampening"] == 0):
            raise ValueError(
                "nesterov needs momentum above 0 and dampening 0, "
                f"got momentum {settings['momentum']} and dampening {settings['dampening']}"
            )

    def start(self, group: dict[str, Any]) -> dict[str, Any]:
        # "step" counts the steps with momentum
        return {"step": 0, "momentum_buffer": [0.0] * len(group["params"])}

    def update(self, group: dict[str, Any], state: dict[str, Any]) -> None:
        lr, momentum = group["lr"], group["momentum"]
        directions = gradients(group)
        if momentum:
            share = 1 - group["dampening"] if state["step"] else 1.0
            velocities = [
                momentum * velocity + share * grad
                for velocity, grad in zip(state["momentum_buffer"], directions)
            ]
            if group["nesterov"]:
                directions = [
                    grad + momentum * velocity for grad, velocity in zip(directions, velocities)
                ]
            else:
                directions = velocities
            state["step"] += 1
            state["momentum_buffer"] = velocities
        if type(lr) is float:
            descend(group["params"], lr, directions)
            return
        for p, direction in zip(group["params"], directions):
            p.data -= lr * direction

    @property
    def momentum(self) -> float:
        """The momentum, of the first group if they differ; setting it sets all of them."""
        momentum: float = self.param_groups[0]["momentum"]
        return momentum

    @momentum.setter
    def momentum(self, momentum: float) -> None:
        momentum = below_one("momentum", momentum)
        for group in self.param_groups:
            group["momentum"] = momentum

    @property
    def velocities(self) -> list[float]:
        """The velocity of each parameter, 0 before the first step with momentum."""
        return [velocity for state in self.state for velocity in state["momentum_buffer"]]
