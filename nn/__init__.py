"""A small neural network library on top of `engine`: modules, losses, optimisers, data.

Read the shelf in this order: module, mlp, activations, losses; then init, penalties, metrics. The
rooms beside it have layers, data, optimisers, schedules, the training and all that shows it. A room
is imported when one of its names is first asked for.
"""

import engine

if getattr(engine, "__distribution__", None) != "chainrule":
    raise ImportError(
        f"nn needs chainrule's package `engine`, but `import engine` found {engine.__file__}: "
        "another distribution or folder of that name hides it"
    )

from engine.formulas import names
from engine.lazy import lazy_names
from nn import former as former
from nn import init, metrics, pictures
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
from nn.choosing import chosen
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
from nn.module import Module, models_with
from nn.penalties import l1_penalty, l2_penalty, weights_of

# How engine.draw shows a model.
Module._parts_, Module._diagram_ = pictures.parts_of, pictures.diagram_of
# How engine.explore and engine.explain name parameters without being told the model.
names.finders.append(models_with)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nn import data
    from nn import layers as layers
    from nn import optim as optim
    from nn import plot as plot
    from nn import schedules as schedules
    from nn.data.csv_files import read_csv
    from nn.data.loader import DataLoader
    from nn.data.preparation import Standardizer, one_hot, train_test_split
    from nn.data.tables import Table, breast_cancer, digits, iris, wine
    from nn.estimators import ChainruleClassifier as ChainruleClassifier
    from nn.estimators import ChainruleRegressor as ChainruleRegressor
    from nn.film.film import Film
    from nn.layers import (
        Dropout,
        Embedding,
        Flatten,
        Identity,
        LayerNorm,
        Linear,
        Normalization,
        Sequential,
    )
    from nn.optim import LBFGS, SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop
    from nn.optim.clip import clip_grad_norm_, clip_grad_value_
    from nn.saving.checkpoints import load_checkpoint, save_checkpoint
    from nn.saving.export import to_onnx, to_torch
    from nn.saving.models import load, load_notes, save
    from nn.schedules import (
        ConstantLR,
        CosineAnnealingLR,
        CosineAnnealingWarmRestarts,
        ExponentialLR,
        LambdaLR,
        LinearLR,
        MultiStepLR,
        OneCycleLR,
        ReduceLROnPlateau,
        Schedule,
        SequentialLR,
        StepLR,
    )
    from nn.training.history import History
    from nn.training.jit import jit
    from nn.training.loop import fit
    from nn.training.objective import TrainingError
    from nn.training.stopping import EarlyStopping

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
    "Embedding",
    "ExponentialLR",
    "Film",
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
    "chosen",
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
    "jit",
    "kl_div",
    "l1_loss",
    "l1_penalty",
    "l2_penalty",
    "load",
    "load_checkpoint",
    "load_notes",
    "metrics",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "read_csv",
    "save",
    "save_checkpoint",
    "to_onnx",
    "to_torch",
    "train_test_split",
    "weights_of",
    "wine",
]

if not TYPE_CHECKING:  # a type checker would take any name for granted
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "nn.data.csv_files": "read_csv",
            "nn.data.loader": "DataLoader",
            "nn.data.preparation": "Standardizer one_hot train_test_split",
            "nn.data.tables": "Table breast_cancer digits iris wine",
            "nn.estimators": "ChainruleClassifier ChainruleRegressor",
            "nn.film.film": "Film",
            "nn.layers": "Dropout Embedding Flatten Identity LayerNorm Linear Normalization "
            "Sequential",
            "nn.optim": "Adagrad Adam AdamW LBFGS Optimizer RMSprop SGD",
            "nn.optim.clip": "clip_grad_norm_ clip_grad_value_",
            "nn.saving.checkpoints": "load_checkpoint save_checkpoint",
            "nn.saving.export": "to_onnx to_torch",
            "nn.saving.models": "load load_notes save",
            "nn.schedules": "ConstantLR CosineAnnealingLR CosineAnnealingWarmRestarts "
            "ExponentialLR LambdaLR LinearLR MultiStepLR OneCycleLR ReduceLROnPlateau Schedule "
            "SequentialLR StepLR",
            "nn.training.history": "History",
            "nn.training.jit": "jit",
            "nn.training.loop": "fit",
            "nn.training.objective": "TrainingError",
            "nn.training.stopping": "EarlyStopping",
        },
        needs=dict.fromkeys(["ChainruleClassifier", "ChainruleRegressor"], "sklearn"),
        rooms="data layers optim plot schedules",
        former=former.MODULES,
    )
