"""The digits: numbers as text, with as many digits as tell rows apart."""

from __future__ import annotations

from math import floor, isfinite, log10

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 17  # significant digits that tell any two floats apart


def told_apart(numbers: Sequence[float], spread: float | None = None) -> list[str]:
    """A text for each number: six significant digits, and more where that tells less.

    All digits before the point are there below 1e16; of numbers whose standard deviation is
    `spread`, the digits reach to a hundred-thousandth of it; and different numbers differ.

    >>> told_apart([1 / 3, 2601948.2]), told_apart([1700003600.0, 1700007200.0])
    (['0.333333', '2601948'], ['1700003600', '1700007200'])
    """
    digits = [enough(x, spread) for x in numbers]
    texts = [text(x, n) for x, n in zip(numbers, digits)]
    for _ in range(MOST):
        behind: dict[str, set[float]] = {}
        for x, written_x in zip(numbers, texts):
            behind.setdefault(written_x, set()).add(x)
        for i in range(len(numbers)):
            if len(behind[texts[i]]) > 1 and digits[i] < MOST:
                digits[i] += 1
        longer = [text(x, n) for x, n in zip(numbers, digits)]
        if longer == texts and all(len(found) == 1 for found in behind.values()):
            break
        texts = longer
    return texts


def enough(x: float, spread: float | None) -> int:
    """How many significant digits a number has by itself."""
    if not isfinite(x) or x == 0:
        return 6
    before = floor(log10(abs(x))) + 1
    digits = max(6, before if before <= 16 else 0)
    if spread is not None and 0 < spread < float("inf"):
        digits = max(digits, before + 5 - floor(log10(spread)))
    return min(digits, MOST)


def text(x: float, digits: int) -> str:
    """The number with so many digits, and without an exponent where it is of common size."""
    found = repr(x) if digits == MOST else f"{x:.{digits}g}"
    if "e" in found and 1 <= abs(x) < 1e16:
        from decimal import Decimal

        found = f"{Decimal(found):f}"
    return found.removesuffix(".0")
