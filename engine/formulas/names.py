"""The names: what a value is called where it is written down."""

from __future__ import annotations

from itertools import count

from engine.formulas.escapes import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

# What finds the models that have parameters among some Values; nn enters its own.
finders: list[Callable[[list[Any]], Iterable[Any]]] = []


def names(labels: Iterable[str]) -> list[str]:
    """A different name for each value: its label, or v1, v2 and so on if it has no label.

    >>> names(["w", "x", "", "b", "x", ""])
    ['w', 'x', 'v1', 'b', 'x_2', 'v2']
    """
    labels = [one_line(str(label)) if label else "" for label in labels]
    taken = set(labels)
    unnamed = (f"v{i}" for i in count(1) if f"v{i}" not in taken)
    found: dict[str, None] = {}
    numbers: dict[str, Iterator[int]] = {}  # that follow each label, or so many alike take long
    for label in labels:
        name = label or next(unnamed)
        while name in found or (name != label and label and name in taken):
            name = f"{label}_{next(numbers.setdefault(label, count(2)))}"
        found[name] = None
    return list(found)


def parameter_names(model: Any) -> dict[Any, tuple[str, str]]:
    """A short name for each parameter of a model, and its path in it; no names if model is None.

    Raises TypeError if model has no named_parameters.
    """
    if model is None:
        return {}
    if not hasattr(type(model), "named_parameters"):
        raise TypeError(f"model has named_parameters, got {type(model).__name__} {model!r:.60}")
    named = list(model.named_parameters())
    paths = [path for path, _ in named]
    return {v: (name, path) for (path, v), name in zip(named, names(short_names(paths)))}


def names_of_leaves(leaves: Iterable[Any], model: Any = None) -> dict[Any, tuple[str, str]]:
    """The names of parameters as `parameter_names` has them: those of the model that is given.

    Without a model they come from the models that the leaves without a label belong to.
    """
    if model is not None:
        return parameter_names(model)
    unnamed = [v for v in leaves if not v.label]
    found: dict[Any, tuple[str, str]] = {}
    for finder in finders if unnamed else ():
        for owner in finder(unnamed):
            found = parameter_names(owner) | found
    return found


def short_names(paths: Sequence[str]) -> list[str]:
    """A letter and the numbers of each path, or more words where a letter does not tell them apart.

    The whole path where all words do not.

    >>> short_names(["layers.0.neurons.1.weights.0", "layers.0.neurons.1.bias"])
    ['w0_1_0', 'b0_1']
    >>> short_names(["0.query.weight.1", "0.key.weight.1"])
    ['query_weight0_1', 'key_weight0_1']
    """
    parted = [path.split(".") for path in paths]
    words = [[part for part in parts if not part.isdigit()] for parts in parted]
    numbers = ["_".join([part for part in parts if part.isdigit()]) for parts in parted]
    found = [(w[-1][:1] if w else "p") + n for w, n in zip(words, numbers)]
    for k in range(1, 1 + max(map(len, words), default=0)):
        if len(set(found)) == len(found):
            break
        found = ["_".join(w[-k:]) + n for w, n in zip(words, numbers)]
    return found if len(set(found)) == len(found) else list(paths)
