"""The contenders of recurrent cells: one sample by eager chainrule, and by replay."""

from array import array
from dataclasses import dataclass
from typing import Any

from benchmarks import recurrent
from benchmarks.contenders import Contender, ReplayedGraph, all_of

SETTINGS = {"momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False}


@dataclass(frozen=True)
class Cell:
    """A recurrent cell, and how fast it learns."""

    title: str
    name: str
    lr: float = 0.01
    exact_steps: int = 20  # in which replay and eager have to have the same bits


CELLS = [
    Cell(f"{name.upper()}: 16 steps, 4 inputs, 12 hidden, one sample, SGD", name)
    for name in recurrent.GATES
]


class EagerCell(Contender):
    """A graph for each step, and `nn.SGD`."""

    def __init__(self, problem: Cell) -> None:
        from engine import Value

        self.problem, self.numbers = problem, recurrent.sample()
        self.leaves = [Value(x) for x in recurrent.initial(problem.name)]

    def start(self) -> None:
        from nn import SGD

        for leaf, x in zip(self.leaves, recurrent.initial(self.problem.name)):
            leaf.data = x
        self.optimizer = SGD(self.leaves, lr=self.problem.lr)

    def train(self, steps: int) -> list[float]:
        return [self.step() for _ in range(steps)]

    def step(self) -> float:
        self.optimizer.zero_grad()
        loss = recurrent.loss(self.problem.name, self.leaves, self.numbers, 1)
        loss.backward()
        self.optimizer.step()
        return float(loss.data)

    def parameters(self) -> list[float]:
        return [p.data for p in self.leaves]


class ReplayedCell(ReplayedGraph):
    """A step of a cell in the machine, with its SGD."""

    def plan(self) -> Any:
        from engine import Value
        from engine.programs.plan import lowered
        from engine.programs.tape import Tape
        from engine.recording import tracing

        kind = self.problem.name
        leaves = [Value(x) for x in recurrent.initial(kind)]
        inputs = [Value(x) for x in recurrent.sample()]
        with tracing():  # so that the largest logit is a node
            loss = recurrent.loss(kind, leaves, inputs, 1)
        return lowered(Tape([loss], inputs, leaves), 1)

    def start(self) -> None:
        self.current = array("d", recurrent.initial(self.problem.name))
        self.data = array("d", recurrent.sample())

    def train(self, steps: int) -> Any:
        order, lrs = array("i", [0]) * steps, array("d", [self.problem.lr]) * steps
        arguments = ({}, ("sgd", SETTINGS), self.data, None, order, lrs, 0)
        losses = self.machine.train(self.current, *arguments)
        return all_of(losses, steps)

    def parameters(self) -> list[float]:
        return list(self.current)
