"""Tables: data with named columns, and the tables that come with scikit-learn."""

from __future__ import annotations

from nn.checks import count
from nn.data.bundled import bundled_columns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nn.data.columns import Column


class Table:
    """Inputs and the target of each, with the names of both.

    inputs: [rows][features]. targets: [rows]. With class_names a target is the number of its class,
    from 0; if class_names is None, targets are amounts, each a float. columns: of a CSV file, how
    its cells became numbers.
    """

    __module__ = "nn"

    def __init__(
        self,
        inputs: list[list[float]],
        targets: list[Any],
        feature_names: Sequence[str],
        target_name: str,
        class_names: Sequence[str] | None = None,
        description: str = "",
        columns: Sequence[Column] = (),
    ) -> None:
        self.inputs, self.targets = inputs, targets
        self.feature_names, self.target_name = list(feature_names), target_name
        self.class_names = None if class_names is None else list(class_names)
        self.description = description
        self.columns = list(columns)

    def __len__(self) -> int:
        return len(self.inputs)

    def __repr__(self) -> str:
        kind = "numbers" if self.class_names is None else f"{len(self.class_names)} classes"
        return (
            f"Table({count(len(self), 'row')}, {count(len(self.feature_names), 'feature')}, "
            f"target {self.target_name!r}: {kind})"
        )


# ---- the tables of scikit-learn ----


def iris() -> Table:
    """150 irises of 3 species, by 4 lengths of their flowers (Fisher 1936)."""
    return bundled("iris", "species")


def wine() -> Table:
    """178 wines of 3 growers, by 13 measurements of chemistry (Forina et al. 1988)."""
    return bundled("wine", "grower")


def breast_cancer() -> Table:
    """569 tumours, malignant or benign, by 30 measures of their cells (Street et al. 1993)."""
    return bundled("breast_cancer", "diagnosis")


def digits() -> Table:
    """1,797 handwritten digits, by the 8 x 8 pixels of each, from 0 to 16 (Alpaydin 1998)."""
    return bundled("digits", "digit")


def bundled(name: str, target_name: str) -> Table:
    """A table out of scikit-learn's package. Raises ImportError that says what to install."""
    inputs, targets, features, classes, description = bundled_columns(name)
    return Table(inputs, targets, features, target_name, classes, description)
