"""What a sample is: the numbers that go into a model, and the numbers that come out of it.

A sample is a list of Values or plain numbers; a bare number stands for a list of one.
"""

from __future__ import annotations

from engine.op import number
from engine.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, SupportsFloat

    Vector = Sequence[SupportsFloat]  # Values or plain numbers; its length is [n] in the docstrings


def vector(x: Any, n: int, taker: str) -> Vector:
    """x as n numbers; a bare number is a vector of one. Raises ValueError for another length."""
    if isinstance(x, str | set | frozenset | dict):
        raise TypeError(f"{taker} takes a list of numbers, got {type(x).__name__} {x!r:.60}")
    if type(x) is not list and (not hasattr(x, "__len__") or getattr(x, "ndim", 1) == 0):
        x = [x]
    if len(x) != n:
        refuse_batch(x, n, taker)
        raise ValueError(f"{taker} takes {n} input{'' if n == 1 else 's'}, got {len(x)}")
    return x  # type: ignore[no-any-return]


def refuse_batch(x: Any, n: int, taker: str) -> None:
    """Raise ValueError, with what to do, if x is not one sample but a list of them."""
    rows = x if isinstance(x, list | tuple) else ()
    if getattr(x, "ndim", 1) > 1 or any(hasattr(r, "__len__") and is_row(r) for r in rows):
        batch = "batch.to_numpy()" if hasattr(x, "to_numpy") else "batch"
        plural, samples = "" if n == 1 else "s", "" if len(x) == 1 else "s"
        raise ValueError(
            f"{taker} takes {n} input{plural}, got a batch of {len(x)} sample{samples}: "
            f"call the model for each sample, as in [model(x) for x in {batch}]"
        )


def is_row(x: Any) -> bool:
    """Whether x, an item of a list, is itself a list of numbers: no text, and no 0-d array."""
    return not isinstance(x, str | bytes) and getattr(x, "ndim", 1) > 0


def sample(x: Any, taker: str) -> Vector:
    """x as a list of numbers of any length; a bare number is a list of one."""
    one = not hasattr(x, "__len__") or getattr(x, "ndim", 1) == 0
    return vector(x, 1 if one else len(x), taker)


def numbers_of(tree: Any) -> Any:
    """The number of a Value, as a float; of nested lists of Values, lists of the same shape.

    >>> from engine import Value
    >>> numbers_of([Value(1.0), [Value(2.0), 3]])
    [1.0, [2.0, 3.0]]
    """
    if isinstance(tree, list | tuple):
        return [numbers_of(branch) for branch in tree]
    return tree.data if isinstance(tree, Value) else number(tree)


def added(numbers: Sequence[Any]) -> Any:
    """The sum of at least one number, from left to right, so that its last bit is always the same.

    Python's `sum` starts at 0, and from Python 3.12 on it rounds a sum of floats otherwise.
    """
    total = numbers[0]
    for x in numbers[1:]:
        total = total + x
    return total
