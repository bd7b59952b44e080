"""Gradients as graphs: a derivative recorded like any other computation, to any order."""

from __future__ import annotations

from engine.reach import depending
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

    Inputs may be leaves or inner nodes. An input that output does not depend on has gradient 0. No
    node's `.grad` is touched. For a single Value the answer is a single Value. Raises TypeError if
    output is not a Value.

    >>> x = Value(2.0)
    >>> first = grad(x**3, x)
    >>> second = grad(first, x)
    >>> first.data, second.data
    (12.0, 12.0)
    """
    if not isinstance(output, Value):
        raise TypeError(f"grad takes a Value, got {type(output).__name__} {output!r:.60}")
    if isinstance(inputs, Value):
        return grad(output, [inputs])[0]
    asked: Any = inputs
    inputs = list(asked) if hasattr(asked, "__iter__") else [asked]
    for x in inputs:
        if not isinstance(x, Value):
            raise TypeError(f"grad takes Values for inputs, got {type(x).__name__} {x!r:.60}")
    order = topological_order(output)
    wanted = depending([(v, v.op, v.inputs) for v in order], inputs)  # all else has derivative 0
    known = set(order)
    adjoints: dict[Value, Any] = {output: 1.0}
    for v in reversed(order):
        if v.op is None or v not in wanted or v not in adjoints:
            continue
        needed = [u in wanted and v.op.passes(i) for i, u in enumerate(v.inputs)]
        slopes = v.op.slopes(v, v.inputs, needed)
        for u, slope, need in zip(v.inputs, slopes, needed):
            if isinstance(u, Value) and need:
                share = times(adjoints[v], slope)
                adjoints[u] = adjoints[u] + share if u in adjoints else share
    return tuple([fresh(adjoints.get(x, 0.0), known) for x in inputs])


def times(adjoint: Any, slope: Any) -> Any:
    """adjoint * slope, without a node for a factor of 1."""
    if isinstance(adjoint, float) and adjoint == 1.0:
        return slope
    if isinstance(slope, float) and slope == 1.0:
        return adjoint
    return adjoint * slope


def fresh(gradient: Any, known: set[Value]) -> Value:
    """The gradient as a Value that is not among the known ones."""
    if not isinstance(gradient, Value):
        constant = Value(gradient)
        constant.is_constant = (
            True  # no input has a part in it: `trace` need not ask who changes it
        )
        return constant
    own = gradient * 1.0 if gradient in known else gradient
    known.add(own)
    return own
