"""The extended numbers: arithmetic that goes on, by IEEE 754, where Python's raises."""

from __future__ import annotations

from engine import ops
from engine.op import Number, number
from engine.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from engine.op import Op


class Extended(Number):
    """A number that obeys IEEE 754 where Python raises: 1/0 is inf, 0/0 is nan.

    Partials are evaluated on it when plain arithmetic has failed. `inner` is a float or a Value.
    """

    def __init__(self, x: Any) -> None:
        self.inner = x

    def apply_op(self, op: Op, inputs: Sequence[Any]) -> Extended:
        held = inner(list(inputs))
        for x in held:
            if isinstance(x, Value):
                return Extended(x.apply_op(op, held, op.evaluate_beyond))
        return Extended(op.evaluate_beyond(*map(number, held)))

    # fmt: off
    def __float__(self) -> float: return float(self.inner)
    def __bool__(self) -> bool: return bool(self.inner)
    def __eq__(self, other: Any) -> bool: return float(self) == float(other)
    def __lt__(self, other: Any) -> bool: return float(self) < float(other)
    def __le__(self, other: Any) -> bool: return float(self) <= float(other)
    def __gt__(self, other: Any) -> bool: return float(self) > float(other)
    def __ge__(self, other: Any) -> bool: return float(self) >= float(other)
    def __abs__(self) -> Any: return ops.absolute(self)
    def __pos__(self) -> Any: return self
    def __neg__(self) -> Any: return ops.neg(self)
    def __add__(self, other: Any) -> Any: return ops.add(self, other)
    def __radd__(self, other: Any) -> Any: return ops.add(other, self)
    def __sub__(self, other: Any) -> Any: return ops.sub(self, other)
    def __rsub__(self, other: Any) -> Any: return ops.sub(other, self)
    def __mul__(self, other: Any) -> Any: return ops.mul(self, other)
    def __rmul__(self, other: Any) -> Any: return ops.mul(other, self)
    def __truediv__(self, other: Any) -> Any: return ops.div(self, other)
    def __rtruediv__(self, other: Any) -> Any: return ops.div(other, self)
    def __pow__(self, other: Any) -> Any: return ops.power(self, other)
    def __rpow__(self, other: Any) -> Any: return ops.power(other, self)
    # fmt: on


def inner(x: Any) -> Any:
    """What an Extended number, or a list of them, holds."""
    if isinstance(x, list):
        return [inner(item) for item in x]
    return x.inner if isinstance(x, Extended) else x
