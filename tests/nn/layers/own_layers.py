"""Layers that no file of nn knows of: each one class, as a reader would add it."""

import random

from engine import Value, no_grad, ops, sin, sqrt
from nn import Linear, Module, Sequential
from nn.settings import FLAG, MODULE, NUMBER, SIZE, UNSAVED


class Snake(Module):
    """x + sin(a * x)**2 / a of each number (Ziyin et al. 2020)."""

    settings = {"a": NUMBER}

    def __init__(self, a=1.0):
        self.a = a

    def __call__(self, x):
        return [self.of(v) for v in x]

    def of(self, x):
        return x + sin(self.a * x) ** 2 / self.a

    def steps(self):
        return [("elementwise", {"f": self.of})]


class Diagonal(Module):
    """weight[i] * x[i] + bias[i]."""

    settings = {"n": SIZE, "bias": FLAG, "rng": UNSAVED}

    def __init__(self, n, bias=True, rng=None):
        draw = (rng or random).uniform
        self.n = n
        self.weight = [Value(draw(-1, 1)) for _ in range(n)]
        self.offset = [Value(0.0) for _ in range(n)] if bias else None

    def __call__(self, x):
        made = [w * v for w, v in zip(self.weight, x, strict=True)]
        return made if self.offset is None else [y + b for y, b in zip(made, self.offset)]

    def setting_values(self):
        return {"n": self.n, "bias": self.offset is not None}

    def steps(self):
        rows = [[w if i == j else 0.0 for j in range(self.n)] for i, w in enumerate(self.weight)]
        return [("affine", {"weight": rows, "bias": self.offset})]


class PReLU(Module):
    """x where x > 0, else weight[i] * x, with a slope that is learned (He et al. 2015)."""

    settings = {"n": SIZE}

    def __init__(self, n):
        self.n, self.weight = n, [Value(0.25) for _ in range(n)]

    def __call__(self, x):
        return [ops.leaky_relu(v, w) for v, w in zip(x, self.weight, strict=True)]

    def steps(self):
        return [
            (
                "elementwise",
                {"f": lambda x, weight: ops.leaky_relu(x, weight), "weight": self.weight},
            )
        ]


class RMSNorm(Module):
    """weight[i] * x[i] / sqrt(mean of x**2 + 0.01), which no steps say."""

    settings = {"n": SIZE}

    def __init__(self, n):
        self.n, self.weight = n, [Value(1.0) for _ in range(n)]

    def __call__(self, x):
        total = x[0] * x[0]
        for v in x[1:]:
            total = total + v * v
        scale = sqrt(total / self.n + 0.01)
        return [w * (v / scale) for w, v in zip(self.weight, x)]

    def _onnx_(self, build, x):
        mean = build("ReduceMean", build("Mul", x, x), axes=[-1])
        return build("Mul", build("Div", x, build("Sqrt", build("Add", mean, 0.01))), self.weight)

    def _torch_(self, torch):
        module = torch.nn.RMSNorm(self.n, eps=0.01, dtype=torch.float64)
        with torch.no_grad():
            numbers = [w.data for w in self.weight]
            module.weight.copy_(torch.tensor(numbers, dtype=torch.float64))
        return module


class Dense(Module):
    """Weights and an activation in one layer, made of a module that is given."""

    settings = {"inner": MODULE, "by": NUMBER}

    def __init__(self, inner, by):
        self.inner, self.by = inner, by

    def __call__(self, x):
        return [(self.by * v).tanh() for v in self.inner(x)]

    def steps(self):
        f = {"f": lambda x, by: by * x, "by": self.by}
        return [("inner", self.inner), ("elementwise", f), ("tanh", {})]


def row(layer):
    """A model with the layer in its middle; its parameters are other numbers than at the start."""
    model = Sequential(
        Linear(3, 4, rng=random.Random(1)), layer, Linear(4, 2, rng=random.Random(2))
    )
    rng = random.Random(0)
    for p in model.parameters():
        p.data += rng.gauss(0, 0.5)
    return model


LAYERS = {
    "Snake": lambda: Snake(0.5),
    "Diagonal": lambda: Diagonal(4, rng=random.Random(3)),
    "Diagonal without bias": lambda: Diagonal(4, bias=False, rng=random.Random(3)),
    "PReLU": lambda: PReLU(4),
    "RMSNorm": lambda: RMSNorm(4),
    "Dense": lambda: Dense(Linear(4, 4, rng=random.Random(5)), 0.75),
}


def rows(n=1000):
    rng = random.Random(0)
    return [[rng.gauss(0, 2) for _ in range(3)] for _ in range(n)]


def here(model, inputs):
    with no_grad():
        return [[float(v) for v in model(x)] for x in inputs]


def largest_error(one, other):
    return max(abs(x - y) / max(1.0, abs(x)) for a, b in zip(one, other) for x, y in zip(a, b))
