"""Mini-batches: the data in parts, in another order each time.

Gradient descent on all data at once ("full batch") knows the slope exactly, and takes few steps. On
one sample at a time ("stochastic") it takes many steps, each a little off. Mini-batches lie between
the two (Goodfellow et al. 2016, section 8.1.3). `batch_size` chooses one of the three.

Sequences of many lengths come in batches of one length each (bucketing), so nothing is padded.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from zlib import crc32

from engine import compiled
from engine.programs.orders import shuffled
from nn.checks import flag, not_negative, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any


UNORDERED = {dict, set, frozenset}  # which have a length, but no first item


class DataLoader:
    """The batches of a data set, in another order for each epoch.

    A loop over it is an epoch: it gives (inputs, targets) of one batch after another. The order of
    epoch e depends on (seed, e) only, so that a run can be resumed exactly. A batch of all samples
    is not shuffled: its gradient is the same in any order, but for the rounding of the sums.

    >>> loader = DataLoader([[0.0], [1.0], [2.0]], [0, 1, 2], batch_size=2)
    >>> for inputs, targets in loader:
    ...     print(inputs, targets)
    [[0.0], [1.0]] [0, 1]
    [[2.0]] [2]
    >>> loader = DataLoader([[1.0], [2.0, 3.0], [4.0]], [0, 1, 2], batch_size=2)
    >>> loader.batches()  # one length in each
    [[0, 2], [1]]
    """

    __module__ = "nn"
    lengths: list[Any] | None = None  # of each sample, where they decide which samples meet
    counts: list[int] | None = None  # how many samples have each of the lengths
    sample_weight: Sequence[Any] | None = None

    def __init__(
        self,
        inputs: Sequence[Any],
        targets: Sequence[Any],
        batch_size: int | None = None,
        shuffle: bool = False,
        seed: int = 0,
        drop_last: bool = False,
        *,
        group_by_length: bool = True,
        sample_weight: Sequence[Any] | None = None,
    ) -> None:
        """inputs: [n][features] or [n], targets: [n]. batch_size: None for all samples at once,
        1 for one at a time. drop_last leaves out a last batch that is smaller than the others.
        sample_weight: [n], what each sample counts; then a batch is (inputs, targets, weights).

        A sample may also be a sequence, [time] or [time][features], each of its own length, for a
        model that takes it; its target may have a number for each step, too. group_by_length: each
        batch has sequences of one length, and targets of one length. It stands where its first
        sample has its place in the order, and each length may leave a smaller batch behind. Without
        it, and in a batch of all samples, lengths are mixed. Nothing changes for samples that are
        alike, nor for one sample at a time.

        Raises ValueError for no samples, another number of targets, numbers among lists, a number
        that is not finite (with its row and column), or a batch_size below 1.
        """
        check_samples(inputs, targets)
        if batch_size is not None:
            batch_size = whole("batch_size", batch_size)
        flag("shuffle", shuffle)
        flag("drop_last", drop_last)
        flag("group_by_length", group_by_length)
        check_weights(sample_weight, len(inputs))
        self.inputs, self.targets = inputs, targets
        self.sample_weight = sample_weight
        self.batch_size, self.shuffle, self.seed, self.drop_last = (
            batch_size,
            shuffle,
            seed,
            drop_last,
        )
        self.epoch = 0  # the number of the next one
        self._checksum: int | None = None
        several = 1 < self.size < len(inputs)
        self.lengths = lengths_of(inputs, targets) if group_by_length and several else None
        self.counts = None if self.lengths is None else [*Counter(self.lengths).values()]
        if not len(self):
            each = "" if self.lengths is None else " of one length"
            raise ValueError(
                f"no batch is left: drop_last with {len(inputs)} samples in batches of "
                f"{batch_size}{each}"
            )

    def __len__(self) -> int:
        """The batches of an epoch."""
        size = self.batch_size or len(self.inputs)
        counts = self.counts or [len(self.inputs)]
        return sum(n // size if self.drop_last else math.ceil(n / size) for n in counts)

    @property
    def count(self) -> int:
        """The samples."""
        return len(self.inputs)

    @property
    def size(self) -> int:
        """The samples of a batch, at most all there are."""
        n = len(self.inputs)
        return n if self.batch_size is None else min(n, self.batch_size)

    def __iter__(self) -> Iterator[tuple[list[Any], ...]]:
        for batch in self.batches():
            yield self.samples(batch)

    def batches(self) -> list[list[int]]:
        """The places of the samples of each batch of the next epoch; then that epoch has begun."""
        order = self.order(self.epoch)
        self.epoch += 1
        size = self.size
        if self.lengths is None:
            return [order[start : start + size] for start in range(0, len(self) * size, size)]
        made: list[list[int]] = []
        latest: dict[Any, list[int]] = {}  # of each length: the batch that is being filled
        for i in order:
            batch = latest.get(self.lengths[i])
            if batch is None or len(batch) == size:
                made.append(batch := [])
                latest[self.lengths[i]] = batch
            batch.append(i)
        return [batch for batch in made if len(batch) == size or not self.drop_last]

    @property
    def lists(self) -> list[Sequence[Any]]:
        """What a loss takes of each sample: the inputs, the targets, and the weights if there are.

        The input is taken by the model first.
        """
        weights = [] if self.sample_weight is None else [self.sample_weight]
        return [self.inputs, self.targets, *weights]

    def samples(self, places: Sequence[int]) -> tuple[list[Any], ...]:
        """The inputs and targets at these places, and the weights if there are."""
        return tuple([[given[i] for i in places] for given in self.lists])

    def order(self, epoch: int) -> list[int]:
        """The places of the samples in the order of an epoch."""
        places = list(range(len(self.inputs)))
        if self.shuffle and self.size < len(places):
            seed = f"{self.seed} {epoch}"
            found = shuffled(len(places), random.Random(seed)) if compiled else None
            if found is not None:
                return found
            shuffle(places, random.Random(seed))
        return places

    def __repr__(self) -> str:
        size = f"batch_size={self.batch_size}, shuffle={self.shuffle}, seed={self.seed}"
        return f"DataLoader({len(self.inputs)} samples, {size})"

    def state_dict(self) -> dict[str, Any]:
        """What a later `load_state_dict` needs to go on, ready for JSON."""
        return {
            "epoch": self.epoch,
            "samples": len(self.inputs),
            "checksum": self.checksum(),
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "seed": self.seed,
            "drop_last": self.drop_last,
            **({} if self.lengths is None else {"group_by_length": True}),
        }

    def checksum(self) -> int:
        """The checksum of the data, computed once, since every checkpoint has it."""
        if self._checksum is None:
            self._checksum = crc32(repr(tuple(self.lists)).encode())
        return self._checksum

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on with the epoch in the state_dict of a loader like this one.

        Raises ValueError, with the difference, for the state_dict of another loader.
        """
        own = self.state_dict()
        if set(state_dict) != set(own):
            raise ValueError(f"state dict does not fit: wanted {list(own)}, got {list(state_dict)}")
        for name in own:
            if name != "epoch" and state_dict[name] != own[name]:
                raise ValueError(
                    f"state dict does not fit: {name} is {own[name]} here and "
                    f"{state_dict[name]!r:.60} there"
                )
        epoch = state_dict["epoch"]
        if isinstance(epoch, bool) or not isinstance(epoch, int) or epoch < 0:
            raise ValueError(f"state dict does not fit: epoch is {epoch!r:.60}")
        self.epoch = epoch


