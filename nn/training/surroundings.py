"""Surroundings: what a function reads besides its arguments, and whether that has changed.

    scale = 2.0
    def loss_of(inputs, targets):       # it reads `scale`, `mse_loss`, `model`, and what is in them
        return scale * mse_loss([model(x) for x in inputs], targets)

A recording of the function holds for these surroundings only.
"""

from __future__ import annotations

import random
import sys
from collections import deque
from functools import partial
from os.path import dirname
from types import CodeType, FunctionType, MethodType, ModuleType

from engine import Value
from nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

LISTS = (list, tuple, set, frozenset, deque)
OURS = ("engine", "nn")  # what their functions read does not change, as that of any library
LIBRARY = dirname(random.__file__)  # of Python
PLAIN = {float, int, bool, str, bytes, type(None), Value}


class Surroundings:
    """What a function reads: its defaults and closure, global names, and what is in these.

    modules: the Modules among it. sources: the random sources, each once. It looks through lists,
    dicts, Modules, other functions, and those attributes of other objects that the code names. A
    number is noticed when it changes, a parameter only when another Value takes its place.
    """

    def __init__(self, functions: Sequence[Any]) -> None:
        """functions: the function, and other things that it is called with."""
        self.names: set[str] = set()  # that the code of the functions has
        known = -1
        while known < len(self.names):  # a new name may be that of an attribute seen before
            known = len(self.names)
            self.seen: dict[int, Any] = {}
            self.modules: list[Module] = []
            self.sources: list[Any] = [random]
            self.containers: list[tuple[Any, Any]] = []  # each with a copy
            self.attributes: list[tuple[Any, Any]] = []  # of modules, with a copy
            self.places: list[tuple[dict[str, Any], str, Any]] = []  # (where, name, what)
            self.cells: list[tuple[Any, Any]] = []
            waiting = [*functions]
            while waiting:
                thing = waiting.pop()
                if type(thing) not in PLAIN and id(thing) not in self.seen:
                    self.seen[id(thing)] = thing
                    waiting += self.behind(thing)
            self.modules.reverse()

    def changed(self) -> bool:
        """Whether anything is another than it was; the mode of a Module may be another."""
        for where, name, what in self.places:
            found = where.get(name, self)
            if found is not what and not alike(found, what):
                return True
        for cell, what in self.cells:
            found = contents(cell)
            if found is not what and not alike(found, what):
                return True
        try:
            for container, copy in self.containers:
                if container != copy or type(container) is not type(copy):
                    return True
            for i, (own, copy) in enumerate(self.attributes):
                if own != copy:
                    if modeless(own) != modeless(copy):
                        return True
                    self.attributes[i] = own, dict(own)
        except Exception:  # such as of an array, which has no single answer
            return True
        return False

    def modes(self) -> tuple[bool, ...]:
        """The modes of the modules: whether each is being trained."""
        return tuple([module.training for module in self.modules])

    def values(self) -> list[Value]:
        """The Values among it, such as the parameters of a model."""
        found = [what for _, _, what in self.places] + [what for _, what in self.cells]
        for thing in self.seen.values():
            if isinstance(thing, LISTS):
                found += thing
            elif isinstance(thing, dict):
                found += thing.values()
            elif isinstance(thing, Module):
                found += vars(thing).values()
        return list({id(x): x for x in found if isinstance(x, Value)}.values())

    # ---- what is behind a thing ----

    def behind(self, thing: Any) -> Iterator[Any]:
        """What can be reached from it in one step, once it is noted how to see a change."""
        if isinstance(thing, FunctionType):
            yield from self.of_function(thing)
        elif isinstance(thing, MethodType):
            yield from (thing.__func__, thing.__self__)
        elif isinstance(thing, random.Random):
            self.sources.append(thing)
        elif isinstance(thing, LISTS):
            if not isinstance(thing, tuple | frozenset):
                self.containers.append((thing, thing.copy()))
            yield from thing
        elif isinstance(thing, dict):
            self.containers.append((thing, dict(thing)))
            yield from thing.values()
        elif isinstance(thing, Module):
            self.modules.append(thing)
            own = vars(thing)
            self.attributes.append((own, dict(own)))
            yield from own.values()
            yield from self.methods(type(thing))
        elif isinstance(thing, partial):
            yield from (thing.func, *thing.args, *thing.keywords.values())
        elif isinstance(thing, type):
            yield from self.methods(thing)
        elif isinstance(thing, ModuleType):
            if not is_library(vars(thing)):
                yield from self.of_object(thing)
        elif not of_ours(thing) or hasattr(thing, "__wrapped__"):
            yield from self.of_object(thing)

    def of_function(self, function: FunctionType) -> Iterator[Any]:
        yield from function.__defaults__ or ()
        yield from (function.__kwdefaults__ or {}).values()
        yield from vars(function).values()
        for cell in function.__closure__ or ():
            found = contents(cell)
            self.cells.append((cell, found))
            yield found
        where = function.__globals__
        if is_library(where):
            return
        names = [*names_of(function.__code__)]
        self.names.update(names)
        for name in names:
            if name in where:
                self.places.append((where, name, where[name]))
                yield where[name]

    def methods(self, owner: type) -> Iterator[Any]:
        """The functions and the other attributes of a class that the code may come to."""
        for kind in owner.__mro__:
            if kind.__module__.partition(".")[0] not in (*OURS, "builtins"):
                for name, what in vars(kind).items():
                    if isinstance(what, staticmethod | classmethod):
                        what = what.__func__
                    elif isinstance(what, property):
                        what = what.fget
                    named = name in self.names or name in ("__call__", "__getattr__")
                    if named and isinstance(what, FunctionType):
                        yield what

    def of_object(self, thing: Any) -> Iterator[Any]:
        """Of another object, the attributes that the code names."""
        if type(thing).__module__ == "nn" and hasattr(thing, "function"):
            yield thing.function  # a jitted one
            return
        try:
            own = vars(thing)
        except TypeError:
            return
        for name in self.names & own.keys():
            self.places.append((own, name, own[name]))
            yield own[name]
        if not isinstance(thing, ModuleType):
            yield from self.methods(type(thing))


def of_ours(thing: Any) -> bool:
    """Whether a thing is of a class of these packages."""
    return str(type(thing).__module__).partition(".")[0] in OURS


def is_library(names: dict[str, Any]) -> bool:
    """Whether these are the global names of an installed package, which nobody changes."""
    package = str(names.get("__name__", "")).partition(".")[0]
    path = str(names.get("__file__") or "")
    if package in OURS or (not path and package in sys.stdlib_module_names):
        return True
    return path.startswith(LIBRARY) or "site-packages" in path or "dist-packages" in path


def names_of(code: CodeType) -> Iterator[str]:
    """The names in the code of a function, and of the functions and comprehensions inside it."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from names_of(inner)


def contents(cell: Any) -> Any:
    """What a closure has in a cell; None for a name that has no value yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def modeless(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: x for name, x in attributes.items() if name != "training"}


def alike(x: Any, y: Any) -> bool:
    """Whether x equals y, where both are of one kind."""
    try:
        return type(x) is type(y) and bool(x == y)
    except Exception:  # such as an array, which has no single answer
        return False
