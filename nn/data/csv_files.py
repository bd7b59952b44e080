"""CSV files: tables out of a person's own data."""

from __future__ import annotations

from math import isfinite

from nn.checks import flag
from nn.data.tables import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from typing import Any

    Record = tuple[int, list[str]]  # the line it begins on, from 1, and its cells

FEW = 20  # whole numbers with more different values than this are amounts, not classes


def read_csv(
    path: str | os.PathLike[str],
    target: str,
    *,
    classes: bool | None = None,
    delimiter: str = ",",
) -> Table:
    """The table in a CSV file, whose first line names the columns.

    Every column but the target holds numbers. The target holds classes if its cells are text, or
    if they are whole numbers, written without a point, of at most 20 different values that occur
    twice or more on average; otherwise it holds amounts. `classes=True` or `classes=False`
    decides instead. Classes are counted from 0, in the order of their numbers or of the alphabet.

    The file is in UTF-8, with or without a byte order mark; cells may be quoted. Raises OSError if
    it cannot be read, and ValueError, with line and column, if it is not such a table.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "fruit.csv")
    ...     _ = path.write_text("weight,fruit\\n150,apple\\n120,pear\\n")
    ...     table = read_csv(path, "fruit")
    >>> table.inputs, table.targets, table.class_names
    ([[150.0], [120.0]], [0, 1], ['apple', 'pear'])
    """
    if not isinstance(target, str):
        raise TypeError(f"target is the name of a column, got {target!r:.60}")
    if classes is not None:
        flag("classes", classes)
    try:
        names, rows = parsed(path, delimiter)
        check_names(names, target, delimiter)
        at = names.index(target)
        inputs = [
            [amount(cell, line, name) for name, cell in zip(names, cells) if name != target]
            for line, cells in rows
        ]
        column = [(line, cells[at]) for line, cells in rows]
        targets, class_names = read_target(column, target, classes)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    features = [name for name in names if name != target]
    return Table(inputs, targets, features, target, class_names, f"the file {path}")


def read_rows(
    path: str | os.PathLike[str], names: Sequence[str], *, delimiter: str = ","
) -> list[list[float]]:
    """The numbers in the columns with these names, a list for each row. Other columns are ignored.

    Raises as read_csv does.
    """
    try:
        there, rows = parsed(path, delimiter)
        for name in names:
            check_names(there, name, delimiter, alone=True)
        places = [there.index(name) for name in names]
        return [
            [amount(cells[at], line, name) for name, at in zip(names, places)]
            for line, cells in rows
        ]
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def parsed(path: str | os.PathLike[str], delimiter: str) -> tuple[list[str], list[Record]]:
    """The names of the columns, and the lines below them, each with a cell for every name."""
    import csv
    from io import StringIO

    with open(path, "rb") as file:
        content = file.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, byte = error.object.count(b"\n", 0, error.start) + 1, error.object[error.start]
        raise ValueError(f"line {line}: byte 0x{byte:02x} is not UTF-8") from None
    reader = csv.reader(
        StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    records: list[Record] = []
    line = 1
    try:
        for cells in reader:
            if cells not in ([], [""]):  # a blank line
                records.append((line, [cell.strip() for cell in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"line {line}: {error}") from None
    if not records:
        raise ValueError("the file is empty, its first line is to name the columns")
    (_, names), *rows = records
    if not rows:
        raise ValueError("no rows below the names of the columns")
    for line, cells in rows:
        if len(cells) != len(names):
            raise ValueError(f"line {line}: {len(cells)} cells, for {len(names)} columns")
    return names, rows


def check_names(names: list[str], target: str, delimiter: str, alone: bool = False) -> None:
    """Raise ValueError unless each column has a name of its own and the target is among them."""
    if "" in names:
        raise ValueError(f"column {names.index('') + 1} has no name")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{names.count(name)} columns have the name {name!r:.60}")
    if target not in names:
        known = ", ".join(f"{name!r:.60}" for name in names[:FEW])
        more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
        other = [sign for sign in ";\t|," if sign != delimiter and sign in names[0]]
        hint = f" (is the delimiter {other[0]!r}?)" if len(names) == 1 and other else ""
        raise ValueError(f"no column {target!r:.60}, there is {known}{more}{hint}")
    if len(names) == 1 and not alone:
        raise ValueError(f"no column besides the target {target!r:.60}")


def read_target(
    column: Sequence[tuple[int, str]], name: str, classes: bool | None
) -> tuple[list[Any], list[str] | None]:
    """The targets in a column of (line, cell), and the names of their classes, if they are such."""
    for line, cell in column:
        if not cell:
            raise ValueError(f"{place(line, name)}: the cell is empty")
    if classes is None:
        classes = are_classes(column, name)
    if not classes:
        return [amount(cell, line, name) for line, cell in column], None
    numbers = [number_in(cell) for _, cell in column]
    if all(number is not None and isfinite(number) for number in numbers):
        labels = [spelled(number) for number in numbers if number is not None]
        class_names = sorted(set(labels), key=float)
    else:
        labels = [cell for _, cell in column]
        class_names = sorted(set(labels))
    index = {label: i for i, label in enumerate(class_names)}
    return [index[label] for label in labels], class_names


def are_classes(column: Sequence[tuple[int, str]], name: str) -> bool:
    """The rule of read_csv. Raises ValueError for cells of both kinds, and for nan and inf."""
    texts = []
    for line, cell in column:
        number = number_in(cell)
        if number is None:
            texts.append((line, cell))
        elif not isfinite(number):
            raise ValueError(f"{place(line, name)}: {cell} is not finite")
    if texts and len(texts) < len(column):
        line, cell = texts[0]
        raise ValueError(
            f"{place(line, name)}: {cell!r:.60} is text, where other cells are numbers "
            "(classes=True takes both for names)"
        )
    different = {cell for _, cell in column}
    few = len(different) <= min(FEW, len(column) // 2)
    return bool(texts) or (few and all(cell.lstrip("+-").isdigit() for cell in different))


def amount(cell: str, line: int, name: str) -> float:
    """The finite number in a cell. Raises ValueError that names its line and column."""
    number = number_in(cell)
    if number is not None and isfinite(number):
        return number
    if not cell:
        raise ValueError(f"{place(line, name)}: the cell is empty")
    problem = f"{cell!r:.60} is no number" if number is None else f"{cell:.60} is not finite"
    raise ValueError(f"{place(line, name)}: {problem}")


def number_in(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)  # Python's 1_000 is text to anyone else
    except ValueError:
        return None


def spelled(number: float) -> str:
    """1 for 1.0, so that 1 and 1.0 are one class."""
    return str(int(number)) if number.is_integer() else str(number)


def place(line: int, name: str) -> str:
    return f"line {line}, column {name!r:.60}"
