"""Metrics: how good predictions are, in numbers that people can read.

Predictions are classes for a classification and numbers for a regression; a Value counts as its
number. An output with a number for each class counts as the class of the largest number. An output
of one number is no class yet: `classes` makes one of it. Names, definitions and the order of
arguments (targets first) are as in scikit-learn.
"""

from __future__ import annotations

from itertools import chain
from math import frexp, fsum, inf, ldexp, nan
from operator import eq, mul, sub

from engine import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def classes(outputs: Sequence[Any], threshold: float = 0.0) -> list[int]:
    """The class that each output names: the place of the largest of its numbers.

    An output that is one number names class 1 above the threshold and class 0 up to it: 0 fits
    logits, 0.5 probabilities. The first of several largest is taken.

    >>> classes([[0.1, 2.0, -1.0], [3.0, 0.0, 3.0]]), classes([-0.3, 1.2])
    ([1, 0], [0, 1])
    """
    kinds = set(map(type, outputs))
    if kinds == {float}:
        return [1 if x > threshold else 0 for x in outputs]
    if kinds == {list} and all_floats(outputs):
        return [x.index(max(x)) for x in outputs]
    return [
        max(range(len(x)), key=lambda i, x=x: float(x[i]))  # type: ignore[misc]
        if hasattr(x, "__len__")
        else int(float(x) > threshold)
        for x in outputs
    ]


def all_floats(rows: Sequence[Sequence[Any]]) -> bool:
    """Whether these are lists of plain floats, as a model gives them; a list of none has no max."""
    return set(map(type, chain.from_iterable(rows))) == {float} and all(rows)


def accuracy_score(y_true: Sequence[Any], y_pred: Sequence[Any]) -> float:
    """The share of predictions that are right."""
    y_true, y_pred = checked("accuracy_score", y_true, y_pred)
    return share(list(map(eq, y_true, y_pred)).count(True), len(y_true))


def confusion_matrix(
    y_true: Sequence[Any], y_pred: Sequence[Any], labels: Sequence[Any] | None = None
) -> list[list[int]]:
    """How often class i (a row) was taken for class j (a column), in the order of the labels.

    Without labels those are all classes that occur, sorted. Raises ValueError for one that is not
    among the labels.

    >>> confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1])
    [[1, 1], [0, 2]]
    """
    y_true, y_pred = checked("confusion_matrix", y_true, y_pred)
    names = sorted({*y_true, *y_pred}) if labels is None else list(labels)
    places = {name: i for i, name in enumerate(names)}
    counts = [[0] * len(names) for _ in names]
    for t, p in zip(y_true, y_pred):
        for name in (t, p):
            if name not in places:
                raise ValueError(f"class {name!r} is not among the labels {names!r:.60}")
        counts[places[t]][places[p]] += 1
    return counts


def precision_score(y_true: Sequence[Any], y_pred: Sequence[Any], average: str = "binary") -> Any:
    """Of the samples predicted to be of the class, the share that is; 0 if there is none."""
    return scores("precision_score", y_true, y_pred, average)[0]


def recall_score(y_true: Sequence[Any], y_pred: Sequence[Any], average: str = "binary") -> Any:
    """Of the samples of the class, the share predicted to be of it; 0 if there is none."""
    return scores("recall_score", y_true, y_pred, average)[1]


def f1_score(y_true: Sequence[Any], y_pred: Sequence[Any], average: str = "binary") -> Any:
    """The harmonic mean of precision and recall: 2 * right / (predicted + there); 0 for 0/0.

    average="binary" is the score of class 1, "macro" the mean over the classes, "none" a list.

    >>> f1_score([0, 1, 1, 1], [0, 1, 1, 0])
    0.8
    """
    return scores("f1_score", y_true, y_pred, average)[2]


def r2_score(y_true: Sequence[Any], y_pred: Sequence[Any]) -> float:
    """1 - (sum of squared errors) / (the same sum if all predictions are the mean): 1 is perfect.

    Where all targets are the same it is 1 for perfect predictions and 0 for others. Numbers may be
    as large or as small as a float holds, and as close together.
    """
    targets: list[float]
    predictions: list[float]
    targets, predictions = checked("r2_score", y_true, y_pred)
    low, high = min(targets), max(targets)
    if low == high:
        if any(x != x for x in [*targets, *predictions]):  # min and max may have missed a nan
            return nan
        return 1.0 if targets == predictions else 0.0
    largest = max(-low, high), max(-min(predictions), max(predictions))
    exponents = [frexp(size)[1] for size in largest]
    if max(map(abs, exponents)) > 400:  # their squares may be no floats
        return scaled_r2(targets, predictions, exponents[0], max(exponents))
    mean = sum(targets) / len(targets)
    off = list(map(sub, targets, predictions))
    steps = [t - mean for t in targets]
    errors: float = sum(map(mul, off, off))
    spread: float = sum(map(mul, steps, steps))
    if spread <= len(targets) * (1e-10 * mean) ** 2:  # near the rounding of the mean
        return scaled_r2(targets, predictions, exponents[0], max(exponents))
    return 1.0 - errors / spread