def shuffle(places: list[int], rng: random.Random) -> None:
    """What rng.shuffle(places) does, to the same order, in a third of the time.

    It goes from the last place to the first, and each takes a place up to its own (Fisher and Yates
    1938): of the next random bits, as many as the number of these places has, until they name one.
    """
    draw, end = rng.getrandbits, len(places)
    while end > 1:
        bits = end.bit_length()  # the same from here down to half
        half = 1 << (bits - 1)
        for i in range(end - 1, max(half - 1, 1) - 1, -1):
            j = draw(bits)
            while j > i:
                j = draw(bits)
            places[i], places[j] = places[j], places[i]
        end = half - 1


def pair(data: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    """The inputs and targets of data. Raises TypeError for data without both."""
    if hasattr(data, "inputs") and hasattr(data, "targets"):
        return data.inputs, data.targets
    if isinstance(data, tuple | list) and len(data) == 2:
        return data[0], data[1]
    raise TypeError(f"data is (inputs, targets), got {type(data).__name__} {data!r:.60}")


def check_data(inputs: Any, targets: Any) -> None:
    """Raise TypeError or ValueError unless these are samples of one length: the rows of a table."""
    check_samples(inputs, targets, of_one_length=True)


def check_samples(inputs: Any, targets: Any, of_one_length: bool = False) -> None:
    """Raise TypeError or ValueError unless these are data to train on."""
    for name, x in (("inputs", inputs), ("targets", targets)):
        if isinstance(x, str) or not hasattr(x, "__len__"):
            raise TypeError(f"{name} are a list, got {type(x).__name__} {x!r:.60}")
    if not len(inputs):
        raise ValueError("there are no samples")
    if len(inputs) != len(targets):
        raise ValueError(f"a target for each input is needed, got {len(targets)} for {len(inputs)}")
    for what, rows in (("input", inputs), ("target", targets)):
        width = width_of(rows[0])
        for i, row in enumerate(rows):
            own = width_of(row)
            if (own is None) != (width is None) or (of_one_length and own != width):
                raise ValueError(f"{what} {i} has another shape than the first: {row!r:.60}")
            if type(row) in UNORDERED:
                raise TypeError(f"{what} {i} is a list, got {type(row).__name__} {row!r:.60}")
            for x in [row] if own is None else row:
                if type(x) is not int and not (type(x) is float and math.isfinite(x)):
                    check_number(row, what, f"{what} {i}")
                    break


def check_weights(weights: Any, n: int) -> None:
    """Raise TypeError or ValueError unless these are the weights of n samples, or None."""
    if weights is None:
        return
    if isinstance(weights, str) or not hasattr(weights, "__len__"):
        raise TypeError(f"sample_weight is a list, got {type(weights).__name__} {weights!r:.60}")
    if len(weights) != n:
        raise ValueError(f"a weight for each sample is needed, got {len(weights)} for {n}")
    for i, weight in enumerate(weights):
        not_negative(f"weight {i}", weight)


def check_number(x: Any, what: str, place: str, depth: int = 0) -> None:
    """Raise TypeError or ValueError if x, or a number in it, is text or not finite."""
    if isinstance(x, float):
        if not math.isfinite(x):
            raise ValueError(f"{place} is {x}")
    elif isinstance(x, str):
        if what == "input":
            raise TypeError(f"{place} is text: {x!r:.60}")
    elif hasattr(x, "__len__") and getattr(x, "ndim", 1) > 0:
        name = ("column", "item")[min(depth, 1)]
        for j, item in enumerate(x):
            check_number(item, what, f"{place}, {name} {j}", depth + 1)


def lengths_of(inputs: Sequence[Any], targets: Sequence[Any]) -> list[Any] | None:
    """The lengths of each sample and its target; None if they are the same for all samples."""
    if all(map(of_one_length, (inputs, targets))):
        return None
    return [(lengths_in(x), lengths_in(t)) for x, t in zip(inputs, targets)]


def of_one_length(rows: Sequence[Any]) -> bool:
    """Whether these samples, or these targets, have the same lengths."""
    if getattr(rows, "ndim", 1) > 1:
        return True
    first = lengths_in(rows[0])
    if len(first) < 2:  # the usual table, which may have many rows
        return not first or set(map(len, rows)) == {*first}
    return all(lengths_in(row) == first for row in rows)


def lengths_in(x: Any) -> tuple[Any, ...]:
    """How long a list is, and the lists in it: (3,), (4, 2), or (2, ((1,), (3,))) of many lengths.

    Empty for a number. A list that begins with a number has only numbers.
    """
    if width_of(x) is None:
        return ()
    if getattr(x, "ndim", 0) > 1:
        return tuple(x.shape)
    if not len(x) or width_of(x[0]) is None:
        return (len(x),)
    items = [lengths_in(item) for item in x]
    return (len(x), *items[0]) if items.count(items[0]) == len(items) else (len(x), tuple(items))


def width_of(row: Any) -> int | None:
    """How many numbers a row has; None for a bare number, or one word."""
    return len(row) if hasattr(row, "__len__") and not isinstance(row, str) else None
