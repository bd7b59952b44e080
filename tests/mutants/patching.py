"""A mutant takes the place of a module: of its functions where they stand, or of its whole text."""

import gc
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from inspect import CO_NEWLOCALS
from types import CodeType, FunctionType
from typing import Any


def codes(code: CodeType) -> Iterator[CodeType]:
    """The code of a module and of all that is defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def own(code: CodeType) -> tuple[Any, ...]:
    """What a piece of code does, without the code inside it."""
    inner = [type(x).__name__ if isinstance(x, CodeType) else repr(x) for x in code.co_consts]
    return code.co_code, inner, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars


def place(code: CodeType) -> tuple[Any, ...]:
    return code.co_qualname, code.co_firstlineno, tuple(code.co_positions())


def replacements(path: str, text: str, mutant: str) -> dict[Any, CodeType] | None:
    """The new code of functions, by their places; None if something else than functions differs."""
    waiting = [(compile(text, path, "exec"), compile(mutant, path, "exec"))]
    found = {}
    for before, after in waiting:
        if before.co_flags & CO_NEWLOCALS:  # the code of a function, not of a module or a class
            if list(codes(before)) != list(codes(after)):
                found[place(before)] = after
            continue
        if own(before) != own(after):
            return None
        inner = [[x for x in c.co_consts if isinstance(x, CodeType)] for c in (before, after)]
        waiting += zip(*inner)
    return found


def patch(path: str, found: dict[Any, CodeType]) -> None:
    """Give the functions of a file their new code."""
    for f in [x for x in gc.get_objects() if isinstance(x, FunctionType)]:
        if f.__code__.co_filename == path and (code := found.get(place(f.__code__))):
            f.__code__ = code


def import_from(path: str, text: str) -> None:
    """From now on the module of a file is imported from another text, whoever finds the module."""
    get_code = SourceFileLoader.get_code

    def get_code_of(loader: SourceFileLoader, name: str) -> CodeType | None:
        return compile(text, path, "exec") if loader.path == path else get_code(loader, name)

    SourceFileLoader.get_code = get_code_of  # type: ignore[method-assign]
