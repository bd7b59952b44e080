"""The tape: a graph as a list of operations, in the order in which they were computed.

Every number has a slot: the parameters come first, then the inputs, the constants, and one slot for
each operation. An operation is an op and the slots of its inputs. For example, v3 = w * x is (mul,
slots 0 and 1). A tape computes again with other numbers. Here it asks each op, as a graph does; a
`Program` is faster.
"""

from __future__ import annotations

from copy import copy
from itertools import chain, count, repeat

from engine import ops
from engine.copying import together
from engine.op import number
from engine.reach import mark_reached
from engine.value import Value, arguments, topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class Tape:
    """The operations behind some outputs.

    parameters, inputs: the leaves, in the order of their slots. constants: the numbers of the slots
    after them. ops[k] takes the slots args[k], and its own slot is first + k. outputs: slots.
    nodes: the Value of each slot, None for a constant. reached: see `reached_slots`. names: what
    parameters without a label are called.
    """

    names: Sequence[str] = ()

    def __init__(
        self,
        outputs: Sequence[Value],
        inputs: Sequence[Value],
        parameters: Sequence[Value],
        names: Sequence[str] = (),
    ) -> None:
        """Raises ValueError for a leaf that is neither an input nor a parameter, and for one that
        is both. A derivative that is the same everywhere is a constant.
        """
        self.parameters, self.inputs, self.names = list(parameters), list(inputs), list(names)
        slots: dict[Value, int] = {}
        for leaf in (*self.parameters, *self.inputs):
            if leaf in slots:
                raise ValueError(f"{named(leaf)} is given twice, as a parameter or an input")
            slots[leaf] = len(slots)
        for i, v in enumerate(outputs):
            if v.op is ops.CONSTANT and v not in slots:
                raise ValueError(f"output {i} is a constant, {v!r}: it has nothing to compute")
        order = topological_order(*outputs)
        check_leaves(order, slots)

        computed = [v for v in order if v.op is not None]
        del order  # lists as long as the graph go as soon as they can
        taken: list[Any] = [arguments(v) for v in computed]
        self.nodes: list[Any] = [*self.parameters, *self.inputs]
        self.constants: list[float] = []
        known: dict[str, int] = {}  # a constant by its digits, which tell -0.0 from 0.0
        slots.update(zip(computed, repeat(-1)))  # so far
        for v in chain(chain.from_iterable(taken), outputs):
            if v not in slots and fixed(v):
                digits = v.data.hex()
                if digits not in known:
                    known[digits] = len(self.nodes)
                    self.nodes.append(None)
                    self.constants.append(v.data)
                slots[v] = known[digits]
        self.first = len(self.nodes)
        slots.update(zip(computed, count(self.first)))
        for k, args in enumerate(taken):  # in place: there are millions in a large graph
            taken[k] = tuple(map(slots.__getitem__, args))
        self.args: list[tuple[int, ...]] = taken
        self.outputs = [slots[v] for v in outputs]
        del slots
        self.nodes += computed
        self.ops: list[Any] = [v.op for v in computed]
        self.reached = self.reached_slots()

    def reached_slots(self) -> bytearray:
        """A 1 for each slot that a gradient comes to, 0 for a slot behind an op that is flat."""
        found = bytearray(len(self.nodes))
        for slot in self.outputs:
            found[slot] = 1
        slots = range(self.first, len(self.nodes))
        mark_reached(zip(reversed(slots), reversed(self.ops), reversed(self.args)), found)
        return found

    def __len__(self) -> int:
        return len(self.ops)

    def without_inputs(self) -> Tape:
        """The same tape, where the inputs are parameters too. The slots stay the same."""
        twin = copy(self)
        twin.parameters, twin.inputs = [*self.parameters, *self.inputs], []
        return twin

    def label(self, slot: int) -> str:
        """The label of a slot's Value, or the name of a parameter; empty if it has none."""
        node = self.nodes[slot]
        label = "" if node is None else str(node.label)
        return label or (self.names[slot] if slot < len(self.names) else "")

    def numbers(self, inputs: Sequence[float], parameters: Sequence[float]) -> list[float]:
        """The number in every slot. Raises what the op raises, with the label of its node."""
        numbers = [*parameters, *inputs, *self.constants]
        for k, (op, args) in enumerate(zip(self.ops, self.args)):
            try:
                numbers.append(op.evaluate(*[numbers[i] for i in args]))
            except (ArithmeticError, ValueError) as error:
                label = self.label(self.first + k)
                if label:
                    error.args = (f"{error}, at {label!r}",)
                raise
        return numbers

    def gradients(self, numbers: Sequence[float]) -> list[float]:
        """d output / d number for every slot of a tape that has one output.

        The sums have the order of Value.backward, and so its last bits.
        """
        grads = [0.0] * len(self.nodes)
        grads[self.outputs[0]] = 1.0
        for k in reversed(range(len(self.ops))):
            slot, op, args = self.first + k, self.ops[k], self.args[k]
            if not self.reached[slot]:
                continue
            wanted = [self.nodes[i] is not None and op.passes(j) for j, i in enumerate(args)]
            taken = [numbers[i] for i in args]
            slopes = op.slopes(numbers[slot], taken, wanted)
            for i, slope, needed in zip(args, slopes, wanted):
                if needed:
                    grads[i] += grads[slot] * number(slope)
        return grads


def packed(tape: Tape) -> dict[str, Any]:
    """All that a tape holds, for deepcopy and pickle, with its nodes as one graph."""
    nodes = [v for v in tape.nodes if v is not None]
    return {**vars(tape), "nodes": together(nodes)}


def unpacked(state: dict[str, Any]) -> Tape:
    """The tape that was packed."""
    tape: Tape = Tape.__new__(Tape)
    vars(tape).update(state)
    leaves = len(tape.parameters) + len(tape.inputs)
    nodes = list(state["nodes"])
    tape.nodes = [*nodes[:leaves], *[None] * len(tape.constants), *nodes[leaves:]]
    return tape


def fixed(v: Value) -> bool:
    """Whether v is the same number in every run of a program."""
    return v.op is ops.CONSTANT or (v.op is None and v.is_constant)


def is_choice(op: Any) -> bool:
    """Whether an operation chooses; one from a pickle is another object of the same function."""
    return op.f is ops.named_one


def check_leaves(order: list[Value], slots: dict[Value, int]) -> None:
    """Raise ValueError for leaves, inputs and parameters that do not go together."""
    for leaf in (v for v in slots if v.op is not None):
        raise ValueError(f"an input or a parameter is a leaf, {named(leaf)} was computed")
    for v in order:
        if v.op is None and v not in slots and not v.is_constant:
            raise ValueError(
                f"{named(v)} is a leaf of the graph, but neither an input nor a parameter: a "
                "program would not know whether it may change"
            )


def named(v: Value) -> str:
    return repr(v.label) if v.label else repr(v)
