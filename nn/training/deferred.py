"""Deferred metrics: whether a metric may be asked some epochs later, with the numbers of its epoch.

It may if it reads nothing but its arguments. For example, `accuracy_score` does, and so does
`lambda t, y: accuracy_score(t, classes(y))`. A function that reads the model, or counts its calls,
is asked at the end of each epoch.
"""

from __future__ import annotations

import builtins
import math
from dis import get_instructions
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LIBRARIES = ("nn.metrics", "nn.losses", "sklearn.metrics")  # whose functions read arguments only
PLAIN = (int, float, str, bytes, type(None))
KNOWN = {
    *(abs, all, any, bool, dict, divmod, enumerate, filter, float, int, isinstance, len, list, map),
    *(max, min, pow, range, reversed, round, set, sorted, str, sum, tuple, zip),
}
CHANGING = ("STORE_GLOBAL", "DELETE_GLOBAL", "STORE_ATTR", "DELETE_ATTR", "IMPORT_NAME")


def reads_only_arguments(metric: Any) -> bool:
    """Whether what a function gives is surely decided by its arguments, and nothing else happens.

    >>> from nn.metrics import accuracy_score, classes
    >>> reads_only_arguments(lambda t, y: accuracy_score(t, classes(y, 0.5)))
    True
    >>> reads_only_arguments(lambda t, y: print(y))
    False
    """
    return is_plain(metric, set())


def is_plain(thing: Any, seen: set[int]) -> bool:
    """Whether a function, or what it reads, is a plain number or text, or such a function."""
    if isinstance(thing, PLAIN):
        return True
    if isinstance(thing, tuple | frozenset):
        return all(is_plain(item, seen) for item in thing)
    if isinstance(thing, type | BuiltinFunctionType):
        return thing in KNOWN or getattr(thing, "__module__", "") == "math"
    if isinstance(thing, ModuleType):
        return thing is math
    if isinstance(thing, partial):
        return is_plain((thing.func, *thing.args, *thing.keywords.values()), seen)
    if not isinstance(thing, FunctionType):
        return False
    if f"{thing.__module__}.".startswith(tuple([f"{name}." for name in LIBRARIES])):
        return True
    if id(thing) in seen:
        return True
    seen.add(id(thing))
    behind = [*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
    try:
        behind += [cell.cell_contents for cell in thing.__closure__ or ()]
        behind += [found(name, thing) for name in global_names(thing.__code__)]
    except (NameError, ValueError):  # it is not there yet
        return False
    return all(is_plain(item, seen) for item in behind)


def global_names(code: CodeType) -> list[str]:
    """The global names that some code reads. Raises ValueError for code that changes anything."""
    names = []
    for step in get_instructions(code):
        if step.opname in CHANGING:
            raise ValueError(f"it has {step.opname}")
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            names.append(str(step.argval))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names += global_names(constant)
    return names


def found(name: str, function: FunctionType) -> Any:
    """What a global name stands for. Raises NameError for one that is not there."""
    if name in function.__globals__:
        return function.__globals__[name]
    if hasattr(builtins, name):
        return getattr(builtins, name)
    raise NameError(name)
