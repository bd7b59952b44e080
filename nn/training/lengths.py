"""Lengths: one machine for sequences of many lengths that are learned one at a time.

A short sequence runs a part of what the longest one runs: see engine/programs/union.py. Each length
is recorded with one of its samples. The numbers of all samples lie in columns, one for each place
in the longest sequence; where a shorter one has none there is a 0, which nobody reads.
"""

from __future__ import annotations

from array import array

from engine.op import compiled
from engine.programs.kinds import NoPlanError
from engine.programs.machines import machine_in_c
from engine.programs.union import UnionPlan
from engine.programs.wires import wires_of
from engine.recording import tracing
from nn.training.plans import LONGEST, same
from nn.training.randomness import OWN_DRAWS, RandomState, undrawn
from nn.training.samples import Samples
from nn.training.shifting import shifted
from nn.training.states import settle_zeros
from nn.training.tapes import WRONG, any_asked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from engine import Value
    from engine.programs.wires import Wires
    from nn.data.loader import DataLoader
    from nn.training.objective import Objective

MOST = 64  # lengths
OTHERS = 2  # samples that are recorded to see whether they compute the same as others of a length


class Lengths:
    """The machine of all lengths.

    variant: for each sample which of the machine's losses is its own. data: the samples, of `width`
    numbers each.
    """

    def __init__(
        self,
        loader: DataLoader,
        objective: Objective,
        parameters: list[Value],
        sources: Callable[[], list[Any]],
        shape: Sequence[int],
    ) -> None:
        """shape: of each sample, the number of its shape. Raises NoPlanError."""
        if not compiled or loader.size > 1 or max(shape) >= MOST:
            raise NoPlanError("each shape has plans of its own")
        self.loader, self.objective, self.parameters = loader, objective, parameters
        self.sources = sources()
        self.samples = Samples(loader.lists)
        self.columns: dict[Any, int] = {}  # of the path to a number of a sample
        firsts = [shape.index(k) for k in range(max(shape) + 1)]
        firsts.sort(key=lambda i: -len(self.samples.numbers(i)))
        self.columns_of = {shape[i]: self.found(i) for i in firsts}
        self.width = len(self.columns)
        self.digits: dict[str, int] = {}  # of the constants
        self.leaves = {p: ~k for k, p in enumerate(parameters)}
        wires = [(self.wires(i, shape[i]), i) for i in firsts]
        wires.sort(key=lambda pair: -len(pair[0].ops))
        self.check_others(wires, shape)
        number = {shape[i]: v for v, (_, i) in enumerate(wires)}
        constants = [float.fromhex(x) for x in self.digits]
        plan = UnionPlan([own for own, _ in wires], parameters, self.width, constants)
        self.machine = machine_in_c(plan, 1)
        self.variant = [number[k] for k in shape]
        self.data = self.laid_out(shape)
        for i in {firsts[len(firsts) // 2], firsts[-1]}:
            self.check_numbers(i)

    def found(self, i: int) -> list[int]:
        """The column of each number of a sample; new columns are added."""
        paths = [path for j, s in enumerate(self.samples.shapes[i]) for path in paths_of(s, (j,))]
        return [self.columns.setdefault(path, len(self.columns)) for path in paths]

    def laid_out(self, shape: Sequence[int]) -> Any:
        """The numbers of all samples, in columns."""
        data = array("d", bytes(8 * self.width * len(shape)))
        for i, k in enumerate(shape):
            first = i * self.width
            for column, x in zip(self.columns_of[k], self.samples.numbers(i)):
                data[first + column] = x
        return data

    def wires(self, i: int, shape: int) -> Wires:
        """What is computed of a sample. Raises NoPlanError."""
        given, (own,) = self.samples.given([i])
        try:
            with undrawn(self.sources):
                with tracing() as block:
                    loss = self.objective(*given)
                if block.drawn or any_asked([own]):
                    raise NoPlanError("random numbers are drawn, or numbers checked")
                settle_zeros(loss, lambda: self.objective(*given), own, self.parameters)
            inputs = len(self.parameters)
            leaves = {**self.leaves}
            for x, column in zip(own, self.columns_of[shape]):
                leaves[x] = ~(inputs + column)
            found = wires_of(loss, leaves, inputs + self.width, self.digits)
        except WRONG as error:
            raise NoPlanError(str(error)) from error
        if not 0 < len(found.ops) <= LONGEST:
            raise NoPlanError(f"a sample has {len(found.ops)} operations")
        return found

    def check_others(self, wires: Sequence[tuple[Wires, int]], shape: Sequence[int]) -> None:
        """Raise NoPlanError unless other samples of a length compute the same.

        They are recorded with other weights.
        """
        known = {shape[i]: (own, i) for own, i in wires}
        seen = 0
        with shifted(self.parameters):
            for i, k in enumerate(shape):
                own, first = known[k]
                if i != first and seen < OTHERS:
                    seen += 1
                    if self.wires(i, k) != own:
                        raise NoPlanError("other samples do not have the same operations")

    def check_numbers(self, i: int) -> None:
        """Raise NoPlanError unless a sample has the bits of its graph, with other weights."""
        with shifted(self.parameters):
            numbers = array("d", [p.data for p in self.parameters])
            answer = self.evaluated(i, numbers)
            before = RandomState(self.sources)
            with undrawn(self.sources):
                loss = self.objective(*self.loader.samples([i]))
                drew = RandomState(self.sources).states != before.states
            loss.backward()
            found = (loss.data, [p.grad for p in self.parameters])
        if drew:
            raise NoPlanError(OWN_DRAWS)
        if answer is None or same(*answer) != same(*found):
            raise NoPlanError("a step of the machine has not the bits of its graph")

    def evaluated(self, i: int, parameters: Sequence[float]) -> Any:
        """The loss of a sample, and its gradient, or None."""
        return self.machine.evaluate(parameters, self.rows(i), None, True, self.variant[i])

    def rows(self, i: int) -> Any:
        """The numbers of a sample, in columns."""
        return self.data[i * self.width : (i + 1) * self.width]


def paths_of(shape: Any, path: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The path to each number of a tree of lists of that shape."""
    if shape is None:
        return [path]
    shapes = [shape[2]] * shape[1] if shape[0] == "list" else shape[1:]
    return [found for k, own in enumerate(shapes) for found in paths_of(own, (*path, k))]
