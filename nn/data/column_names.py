"""The names of columns: which there are, which are taken, and what is wrong with them."""

from __future__ import annotations

from collections import Counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nn.data.columns import Record

FEW = 20  # names that a message lists


def narrowed(
    names: list[str],
    rows: list[Record],
    target: str,
    columns: Sequence[str] | None,
    drop: Sequence[str],
    delimiter: str,
) -> tuple[list[str], list[Record]]:
    """The table without the columns that are not wanted."""
    for kind, given in (("columns", columns or ()), ("drop", drop)):
        if isinstance(given, str) or not all(isinstance(name, str) for name in given):
            raise TypeError(f"{kind} are names of columns in a list, got {given!r:.60}")
    if columns is not None and drop:
        raise ValueError("columns says which are taken and drop which are not: give one of them")
    if target in drop:
        raise ValueError(f"the target {target!r:.60} cannot be left out")
    there = set(names)
    for name in [target, *(columns or ()), *drop]:
        if name not in there:
            check_there(names, name, delimiter)
    left_out = set(drop) if columns is None else there - {target, *columns}
    kept = [i for i, name in enumerate(names) if name == target or name not in left_out]
    return [names[i] for i in kept], [(line, [cells[i] for i in kept]) for line, cells in rows]


def other_delimiter(names: list[str], delimiter: str, wanted: Sequence[str]) -> str:
    """What an error says where the first line of a file has another sign between the names."""
    line = delimiter.join(names)
    for sign in ";\t|, ":
        parts = [part.strip(' "') for part in line.split(sign)]
        lone = len(names) == 1 and len(parts) > 1 and sign != " "
        if sign != delimiter and (lone or any(name in parts for name in wanted)):
            return f" (is the delimiter {sign!r}?)"
    return ""


def check_named(names: list[str], rows: list[Record]) -> None:
    """Raise ValueError unless each column has a name."""
    if "" not in names:
        return
    at = names.index("")
    cells = [cells[at] for _, cells in rows]
    counting = any(cells == [str(i + first) for i in range(len(cells))] for first in (0, 1))
    hint = "; drop=[''] leaves it out"
    if counting:
        hint = ", and counts the rows: leave such an index out by drop=['']"
    raise ValueError(f"column {at + 1} has no name{hint}")


def check_names(names: list[str], target: str, delimiter: str, alone: bool = False) -> None:
    """Raise ValueError unless no two columns share a name and the target is among them."""
    counts = Counter(names)
    for name in names:
        if name and counts[name] > 1:
            raise ValueError(f"{counts[name]} columns have the name {name!r:.60}")
    check_there(names, target, delimiter)
    if len(names) == 1 and not alone:
        raise ValueError(f"no column besides the target {target!r:.60}")


def check_there(names: list[str], target: str, delimiter: str) -> None:
    if target not in names:
        known = ", ".join(f"{name!r:.60}" for name in names[:FEW])
        more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
        hint = other_delimiter(names, delimiter, [target])
        raise ValueError(f"no column {target!r:.60}, there is {known}{more}{hint}")
