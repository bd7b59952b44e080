"""A pace for each parameter: Adagrad, RMSprop, Adam and AdamW divide by the size of its grads.

g below is the grad of a parameter p. With weight_decay it is the grad plus weight_decay * p, except
in AdamW. t counts the steps from 1. eps is above 0, or a grad of 0 would be divided by 0.
"""

from __future__ import annotations

from math import sqrt

from nn.checks import below_one, flag, not_negative, positive, two_below_one
from nn.optim.optimizer import Optimizer, gradients

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, ClassVar


class Adagrad(Optimizer):
    """p <- p - pace * g / (sqrt(s) + eps), where s <- s + g**2.

    The pace is lr / (1 + (t - 1) * lr_decay) (Duchi, Hazan & Singer 2011, figure 1, diagonal).
    """

    __module__ = "nn"
    rules: ClassVar = {
        "lr": positive,
        "lr_decay": not_negative,
        "weight_decay": not_negative,
        "initial_accumulator_value": not_negative,
        "eps": positive,
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
    ) -> None:
        """initial_accumulator_value is what each s starts with. Raises as Optimizer does."""
        settings = {
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "eps": eps,
        }
        super().__init__(params, settings)

    def start(self, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": 0, "sum": [group["initial_accumulator_value"]] * len(group["params"])}

    def update(self, group: dict[str, Any], state: dict[str, Any]) -> None:
        eps, grads = group["eps"], gradients(group)
        state["step"] = t = state["step"] + 1
        state["sum"] = sums = [s + g * g for s, g in zip(state["sum"], grads)]
        pace = group["lr"] / (1 + (t - 1) * group["lr_decay"])
        for p, g, s in zip(group["params"], grads, sums):
            p.data -= pace * g / (sqrt(s) + eps)


class RMSprop(Optimizer):
    """p <- p - lr * g / (sqrt(v) + eps), where v <- alpha * v + (1 - alpha) * g**2.

    With momentum, p <- p - lr * b where b <- momentum * b + g / (sqrt(v) + eps) (Tieleman &
    Hinton 2012, lecture 6.5). Centered, the variance v - m**2 stands for v, where
    m <- alpha * m + (1 - alpha) * g (Graves 2013, equations 38-41); rounded below 0, it is 0.
    """

    __module__ = "nn"
    rules: ClassVar = {
        "lr": positive,
        "alpha": below_one,
        "eps": positive,
        "weight_decay": not_negative,
        "momentum": below_one,
        "centered": flag,
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        """alpha and momentum are at least 0 and below 1. Raises as Optimizer does."""
        settings = {
            "lr": lr,
            "alpha": alpha,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "centered": centered,
        }
        super().__init__(params, settings)

    def start(self, group: dict[str, Any]) -> dict[str, Any]:
        zeros = [0.0] * len(group["params"])
        state: dict[str, Any] = {"square_avg": zeros, "momentum_buffer": zeros}
        return {**state, "grad_avg": zeros} if group["centered"] else state

    def update(self, group: dict[str, Any], state: dict[str, Any]) -> None:
        lr, alpha, eps, momentum = group["lr"], group["alpha"], group["eps"], group["momentum"]
        grads = gradients(group)
        squares = [alpha * v + (1 - alpha) * g * g for v, g in zip(state["square_avg"], grads)]
        state["square_avg"] = squares
        if group["centered"]:
            means = [alpha * m + (1 - alpha) * g for m, g in zip(state["grad_avg"], grads)]
            state["grad_avg"] = means
            squares = [max(v - m * m, 0.0) for v, m in zip(squares, means)]
        directions = [g / (sqrt(v) + eps) for g, v in zip(grads, squares)]
        if momentum:
            directions = [momentum * b + d for b, d in zip(state["momentum_buffer"], directions)]
            state["momentum_buffer"] = directions
        for p, direction in zip(group["params"], directions):
            p.data -= lr * direction


class Adam(Optimizer):
    """p <- p - lr * m_hat / (sqrt(v_hat) + eps): the mean of the grads over their size.

    m <- beta1 * m + (1 - beta1) * g and v <- beta2 * v + (1 - beta2) * g**2 start at 0, which
    m_hat = m / (1 - beta1**t) and v_hat = v / (1 - beta2**t) make up for (Kingma & Ba 2015,
    algorithm 1). With amsgrad, the largest v so far stands for v (Reddi, Kale & Kumar 2018).
    """

    __module__ = "nn"
    rules: ClassVar = {
        "lr": positive,
        "betas": two_below_one,
        "eps": positive,
        "weight_decay": not_negative,
        "amsgrad": flag,
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: Sequence[float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
    ) -> None:
        """betas are two numbers, each at least 0 and below 1. Raises as Optimizer does."""
        settings = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
        }
        super().__init__(params, settings)

    def start(self, group: dict[str, Any]) -> dict[str, Any]:
        zeros = [0.0] * len(group["params"])
        state = {"step": 0, "exp_avg": zeros, "exp_avg_sq": zeros}
        return {**state, "max_exp_avg_sq": zeros} if group["amsgrad"] else state

    def update(self, group: dict[str, Any], state: dict[str, Any]) -> None:
        self.descend(group, state, gradients(group))

    def descend(self, group: dict[str, Any], state: dict[str, Any], grads: list[float]) -> None:
        """The update, once the grads are known."""
        (beta1, beta2), eps = group["betas"], group["eps"]
        state["step"] = t = state["step"] + 1
        means = [beta1 * m + (1 - beta1) * g for m, g in zip(state["exp_avg"], grads)]
        squares = [beta2 * v + (1 - beta2) * g * g for v, g in zip(state["exp_avg_sq"], grads)]
        state["exp_avg"], state["exp_avg_sq"] = means, squares
        if group["amsgrad"]:
            squares = [max(v, largest) for v, largest in zip(squares, state["max_exp_avg_sq"])]
            state["max_exp_avg_sq"] = squares
        pace, scale = group["lr"] / (1 - beta1**t), sqrt(1 - beta2**t)
        for p, m, v in zip(group["params"], means, squares):
            p.data -= pace * m / (sqrt(v) / scale + eps)


class AdamW(Adam):
    """Adam whose weight decay stays out of the means: p <- (1 - lr * weight_decay) * p, first.

    So all weights decay alike, and the size of their grads does not matter (Loshchilov & Hutter
    2019, algorithm 2).
    """

    __module__ = "nn"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: Sequence[float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
    ) -> None:
        """The settings are Adam's; only the default of weight_decay differs."""
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad)

    def update(self, group: dict[str, Any], state: dict[str, Any]) -> None:
        shrink = 1 - group["lr"] * group["weight_decay"]
        if shrink != 1:
            for p in group["params"]:
                p.data *= shrink
        self.descend(group, state, [p.grad for p in group["params"]])
