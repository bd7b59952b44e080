"""Recurrent cells as Modules: an RNN, a GRU and an LSTM, with PyTorch's weights and formulas."""

import math
import random
from typing import Any

from engine import Value, dot, sigmoid, tanh
from nn import Linear, Module

Vector = list[Any]


class RNN(Module):
    """x: [inputs], state: [hidden] -> [hidden]."""

    gates = 1

    def __init__(self, inputs: int, hidden: int, rng: random.Random) -> None:
        super().__init__()
        bound, rows = 1 / math.sqrt(hidden), self.gates * hidden

        def numbers(count: int) -> Vector:
            return [Value(rng.uniform(-bound, bound)) for _ in range(count)]

        self.hidden = hidden
        self.weight_ih = [numbers(inputs) for _ in range(rows)]
        self.weight_hh = [numbers(hidden) for _ in range(rows)]
        self.bias_ih, self.bias_hh = numbers(rows), numbers(rows)

    def sums(self, x: Vector, state: Vector) -> tuple[Vector, Vector]:
        """What the inputs give to each gate, and what the state gives."""
        from_x = [dot(w, x, b) for w, b in zip(self.weight_ih, self.bias_ih)]
        return from_x, [dot(w, state, b) for w, b in zip(self.weight_hh, self.bias_hh)]

    def parts(self, sums: Vector) -> list[Vector]:
        n = self.hidden
        return [sums[k * n : (k + 1) * n] for k in range(self.gates)]

    def start(self) -> Any:
        return [0.0] * self.hidden

    def __call__(self, x: Vector, state: Any) -> Any:
        return [tanh(a + b) for a, b in zip(*self.sums(x, state))]


class GRU(RNN):
    gates = 3

    def __call__(self, x: Vector, state: Vector) -> Vector:
        ours, theirs = map(self.parts, self.sums(x, state))
        reset, update = [[sigmoid(a + b) for a, b in zip(ours[k], theirs[k])] for k in range(2)]
        new = [tanh(a + r * b) for a, r, b in zip(ours[2], reset, theirs[2])]
        return [(1 - z) * c + z * h for z, c, h in zip(update, new, state)]


class LSTM(RNN):
    gates = 4

    def start(self) -> tuple[Vector, Vector]:
        return [0.0] * self.hidden, [0.0] * self.hidden

    def __call__(self, x: Vector, state: tuple[Vector, Vector]) -> tuple[Vector, Vector]:
        h, c = state
        sums = self.parts([a + b for a, b in zip(*self.sums(x, h))])
        taken, kept, shown = [[sigmoid(z) for z in sums[k]] for k in (0, 1, 3)]
        new = [tanh(z) for z in sums[2]]
        c = [f * old + i * n for f, old, i, n in zip(kept, c, taken, new)]
        return [o * tanh(z) for o, z in zip(shown, c)], c


class Reader(Module):
    """A cell that reads a sequence, [time][inputs], and a layer that reads its last state."""

    def __init__(self, cell: RNN, rng: random.Random) -> None:
        super().__init__()
        self.cell, self.readout = cell, Linear(cell.hidden, 1, rng=rng)

    def __call__(self, sequence: Any) -> Any:
        state = self.cell.start()
        for x in sequence:
            state = self.cell(x, state)
        return self.readout(state[0] if isinstance(state, tuple) else state)[0]


CELLS = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
