"""`chainrule predict`: what a saved network makes of rows that are typed, or of a CSV file."""

from __future__ import annotations

import csv
from pathlib import Path

from engine import softmax
from nn.checks import finite
from nn.command.digits import told_apart
from nn.command.options import as_options, decimal_option, delimiter_option
from nn.command.terminal import shown
from nn.data.cells import TRUTH
from nn.data.columns import Column, columns_from_notes, numbers_of
from nn.data.csv_files import read_rows
from nn.evaluation import rows_of_outputs
from nn.layers import Normalization, Sequential
from nn.metrics import classes
from nn.saving.models import load, load_notes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence
    from typing import Any

DESCRIPTION = """\
Apply a network that train has saved to rows of numbers.
Each typed row, and each row of a CSV file, gives one line: the class and its
probability, or the predicted number."""
EXAMPLES = """\
  chainrule train xor
  chainrule predict xor/weights.json 0,1 1,1"""


def options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("weights", type=Path, help="a file that train wrote, such as xor/weights.json")
    add("rows", nargs="+", metavar="row", help="numbers, as in 0,1; or a CSV file with their names")
    delimiter_option(add)
    decimal_option(add)
    add("--probabilities", action="store_true", help="print the probabilities of all classes")


def run(options: Namespace) -> int:
    """Print what a saved network makes of rows."""
    try:
        lines = predict(
            options.weights,
            options.rows,
            options.probabilities,
            options.delimiter,
            options.decimal,
        )
    except ValueError as error:
        raise ValueError(as_options(str(error))) from None
    print("\n".join(lines))
    return 0


def predict(
    path: Path,
    rows: Sequence[str],
    probabilities: bool = False,
    delimiter: str = ",",
    decimal: str = ".",
) -> list[str]:
    """A line for each row: a class and its probability, or the numbers that come out.

    rows: numbers with commas between, as in "0,1", or the names of CSV files. probabilities: give
    the probabilities of all classes instead. Raises ValueError for what the model does not take.
    """
    if (path / "weights.json").is_file():
        raise ValueError(f"{path} is a folder: take {path / 'weights.json'}")
    if path.suffix.lower() == ".onnx":
        raise ValueError(
            f"{path} is for onnxruntime: take the .json or .safetensors of the network"
        )
    try:
        model: Any = load(path).eval()
    except ValueError as error:
        usual = path.with_name("weights.json")
        known = usual if usual.is_file() and usual != path else "xor/weights.json"
        raise ValueError(
            f"{error}; a network is a file that train saves, such as {known}"
        ) from None
    notes = load_notes(path)
    names = list_of_names(notes.get("inputs"))
    columns = columns_from_notes(notes.get("columns"))
    labels = list_of_names(notes.get("classes"))
    if probabilities and labels is None:
        raise ValueError(f"the model in {path} tells no classes apart: it has no probabilities")
    outputs = []
    for x in [x for row in rows for x in rows_of(row, names, delimiter, decimal, columns)]:
        outputs += rows_of_outputs(model, [x])
    if labels is None:
        texts = [told_apart(c, s) for c, s in zip(zip(*outputs), spreads(model, len(outputs[0])))]
        return [",".join(line) for line in zip(*texts)]
    return [answer(output, labels, probabilities) for output in outputs]


def spreads(model: Any, n: int) -> list[float | None]:
    """The standard deviations of the n targets, if the model brings its outputs to their units."""
    last = list(model)[-1] if isinstance(model, Sequential) else None
    if isinstance(last, Normalization) and last.invert:
        return list(last.deviations)
    return [None] * n


def rows_of(
    text: str,
    names: list[str] | None,
    delimiter: str,
    decimal: str = ".",
    columns: list[Column] | None = None,
) -> list[list[float]]:
    """The rows of a CSV file, or the one that was typed."""
    if Path(text).suffix.lower() == ".csv" or Path(text).is_file():
        if names is None:
            raise ValueError(f"the model does not say which columns of {text} it takes")
        return read_rows(text, columns or names, delimiter=delimiter, decimal=decimal)
    if columns is not None:
        return [typed_row(text, columns)]
    try:
        row = [finite("a cell", typed(cell)) for cell in text.split(",")]
    except ValueError:
        raise ValueError(
            f"expected numbers with commas between, as in 0,1, got {text.strip()!r}"
        ) from None
    if names is not None and len(row) != len(names):
        hint = ": put commas between them, and no spaces" if len(row) == 1 else ""
        raise ValueError(
            f"the model takes {len(names)} numbers ({', '.join(names)}), got {len(row)}{hint}"
        )
    return [row]


def typed_row(text: str, columns: list[Column]) -> list[float]:
    """The numbers of a row of numbers and texts, which are quoted as in a CSV file."""
    [cells] = csv.reader([text.strip()], skipinitialspace=True) if text.strip() else [[""]]
    if len(cells) != len(columns):
        names = ", ".join([column.name for column in columns])
        raise ValueError(f"the model takes {len(columns)} cells ({names}), got {len(cells)}")
    return numbers_of(columns, [cell.strip() for cell in cells], 1)


def typed(cell: str) -> float:
    """The number of a typed cell, in which True is 1 and False is 0, as in a file."""
    truth = TRUTH.get(cell.strip().lower())
    return float(cell) if truth is None else truth


def answer(output: list[float], labels: list[str], probabilities: bool) -> str:
    """The line of one row, whose class is predicted."""
    if len(labels) != len(output):
        raise ValueError(f"the model gives {len(output)} numbers, for {len(labels)} classes")
    shares = softmax(output)
    if probabilities:
        return "  ".join([f"{shown(label)} {p:.4f}" for label, p in zip(labels, shares)])
    (k,) = classes([output])
    return f"{shown(labels[k])}  {shares[k]:.4f}"


def list_of_names(found: Any) -> list[str] | None:
    """The names in a file's notes, which anyone may have written."""
    if isinstance(found, list) and all(isinstance(name, str) for name in found):
        return found
    return None
