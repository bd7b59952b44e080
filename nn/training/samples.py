"""The samples of a training: what each of them is, and its numbers as the machine reads them.

A sample is one item of each argument: its input, its target, and what else the loss takes of it,
such as a weight. An item is a number, or lists of numbers of any depth. The numbers of a sample lie
side by side, in the order of the arguments:

    input [[1.0, 2.0], [3.0, 4.0]], target [0.0, 1.0], weight 0.5   ->   1 2 3 4 0 1 0.5
"""

from __future__ import annotations

from array import array
from hashlib import sha256
from itertools import accumulate, chain, islice
from typing import NamedTuple

from engine.programs.plan import NoPlanError
from nn.checks import random_source
from nn.training.arguments import Argument, columns, each_shape, filled, items_of, size_of
from nn.training.number import Number, WholeNumber

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nn.layers import Dropout

    Draws = list[tuple[Dropout, int]]


class Way(NamedTuple):
    """How a batch is replayed.

    together: whether the machine does the operations of all samples one by one, in the order of the
    graph; else it does the same operation of all samples at once. draws: the Dropouts that each
    sample passes, or the whole batch if together, and how many random numbers each of them draws.
    asked: whether nn has checked numbers of the samples.
    """

    together: bool
    draws: Draws
    asked: bool = False


class Samples:
    """The numbers of all samples.

    arguments: what lists the inputs, the targets, and so on. shapes: for each sample the shapes of
    its items. data: the numbers, sample by sample; those of sample i begin at starts[i]. ways: how
    batches of each size are replayed. label: the argument that holds the classes of the samples, if
    they are no numbers for the machine; labels: these classes.
    """

    def __init__(self, lists: Sequence[Sequence[Any]]) -> None:
        """lists: the inputs of all samples, the targets of all samples, and so on.

        Raises NoPlanError for what is no data.
        """
        self.arguments = [Argument(given if items_of(given) else [*given]) for given in lists]
        self.count = len(lists[0])
        self.ways: dict[int, Way] = {}
        self.shapes = list(zip(*[each_shape(a.shape) for a in self.arguments]))
        self.label: int | None = None
        self.labels: Any = None
        self.read(self.arguments)

    def read(self, arguments: Sequence[Argument]) -> None:
        """Lay the numbers of these arguments side by side, sample by sample."""
        self.starts: Sequence[int]
        if all(a.shape[0] == "list" for a in arguments):
            self.data = columns(arguments, self.count)
            width = len(self.data) // self.count
            self.starts = range(0, len(self.data) + 1, width) if width else [0] * (self.count + 1)
            return
        sizes = [[size_of(shape) for shape in each_shape(a.shape)] for a in arguments]
        ends = [[0, *accumulate(own)] for own in sizes]
        self.data = array("d")
        for i in range(self.count):
            for a, end in zip(arguments, ends):
                self.data += array("d", a.numbers[end[i] : end[i + 1]])
        self.starts = [0, *accumulate(map(sum, zip(*sizes)))]

    def as_classes(self, label: int) -> None:
        """Take that argument for the classes of the samples, which are no numbers any more.

        Raises NoPlanError if it has something else.
        """
        argument = self.arguments[label]
        if not argument.whole or len(argument.numbers) != self.count:
            raise NoPlanError("the targets are no classes")
        if not all(0 <= c < 2**31 for c in argument.numbers):
            raise NoPlanError("a class is a whole number of at least 0")
        self.label, self.labels = label, array("i", map(int, argument.numbers))
        self.read([a for a in self.arguments if a is not argument])

    # ---- to be recorded ----

    def numbers(self, i: int) -> Any:
        """The numbers of a sample."""
        return self.data[self.starts[i] : self.starts[i + 1]]

    def given(
        self, places: Sequence[int], first: int = 0
    ) -> tuple[list[list[Any]], list[list[Any]]]:
        """The samples at these places as lists of inputs, of targets and so on, and their leaves.

        first: the first argument that is wanted.
        """
        lists: list[list[Any]] = [[] for _ in self.arguments[first:]]
        leaves = []
        for i in places:
            skipped = sum(map(size_of, self.shapes[i][:first]))
            numbers = iter(self.numbers(i)[skipped:])
            own: list[Any] = []
            for j, argument in enumerate(self.arguments[first:], first):
                size = 0 if j == self.label else size_of(self.shapes[i][j])
                own += map(WholeNumber if argument.whole else Number, islice(numbers, size))
            rest = iter(own)
            for j, items in enumerate(lists, first):
                is_class = j == self.label
                items.append(self.labels[i] if is_class else filled(self.shapes[i][j], rest))
            leaves.append(own)
        return lists, leaves

    # ---- to be replayed ----

    def batch(self, places: Sequence[int]) -> tuple[Any, Any]:
        """What a machine evaluates: the numbers of the samples at these places, and their classes.

        The random numbers are drawn sample by sample, as a graph of these samples would draw them.
        """
        rows, (together, draws, _) = array("d"), self.ways[len(places)]
        for i in places:
            rows += self.numbers(i)
            if not together:
                rows.extend(drawn(draws))
        if together:
            rows.extend(drawn(draws))
        labels = self.labels
        return rows, None if labels is None else array("i", [labels[i] for i in places])

    def batches(self, chunk: Sequence[Sequence[int]]) -> tuple[Any, Any, Any]:
        """What a machine trains on: samples, their classes, and which of them each step sees."""
        if not chunk:
            return array("d"), None, array("i")
        way = self.ways[len(chunk[0])]
        same = chunk[0] is chunk[-1] and not way.draws  # a full batch, as in every step
        if way.together:
            rows = array("d")
            for places in chunk[:1] if same else chunk:
                rows += self.batch(places)[0]
            return rows, None, array("i", [0] * len(chunk) if same else range(len(chunk)))
        if same or not way.draws:
            order = array("i", chunk[0]) * len(chunk) if same else array("i", [*chain(*chunk)])
            return self.data, self.labels, order
        rows, labels = array("d"), array("i")
        for places in chunk:
            found = self.batch(places)
            rows += found[0]
            labels += found[1] or labels[:0]
        return rows, labels or None, array("i", range(len(chunk) * len(chunk[0])))

    def rows_of_step(self, batches: tuple[Any, Any, Any], size: int, step: int) -> tuple[Any, Any]:
        """What a machine evaluates of what it trains on: the batch of a step, of that many samples.

        batches: what `batches` gave.
        """
        data, labels, order = batches
        lanes = 1 if self.ways[size].together else size
        places = order[step * lanes : (step + 1) * lanes]
        count = self.count if data is self.data else max(order) + 1
        width, rows = len(data) // count, array("d")
        for i in places:
            rows += data[i * width : (i + 1) * width]
        return rows, None if labels is None else array("i", [labels[i] for i in places])

    def sources(self) -> list[Any]:
        """The random sources that are drawn from, each once."""
        draws = chain.from_iterable([way.draws for way in self.ways.values()])
        found = [random_source(module.rng) for module, _ in draws]
        return list({id(rng): rng for rng in found}.values())


def contents(lists: Sequence[Sequence[Any]]) -> tuple[Any, Any]:
    """The shapes of samples, and what differs if anything does; both None for what is no data."""
    try:
        found = [Argument(given if items_of(given) else [*given]) for given in lists]
    except NoPlanError:
        return None, None
    shapes = [a.shape for a in found]
    return shapes, (shapes, [(a.whole, sha256(a.numbers).digest()) for a in found])


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
