"""The objects that were pickled before the files of engine and nn moved, and their numbers.

    git worktree add ../before efaf52a
    PYTHONPATH=../before python tests/whole/former/objects.py

made the files beside this one: the objects, and a model and a checkpoint in each format.
"""

from __future__ import annotations

import base64
import json
import math
import operator
import pickle
import random
import sys
from pathlib import Path

from engine import GradientError, Op, Value, compiled, dot, maximum, tanh, topological_order
from nn import (
    LBFGS,
    MLP,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    DataLoader,
    Dropout,
    EarlyStopping,
    ExponentialLR,
    Flatten,
    Identity,
    LayerNorm,
    LeakyReLU,
    Linear,
    LinearLR,
    LogSoftmax,
    MultiStepLR,
    Normalization,
    OneCycleLR,
    ReduceLROnPlateau,
    ReLU,
    RMSprop,
    Sequential,
    SequentialLR,
    Sigmoid,
    Softplus,
    Standardizer,
    StepLR,
    Table,
    Tanh,
    TrainingError,
    fit,
    load,
    mse_loss,
    save,
)

INPUTS, TARGETS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[0.0], [1.0], [1.0], [0.0]]
SIZE = Op("size", "size", math.fabs, operator.truediv)  # an op of one's own, of C's functions


def a_graph():
    x, y = Value(2.0, label="x"), Value(-3.0, label="y")
    z = dot([x, y], [y, 0.5], 1.5) + maximum(x, y, 1.0) * tanh(x / y) - SIZE(y) ** 2.0
    z.backward()
    return z


def a_model():
    rng = random.Random(1)
    layers = [Normalization([0.5, 0.5], [0.5, 0.5]), Flatten(), Linear(2, 3, rng=rng), LayerNorm(3)]
    layers += [Tanh(), LeakyReLU(0.1), Dropout(0.25, rng=rng), Linear(3, 2, rng=rng), Identity()]
    return Sequential(*layers, Softplus(), Linear(2, 1, rng=rng), Sigmoid())


def an_optimizer(kind, **settings):
    model = MLP(2, [3, 1], rng=random.Random(2))
    optimizer = kind(model.parameters(), **settings)
    for _ in range(3):
        optimizer.step(lambda: step(model, optimizer)) if kind is LBFGS else step(model, optimizer)
        if kind is not LBFGS:
            optimizer.step()
    return model, optimizer


def step(model, optimizer):
    optimizer.zero_grad()
    loss = mse_loss([[model(x)] for x in INPUTS], TARGETS)
    loss.backward()
    return loss


def a_schedule(kind, *settings, **named):
    optimizer = SGD([Value(1.0)], lr=0.5)
    schedule = kind(optimizer, *settings, **named)
    for epoch in range(3):
        schedule.step(*[1.0 + epoch] * (kind is ReduceLROnPlateau))
    return optimizer, schedule


def training(checkpoint=None, epochs=6, resume=False):
    """A run of fit with Adam, a schedule, early stopping, dropout and a loader; what it leaves."""
    model = a_model()
    optimizer = Adam(model.parameters(), lr=0.05)
    schedule, stopping = StepLR(optimizer, 2, 0.5), EarlyStopping(patience=50)
    history = fit(
        model,
        (INPUTS, TARGETS),
        optimizer=optimizer,
        epochs=epochs,
        batch_size=2,
        validation=(INPUTS, TARGETS),
        schedule=schedule,
        early_stopping=stopping,
        checkpoint=checkpoint,
        resume=resume,
        progress=False,
    )
    return model, history, stopping


def objects():
    """What was pickled, by name."""
    z = a_graph()
    model, history, stopping = training()
    made = {
        "leaf": Value(1.5, label="w"),
        "graph": z,
        "op": tanh,
        "op of one's own": SIZE,
        "mlp": MLP(2, [3, 1], activation="relu", rng=random.Random(3)),
        "sequential": model,
        "classifier": Sequential(Linear(2, 2, rng=random.Random(4)), ReLU(), LogSoftmax()),
        "history": history,
        "early stopping": stopping,
        "table": Table([[1.0], [2.0]], [1.0, 4.0], ["x"], "square", description="squares"),
        "loader": DataLoader(INPUTS, TARGETS, batch_size=2, shuffle=True, seed=5),
        "standardizer": Standardizer(INPUTS),
        "training error": TrainingError("the loss is nan"),
        "gradient error": GradientError("square is wrong"),
    }
    for kind, settings in {
        SGD: {"lr": 0.1, "momentum": 0.9}, Adam: {"lr": 0.1}, AdamW: {"lr": 0.1},
        Adagrad: {"lr": 0.1}, RMSprop: {"lr": 0.1}, LBFGS: {},
    }.items():  # fmt: skip
        made[kind.__name__] = an_optimizer(kind, **settings)
    for kind, settings in {
        StepLR: (2, 0.5), MultiStepLR: ([1, 2], 0.5), ExponentialLR: (0.9,), ConstantLR: (0.5, 2),
        LinearLR: (0.5, 1.0, 4), CosineAnnealingLR: (10,), CosineAnnealingWarmRestarts: (4,),
        ReduceLROnPlateau: ("min", 0.5, 1), OneCycleLR: (0.5, 10),
    }.items():  # fmt: skip
        made[kind.__name__] = a_schedule(kind, *settings)
    optimizer = SGD([Value(1.0)], lr=0.5)
    parts = [ConstantLR(optimizer, 0.5, 2), ExponentialLR(optimizer, 0.9)]
    made["SequentialLR"] = optimizer, SequentialLR(optimizer, parts, [2])
    return made


def numbers(found):
    """All that an object says in numbers, as JSON has them."""
    match found:
        case Value():
            return [[v.data, v.grad, v.label, v.op and v.op.name] for v in topological_order(found)]
        case Op():
            return [found.name, found(2.0)]
        case MLP() | Sequential():
            found.eval()
            return [state(found), [as_floats(found(x)) for x in INPUTS]]
        case tuple():
            return [numbers(part) for part in found]
        case DataLoader():
            return [[list(x), list(t)] for x, t in found]
        case Standardizer():
            return found(INPUTS)
        case Exception():
            return str(found)
    return state(found)


def state(found):
    if hasattr(found, "state_dict"):
        return found.state_dict()
    return {name: as_floats(x) for name, x in vars(found).items() if plain(x)}


def as_floats(x):
    if isinstance(x, list | tuple):
        return [as_floats(part) for part in x]
    if isinstance(x, dict):
        return {name: as_floats(part) for name, part in x.items()}
    return x.data if isinstance(x, Value) else x


def plain(x):
    if isinstance(x, list | tuple):
        return all(map(plain, x))
    if isinstance(x, dict):
        return all(map(plain, x.values()))
    return x is None or isinstance(x, Value | int | float | str)


def make(folder):
    """Write all the files."""
    made = {}
    for name, found in objects().items():
        text = base64.b64encode(pickle.dumps(found)).decode()
        made[name] = {"pickle": text, "numbers": numbers(found)}
    write(folder / f"pickles.{'compiled' if compiled else 'pure'}.json", made)
    training(folder / "training.checkpoint.json", epochs=3)
    model, history, _ = training()
    for name in ("model.json", "model.safetensors"):
        save(model, folder / name, notes={"made": "before the move"})
    assert numbers(load(folder / "model.json")) == numbers(model)
    write(folder / "numbers.json", {"model": numbers(model), "history": numbers(history)})


def write(path, tree):
    path.write_text(json.dumps(tree) + "\n", encoding="utf-8")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
