"""The lost gradient: a warning where a function of the module math takes a Value for a number.

`math.exp(w)` asks w for its number as `float(w)` does, so that it is the calling line that tells
them apart: `float` is written there, or `math.exp`, or a name of it. Only names are looked up;
nothing is called, and where the line does not say what was called, nothing is said.
"""

from __future__ import annotations

import sys
from sys import _getframe as frame_at

from engine.op import TABLE, compiled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

    from engine.callsite import CallSite

DEPTH = 1 if compiled else 2  # frames from here to the caller: in C, __float__ itself has none
MOST = 4096  # places in programs that are remembered

# What says no more of a number than float does, or takes it for an integer or a yes.
PLAIN = {"float", "int", "complex", "round", "format"}
CARRIERS = {"builtin_function_or_method", "map", "partial", "method-wrapper"}  # of a function in C
HARMLESS = {"isnan", "isinf", "isfinite", "isclose", "floor", "ceil", "trunc", "ulp"}
CHOOSING = {"sorted", "min", "max"}  # key=math.exp: they return Values, and no key

INSTEAD = {
    "fabs": "abs({v})",
    "fsum": "sum(values)",
    "sumprod": "engine.dot(values, others)",
    "pow": "x ** y",
    "log2": "engine.log({v}) / math.log(2)",
    "log10": "engine.log({v}) / math.log(10)",
    "exp2": "2 ** {v}",
    "cbrt": "{v} ** (1 / 3)",
    "degrees": "{v} * (180 / math.pi)",
    "radians": "{v} * (math.pi / 180)",
    "dist": "engine.sqrt of a sum of squares",
    "hypot": "engine.hypot(x, y)",
}
OWN_OP = "an engine.Op, a row with its value and its slopes"


class LostGradientWarning(UserWarning):
    """A function of the module math took a Value for a number, so that no gradient flows back.

    `warnings.simplefilter("error", engine.LostGradientWarning)` makes it an error.
    """

    __module__ = "engine"


# Places by the id of their code (kept, so that no other code gets the id) and the instruction, each
# with what it names; of a settled place, the code alone.
sites: dict[tuple[int, int], tuple[CodeType] | tuple[CodeType, CallSite]] = {}


def watch(v: Any) -> None:
    """Warn if a function of math asks a Value for its number. Called by Value.__float__ only."""
    try:
        frame = frame_at(DEPTH)
    except ValueError:  # a thread that runs no Python
        return
    site = sites.get((id(frame.f_code), frame.f_lasti))
    if (site is not None and (len(site) == 1 or quiet(site[1], frame))) or v.is_constant:
        return
    try:
        message = complaint(v, frame, site[1] if site else remembered(frame))
    except Exception:  # whatever a program is made of, float(v) must work
        return
    if message:
        warn(message, frame)


def quiet(site: CallSite, frame: FrameType) -> bool:
    """Whether the name of what is called means what it did when nothing could be lost."""
    callee = site.callee
    if site.quiet is None or callee is None:
        return False
    name = callee.steps[0]
    if callee.kind != "GLOBAL" and name in frame.f_locals:
        return frame.f_locals[name] is site.quiet
    spaces = frame.f_globals if name in frame.f_globals else frame.f_builtins
    return spaces.get(name) is site.quiet


def warn(message: str, frame: FrameType) -> None:
    """A warning at the line of the program that a frame is at."""
    import warnings

    registry = frame.f_globals.setdefault("__warningregistry__", {})
    module, file = frame.f_globals.get("__name__") or "<string>", frame.f_code.co_filename
    warnings.warn_explicit(message, LostGradientWarning, file, frame.f_lineno, module, registry)


def remembered(frame: FrameType) -> CallSite | None:
    """What the place that a frame is at names; None if it is settled."""
    from engine.callsite import read  # here, since it loads what few programs need

    code, lasti = frame.f_code, frame.f_lasti
    site = read(code, lasti)
    if len(sites) >= MOST:
        sites.clear()
    if settled(site, frame):
        sites[id(code), lasti] = (code,)
        return None
    sites[id(code), lasti] = (code, site)
    return site


def settled(site: CallSite, frame: FrameType) -> bool:
    """Whether nothing can be lost there, whatever the names mean later: it calls Python's float."""
    if site.callee is None:
        return not site.names
    kind, name = site.callee.kind, site.callee.steps[0]
    hidden = name in frame.f_globals or (kind == "NAME" and name in frame.f_locals)
    known = kind in ("GLOBAL", "NAME") and len(site.callee.steps) == 1 and not hidden
    return known and name in PLAIN


def complaint(v: Any, frame: FrameType, site: CallSite | None) -> str:
    """What there is to say, or ""."""
    from engine.callsite import meanings

    function = culprit(frame, site) if site else ""
    if not site or not function:
        return ""
    plain = [
        x
        for x in site.names
        if all(isinstance(step, str) and step.isidentifier() for step in x.steps)
    ]
    words = [".".join(x.steps) for x in plain if meanings(x, frame)[-1:] == [v]]
    word, name = words[0] if words else "v", function.partition(".")[2]
    own = f"engine.{name}({{v}})" if name in TABLE else OWN_OP
    instead = INSTEAD.get(name, own).format(v=word)
    return (
        f"{function} takes the number of {word} alone, no gradient flows back through it: "
        f"use {instead}, or {word}.data if you want the number"
    )


def culprit(frame: FrameType, site: CallSite) -> str:
    """The function of math or cmath that asks for the number, as "math.exp", or ""."""
    from engine.callsite import meanings

    builtin = ""
    if site.callee is not None:
        among_callees = meanings(site.callee, frame)
        found = lossy(among_callees)
        if found:
            return found
        known = len(among_callees) == len(site.callee.steps)
        last: Any = among_callees[-1] if known else None
        builtin = last.__name__ if is_of(last, "builtins") else ""
        if builtin in PLAIN or is_of(last, "math", "cmath", "numpy", "array"):
            if len(among_callees) == 1 or type(among_callees[0]) is type(sys):
                site.quiet = among_callees[0]  # what it names stays, unless it is named anew
            return ""
    for name in site.names:
        waiting = all(lazy(meanings(giver, frame)) for giver in name.given_to)
        asked = waiting if name.given_to else builtin not in CHOOSING
        found = lossy(meanings(name, frame)) if asked else ""
        if found:
            return found
    return ""


def lossy(objects: list[Any]) -> str:
    """The name of the first function of math or cmath among the objects, or what they wrap."""
    for x in [unwrapped(x) for x in objects if type(x).__name__ in CARRIERS]:
        if is_of(x, "math", "cmath") and x.__name__ not in HARMLESS:
            return f"{x.__module__}.{x.__name__}"
    return ""


def unwrapped(x: Any) -> Any:
    """The function that is called in the end, by a partial, a map or its own __call__."""
    if type(x) is map:
        x = x.__reduce__()[1][0]
    while is_of(type(x), "functools") and type(x).__name__ == "partial":
        x = x.func
    return x.__self__ if type(x).__name__ == "method-wrapper" else x


def lazy(objects: list[Any]) -> bool:
    """Whether a callee returns something that calls what it was given later on, such as map."""
    [x] = objects[-1:] or [None]
    own = isinstance(x, type) and is_of(x, "builtins", "itertools", "functools")
    return own and (hasattr(x, "__next__") or x.__name__ == "partial")


def is_of(x: Any, *modules: str) -> bool:
    """Whether a class, or a function that is written in C, is of one of the modules."""
    return isinstance(x, type | type(min)) and x.__module__ in modules