def scaled_r2(targets: list[float], predictions: list[float], own: int, common: int) -> float:
    """R2 of numbers of any size that lie as close together as floats can.

    own, common: 2**own is about the size of the targets, 2**common that of all numbers.
    """
    steps = [ldexp(t, -own) - ldexp(targets[0], -own) for t in targets]  # exact where they are near
    mean = fsum(steps) / len(steps)
    pairs = zip(targets, predictions)
    errors, error_size = squares([ldexp(t, -common) - ldexp(p, -common) for t, p in pairs])
    spread, spread_size = squares([step - mean for step in steps])
    try:
        return 1.0 - ldexp(errors / spread, 2 * (error_size + common - spread_size - own))
    except OverflowError:
        return -inf


def squares(numbers: list[float]) -> tuple[float, int]:
    """(s, e) where the sum of the squares is s * 4**e, with numbers of any size."""
    e = frexp(max(map(abs, numbers)))[1]
    return fsum([ldexp(x, -e) ** 2 for x in numbers]), e


def scores(
    name: str, y_true: Sequence[Any], y_pred: Sequence[Any], average: str
) -> tuple[Any, Any, Any]:
    """Precision, recall and F1, averaged as asked."""
    if average not in ("binary", "macro", "none"):
        raise ValueError(f"average is one of binary, macro, none, got {average!r}")
    y_true, y_pred = checked(name, y_true, y_pred)
    labels = sorted({*y_true, *y_pred})
    if average == "binary":
        if not set(labels) <= {0, 1}:
            raise ValueError(
                f"{name} of classes {labels!r:.60} takes average='macro' or 'none', got 'binary'"
            )
        labels = [0, 1]
    counts = confusion_matrix(y_true, y_pred, labels)
    triples = []
    for i, row in enumerate(counts):
        right, there, predicted = row[i], sum(row), sum([other[i] for other in counts])
        triples.append(
            (share(right, predicted), share(right, there), share(2 * right, there + predicted))
        )
    columns = [list(column) for column in zip(*triples)]
    if average == "binary":
        return columns[0][1], columns[1][1], columns[2][1]
    if average == "none":
        return columns[0], columns[1], columns[2]
    precision, recall, f1 = [sum(column) / len(column) for column in columns]
    return precision, recall, f1


def share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def number_of_score(y: Any) -> float:
    try:
        return float(y)
    except TypeError:
        got = f"{type(y).__name__} {y!r:.60}"
        raise TypeError(f"r2_score takes numbers, got {got}") from None


def checked(name: str, y_true: Sequence[Any], y_pred: Sequence[Any]) -> list[Any]:
    """Targets and predictions as lists, Values as their numbers, outputs as their classes."""
    if len(y_true) != len(y_pred):
        raise ValueError(
            f"{name} takes a prediction for each target, got {len(y_pred)} for {len(y_true)}"
        )
    if not len(y_true):
        raise ValueError(f"{name} takes at least 1 prediction, got 0")
    kinds = set(map(type, y_true)), set(map(type, y_pred))
    if name == "r2_score":
        both = zip((y_true, y_pred), kinds)
        return [
            list(ys) if own == {float} else [number_of_score(y) for y in ys] for ys, own in both
        ]
    return [
        classes_of(y_true, kinds[0]),
        whole_classes(name, classes_of(y_pred, kinds[1])),
    ]


def classes_of(ys: Sequence[Any], kinds: set[Any]) -> Sequence[Any]:
    """Values as their numbers, outputs as their classes, and all else as it is."""
    if kinds <= {int, float, bool, str}:
        return ys
    if kinds == {list}:
        return classes(ys)
    both = [y.data if isinstance(y, Value) else y for y in ys]
    return [classes([y])[0] if isinstance(y, list | tuple) else y for y in both]


def whole_classes(name: str, ys: Sequence[Any]) -> Sequence[Any]:
    """The same numbers. Raises ValueError for a float that is no whole number."""
    for y in ys if float in set(map(type, ys)) else ():
        if isinstance(y, float) and y != int(y):
            raise ValueError(f"{name} takes classes, got {y:g}: classes(outputs) makes them")
    return ys
