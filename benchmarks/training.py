"""The training step: a loss, its gradient, and the next parameters, alike for every engine."""

import math
from collections.abc import Callable, Sequence

from benchmarks.engines import Engine, Loss

Step = Callable[[], tuple[float, list[float]]]  # does one step; the loss and the gradient it met
Optimizer = Callable[[Sequence[float], Sequence[float]], list[float]]


def training(
    loss: Loss, numbers: Sequence[float], optimizer: Callable[[], Optimizer]
) -> Callable[[Engine], Step]:
    """What starts the training of numbers on an engine; each start begins afresh."""

    def start(engine: Engine) -> Step:
        engine.start(numbers)
        current = list(numbers)
        next_numbers = optimizer()

        def step() -> tuple[float, list[float]]:
            nonlocal current
            value, gradients = engine.gradients(loss)
            current = next_numbers(current, gradients)
            engine.update(current)
            return value, gradients

        return step

    return start


def gradient_descent(lr: float) -> Optimizer:
    """x - lr * g."""
    return lambda numbers, gradients: [x - lr * g for x, g in zip(numbers, gradients)]


class Adam:
    """Gradient descent with a pace for each parameter (Kingma and Ba 2015, algorithm 1)."""

    def __init__(self, lr: float = 0.01, beta1: float = 0.85, beta2: float = 0.99) -> None:
        self.lr, self.beta1, self.beta2 = lr, beta1, beta2
        self.steps = 0
        self.means: list[float] = []  # of the gradients
        self.squares: list[float] = []  # the means of their squares

    def __call__(self, numbers: Sequence[float], gradients: Sequence[float]) -> list[float]:
        if not self.steps:
            self.means, self.squares = [0.0] * len(numbers), [0.0] * len(numbers)
        self.steps += 1
        b1, b2, sqrt = self.beta1, self.beta2, math.sqrt
        self.means = [b1 * m + (1 - b1) * g for m, g in zip(self.means, gradients)]
        self.squares = [b2 * v + (1 - b2) * g * g for v, g in zip(self.squares, gradients)]
        pace, scale = self.lr / (1 - b1**self.steps), 1 / (1 - b2**self.steps)
        return [
            x - pace * m / (sqrt(scale * v) + 1e-8)
            for x, m, v in zip(numbers, self.means, self.squares)
        ]
