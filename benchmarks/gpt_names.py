"""A GPT as a Module, of W3's sizes, that reads names of any length up to 16 tokens.

The names are the surnames of the package `names` (pip install names), which come from the census of
the United States of 1990. A name is learned as its letters, with an end before and behind.
"""

import random
from pathlib import Path
from typing import Any

from benchmarks.gpt import BLOCK, EMBEDDING, END, HEAD, VOCABULARY
from engine import Value, dot, relu, softmax
from nn import Embedding, Module, cross_entropy

Vector = list[Any]
Matrix = list[Vector]


def tokens_of_names(count: int) -> tuple[list[list[int]], list[list[int]]]:
    """So many names, as the tokens that are read and those that are to follow."""
    import names

    path = Path(names.__file__).parent / "dist.all.last"
    found = [line.split()[0].lower() for line in path.read_text().splitlines()]
    picked = random.Random(42).sample([name for name in found if len(name) < BLOCK], count)
    tokens = [[END, *(ord(letter) - ord("a") for letter in name), END] for name in picked]
    return [own[:-1] for own in tokens], [own[1:] for own in tokens]


def loss_of_tokens(outputs: Any, targets: Any) -> Any:
    """The mean cross-entropy of all tokens of the batch."""
    scores = [y for ys in outputs for y in ys]
    return cross_entropy(scores, [t for ts in targets for t in ts])


class NamesGPT(Module):
    """tokens: [time] -> [time][27] scores of the token that follows. 4,192 parameters."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()

        def matrix(rows: int, columns: int) -> Matrix:
            return [[Value(rng.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)]

        self.token = Embedding(VOCABULARY, EMBEDDING, rng=rng)
        for row in self.token.weight:
            for v in row:
                v.data *= 0.08
        self.position = matrix(BLOCK, EMBEDDING)
        self.query, self.key = matrix(EMBEDDING, EMBEDDING), matrix(EMBEDDING, EMBEDDING)
        self.value, self.output = matrix(EMBEDDING, EMBEDDING), matrix(EMBEDDING, EMBEDDING)
        self.widen, self.narrow = matrix(4 * EMBEDDING, EMBEDDING), matrix(EMBEDDING, 4 * EMBEDDING)
        self.scores = matrix(VOCABULARY, EMBEDDING)

    def __call__(self, tokens: Any) -> list[Vector]:
        keys: list[Vector] = []
        values: list[Vector] = []
        found = []
        for token, position in zip(tokens, self.position):
            x = normalized(plus(self.token(token), position))
            y = normalized(x)
            keys.append(times(self.key, y))
            values.append(times(self.value, y))
            mixed = attention(times(self.query, y), keys, values)
            x = plus(times(self.output, mixed), x)
            hidden = [relu(z) for z in times(self.widen, normalized(x))]
            found.append(times(self.scores, plus(times(self.narrow, hidden), x)))
        return found


def attention(query: Vector, keys: list[Vector], values: list[Vector]) -> Vector:
    mixed: Vector = []
    for start in range(0, EMBEDDING, HEAD):
        head = slice(start, start + HEAD)
        shares = softmax([dot(query[head], key[head]) * HEAD**-0.5 for key in keys])
        mixed += [dot(shares, column) for column in zip(*[v[head] for v in values])]
    return mixed


def times(matrix: Matrix, x: Vector) -> Vector:
    return [dot(row, x) for row in matrix]


def plus(x: Vector, y: Vector) -> Vector:
    return [a + b for a, b in zip(x, y)]


def normalized(x: Vector) -> Vector:
    """x over the root of its mean square."""
    scale = (dot(x, x) * (1.0 / len(x)) + 1e-5) ** -0.5
    return [a * scale for a in x]
