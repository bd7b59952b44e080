"""Gradients as graphs: a derivative recorded like any other computation, to any order."""

from __future__ import annotations

from engine.value import Value, topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, overload

if TYPE_CHECKING:

    @overload
    def grad(output: Value, inputs: Value) -> Value: ...
    @overload
    def grad(output: Value, inputs: Sequence[Value]) -> tuple[Value, ...]: ...


def grad(output: Value, inputs: Value | Sequence[Value]) -> Value | tuple[Value, ...]:
    """d output / d x for each x of inputs, as Values that can be differentiated again.

    Inputs may be leaves or inner nodes. One that output does not depend on has gradient 0. No
    node's `.grad` is touched. For a single Value the answer is a single Value.

    >>> x = Value(2.0)
    >>> first = grad(x**3, x)
    >>> second = grad(first, x)
    >>> first.data, second.data
    (12.0, 12.0)
    """
    if isinstance(inputs, Value):
        return grad(output, [inputs])[0]
    order = topological_order(output)
    wanted = set(inputs)
    for v in order:  # what the inputs have a part in; nothing else needs a derivative
        if not wanted.isdisjoint(v.inputs):
            wanted.add(v)
    known = set(order)
    adjoints: dict[Value, Any] = {output: 1.0}
    for v in reversed(order):
        if v.op is None or v not in wanted or v not in adjoints:
            continue
        needed = [x in wanted for x in v.inputs]
        for x, slope in zip(v.inputs, v.op.slopes(v, v.inputs, needed)):
            if isinstance(x, Value) and x in wanted:
                share = times(adjoints[v], slope)
                adjoints[x] = adjoints[x] + share if x in adjoints else share
    return tuple([fresh(adjoints.get(x, 0.0), known) for x in inputs])


def times(adjoint: Any, slope: Any) -> Any:
    """adjoint * slope, without a node for a factor of 1."""
    if isinstance(adjoint, float) and adjoint == 1.0:
        return slope
    if isinstance(slope, float) and slope == 1.0:
        return adjoint
    return adjoint * slope


def fresh(gradient: Any, known: set[Value]) -> Value:
    """The gradient as a Value of its own, not a node of the graph it was taken from."""
    if not isinstance(gradient, Value):
        return Value(gradient)
    return gradient * 1.0 if gradient in known else gradient
