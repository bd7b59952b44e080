"""Shifting: the parameters have other numbers for a while, to see what depends on them."""

from __future__ import annotations

from array import array
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine import Value


@contextmanager
def shifted(parameters: Sequence[Value]) -> Iterator[None]:
    """A block in which the parameters have other numbers: zeros, as of biases, are special cases.

    Their grads are 0 at its start, and what they were at its end.
    """
    before = [array("d", [p.data for p in parameters]), array("d", [p.grad for p in parameters])]
    try:
        for i, p in enumerate(parameters):
            p.data, p.grad = p.data + (1 + i % 7) * 2.0**-10, 0.0
        yield
    finally:
        for p, data, grad in zip(parameters, *before):
            p.data, p.grad = data, grad
