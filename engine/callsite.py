"""The call site: which names stand in the part of a line that Python is at, and what they mean.

Names are looked up, and attributes read where they are stored: no code of the program runs. Where
Python keeps no columns (`python -X no_debug_ranges`), no name is known.
"""

from __future__ import annotations

import dis
from bisect import bisect_left
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

    Place = tuple[int, int]  # of the source: a line, and a column in it
    Span = tuple[Place, Place] | None
    Line = tuple[dis.Instruction, Span]

# What was read, by the id of the code, which is kept, so that no other code gets the id.
known: dict[int, tuple[CodeType, list[Line]]] = {}


class Name:
    """A name in a line, with what is taken from it: `math.exp`, `table["exp"]`."""

    def __init__(self, kind: str, name: Any, start: Place, end: Place) -> None:
        self.kind, self.start, self.end = kind, start, end
        self.steps: list[Any] = [name]  # then an attribute as text, or the Name of a key
        self.called = False
        self.given_to: list[Name] = []  # the callees of the calls around it, inside out


class CallSite:
    """What an instruction calls, and the names there that no call of its own calls."""

    def __init__(self, callee: Name | None, names: list[Name]) -> None:
        self.callee, self.names = callee, names
        self.quiet: Any = None  # what the callee's name meant when nothing could be lost


# ---- what a place in a program names ----


def read(code: CodeType, lasti: int) -> CallSite:
    """What stands in the part of the source that belongs to the instruction at byte lasti."""
    lines = instructions(code)
    at = bisect_left(lines, lasti, key=lambda line: line[0].offset)
    name = lines[at][0].opname
    span = lines[at - 1 if name.startswith("UNPACK") else at][1]  # a, b = map(...) is at `a, b`
    if span is None or span[0] == span[1]:
        return CallSite(None, [])
    last = at
    if name == "FOR_ITER":  # a comprehension of 3.13 makes its list between the two
        begun = [k for k in range(max(0, at - 9), at) if lines[k][0].opname == "GET_ITER"]
        last = max([k for k in begun if lines[k][1] == span], default=at)
    start, first = span[0], last
    while first > 0 and within(lines[first - 1][1], span):
        first -= 1
    names: list[Name] = []
    before = lines[first - 1][0]
    if isinstance(before.argval, tuple) and "LOAD_FAST" in before.opname:
        names.append(Name("LOCAL", before.argval[1], start, start))  # two in one instruction
    for instruction, here in lines[first : last + 1]:
        if here is not None:
            follow(instruction, *here, names, here == span)
    if not name.startswith(("CALL", "PRECALL")):
        return CallSite(None, given(names, None))
    at_start = [x for x in names if x.start == start]
    callee = at_start[0] if at_start and not at_start[0].called else None
    return CallSite(callee, given(names, callee))


def instructions(code: CodeType) -> list[Line]:
    """All instructions, each with its place in the source; the last few lists are kept."""
    kept = known.get(id(code))
    if kept is None:
        lines = [(i, place(i)) for i in dis.get_instructions(code) if i.opname != "EXTENDED_ARG"]
        if len(known) >= 8:
            known.clear()
        kept = known[id(code)] = code, lines
    return kept[1]


def within(inner: Span, outer: Span) -> bool:
    """Whether a part of the source lies in another, or nobody knows where it lies."""
    if inner is None or outer is None:
        return inner is None
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def place(instruction: dis.Instruction) -> Span:
    """Where the source of an instruction begins and ends; None if nobody knows the columns."""
    p: Any = instruction.positions
    if p is None or None in p:
        return None
    return (p.lineno, p.col_offset), (p.end_lineno, p.end_col_offset)


def given(names: list[Name], callee: Name | None) -> list[Name]:
    return [x for x in names if not (x.called or x is callee or x.kind == "CONST")]


def follow(
    instruction: dis.Instruction, start: Place, end: Place, names: list[Name], outermost: bool
) -> None:
    """Add to the names what the next instruction in the line makes of them."""
    op, what = instruction.opname, instruction.argval
    same = [x for x in names if x.start == start and x.end < end and not x.called]
    if op == "LOAD_CONST":
        names.append(Name("CONST", what, start, end))
    elif op in ("LOAD_GLOBAL", "LOAD_NAME"):
        names.append(Name(op[5:], what, start, end))
    elif op.startswith(("LOAD_FAST", "LOAD_DEREF", "LOAD_CLOSURE", "LOAD_CLASSDEREF")):
        loaded = what if isinstance(what, tuple) else (what,)
        names += [Name("LOCAL", name, start, end) for name in loaded]
    elif op in ("LOAD_ATTR", "LOAD_METHOD") and same:
        same[-1].steps.append(what)
        same[-1].end = end
    elif op == "BINARY_SUBSCR" and same:
        keys = [x for x in names if x.start > same[-1].end]
        same[-1].steps.append(keys[-1])
        same[-1].end = end
    elif op.startswith("CALL") and not outermost:
        results = [x.end for x in names if x.start == start]  # f(a) in f(a)(b), nothing in (f)(b)
        callee = same[-1] if same else Name("CONST", None, start, max(results, default=start))
        for x in names:
            if x.start > callee.end and x.end <= end:
                x.given_to.append(callee)
        callee.called, callee.end = True, end
    elif op in ("LIST_EXTEND", "SET_UPDATE") and not outermost:  # [w, *map(math.exp, numbers)]
        for x in names:
            if x.given_to and start <= x.start and x.end <= end:
                x.given_to.append(Name("CONST", None, start, end))


# ---- what the names mean ----


def meanings(name: Name, frame: FrameType) -> list[Any]:
    """The object of a name, and what each of its steps takes from it, as far as it is known."""
    found = first_of(name, frame)
    for step in name.steps[1:]:
        if not found:
            break
        if isinstance(step, Name):
            keys = meanings(step, frame)
            key = keys[-1] if len(keys) == len(step.steps) else None
            if type(found[-1]) not in (dict, list, tuple) or type(key) not in (str, int):
                break
            found.append(found[-1][key])
        else:
            spaces = attributes(found[-1])
            taken = [space[step] for space in spaces if step in space][:1]
            if not taken:
                break
            static = isinstance(taken[0], staticmethod)
            found.append(taken[0].__func__ if static else taken[0])
    return found


def first_of(name: Name, frame: FrameType) -> list[Any]:
    """The object of a name before its steps, in a list; an empty one if there is none."""
    first = name.steps[0]
    if name.kind == "CONST":
        return [first]
    if name.kind != "GLOBAL":
        spaces = frame.f_locals
        if first in spaces:
            return [spaces[first]]
    if name.kind != "LOCAL":
        for space in (frame.f_globals, frame.f_builtins):
            if first in space:
                return [space[first]]
    return []


def attributes(x: Any) -> list[Any]:
    """Where the attributes of an object are, so that they can be read without running its code."""
    if type(x) is ModuleType:
        return [vars(x)]
    classes = [vars(base) for base in (x if isinstance(x, type) else type(x)).__mro__]
    try:
        return [object.__getattribute__(x, "__dict__"), *classes]
    except AttributeError:
        return classes
