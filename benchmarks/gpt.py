"""A GPT whose every number is a node (W3): 4,192 parameters, one layer, eight tokens.

The model is that of Karpathy's microgpt: no biases, root-mean-square norms, relu inside.
"""

import random
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Any

from benchmarks.engines import Engine
from benchmarks.mlps import mean

VOCABULARY, EMBEDDING, HEADS, BLOCK = 27, 16, 4, 16
HEAD = EMBEDDING // HEADS
SHAPES = {  # of the matrices: rows are outputs, columns are inputs
    "token": (VOCABULARY, EMBEDDING),
    "position": (BLOCK, EMBEDDING),
    "query": (EMBEDDING, EMBEDDING),
    "key": (EMBEDDING, EMBEDDING),
    "value": (EMBEDDING, EMBEDDING),
    "output": (EMBEDDING, EMBEDDING),
    "widen": (4 * EMBEDDING, EMBEDDING),
    "narrow": (EMBEDDING, 4 * EMBEDDING),
    "scores": (VOCABULARY, EMBEDDING),
}
END = 26
TOKENS = [END, *(ord(letter) - ord("a") for letter in "andreas"), END]  # eight to predict

Vector = list[Any]
Matrix = list[Vector]


def initial(seed: int = 42) -> list[float]:
    """The parameters, normal around 0 with deviation 0.08, matrix by matrix."""
    rng = random.Random(seed)
    size = sum(rows * columns for rows, columns in SHAPES.values())
    return [rng.gauss(0, 0.08) for _ in range(size)]


def matrices(parameters: Sequence[Any]) -> dict[str, Matrix]:
    taken = iter(parameters)
    return {
        name: [[next(taken) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in SHAPES.items()
    }


def gpt_loss(engine: Engine, parameters: Sequence[Any]) -> Any:
    """Mean cross-entropy of each next token."""
    weights = matrices(parameters)
    keys: list[Vector] = []
    values: list[Vector] = []
    losses = []
    for position, (token, target) in enumerate(pairwise(TOKENS)):
        x = plus(weights["token"][token], weights["position"][position])
        x = normalized(engine, x)
        x = plus(attention(engine, weights, normalized(engine, x), keys, values), x)
        hidden = [engine.relu(z) for z in linear(engine, weights["widen"], normalized(engine, x))]
        x = plus(linear(engine, weights["narrow"], hidden), x)
        probabilities = softmax(engine, linear(engine, weights["scores"], x))
        losses.append(engine.log(probabilities[target]) * -1.0)
    return mean(losses)


def attention(
    engine: Engine, weights: dict[str, Matrix], x: Vector, keys: list[Vector], values: list[Vector]
) -> Vector:
    """x: [EMBEDDING] -> [EMBEDDING]; x joins the keys and values, and looks at all of them."""
    query = linear(engine, weights["query"], x)
    keys.append(linear(engine, weights["key"], x))
    values.append(linear(engine, weights["value"], x))
    mixed = []
    for start in range(0, EMBEDDING, HEAD):
        head = slice(start, start + HEAD)
        scores = [engine.dot(query[head], key[head]) * HEAD**-0.5 for key in keys]
        attended = softmax(engine, scores)
        mixed += [engine.dot(attended, column) for column in zip(*[v[head] for v in values])]
    return linear(engine, weights["output"], mixed)


def linear(engine: Engine, matrix: Matrix, x: Vector) -> Vector:
    return [engine.dot(row, x) for row in matrix]


def plus(x: Vector, y: Vector) -> Vector:
    return [a + b for a, b in zip(x, y)]


def normalized(engine: Engine, x: Vector) -> Vector:
    """x over the root of its mean square."""
    scale = (engine.dot(x, x) * (1.0 / len(x)) + 1e-5) ** -0.5
    return [a * scale for a in x]


def softmax(engine: Engine, scores: Vector) -> Vector:
    if engine.softmax is not None:
        return engine.softmax(scores)
    largest = max([engine.number(score) for score in scores])
    powers = [engine.exp(score - largest) for score in scores]
    total = reduce(add, powers)
    return [power / total for power in powers]
