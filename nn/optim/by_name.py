"""Optimisers by name, as the command and the estimators are asked for them."""

from __future__ import annotations

from functools import partial

from nn.optim.adaptive import Adagrad, Adam, AdamW, RMSprop
from nn.optim.lbfgs import LBFGS
from nn.optim.sgd import SGD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nn.module import Module
    from nn.optim.optimizer import Optimizer

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": SGD,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "lbfgs": partial(LBFGS, line_search_fn="strong_wolfe"),
}


def make_optimizer(
    name: str, model: Module, lr: float, momentum: float = 0.0, weight_decay: float = 0.0
) -> Optimizer:
    """The optimiser of that name, of all parameters of the model.

    Raises ValueError for an unknown name, and for a setting that the optimiser has not.
    """
    if not isinstance(name, str) or name not in OPTIMIZERS:
        raise ValueError(f"unknown optimizer {name!r:.60}: take one of {', '.join(OPTIMIZERS)}")
    options: dict[str, float] = {"lr": lr}
    if momentum:
        if name not in ("sgd", "rmsprop"):
            raise ValueError(f"momentum is for sgd and rmsprop, {name} has its own")
        options["momentum"] = momentum
    if weight_decay:
        if name == "lbfgs":
            raise ValueError("lbfgs has no weight decay")
        options["weight_decay"] = weight_decay
    if name == "adamw":  # which has one unless told otherwise
        options["weight_decay"] = weight_decay
    return OPTIMIZERS[name](model.parameters(), **options)
