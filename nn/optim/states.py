"""States: what optimisers and schedules keep, as it goes into a file and comes back from one."""

from __future__ import annotations

from engine.op import number
from nn.checks import whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

SQUARES = ("sum", "square_avg", "exp_avg_sq", "max_exp_avg_sq")  # a root is taken of these


def as_json(tree: Any) -> Any:
    """A copy of nested dicts, lists and tuples as JSON has it: with a list for each tuple."""
    if isinstance(tree, dict):
        return {name: as_json(branch) for name, branch in tree.items()}
    return [as_json(branch) for branch in tree] if isinstance(tree, list | tuple) else tree


def complete(given: Any, wanted: Iterable[str]) -> dict[str, Any]:
    """The dict that was given. Raises ValueError if an entry is missing, or is not wanted."""
    wanted = list(wanted)
    if not isinstance(given, dict):
        raise TypeError(f"expected a dict, got {type(given).__name__} {given!r:.60}")
    problems = [f"missing {name}" for name in wanted if name not in given]
    problems += [f"unexpected {name!s:.60}" for name in given if name not in wanted]
    if problems:
        raise ValueError(", ".join(problems))
    return {name: given[name] for name in wanted}


def check_list(name: str, given: Any, n: int) -> None:
    """Raise TypeError or ValueError unless a list of n was given."""
    if not isinstance(given, list):
        raise TypeError(f"{name} is a list of {n}, got {type(given).__name__} {given!r:.60}")
    if len(given) != n:
        raise ValueError(f"{name} is a list of {n}, got {len(given)}")


def like(name: str, given: Any, own: Any) -> Any:
    """What was given, which must be an int, a float or a list of floats as own is."""
    if isinstance(own, int):
        return whole(name, given, least=0)
    if isinstance(own, float):
        return number(given)
    check_list(name, given, len(own))
    numbers = [number(x) for x in given]
    if name in SQUARES and any(x < 0 for x in numbers):
        raise ValueError(f"{name} is at least 0, got {min(numbers)}")
    return numbers
