"""States of zeros: leaves that a model makes anew in each call, such as the first state of an RNN.

    state = [Value(0.0)] * n        replayed as it is written, and as fast as [0.0] * n

Nobody can ask such a leaf for its gradient, or change it: in a recording it is a constant.
"""

from __future__ import annotations

from engine import Value, topological_order
from engine.recording import tracing
from nn.training.shifting import shifted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

ZERO = (0.0).hex()


def settle_zeros(
    loss: Value, again: Callable[[], Value], inputs: Sequence[Value], parameters: Sequence[Value]
) -> None:
    """Make constants of the zeros that are made anew in each call, among the leaves of a loss.

    again: computes the same loss once more. What is another Value then, and 0 with other weights,
    too, is such a zero. inputs, parameters: the other leaves. Any other leaf stays as it is.
    """
    known = {*parameters, *inputs}
    found = unknown(loss, known)
    if not found:
        return
    with shifted(parameters), tracing():
        later = unknown(again(), known)
    if len(later) == len(found):
        kept = {*later}
        for v, w in zip(found, later):
            if v not in kept and v.data.hex() == w.data.hex() == ZERO:
                v.is_constant = True


def unknown(loss: Value, known: Collection[Value]) -> list[Value]:
    """The leaves of a loss that are not known, and are no constants."""
    leaves = [v for v in topological_order(loss) if v.op is None and not v.is_constant]
    return [v for v in leaves if v not in known]
