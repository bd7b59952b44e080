"""A small model and its data, and what is compared of a run."""

import random

from engine import Value
from nn import (
    MLP,
    SGD,
    Module,
    data,
    fit,
)
from nn.metrics import accuracy_score, classes

INPUTS, TARGETS = data.moons(n=24)


def network(seed=0):
    return MLP(2, [3, 2], activation="tanh", rng=random.Random(seed))


def bits(model):
    return [p.data.hex() for p in model.parameters()]


def accuracy(targets, outputs):
    return accuracy_score(targets, classes(outputs))


class Line(Module):
    def __init__(self, slope=0.0):
        self.slope = Value(slope)

    def __call__(self, x):
        return self.slope * x


LINE = ([1.0, 2.0], [2.0, 4.0])


def optimized(model, **options):
    return fit(model, LINE, optimizer=SGD(model.parameters(), lr=0.1), progress=False, **options)
