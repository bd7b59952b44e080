"""Settings: what a module is made with, each with its rule, so that a file can make it again.

    class Scale(Module):
        settings = {"n": SIZE, "by": NUMBER}

        def __init__(self, n, by=1.0):
            self.n, self.by = n, by

A class of modules names all arguments of its `__init__` as its settings. A file has a Scale as
{"kind": "Scale", "n": 3, "by": 0.5}, and is held to the rules before a module is made.
"""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Rule:
    """What a setting may be: in words, and as a test of what stands in a file."""

    def __init__(self, words: str, fits: Callable[[Any], bool]) -> None:
        self.words, self.fits = words, fits


def is_size(x: Any) -> bool:
    return type(x) is int and 1 <= x <= 2**31


def is_finite(x: Any) -> bool:
    return isinstance(x, float) and math.isfinite(x)


def are_sizes(x: Any) -> bool:
    return isinstance(x, list) and bool(x) and all(map(is_size, x))


def are_finite(x: Any) -> bool:
    return isinstance(x, list) and bool(x) and all(map(is_finite, x))


SIZE = Rule("a whole number from 1 to 2**31", is_size)
SIZES = Rule("a list of whole numbers from 1 to 2**31", are_sizes)
FLAG = Rule("True or False", lambda x: isinstance(x, bool))
NUMBER = Rule("a finite float", is_finite)
NUMBERS = Rule("a list of finite floats", are_finite)
POSITIVES = Rule("a list of finite floats above 0", lambda x: are_finite(x) and min(x) > 0)
DIMENSION = Rule("None, -1 or 0", lambda x: x is None or (type(x) is int and x in (-1, 0)))

# A module inside the module, and several of them: each is saved as a description of its own.
MODULE = Rule("a description", lambda x: isinstance(x, dict))
MODULES = Rule("a list of descriptions", lambda x: isinstance(x, list))

# Arguments that no file has. START: the random numbers that parameters start from, which a loaded
# module draws from a source of its own. UNSAVED: any other, for which its default stands.
START = Rule("nothing of that name", lambda _: False)
UNSAVED = Rule("nothing of that name", lambda _: False)


def saved(settings: dict[str, Rule]) -> dict[str, Rule]:
    """The settings that a file has."""
    return {name: rule for name, rule in settings.items() if rule not in (START, UNSAVED)}


# The classes of modules that files may name: those that say their settings.
KINDS: dict[str, Any] = {}


def enter(kind: type) -> None:
    """Let files name a class of modules.

    The latest class of a name counts, as where a cell of a notebook is run again. Raises TypeError
    for settings that are not what its `__init__` takes, and for a name of nn's.
    """
    name = kind.__name__
    check_settings(kind)
    if name in KINDS and is_own(KINDS[name]) and not is_own(kind):
        raise TypeError(f"nn has a class {name}: take another name for yours")
    KINDS[name] = kind


def is_own(kind: type) -> bool:
    """Whether a class is nn's."""
    return kind.__module__.partition(".")[0] == "nn"


def is_declared(settings: Any) -> bool:
    """Whether that is what a class says of its settings, and no other attribute of that name."""
    return isinstance(settings, dict) and (
        not settings or any(isinstance(rule, Rule) for rule in settings.values())
    )


def settings_of(kind: Any) -> dict[str, Rule]:
    """The settings that a class says or inherits; none if its attribute is something else."""
    return kind.settings if is_declared(kind.settings) else {}


def check_settings(kind: Any) -> None:
    """Raise TypeError unless the settings of a class are all arguments of its `__init__`.

    A file would lose an argument that is forgotten: the module that comes back has its default.
    """
    settings = kind.settings
    for name, rule in settings.items():
        if not isinstance(rule, Rule):
            raise TypeError(
                f"{kind.__name__} has the setting {name!r:.60}, which takes a rule such as "
                f"nn.settings.SIZE, got {rule!r:.60}"
            )
    taken, any_other = arguments(kind)
    forgotten = [name for name in taken if name not in settings]
    if forgotten:
        raise TypeError(
            f"{kind.__name__} is made with {forgotten[0]!r}, which is none of its settings: name "
            "it there, as UNSAVED if a file need not have it"
        )
    unknown = [name for name in settings if name not in taken]
    if unknown and not any_other:
        raise TypeError(f"{kind.__name__} has the setting {unknown[0]!r}, but is not made with it")


def arguments(kind: Any) -> tuple[list[str], bool]:
    """The names of what `__init__` takes, without self; and whether it takes any other name.

    Read from its code, since the module inspect takes longer to import than all of nn's layers.
    """
    code = getattr(kind.__init__, "__code__", None)
    if code is None:  # object's own; a dataclass gets another after the class is defined
        return [], True
    any_other = bool(code.co_flags & 0x08)  # **settings
    some = bool(code.co_flags & 0x04) and not any_other  # *modules
    return list(code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount + some]), any_other
