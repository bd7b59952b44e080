"""What a program is given: Values to record, and then numbers, one sample or many."""

from __future__ import annotations

from array import array
from itertools import chain

from engine.value import Value, number_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PLAIN = {float, int, bool}  # numbers that an array takes as `number_of` does


def floats(inputs: Any, n: int) -> list[float]:
    """The n inputs of a sample, as floats. Raises TypeError or ValueError for anything else."""
    wanted = f"{n} input{'s' * (n != 1)}"
    if not is_list(inputs):
        raise TypeError(f"a program takes a list of its {wanted}, got {inputs!r:.60}")
    if len(inputs) != n:
        raise ValueError(f"a program of {wanted} got {len(inputs)}")
    found: list[float] = []
    try:
        for x in inputs:
            found.append(number_of(x))
    except (ArithmeticError, TypeError, ValueError) as error:
        error.args = (f"input {len(found)}: {error}",)
        raise
    return found


def side_by_side(samples: Any, n: int) -> Any:
    """The inputs of many samples as floats side by side: [len(samples) * n].

    An array of doubles lends its own memory. None where the samples have to be read one by one.
    """
    if hasattr(samples, "ndim"):
        try:
            memory = memoryview(samples)
        except (TypeError, ValueError, BufferError):
            return None
        if memory.format != "d" or memory.shape != (len(samples), n) or not memory.c_contiguous:
            return None
        return memory.cast("B").cast("d") if memory.nbytes else array("d")
    if not set(map(type, samples)) <= {list, tuple} or set(map(len, samples)) != {n}:
        return None
    numbers = list(chain.from_iterable(samples))
    if not set(map(type, numbers)) <= PLAIN:
        return None
    try:
        return array("d", numbers)
    except OverflowError:
        return None


def is_batch(inputs: Any) -> bool:
    """Whether these are the inputs of several samples: a list of lists, or an array of two axes."""
    if hasattr(inputs, "ndim"):
        return bool(inputs.ndim == 2)
    return isinstance(inputs, list | tuple) and bool(inputs) and is_list(inputs[0])


def is_list(given: Any) -> bool:
    """Whether that has items in an order: a list, a tuple, an array, but no text, dict or set."""
    if isinstance(given, str | bytes | dict):
        return False
    return hasattr(given, "__len__") and hasattr(given, "__getitem__")


def values(name: str, given: Any) -> list[Value]:
    """The Values that were given. Raises TypeError for anything else."""
    if not is_list(given) and not hasattr(given, "__next__"):
        raise TypeError(f"{name} are a list of Values, got {given!r:.60}")
    found = list(given)
    for i, v in enumerate(found):
        if not isinstance(v, Value):
            raise TypeError(f"{name} are Values, number {i} is {type(v).__name__} {v!r:.60}")
    return found
