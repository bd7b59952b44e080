"""Bundled tables: what lies in the files of scikit-learn, read without importing it.

The import of scikit-learn takes longer than the training of a small network. Its files hold the
numbers; the names of their columns, which they do not hold, stand here.
"""

from __future__ import annotations

import gzip
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MEASURES = ["radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity"]
MEASURES += ["concave points", "symmetry", "fractal dimension"]


class Source(NamedTuple):
    """Where a table lies, below sklearn/datasets, and what it calls its columns."""

    numbers: str
    description: str
    features: list[str]


SOURCES = {
    "iris": Source(
        "data/iris.csv",
        "descr/iris.rst",
        [f"{part} {size} (cm)" for part in ("sepal", "petal") for size in ("length", "width")],
    ),
    "wine": Source(
        "data/wine_data.csv",
        "descr/wine_data.rst",
        ["alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols"]
        + ["flavanoids", "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue"]
        + ["od280/od315_of_diluted_wines", "proline"],
    ),
    "breast_cancer": Source(
        "data/breast_cancer.csv",
        "descr/breast_cancer.rst",
        [f"mean {m}" for m in MEASURES]
        + [f"{m} error" for m in MEASURES]
        + [f"worst {m}" for m in MEASURES],
    ),
    "digits": Source(
        "data/digits.csv.gz",
        "descr/digits.rst",
        [f"pixel_{row}_{column}" for row in range(8) for column in range(8)],
    ),
}


def bundled_columns(name: str) -> tuple[Any, ...]:
    """(inputs, targets, features, classes, description) of a table in scikit-learn's package.

    Raises ImportError that says what to install.
    """
    source, folder = SOURCES[name], folder_of_sklearn(name)
    try:
        packed = (folder / source.numbers).read_bytes()
        description = (folder / source.description).read_text("utf-8")
    except OSError:
        return by_sklearn(name)
    text = gzip.decompress(packed) if source.numbers.endswith(".gz") else packed
    lines = text.decode("ascii").split("\n")
    if name == "digits":
        classes = [str(digit) for digit in range(10)]
    else:
        classes = lines.pop(0).strip().split(",")[2:]
    rows = [[float(cell) for cell in line.split(",")] for line in lines if line]
    inputs, targets = [row[:-1] for row in rows], [int(row[-1]) for row in rows]
    if set(map(len, inputs)) != {len(source.features)}:  # another scikit-learn than was known
        return by_sklearn(name)
    return inputs, targets, list(source.features), classes, description


def folder_of_sklearn(name: str) -> Path:
    """The folder sklearn/datasets, wherever it is installed."""
    try:
        found = find_spec("sklearn")
    except (ImportError, ValueError):
        found = None
    if found is None or not found.submodule_search_locations:
        raise ImportError(f"{name} needs scikit-learn: pip install 'chainrule[data]'")
    return Path(found.submodule_search_locations[0]) / "datasets"


def by_sklearn(name: str) -> tuple[Any, ...]:
    """The same from scikit-learn itself, wherever its files are."""
    try:
        from sklearn import datasets
    except ImportError as error:
        raise ImportError(f"{name} needs scikit-learn: pip install 'chainrule[data]'") from error
    found = getattr(datasets, f"load_{name}")()
    return (
        found.data.tolist(),
        found.target.tolist(),
        [str(feature) for feature in found.feature_names],
        [str(label) for label in found.target_names],
        found.DESCR,
    )
