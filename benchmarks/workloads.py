"""The workloads, written once for every engine with micrograd's calling convention."""

import math
import random
from collections.abc import Callable
from typing import Any

Step = Callable[[], float]


def moons(n: int = 100, noise: float = 0.1, seed: int = 1337) -> list[tuple[list[float], float]]:
    """Two half circles that reach into each other: n points with targets -1 and 1.

    Upper moon (cos t, sin t), lower moon (1 - cos t, 0.5 - sin t), t in [0, pi], normal noise.
    """
    rng = random.Random(seed)
    points = []
    for i in range(n // 2):
        t = math.pi * i / (n // 2 - 1)
        for x, y, target in (
            (math.cos(t), math.sin(t), -1.0),
            (1 - math.cos(t), 0.5 - math.sin(t), 1.0),
        ):
            points.append(([x + rng.gauss(0, noise), y + rng.gauss(0, noise)], target))
    return points


def descend(model: Any, loss: Any, lr: float) -> float:
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= lr * p.grad
    data: float = loss.data
    return data


def xor(engine: Any) -> Step:
    """W1: one step of gradient descent on XOR, MLP(2, [4, 1]), mean squared error."""
    samples = [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)]
    random.seed(42)
    model = engine.MLP(2, [4, 1])

    def step() -> float:
        errors = [(model(x) - target) ** 2 for x, target in samples]
        return descend(model, sum(errors) * (1.0 / len(errors)), lr=0.05)

    return step


def moons_step(engine: Any) -> Step:
    """W2: one step on 100 moons, MLP(2, [16, 16, 1]), hinge loss and L2 penalty, full batch."""
    samples = moons()
    random.seed(1337)
    model = engine.MLP(2, [16, 16, 1])

    def step() -> float:
        scores = [model(list(map(engine.Value, x))) for x, _ in samples]
        losses = [(1 + -target * score).relu() for (_, target), score in zip(samples, scores)]
        penalty = 1e-4 * sum(p * p for p in model.parameters())
        return descend(model, sum(losses) * (1.0 / len(losses)) + penalty, lr=0.1)

    return step


# name: the workload, and how often it runs in one round
WORKLOADS: dict[str, tuple[Callable[[Any], Step], int]] = {
    "XOR step": (xor, 300),
    "moons step": (moons_step, 5),
}
