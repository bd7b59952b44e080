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

from nn import data, init, metrics, pictures
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
from nn.data.csv_files import read_csv
from nn.data.loader import DataLoader
from nn.data.preparation import Standardizer, one_hot, train_test_split
from nn.data.tables import Table, breast_cancer, digits, iris, wine
from nn.layers.linear import (
    Dropout,
    Flatten,
    Identity,
    LayerNorm,
    Linear,
    Normalization,
    Sequential,
)
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
from nn.optim.adaptive import Adagrad, Adam, AdamW, RMSprop
from nn.optim.clip import clip_grad_norm_, clip_grad_value_
from nn.optim.lbfgs import LBFGS
from nn.optim.optimizer import Optimizer
from nn.optim.sgd import SGD
from nn.penalties import l1_penalty, l2_penalty, weights_of
from nn.schedules.formulas import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    StepLR,
)
from nn.schedules.onecycle import OneCycleLR
from nn.schedules.plateau import ReduceLROnPlateau
from nn.schedules.schedule import Schedule
from nn.schedules.sequential import SequentialLR
from nn.training.history import History
from nn.training.loop import fit
from nn.training.objective import TrainingError
from nn.training.stopping import EarlyStopping

# How engine.draw shows a model.
Module._parts_, Module._diagram_ = pictures.parts_of, pictures.diagram_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nn.estimators import ChainruleClassifier as ChainruleClassifier
    from nn.estimators import ChainruleRegressor as ChainruleRegressor
    from nn.film.film import Film
    from nn.saving.export import to_onnx, to_torch
    from nn.saving.models import load, load_checkpoint, load_notes, save, save_checkpoint

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

# Names whose files are imported when first asked for: most programs need none of them.
LAZY = {
    "save": "nn.saving.models",
    "load": "nn.saving.models",
    "load_notes": "nn.saving.models",
    "save_checkpoint": "nn.saving.models",
    "load_checkpoint": "nn.saving.models",
    "to_onnx": "nn.saving.export",
    "to_torch": "nn.saving.export",
    "Film": "nn.film.film",
}
ESTIMATORS = {  # not in __all__, since they need scikit-learn
    "ChainruleClassifier": "nn.estimators",
    "ChainruleRegressor": "nn.estimators",
}

if not TYPE_CHECKING:  # a type checker would take any name for granted

    def __getattr__(name: str) -> object:
        home = LAZY.get(name) or ESTIMATORS.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        found = globals()[name] = getattr(import_module(home), name)
        return found

    def __dir__() -> list[str]:
        from importlib.util import find_spec

        # help(nn) asks for every name listed here, and must work without scikit-learn.
        return sorted({*globals(), *LAZY, *(ESTIMATORS if find_spec("sklearn") else ())})
