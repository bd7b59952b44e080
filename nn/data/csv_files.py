"""CSV files: tables out of a person's own data."""

from __future__ import annotations

import re
from math import isfinite

from nn.checks import flag
from nn.data.cells import all_look_like, amount, in_order, is_mere_text, number_in, place
from nn.data.column_names import check_named, check_names, check_there, narrowed, other_delimiter
from nn.data.columns import Column, column_of, is_gap, numbers_of
from nn.data.encoding import text_in
from nn.data.tables import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from typing import Any

    Record = tuple[int, list[str]]  # the line it begins on, from 1, and its cells

MISSING = ("error", "drop", "mean")
FEW = 20  # whole numbers with more different values than this are amounts, not classes


def read_csv(
    path: str | os.PathLike[str],
    target: str,
    *,
    classes: bool | None = None,
    delimiter: str = ",",
    decimal: str = ".",
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    missing: str = "error",
) -> Table:
    """The table in a CSV file, whose first line names the columns.

    Every column but the target holds numbers, or a text of at most 20 different values that occur
    twice or more on average: that gives a number for each of them, 1 where it is the text of the
    row and else 0. The target holds classes if its cells are text, or
    if they are whole numbers, written without a point, of at most 20 different values that occur
    twice or more on average; otherwise it holds amounts. `classes=True` or `classes=False`
    decides instead. Classes are counted from 0, in the order of their numbers or of the alphabet;
    their names are the cells as they are written, so that 007 and 7 are two. True and False are
    classes in the target, and 1 and 0 in other columns. decimal: "," for numbers such as 0,5.
    columns: names of the columns that are taken; drop: names of those that are left out, of which
    "" is a column without a name. missing: what becomes of cells that are empty or NA or NaN: with
    "drop" their rows are left out; with "mean" the mean of the column's numbers stands there,
    unless the cell is of the target. NULL, ?, <NA>, #N/A, NaT and n.a. are gaps as well.

    The file is in UTF-8, with or without a byte order mark; cells may be quoted; a first line such
    as sep=; is Excel's and no row. Raises OSError if
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
        check_decimal(decimal)
        names, rows = parsed(path, delimiter, target)
        names, rows = narrowed(names, rows, target, columns, drop, delimiter)
        check_named(names, rows)
        check_names(names, target, delimiter)
        if missing not in MISSING:
            raise ValueError(f"missing is one of {', '.join(MISSING)}, got {missing!r:.60}")
        if missing == "drop":
            rows = [(line, cells) for line, cells in rows if not any(map(is_gap, cells))]
            if not rows:
                raise ValueError("each row has an empty cell: leave columns out as well")
        at = names.index(target)
        kept = [
            column_of(name, [(line, cells[i]) for line, cells in rows], decimal, missing == "mean")
            for i, name in enumerate(names)
            if i != at
        ]
        features = [(line, cells[:at] + cells[at + 1 :]) for line, cells in rows]
        try:
            inputs = [numbers_of(kept, cells, line, decimal) for line, cells in features]
        except ValueError as error:
            raise ValueError(f"{error}{all_of_text(str(error), kept, features, decimal)}") from None
        column = [(line, cells[at]) for line, cells in rows]
        targets, class_names = read_target(column, target, classes, decimal)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    named = [name for column in kept for name in column.features()]
    return Table(inputs, targets, named, target, class_names, f"the file {path}", kept)


def read_rows(
    path: str | os.PathLike[str],
    names: Sequence[str | Column],
    *,
    delimiter: str = ",",
    decimal: str = ".",
) -> list[list[float]]:
    """The numbers in the columns with these names, a list for each row. Other columns are ignored.

    A Column in the place of a name says how its cells become numbers.

    Raises as read_csv does.
    """
    try:
        check_decimal(decimal)
        columns = [Column(name) if isinstance(name, str) else name for name in names]
        there, rows = parsed(path, delimiter, *[column.name for column in columns])
        if columns:
            check_names(there, columns[0].name, delimiter, alone=True)
        at = {name: i for i, name in enumerate(there)}
        for column in columns:
            if column.name not in at:
                check_there(there, column.name, delimiter)
        places = [at[column.name] for column in columns]
        return [
            numbers_of(columns, [cells[at] for at in places], line, decimal) for line, cells in rows
        ]
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def parsed(
    path: str | os.PathLike[str], delimiter: str, *wanted: str
) -> tuple[list[str], list[Record]]:
    """The names of the columns, and the lines below them, each with a cell for every name.

    wanted: names of columns, by which an error tells another delimiter.
    """
    import csv
    from io import StringIO

    with open(path, "rb") as file:
        text = text_in(file.read())
    # Excel's note of its delimiter: a blank line in its place keeps the numbers of the lines.
    text = re.sub(r"\Asep=[^\r\n](?=[\r\n])", "", text)
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
            hint = other_delimiter(names, delimiter, wanted)
            raise ValueError(f"line {line}: {len(cells)} cells, for {len(names)} columns{hint}")
    return names, rows


def check_decimal(decimal: str) -> None:
    if decimal not in (".", ","):
        raise ValueError(f"the decimal sign is '.' or ',', got {decimal!r:.60}")


def all_of_text(error: str, columns: Sequence[Column], rows: Sequence[Record], decimal: str) -> str:
    """What an error about a text says where other columns are of such text too: all their names."""
    if not error.endswith(" is no number"):
        return ""
    found = [
        column.name
        for i, column in enumerate(columns)
        if column.categories is None
        and any(is_mere_text(cells[i], decimal) and not is_gap(cells[i]) for _, cells in rows)
    ]
    return f"; drop={found} leaves out all columns of such text" if len(found) > 1 else ""


def read_target(
    column: Sequence[tuple[int, str]], name: str, classes: bool | None, decimal: str
) -> tuple[list[Any], list[str] | None]:
    """The targets in a column of (line, cell), and the names of their classes, if they are such."""
    for line, cell in column:
        if not cell:
            raise ValueError(f"{place(line, name)}: the cell is empty")
    if classes is None:
        classes = are_classes(column, name, decimal)
    if not classes:
        return [amount(cell, line, name, decimal) for line, cell in column], None
    labels = [cell for _, cell in column]
    class_names = in_order(set(labels), decimal)
    index = {label: i for i, label in enumerate(class_names)}
    return [index[label] for label in labels], class_names


def are_classes(column: Sequence[tuple[int, str]], name: str, decimal: str) -> bool:
    """The rule of read_csv. Raises ValueError for cells of both kinds, and for nan and inf."""
    texts = []
    for line, cell in column:
        number = number_in(cell, decimal)
        if number is None:
            texts.append((line, cell))
        elif not isfinite(number):
            raise ValueError(f"{place(line, name)}: {cell} is not finite")
    looks = all_look_like([cell for _, cell in texts], decimal)
    if looks:
        line, cell = texts[0]
        raise ValueError(
            f"{place(line, name)}: {cell!r:.60} has {looks} (classes=True takes it for a name)"
        )
    if texts and len(texts) < len(column):
        line, cell = texts[0]
        if all(is_gap(cell) for _, cell in texts):
            raise ValueError(f"{place(line, name)}: {cell!r:.60} is no number")
        raise ValueError(
            f"{place(line, name)}: {cell!r:.60} is text, where other cells are numbers "
            "(classes=True takes both for names)"
        )
    different = {cell for _, cell in column}
    few = len(different) <= min(FEW, len(column) // 2)
    return bool(texts) or (few and all(cell.lstrip("+-").isdigit() for cell in different))
