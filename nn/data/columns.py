"""Columns: how the cells of each become numbers, amounts or one of the categories of a text."""

from __future__ import annotations

from math import fsum
from typing import NamedTuple

from nn.data.cells import TRUTH, all_look_like, amount, number_in, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Record = tuple[int, list[str]]  # the line it begins on, from 1, and its cells

FEW = 20  # text of more different values than this is no category
# What spreadsheets, databases, pandas and public tables write for a gap, in small letters. A dash
# or a point may be a category, such as the rhesus factor -, and so may "none".
GAPS = ("", "na", "n/a", "n.a.", "nan", "-nan", "nat", "null", "<na>", "#na", "#n/a", "?")


class Column(NamedTuple):
    """A column of a table: a number for each cell, or a 1 among 0s, one for each category.

    means: what stands for an empty cell, if anything may.
    """

    name: str
    categories: list[str] | None = None
    means: list[float] | None = None

    def features(self) -> list[str]:
        """The names of its numbers."""
        if self.categories is None:
            return [self.name]
        return [f"{self.name}={category}" for category in self.categories]

    def numbers(self, cell: str, line: int, decimal: str = ".") -> list[float]:
        """The numbers of a cell. Raises ValueError that names its line and column."""
        if self.means is not None and is_gap(cell):
            return self.means
        if self.categories is None:
            return [amount(cell, line, self.name, decimal)]
        if not cell:
            raise ValueError(f"{place(line, self.name)}: the cell is empty")
        if cell not in self.categories:
            known = ", ".join([f"{category!r:.60}" for category in self.categories])
            raise ValueError(f"{place(line, self.name)}: {cell!r:.60} is none of {known}")
        return [float(cell == category) for category in self.categories]


def is_gap(cell: str) -> bool:
    return cell.strip().lower() in GAPS


def column_of(
    name: str, cells: Sequence[tuple[int, str]], decimal: str = ".", fill: bool = False
) -> Column:
    """The column of these cells, each with its line; with fill, means stand for its gaps.

    It is a text if no cell is a number, and no more than 20 different ones are there, which come
    twice or more on average.
    """
    there = [(line, cell) for line, cell in cells if not (is_gap(cell) if fill else not cell)]
    if not there:
        raise ValueError(f"column {name!r:.60} has no cell that is not empty")
    texts = [cell for _, cell in there]
    different = sorted(set(texts))
    numeric = any(number_in(cell, decimal) is not None or cell.lower() in TRUTH for cell in texts)
    few = len(different) <= min(FEW, len(texts) // 2)
    categories = None
    if few and not numeric and not all_look_like(different, decimal):
        categories = different
    column = Column(name, categories)
    if not fill:
        return column
    rows = [column.numbers(cell, line, decimal) for line, cell in there]
    return column._replace(means=[fsum(found) / len(rows) for found in zip(*rows)])


def numbers_of(
    columns: Sequence[Column], cells: Sequence[str], line: int, decimal: str = "."
) -> list[float]:
    """The numbers of a row, which has a cell for each column."""
    return [x for column, cell in zip(columns, cells) for x in column.numbers(cell, line, decimal)]


def columns_as_notes(columns: Sequence[Column]) -> list[dict[str, Any]] | None:
    """What a file of the model keeps of its columns; None where names alone say it all."""
    if all(column.categories is None and column.means is None for column in columns):
        return None
    return [column._asdict() for column in columns]


def columns_from_notes(found: Any) -> list[Column] | None:
    """The columns in a file's notes, which anyone may have written."""
    if found is None:
        return None
    columns = []
    for x in found if isinstance(found, list) else [None]:
        if not isinstance(x, dict) or set(x) != set(Column._fields):
            raise ValueError("the columns in the file of the model are not as train writes them")
        column = Column(**x)
        categories, means = column.categories, column.means
        size = 1 if categories is None else len(categories) if isinstance(categories, list) else -1
        good = isinstance(column.name, str) and size > 0
        good = good and all(isinstance(category, str) for category in categories or [])
        if means is not None:
            good = good and isinstance(means, list) and len(means) == size
            good = good and all(type(mean) in (int, float) for mean in means)
        if not good:
            raise ValueError("the columns in the file of the model are not as train writes them")
        columns.append(column)
    return columns
