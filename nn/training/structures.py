"""Structures: which of those that a jitted function meets are worth a recording.

A recording costs some steps of Python. It is worth that if it is replayed, and wasted if each call
has another structure.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST = 8  # structures that are kept
MANY, WORTH = 24, 4  # recordings that may be wasted; replays that are worth one recording


class Structures:
    """How much recordings were worth, and the latest structures that were not recorded."""

    def __init__(self) -> None:
        self.wasted = 0
        self.waiting: dict[Any, None] = {}

    def are_worth(self, key: Any) -> bool:
        """Whether to record the structure; counts it as recorded, or as waiting if not."""
        if self.wasted > (MANY - 1) * WORTH and key not in self.waiting:
            self.waiting[key] = None
            for oldest in list(self.waiting)[:-MOST]:
                del self.waiting[oldest]
            return False
        self.wasted = min(self.wasted + WORTH, MANY * WORTH)
        self.waiting.pop(key, None)
        return True

    def replayed(self) -> None:
        """Count a replay."""
        self.wasted = max(0, self.wasted - 1)
