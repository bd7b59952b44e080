"""Scores of many looks at once, in C: see `shares_explained` and `shares_right` in machine.pyx."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def shares_explained(outputs: Any, targets: Any, spread: float) -> Any:
    """For each look 1 - (the sum of the squared errors) / spread; None where they need more care.

    outputs: [looks * n], targets: [n], of a compiled build.
    """
    from engine.machine.machine import shares_explained

    return shares_explained(outputs, targets, spread)


def shares_right(outputs: Any, targets: Any, width: int) -> Any:
    """For each look the share of samples whose largest output is at the target's place.

    outputs: [looks * n * width], targets: [n], of a compiled build.
    """
    from engine.machine.machine import shares_right

    return shares_right(outputs, targets, width)
