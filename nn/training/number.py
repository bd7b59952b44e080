"""A number of the data while a loss is recorded: nothing may be chosen by it."""

from __future__ import annotations

import sys

from engine import Value
from engine.programs.kinds import NoPlanError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CHOICE = "the function takes a number of its arguments out of the graph, as an `if` does"
NOTHING, RANGE, NUMBER = range(3)


class Number(Value):
    """A number of an argument while a function is recorded: nothing may be chosen by it.

    An `if` on it would stay as it was, for numbers to come, and so would `float(x)`. Raises
    NoPlanError there. What nn checks, such as whether a target is a probability, is no choice.
    asked: what nn has checked of it, and has to check of the numbers to come: NOTHING, its RANGE,
    such as whether it is a probability, or whether it is this very NUMBER, such as -1 or 1.
    """

    asked = NOTHING

    def __gt__(self, *_other: Any) -> Any:
        raise NoPlanError(CHOICE)

    __lt__ = __bool__ = __int__ = __round__ = __gt__  # type: ignore[assignment]
    __hash__ = Value.__hash__

    def __ge__(self, other: Any) -> Any:
        return self.checked(RANGE) >= other

    def __le__(self, other: Any) -> Any:
        return self.checked(RANGE) <= other

    def __eq__(self, other: object) -> bool:
        return self.checked() == other

    def __ne__(self, other: object) -> bool:
        if other is self:  # whether it is nan, which no number of a training is
            return self.data != self.data
        return self.checked() != other

    def __float__(self) -> float:
        return self.checked()

    def __repr__(self) -> str:
        return repr(self.data)  # a message shows the data

    def checked(self, what: int = NUMBER) -> float:
        """Its number, if it is nn that asks."""
        asking = sys._getframe(2).f_globals.get("__name__", "")
        if asking.partition(".")[0] not in ("engine", "nn"):
            raise NoPlanError(CHOICE)
        self.asked = max(self.asked, what)
        return self.data


class WholeNumber(Number):
    """A number of an argument that has whole numbers alone: something of nn may be chosen by it."""

    def __index__(self) -> int:
        """Its number, if it is nn that asks, which chooses so that it can be another."""
        asking = sys._getframe(1).f_globals.get("__name__", "")
        if asking.partition(".")[0] != "nn":
            raise NoPlanError(f"{CHOICE}: nn.chosen picks so that it can be replayed")
        return int(self.data)

    def __repr__(self) -> str:
        return f"{self.data:.0f}"
