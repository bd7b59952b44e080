"""Turns: steps of several machines, one after the other, told as the steps of one machine."""

from __future__ import annotations

from array import array
from itertools import chain

from engine.programs.machines import trained_together

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nn.training.lengths import Lengths
    from nn.training.plans import BatchPlans


class Turns:
    """Machines that take turns. They have the `train` of a machine, whose samples are steps."""

    def __init__(self) -> None:
        self.number: dict[Any, int] = {}  # of a course, by its plans and the size of its batch
        self.courses: list[list[Any]] = []  # [machine, data, classes, variant]
        self.widths: list[int] = []  # of a course: how many numbers a sample has
        self.counts: list[int] = []  # and how many samples there are, if they are put together here
        self.which, self.order, self.starts = array("i"), array("i"), [0]

    def add(self, plans: BatchPlans, places: Sequence[int]) -> None:
        """Add a step. places: of its samples, among those of its shape."""
        size, samples = len(places), plans.samples
        way = samples.ways[size]
        as_it_is = not way.draws and (size == 1 or not way.together)
        key = id(plans), size
        if key not in self.number:
            self.number[key] = len(self.courses)
            data = (samples.data, samples.labels) if as_it_is else (array("d"), array("i"))
            self.courses.append([plans.machine(size), *data, 0])
            self.widths.append(len(samples.numbers(0)))
            self.counts.append(0)
        course = self.number[key]
        self.which.append(course)
        if as_it_is:
            self.order.extend(places)
        else:
            _, data, labels, _ = self.courses[course]
            rows, classes = samples.batch(places)
            lanes = 1 if way.together else size
            self.widths[course] = len(rows) // lanes
            first = self.counts[course]
            self.counts[course] += lanes
            data += rows
            labels += classes or labels[:0]
            self.order.extend(range(first, first + lanes))
        self.starts.append(len(self.order))

    def add_alike(self, plans: BatchPlans, batches: Sequence[Sequence[int]]) -> None:
        """Add a step for each of these batches, which have as many samples of one shape."""
        size = len(batches[0])
        way = plans.samples.ways[size]
        if way.draws or way.together:
            for batch in batches:
                self.add(plans, batch)
            return
        self.add(plans, batches[0])
        self.which.extend([self.which[-1]] * (len(batches) - 1))
        self.order.extend(chain.from_iterable(batches[1:]))
        first = self.starts[-1]
        self.starts.extend(range(first + size, first + size * len(batches), size))

    def add_lengths(self, lengths: Lengths, places: Sequence[int]) -> None:
        """Add a step for each of these samples."""
        count = max(lengths.variant) + 1
        self.courses = [[lengths.machine, lengths.data, None, v] for v in range(count)]
        self.widths = [lengths.width] * count
        self.order.extend(places)
        self.which.extend(map(lengths.variant.__getitem__, places))
        self.starts.extend(range(1, len(places) + 1))

    def of_step(self, step: int) -> tuple[Any, Any, Any, int]:
        """The machine of a step, and what it evaluates then."""
        course = self.which[step]
        machine, data, classes, variant = self.courses[course]
        width, rows, labels = self.widths[course], array("d"), array("i")
        for i in self.order[self.starts[step] : self.starts[step + 1]]:
            rows += data[i * width : (i + 1) * width]
            labels += classes[i : i + 1] if classes else labels[:0]
        return machine, rows, labels or None, variant

    def train(
        self,
        parameters: Any,
        states: Any,
        optimizer: Any,
        _samples: None,
        _classes: None,
        steps: Any,
        *settings: Any,
    ) -> Any:
        """The losses of these steps, as far as the machines did them."""
        first, end = steps[0], steps[-1] + 1
        order = self.order[self.starts[first] : self.starts[end]]
        courses = [
            (machine, data, classes if classes is None or len(classes) else None, variant)
            for machine, data, classes, variant in self.courses
        ]
        which = self.which[first:end]
        return trained_together(courses, which, parameters, states, optimizer, order, *settings)
