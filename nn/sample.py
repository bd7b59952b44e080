"""What a sample is: the numbers that go into a model, and the numbers that come out of it.

A sample is a list of Values or plain numbers; a bare number stands for a list of one.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, SupportsFloat

    Vector = Sequence[SupportsFloat]  # Values or plain numbers; its length is [n] in the docstrings


def vector(x: Any, n: int, taker: str) -> Vector:
    """x as n numbers; a bare number is a vector of one. Raises ValueError for another length."""
    if isinstance(x, str | set | frozenset | dict):
        raise TypeError(f"{taker} takes a list of numbers, got {type(x).__name__} {x!r:.60}")
    if not hasattr(x, "__len__"):
        x = [x]
    if len(x) != n:
        raise ValueError(f"{taker} takes {n} input{'' if n == 1 else 's'}, got {len(x)}")
    return x  # type: ignore[no-any-return]


def sample(x: Any, taker: str) -> Vector:
    """x as a list of numbers of any length; a bare number is a list of one."""
    return vector(x, len(x) if hasattr(x, "__len__") else 1, taker)


def numbers_of(tree: Any) -> Any:
    """The number of a Value, as a float; of nested lists of Values, lists of the same shape.

    >>> from engine import Value
    >>> numbers_of([Value(1.0), [Value(2.0), 3]])
    [1.0, [2.0, 3.0]]
    """
    if isinstance(tree, list | tuple):
        return [numbers_of(branch) for branch in tree]
    return float(tree)


def added(numbers: Sequence[Any]) -> Any:
    """The sum of at least one number, from left to right, so that its last bit is always the same.

    Python's `sum` starts at 0, and from Python 3.12 on it rounds a sum of floats otherwise.
    """
    total = numbers[0]
    for x in numbers[1:]:
        total = total + x
    return total
