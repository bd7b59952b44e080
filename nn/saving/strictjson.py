"""JSON, read strictly: text that means one thing, and no more of it than there is memory for."""

from __future__ import annotations

import json
import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PARTS = 4_000_000  # of a file: an empty dict takes two bytes there and seventy in memory


def parsed(raw: bytes) -> Any:
    """What the JSON says: no name twice in a dict, every number finite.

    Raises ValueError with the reason, RecursionError for what is nested too deep.
    """
    check_parts(number_of_parts(raw))
    try:
        return json.loads(
            raw.decode(),
            object_pairs_hook=without_twins,
            parse_float=finite,
            parse_constant=finite,
        )
    except UnicodeDecodeError:
        raise ValueError("it is no text") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON, or not all of it: {error}") from None


def check_parts(n: int) -> None:
    if n > PARTS:
        raise ValueError(f"it has {n} parts, more than the {PARTS} that are read")


def number_of_parts(raw: bytes) -> int:
    """How many values JSON has at most: each comes first in a list or dict, or after a comma."""
    return raw.count(b",") + raw.count(b"[") + raw.count(b"{")


def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def finite(text: str) -> float:
    x = float(text)
    if not math.isfinite(x):
        raise ValueError(f"{text:.30} is no finite number")
    return x
