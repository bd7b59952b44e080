"""Cells: the numbers in a table as people write them, and what else a cell looks like."""

from __future__ import annotations

import re
from math import isfinite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

TRUTH = {"true": 1.0, "false": 0.0}
MONEY = "$€£¥₹₽₩₪₫฿"
SPACES = " \u00a0\u2009\u202f"
MARKS = f",.'’_{SPACES}"  # what stands between thousands, here or there
GROUPED = re.compile(rf"\d{{1,3}}(?:([{MARKS}])\d{{2,3}})(?:\1\d{{2,3}})*(?<=\d{{3}})(?:[.,]\d+)?")
PLAIN = re.compile(r"\d+(?:[.,]\d+)?")
DECIMAL_COMMA = re.compile(r"[+-]?(?:\d+,\d*|,\d+)(?:[eE][+-]?\d+)?")


def amount(cell: str, line: int, name: str, decimal: str = ".") -> float:
    """The finite number in a cell; True is 1 and False is 0, in small letters or large.

    Raises ValueError that names the line and the column, and what the cell looks like.
    """
    number = number_in(cell, decimal)
    if number is None:
        number = TRUTH.get(cell.lower())
    if number is not None and isfinite(number):
        return number
    if not cell:
        raise ValueError(f"{place(line, name)}: the cell is empty")
    problem = f"{cell!r:.60} is no number" if number is None else f"{cell:.60} is not finite"
    hint = looks_like(cell, decimal)
    raise ValueError(f"{place(line, name)}: {problem}{f': it has {hint}' if hint else ''}")


def number_in(cell: str, decimal: str = ".") -> float | None:
    if "_" in cell or (decimal != "." and "." in cell):
        return None  # Python's 1_000 is text to anyone else
    try:
        return float(cell.replace(decimal, "."))
    except ValueError:
        return None


def looks_like(cell: str, decimal: str = ".") -> str | None:
    """What makes text of a number in a cell, and how to write it; None for any other text."""
    bare = cell.strip()
    if bare[:1] == "(" and bare[-1:] == ")":
        bare = bare[1:-1]
    bare = bare.strip(f"+-−{SPACES}")
    signs = [sign for sign in bare if sign in f"{MONEY}%"]
    bare = bare.strip(f"{MONEY}%{SPACES}").lstrip(f"+-−{SPACES}")
    grouped = GROUPED.fullmatch(bare)
    mark = grouped.group(1) if grouped else None
    if decimal == "." and not signs and DECIMAL_COMMA.fullmatch(cell):
        other = ", or between thousands (1000)" if mark == "," else ""
        return f"a comma, for decimals (decimal=',' reads it){other}"
    if mark and mark != decimal:
        return f"{mark!r} between thousands, write it as in 1000"
    if not (mark or PLAIN.fullmatch(bare)):
        return None
    if signs:
        return f"the sign {signs[0]!r}, write the number alone"
    if cell[:1] == "(" or "−" in cell:
        return "another minus, write it as in -5"
    if decimal != "." and "." in cell:
        return f"a point, where the decimal sign is {decimal!r}"
    return None


def is_mere_text(cell: str, decimal: str) -> bool:
    """Whether a cell is neither a number, nor what looks like one, nor True or False, nor empty."""
    known = not cell or number_in(cell, decimal) is not None or cell.lower() in TRUTH
    return not known and looks_like(cell, decimal) is None


def all_look_like(cells: Iterable[str], decimal: str) -> str | None:
    """What all of these texts look like, by the first of them; None if one is a mere text."""
    found = [looks_like(cell, decimal) for cell in cells]
    return found[0] if found and None not in found else None


def in_order(labels: set[str], decimal: str) -> list[str]:
    """Labels in the order of their numbers, if all are such, and else of the alphabet.

    A label is its text: 007, 07 and 7 are three, and so are 1.1 and 1.10.
    """
    from decimal import Decimal

    numbers = [number_in(label, decimal) for label in labels]
    if not all(number is not None and isfinite(number) for number in numbers):
        return sorted(labels)
    return sorted(labels, key=lambda label: (Decimal(label.replace(decimal, ".")), label))


def place(line: int, name: str) -> str:
    return f"line {line}, column {name!r:.60}"
