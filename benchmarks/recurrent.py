"""Recurrent cells written by hand, of Values: RNN, GRU and LSTM, as PyTorch has them.

A sample is a row of vectors. The last state goes through a linear layer, and the loss is the cross
entropy of its outputs. The state before the first vector is 0, and makes no nodes.
"""

import math
import random
from collections.abc import Sequence
from typing import Any

STEPS, INPUTS, HIDDEN, CLASSES = 16, 4, 12, 2
GATES = {"rnn": 1, "gru": 3, "lstm": 4}

Vector = list[Any]


def shapes(kind: str) -> list[tuple[int, int]]:
    """Of the matrices: rows are outputs, columns are inputs; a vector of biases has one row."""
    n = GATES[kind] * HIDDEN
    return [(n, INPUTS), (n, HIDDEN), (1, n), (1, n), (CLASSES, HIDDEN), (1, CLASSES)]


def initial(kind: str, seed: int = 1) -> list[float]:
    """The parameters, uniform as PyTorch's, matrix by matrix."""
    rng, bound = random.Random(seed), 1 / math.sqrt(HIDDEN)
    return [rng.uniform(-bound, bound) for n, m in shapes(kind) for _ in range(n * m)]


def sample(seed: int = 0) -> list[float]:
    """The numbers of a sample, vector after vector."""
    rng = random.Random(seed)
    return [rng.gauss(0, 1) for _ in range(STEPS * INPUTS)]


def loss(kind: str, parameters: Sequence[Any], numbers: Sequence[Any], target: int) -> Any:
    """The loss of one sample."""
    from nn import cross_entropy

    taken = iter(parameters)
    matrices = [[[next(taken) for _ in range(m)] for _ in range(n)] for n, m in shapes(kind)]
    *cell, head, (bias,) = matrices
    state: tuple[Vector, ...] = ()
    for first in range(0, len(numbers), INPUTS):
        state = step(kind, cell, tuple(numbers[first : first + INPUTS]), state)
    return cross_entropy(linear(head, state[0], bias), target)


def linear(weights: Sequence[Vector], x: Sequence[Any], biases: Sequence[Any]) -> Vector:
    from engine import dot

    x = tuple(x)
    return [dot(w, x, b) for w, b in zip(weights, biases)]


def step(
    kind: str, cell: Sequence[Any], x: Sequence[Any], state: tuple[Vector, ...]
) -> tuple[Vector, ...]:
    """The next state: the outputs, and of an LSTM what it keeps inside."""
    from engine import sigmoid, tanh

    of_inputs, of_state, (bias_inputs,), (bias_state,) = cell
    a = linear(of_inputs, x, bias_inputs)
    b = linear(of_state, state[0], bias_state) if state else bias_state
    n = HIDDEN
    if kind == "rnn":
        return ([tanh(p + q) for p, q in zip(a, b)],)
    if kind == "gru":
        reset = [sigmoid(p + q) for p, q in zip(a[:n], b[:n])]
        update = [sigmoid(p + q) for p, q in zip(a[n : 2 * n], b[n : 2 * n])]
        new = [tanh(p + r * q) for p, r, q in zip(a[2 * n :], reset, b[2 * n :])]
        if not state:
            return ([(1 - z) * c for z, c in zip(update, new)],)
        return ([(1 - z) * c + z * h for z, c, h in zip(update, new, state[0])],)
    sums = [p + q for p, q in zip(a, b)]
    taken, kept, shown = [[sigmoid(s) for s in sums[i * n : i * n + n]] for i in (0, 1, 3)]
    new = [tanh(s) for s in sums[2 * n : 3 * n]]
    inside = [i * c for i, c in zip(taken, new)]
    if state:
        inside = [f * old + i for f, old, i in zip(kept, state[1], inside)]
    return [o * tanh(c) for o, c in zip(shown, inside)], inside
