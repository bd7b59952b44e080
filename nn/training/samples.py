"""The samples of a training as arrays, in the order in which the machine reads them."""

from __future__ import annotations

from array import array
from itertools import chain

from engine import Value
from engine.programs.plan import NoPlanError
from nn.checks import random_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from nn.data.loader import DataLoader
    from nn.layers import Dropout

    Draws = list[tuple[Dropout, int]]


class Samples:
    """The numbers that a plan reads for each sample: its inputs, then its target if it is a number.

    data: the samples, one after the other, of `width` numbers each. labels: their classes, or None
    if the targets are numbers. draws: the Dropouts that each sample passes, and how many random
    numbers each of them draws; these numbers come behind the others.
    """

    def __init__(self, loader: DataLoader, classes: Sequence[int] | None, draws: Draws) -> None:
        self.data, self.draws = array("d"), draws
        self.labels = array("i", classes) if classes is not None else None
        for x, target in zip(loader.inputs, loader.targets):
            self.data.extend([float(v) for v in numbers_in(x)])
            if classes is None:
                self.data.append(float(target))
        self.width = len(self.data) // len(loader.inputs)

    def batch(self, places: Iterable[int]) -> tuple[Any, Any]:
        """What a machine evaluates: the numbers of the samples at these places, and their classes.

        The random numbers are drawn sample by sample, as a graph of these samples would draw them.
        """
        rows, n = array("d"), self.width
        for i in places:
            rows += self.data[i * n : (i + 1) * n]
            rows.extend(drawn(self.draws))
        labels = self.labels
        return rows, None if labels is None else array("i", [labels[i] for i in places])

    def batches(self, chunk: Sequence[Sequence[int]]) -> tuple[Any, Any, Any]:
        """What a machine trains on: samples, their classes, and which of them each step sees."""
        if chunk and chunk[0] is chunk[-1]:  # a full batch, the same in every step
            places = array("i", chunk[0]) * len(chunk)
        else:
            places = array("i", chain.from_iterable(chunk))
        if not self.draws:
            return self.data, self.labels, places
        return *self.batch(places), array("i", range(len(places)))

    def sources(self) -> list[Any]:
        """The random sources that are drawn from, each once."""
        found = [random_source(module.rng) for module, _ in self.draws]
        return list({id(rng): rng for rng in found}.values())


def drawn(draws: Draws) -> list[float]:
    """The random numbers of the next sample."""
    return [x for module, n in draws for x in module.mask(n)]


def shared_draws(drawn: list[tuple[Any, list[Any]]], leaves: list[list[Any]]) -> Draws:
    """The draws of every sample, from what was recorded of a batch.

    drawn: each Dropout with the Values it drew, sample by sample. leaves: of each sample; its drawn
    Values are added to them. Raises NoPlanError unless all samples draw alike.
    """
    each = len(drawn) // len(leaves)
    samples = [drawn[i * each : (i + 1) * each] for i in range(len(leaves))]
    alike = [[(module, len(numbers)) for module, numbers in sample] for sample in samples]
    if each * len(leaves) < len(drawn) or any(draws != alike[0] for draws in alike):
        raise NoPlanError("the samples do not draw the same random numbers")
    for own, sample in zip(leaves, samples):
        own.extend([x for _, numbers in sample for x in numbers])
    return alike[0]


def numbers_in(x: Any) -> list[Any]:
    """The numbers of one input, which may be a list of lists; a bare number is a list of one."""
    if not is_list(x):
        return [x]
    return [number for item in x for number in (numbers_in(item) if is_list(item) else [item])]


def recorded(x: Any, leaves: list[Any]) -> Any:
    """An input with a Value for each of its numbers, in lists as before; they are put to leaves."""
    if is_list(x):
        return [recorded(item, leaves) for item in x]
    leaves.append(Value(x))
    return leaves[-1]


def shape_of(x: Any) -> Any:
    """How many numbers an input has, list by list."""
    return [shape_of(item) if is_list(item) else None for item in x] if is_list(x) else None


def is_list(x: Any) -> bool:
    return hasattr(x, "__len__") and not isinstance(x, str) and getattr(x, "ndim", 1) > 0
