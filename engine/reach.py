"""The reach: which nodes a gradient comes to, and which nodes have a part in a derivative.

A gradient passes from an op to an input unless the op is flat there, as `sign` is and as
`stop_gradient` says it is. A graph is given as its nodes, each with its op and its inputs. The
nodes may be Values, slots of a tape, or whatever else can be in a set.

`value.py` has the first question once more, in C, because the sweep asks it in the middle.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from engine.op import Op

    Nodes = Iterable[tuple[Any, Op | None, Sequence[Any]]]


def mark_reached(nodes: Nodes, found: Any) -> None:
    """Mark the nodes that a gradient of the outputs comes to; nodes: inputs last.

    found: the mark of each node, 1 for an output and 0 for others so far. A bytearray takes a byte
    for each slot of a tape, where a set takes many.
    """
    for node, op, inputs in nodes:
        if op is not None and found[node]:
            if op.flat:
                inputs = [x for i, x in enumerate(inputs) if op.passes(i)]
            for x in inputs:
                found[x] = 1


def depending(nodes: Nodes, inputs: Iterable[Any]) -> set[Any]:
    """The nodes whose derivative by one of the inputs may not be 0, with the inputs.

    nodes: inputs first. The answer is every node that passes a gradient on to one of the inputs.
    """
    found = set(inputs)
    for node, op, taken in nodes:
        if op is not None and any(x in found and op.passes(i) for i, x in enumerate(taken)):
            found.add(node)
    return found
