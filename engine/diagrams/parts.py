"""The parts of a model in a graph: which nodes each of its modules computed.

A node does not remember which module made it, so that building a graph costs nothing. The
parameters tell: a node belongs to the part whose parameters it takes. A node between two nodes of a
part belongs to the part too, and so does the activation after them. For example, in
`tanh(w * x + b)` the product and the sum take parameters of a neuron, and tanh is its activation.
"""

from dataclasses import dataclass
from typing import Any

from engine import ops
from engine.op import Op
from engine.value import Value


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a model that is drawn as one box: its name, its kind and its parameters.

    `last` are the ops of the activation, which come after the nodes that take the parameters.
    """

    name: str
    kind: str
    parameters: tuple[Value, ...]
    last: frozenset[Op] = frozenset()


def parts_of(collapse: Any, level: Any) -> list[Part]:
    """The parts of the model that `collapse` is, or no parts for True. Else raises TypeError."""
    if collapse is True:
        if level is not None:
            raise ValueError(f"level={level!r} says which modules of a model: give collapse=model")
        return []
    if not hasattr(type(collapse), "_parts_"):
        got = f"{type(collapse).__name__} {collapse!r:.60}"
        raise TypeError(f"collapse takes True, False or a model, got {got}")
    parts: list[Part] = collapse._parts_(level)
    return parts


def owners(order: list[Value], parts: list[Part]) -> dict[Value, Part]:
    """The part that each parameter belongs to, and each node that computes with parameters."""
    owner = {p: part for part in reversed(parts) for p in part.parameters}
    computed: dict[Value, Part] = {}
    maybe: dict[Value, Part] = {}  # all inputs are of this part: the node is inside, or after it
    for v in order:
        inputs = [x for x in v.inputs if isinstance(x, Value)]
        taken = {owner[x] for x in inputs if x in owner}
        others = len(inputs) < len(v.inputs) and v.op is not ops.power
        if len(taken) == 1 and (others or any(x not in owner for x in inputs)):
            [computed[v]] = taken
            continue
        before = {computed.get(x) or maybe.get(x) for x in inputs}
        if len(before) == 1 and None not in before:
            [part] = before
            assert part
            if v.op in part.last and all(x in computed for x in inputs):
                computed[v] = part
            else:
                maybe[v] = part
    for v in reversed(order):  # a node that leads to a node of the same part is inside
        for x in v.inputs if v in computed else ():
            if isinstance(x, Value) and x in maybe and maybe[x] is computed[v]:
                computed[x] = maybe[x]
    return {**owner, **computed}
