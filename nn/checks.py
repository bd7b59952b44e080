"""Checks: what an argument may be, so that a mistake is met before the first step."""

from __future__ import annotations

import random
from math import inf

from engine.op import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# ---- rules: each gives back what it was given, as a plain number ----


def real(name: str, x: Any) -> float:
    try:
        return number(x)
    except TypeError as error:
        raise TypeError(f"{noun(name)}: {error}") from None


def positive(name: str, x: Any) -> float:
    value = real(name, x)
    if not 0 < value < inf:
        raise ValueError(f"{noun(name)} is a positive number, got {value}")
    return value


def not_negative(name: str, x: Any) -> float:
    value = real(name, x)
    if not 0 <= value < inf:
        raise ValueError(f"{noun(name)} is a finite number of at least 0, got {value}")
    return value


def finite(name: str, x: Any) -> float:
    value = real(name, x)
    if not -inf < value < inf:
        raise ValueError(f"{noun(name)} is a finite number, got {value}")
    return value


def below_one(name: str, x: Any) -> float:
    value = real(name, x)
    if not 0 <= value < 1:
        verb = "are" if name == "betas" else "is"
        raise ValueError(f"{name} {verb} at least 0 and below 1, got {value}")
    return value


def two_below_one(name: str, x: Any) -> tuple[float, float]:
    if not isinstance(x, list | tuple) or len(x) != 2:
        raise TypeError(f"{name} are two numbers, got {x!r:.60}")
    return below_one(name, x[0]), below_one(name, x[1])


def flag(name: str, x: Any) -> bool:
    if not isinstance(x, bool):
        raise TypeError(f"{name} is True or False, got {x!r:.60}")
    return x


def whole(name: str, x: Any, least: int = 1) -> int:
    """x as an int of at least `least`, and small enough to be exact as a float."""
    if isinstance(x, bool) or not hasattr(x, "__index__"):
        raise TypeError(f"{name} is a whole number, got {type(x).__name__} {x!r:.60}")
    n: int = x.__index__()
    if not least <= n <= 2**53:
        raise ValueError(f"{name} is a whole number of at least {least}, got {x!r:.60}")
    return n


def wanted(fits: bool, what: str, got: Any) -> None:
    """Raise TypeError, with what was got, unless it fits."""
    if not fits:
        raise TypeError(f"{what}, got {type(got).__name__} {got!r:.60}")


def check_size(n: int, owner: str, part: str) -> None:
    """Raise TypeError or ValueError unless n, the number of an owner's parts, is 1 or more."""
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"{owner} has a whole number of {part}s, got {n!r}")
    if n < 1:
        raise ValueError(f"{owner} has at least 1 {part}, got {n}")


def random_source(rng: random.Random | None) -> Any:
    """rng, or the module random. Raises TypeError for another kind."""
    if rng is not None and not isinstance(rng, random.Random):
        raise TypeError(f"rng takes a random.Random, got {rng!r:.60}")
    return random if rng is None else rng


def listed(parameters: Any) -> list[Any]:
    """The parameters as a list. Raises TypeError for what is not a collection of them."""
    if not hasattr(parameters, "__iter__"):
        raise TypeError(
            f"parameters are a list of Values, as of model.parameters(), got {parameters!r:.60}"
        )
    return list(parameters)


def count(n: int, noun: str) -> str:
    """ "1 parameter", "2 parameters"."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def noun(name: str) -> str:
    return "the learning rate" if name == "lr" else name
