"""Programs as micrograd's users write them, with the engine's own MLP: not a line changes."""

import random
from typing import Any

from benchmarks.engines import Engine
from benchmarks.mlps import MOONS
from benchmarks.training import Step

XOR = [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)]


def xor_program(engine: Engine) -> Step:
    """MLP(2, [4, 1]), 4 samples, mean squared error."""
    random.seed(42)
    model = engine.MLP(2, [4, 1])

    def step() -> tuple[float, list[float]]:
        errors = [(model(x) - target) ** 2 for x, target in XOR]
        return descend(model, sum(errors) * (1.0 / len(errors)), lr=0.05)

    return step


def moons_program(engine: Engine) -> Step:
    """MLP(2, [16, 16, 1]), 100 samples, hinge loss and L2 penalty, full batch."""
    random.seed(1337)
    model = engine.MLP(2, [16, 16, 1])

    def step() -> tuple[float, list[float]]:
        scores = [model(list(map(engine.Value, x))) for x, _ in MOONS]
        losses = [(1 + -target * score).relu() for (_, target), score in zip(MOONS, scores)]
        penalty = 1e-4 * sum(p * p for p in model.parameters())
        return descend(model, sum(losses) * (1.0 / len(losses)) + penalty, lr=0.1)

    return step


def descend(model: Any, loss: Any, lr: float) -> tuple[float, list[float]]:
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= lr * p.grad
    return loss.data, [p.grad for p in model.parameters()]
