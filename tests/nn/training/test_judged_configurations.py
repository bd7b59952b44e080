"""Random trainings that are judged: replay leaves what graphs leave, in every number."""

import random

import pytest

from nn import (
    SGD,
    Adam,
    Dropout,
    EarlyStopping,
    Layer,
    LayerNorm,
    Sequential,
    binary_cross_entropy_with_logits,
    cross_entropy,
    fit,
    hinge_loss,
    mse_loss,
)
from nn.metrics import accuracy_score, classes, r2_score
from nn.schedules import ExponentialLR, ReduceLROnPlateau

LOSSES = {
    "mse": (mse_loss, lambda rng: rng.gauss(0, 1)),
    "classes": (cross_entropy, lambda rng: rng.randrange(3)),
    "logits": (binary_cross_entropy_with_logits, lambda rng: rng.randrange(2)),
    "hinge": (hinge_loss, lambda rng: rng.choice([-1.0, 1.0])),
}
METRICS = [
    {"r2": r2_score},
    {"right": lambda t, y: accuracy_score([int(v > 0) for v in t], classes(y))},
    {"mean": lambda t, y: sum(y) / len(y)},
]


def samples(rng, n, target):
    inputs = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(n)]
    return inputs, [target(rng) for _ in range(n)]


class Configuration:
    """A training of random make."""

    def __init__(self, seed):
        rng = random.Random(seed)
        self.name = rng.choice([*LOSSES])
        self.loss, target = LOSSES[self.name]
        self.data = samples(rng, rng.choice([3, 8, 17, 30]), target)
        self.held_out = samples(rng, rng.choice([1, 2, 9, 40]), target)
        several = self.name == "classes"
        metrics = {"right": accuracy_score} if several else rng.choice(METRICS)
        self.options = {
            "batch_size": rng.choice([None, None, 1, 4, 7]),
            "validation": self.held_out if rng.random() < 0.7 else None,
            "metrics": metrics if rng.random() < 0.6 else None,
            "max_norm": rng.choice([None, None, 1.0]),
            "seed": seed,
            rng.choice(["epochs", "steps"]): rng.choice([1, 2, 5, 37, 90]),
        }
        self.outputs, self.make, self.lr = 3 if several else 1, rng.choice([SGD, Adam]), 0.1
        self.drop, self.norm = rng.random() < 0.3, rng.random() < 0.2
        self.patience = rng.choice([None, 1, 3, 8])
        self.schedule = rng.choice([None, "plateau", "epoch", "step"])

    def left(self, replay):
        """What there is after the training."""
        rng = random.Random(7)
        parts = [Layer(2, 4, activation="tanh", rng=rng)]
        parts += [Dropout(0.4, rng=rng)] if self.drop else []
        parts += [LayerNorm(4)] if self.norm else []
        model = Sequential(*parts, Layer(4, self.outputs, activation="linear", rng=rng))
        parameters = model.parameters()
        optimizer = self.make(parameters, lr=self.lr)
        options = dict(self.options)
        if self.schedule == "plateau":
            options["schedule"] = ReduceLROnPlateau(optimizer, patience=2, factor=0.5)
        elif self.schedule:
            options["schedule"] = ExponentialLR(optimizer, 0.97)
            options["schedule_each"] = self.schedule
        if self.patience:
            monitor = "val_loss" if options["validation"] else "loss"
            stopping = EarlyStopping(monitor=monitor, patience=self.patience)
            options["early_stopping"] = stopping
        history = fit(
            model, self.data, optimizer=optimizer, loss=self.loss, replay=replay, progress=False,
            **options,
        )  # fmt: skip
        return {
            "losses": repr(history.losses),
            "figures": repr(history.epochs),
            "end": history.stopped,
            "parameters": [p.data.hex() for p in parameters],
            "grads": [repr(p.grad) for p in parameters],
            "optimizer": repr(optimizer.state_dict()),
            "random": rng.getstate(),
        }


@pytest.mark.parametrize("seed", range(24))
def test_a_judged_training_leaves_what_graphs_leave(seed):
    configuration = Configuration(seed)

    assert configuration.left(True) == configuration.left(False)
