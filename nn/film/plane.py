"""The plane: a grid over two inputs of a model. Its other inputs stay at their mean."""

from __future__ import annotations

from engine.formulas.escapes import one_line
from nn.plot.answers import surroundings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Rows = Sequence[Sequence[float]]

SAID = 4  # the inputs that stay at their mean are named if they are no more than this


class Plane:
    """A grid over the two inputs `shown`. places: [ys * xs][inputs], row by row from below.

    `points` are the two inputs of each row of the data; the other inputs of a row are usually not
    at their mean, so it lies off this plane. `held` says which inputs stay at which number.
    """

    def __init__(self, rows: Rows, shown: Sequence[int], names: Any, resolution: int) -> None:
        """names: of the two axes, of all inputs, or None. Raises ValueError for other numbers."""
        width = len(rows[0])
        self.shown = list(shown)
        i, j = checked(self.shown, width)
        given = [f"input {k}" for k in range(width)]
        if names is not None:
            names = [one_line(str(name)) for name in names]
            if len(names) not in (2, width):
                wanted = "2 axes" if width == 2 else f"2 axes, or of {width} inputs"
                raise ValueError(f"names are those of {wanted}, got {len(names)}")
            for k, name in zip(range(width) if len(names) == width else (i, j), names):
                given[k] = name
        self.names = [given[i], given[j]]
        self.points = [(row[i], row[j]) for row in rows]
        self.xs, self.ys = surroundings(self.points, resolution)
        means = [sum([row[k] for row in rows]) / len(rows) for k in range(width)]
        self.places = [
            [x if k == i else y if k == j else means[k] for k in range(width)]
            for y in self.ys
            for x in self.xs
        ]
        others = [k for k in range(width) if k not in (i, j)]
        self.held = ""
        if others:
            said = ", ".join([f"{given[k]} = {means[k]:.4g}" for k in others])
            if len(others) > SAID:
                said = f"{len(others)} other inputs"
            self.held = f"held at the mean of the data: {said}; the points are off this plane"


def checked(shown: list[int], width: int) -> list[int]:
    """The two inputs. Raises ValueError unless they are two different ones of width."""
    fits = [type(k) is int and 0 <= k < width for k in shown]
    if len(shown) != 2 or not all(fits) or shown[0] == shown[1]:
        raise ValueError(f"a film shows two of the inputs 0 to {width - 1}, got {shown!r:.60}")
    return shown
