"""Two networks as functions of a flat list of parameters: XOR (W1) and moons (W2)."""

import math
import random
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Any

from benchmarks.engines import Engine

XOR = [([0.0, 0.0], -1.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], -1.0)]
XOR_SIZES, MOONS_SIZES = [2, 4, 1], [2, 16, 16, 1]


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


MOONS = moons()


def initial(sizes: Sequence[int], seed: int) -> list[float]:
    """The parameters neuron by neuron: weights uniform in [-1, 1], then the bias, 0."""
    rng = random.Random(seed)
    numbers = []
    for nin, nout in pairwise(sizes):
        for _ in range(nout):
            numbers += [rng.uniform(-1, 1) for _ in range(nin)] + [0.0]
    return numbers


Layer = list[tuple[list[Any], Any]]  # of each neuron its weights, and its bias


def layers(parameters: Sequence[Any], sizes: Sequence[int]) -> list[Layer]:
    """The flat list of parameters as a network."""
    taken = iter(parameters)
    return [
        [([next(taken) for _ in range(nin)], next(taken)) for _ in range(nout)]
        for nin, nout in pairwise(sizes)
    ]


def outputs(
    engine: Engine,
    network: Sequence[Layer],
    x: Sequence[float],
    activations: Sequence[Callable[[Any], Any] | None],
) -> list[Any]:
    """The network's outputs for one sample x: [nin] -> [nout of the last layer]."""
    dot = engine.dot
    values = [engine.constant(number) for number in x]
    for layer, activation in zip(network, activations):
        sums = [dot(weights, values, bias) for weights, bias in layer]
        values = [activation(z) for z in sums] if activation else sums
    return values


def mean(nodes: Sequence[Any]) -> Any:
    return reduce(add, nodes) * (1.0 / len(nodes))


def xor_loss(engine: Engine, parameters: Sequence[Any]) -> Any:
    """Mean squared error of a 2-4-1 network with tanh throughout."""
    network, losses = layers(parameters, XOR_SIZES), []
    for x, target in XOR:
        (y,) = outputs(engine, network, x, [engine.tanh, engine.tanh])
        error = y - target
        losses.append(error * error)
    return mean(losses)


def moons_loss(engine: Engine, parameters: Sequence[Any]) -> Any:
    """Hinge loss and L2 penalty of a 2-16-16-1 network with relu inside."""
    network, losses = layers(parameters, MOONS_SIZES), []
    for x, target in MOONS:
        (score,) = outputs(engine, network, x, [engine.relu, engine.relu, None])
        losses.append(engine.relu(score * -target + 1.0))
    penalty = reduce(add, [p * p for p in parameters])
    return mean(losses) + penalty * 1e-4
