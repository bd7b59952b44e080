"""A small neural network library on top of `engine`: modules, losses, optimisers, data.

Read it in this order: module, mlp, losses, optim, data; then what else a training run may want:
adaptive, schedules, clip, layers, init, penalties, loader, metrics.
"""

import engine

if getattr(engine, "__distribution__", None) != "chainrule":
    raise ImportError(
        f"nn needs chainrule's package `engine`, but `import engine` found {engine.__file__}: "
        "another distribution or folder of that name hides it"
    )

from nn import data, init, metrics
from nn.activations import (
    ELU,
    GELU,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from nn.adaptive import Adagrad, Adam, AdamW, RMSprop
from nn.clip import clip_grad_norm_, clip_grad_value_
from nn.fit import fit
from nn.history import History
from nn.layers import Dropout, Flatten, Identity, LayerNorm, Linear, Normalization, Sequential
from nn.lbfgs import LBFGS
from nn.loader import DataLoader, Standardizer, one_hot, train_test_split
from nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge_loss,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
)
from nn.mlp import MLP, Layer, Neuron
from nn.module import Module
from nn.onecycle import OneCycleLR
from nn.optim import SGD, Optimizer
from nn.penalties import l1_penalty, l2_penalty, weights_of
from nn.plateau import ReduceLROnPlateau
from nn.run import TrainingError
from nn.schedule import Schedule
from nn.schedules import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    SequentialLR,
    StepLR,
)
from nn.serialize import load, load_checkpoint, save, save_checkpoint
from nn.stopping import EarlyStopping
from nn.tables import Table, breast_cancer, digits, iris, read_csv, wine

__all__ = [
    "ELU",
    "GELU",
    "LBFGS",
    "MLP",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "DataLoader",
    "Dropout",
    "EarlyStopping",
    "ExponentialLR",
    "Flatten",
    "History",
    "Identity",
    "LambdaLR",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LinearLR",
    "LogSoftmax",
    "Module",
    "MultiStepLR",
    "Neuron",
    "Normalization",
    "OneCycleLR",
    "Optimizer",
    "RMSprop",
    "ReLU",
    "ReduceLROnPlateau",
    "Schedule",
    "Sequential",
    "SequentialLR",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Standardizer",
    "StepLR",
    "Table",
    "Tanh",
    "TrainingError",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "breast_cancer",
    "clip_grad_norm_",
    "clip_grad_value_",
    "cross_entropy",
    "data",
    "digits",
    "fit",
    "hinge_loss",
    "huber_loss",
    "init",
    "iris",
    "kl_div",
    "l1_loss",
    "l1_penalty",
    "l2_penalty",
    "load",
    "load_checkpoint",
    "metrics",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "read_csv",
    "save",
    "save_checkpoint",
    "train_test_split",
    "weights_of",
    "wine",
]
