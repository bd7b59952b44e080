"""Unfolding: the result of a fused op, such as dot, as the simpler operations it stands for.

Pictures and explanations show `dot([w], [x], b)` as `w * x + b`.
"""

from __future__ import annotations

from contextvars import Context

from engine.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def unfolds(v: Value) -> bool:
    """Whether v is the result of a fused op, which stands for several simpler ones."""
    return v.op is not None and v.op.unfold is not None and len(v.inputs) > 1


def unfolded(v: Value) -> tuple[Value, dict[Any, Any]]:
    """The result of a fused op by its simpler ones, and the input behind each copy in its graph."""
    copies = [Value(x.data) if isinstance(x, Value) else x for x in v.inputs]
    simpler: Any = v.op and v.op.unfold
    z = Context().run(simpler, *copies)  # a context of its own records under no_grad too
    return z, dict(zip(copies, v.inputs))
