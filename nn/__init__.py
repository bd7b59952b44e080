"""A small neural network library on top of `engine`: modules, losses, optimisers, data.

Read it in this order: module, mlp, losses, optim, data.
"""

import engine

if getattr(engine, "__distribution__", None) != "chainrule":
    raise ImportError(
        f"nn needs chainrule's package `engine`, but `import engine` found {engine.__file__}: "
        "another distribution or folder of that name hides it"
    )

from nn import data
from nn.losses import mse_loss
from nn.mlp import MLP, Layer, Neuron
from nn.module import Module
from nn.optim import SGD

__all__ = ["MLP", "SGD", "Layer", "Module", "Neuron", "data", "mse_loss"]
