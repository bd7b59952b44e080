"""The recording of a training: the model and its loss after each step, as far as they are kept.

`Recording` takes shots of the model while it learns. `reel` develops them into the frames that a
page (`nn.film.page`) or an animation (`nn.film.animation`) shows.
"""

from __future__ import annotations

import math
from array import array
from typing import Any, NamedTuple

from engine.formulas.escapes import one_line
from engine.op import number
from engine.value import number_of
from nn.checks import wanted, whole
from nn.data.loader import check_data, width_of
from nn.film.plane import Plane
from nn.film.snapshots import Snapshots
from nn.metrics import classes
from nn.plot.answers import class_at, evenly

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nn.training.history import History

CURVE = 600  # points of the loss curve: more than a screen can show


class Shot(NamedTuple):
    """What is kept of the model after a step. loss: the loss of the step; nan before the first."""

    step: int
    loss: float
    state: Any


class Frame(NamedTuple):
    """What is shown of the model after a step.

    In the plane: at each place of the grid, row by row from below, the class that wins, and in
    `numbers` how far it is ahead of the next. With one input: the predictions, and no classes.
    """

    step: int
    loss: float
    winners: bytes
    numbers: array[float]


class Recording:
    """Shots of a model during its training, and the loss of each step.

    `frames`: the shots that are kept. `steps`, `losses`: of every step that was recorded.
    `in_the_plane`: whether the model has two inputs or more, so that its classes are shown.
    """

    def __init__(
        self,
        model: Callable[[Any], Any],
        inputs: Sequence[Any],
        targets: Sequence[Any],
        *,
        title: str = "Training",
        threshold: float = 0.0,
        names: Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
        frames: int = 60,
        resolution: int = 40,
        shown: Sequence[int] = (0, 1),
    ) -> None:
        """inputs: [n][2 or more], [n][1] or [n]. targets: [n]. The first shot is taken here.

        A model with more than two inputs is drawn over two of them (`shown`); the other inputs
        stay at their mean. With two or more inputs the film shows classes: a model with several
        outputs has one for each class. One output means class 1 where it is above the threshold,
        and so does a target: 0 fits logits, 0.5 fits probabilities. With one input the film shows
        the curve of the one output. names: of the two axes, or of all inputs. frames: the largest
        number of frames, however long the training is. resolution: places along each side of the
        grid. Raises ValueError for data of another shape, with the row, and for a model that does
        not fit the data.
        """
        check_data(inputs, targets)
        self.title = one_line(str(title))
        self.threshold = number(threshold)
        self.most = whole("frames", frames, least=4)
        whole("resolution", resolution, least=2)
        bare = width_of(inputs[0]) is None
        rows = [[number_of(x)] if bare else [number_of(v) for v in x] for x in inputs]
        if not rows[0]:
            raise ValueError("a film shows models of 1 input or more, got none")
        self.in_the_plane = len(rows[0]) > 1
        self.held, self.labels = "", list[str]()
        if self.in_the_plane:
            plane = Plane(rows, shown, names, resolution)
            self.xs, self.ys, self.names, self.held = plane.xs, plane.ys, plane.names, plane.held
            places: list[Any] = plane.places
        else:
            self.xs = evenly([x for (x,) in rows], 4 * resolution)
            places = list(self.xs) if bare else [[x] for x in self.xs]
            self.names = [one_line(str(name)) for name in (("x", "y") if names is None else names)]
            if len(self.names) != 2:
                raise ValueError(f"names are those of 2 axes, got {len(self.names)}")
        self.snapshots = Snapshots(model, places)
        state = self.snapshots.state()
        width = len(self.snapshots.outputs(state)[0])
        if self.in_the_plane:
            marks = self.classes_of(targets, width)
            self.labels = self.names_of_classes(class_names, width)
            self.points = [(x, y, k) for (x, y), k in zip(plane.points, marks)]
        else:
            if width != 1:
                raise ValueError(f"a film of 1 input shows 1 output, got {width}")
            self.points = [(x, number_of(t), 0) for (x,), t in zip(rows, targets)]
            self.ys = evenly([y for _, y, _ in self.points], 2)
        self.frames = [Shot(0, math.nan, state)]
        self.steps: list[int] = []
        self.losses: list[float] = []

    # ---- recording ----

    def __call__(self, history: History) -> None:
        """Record an epoch of `fit`."""
        self.record(history.epochs[-1]["loss"], history.steps)

    def record(self, loss: Any, step: int | None = None) -> None:
        """Record a step that is done, the next one unless `step` is given, and its loss.

        Raises ValueError for a step that is not after the last.
        """
        last = self.steps[-1] if self.steps else 0
        step = last + 1 if step is None else whole("step", step)
        if step <= last:
            raise ValueError(f"step {step} is not after step {last}: a film is of one training")
        seen = number_of(loss)
        if self.due(step):
            self.frames.append(Shot(step, seen, self.snapshots.state()))
            if len(self.frames) >= self.most:
                self.thin()
        self.steps.append(step)
        self.losses.append(seen)

    def due(self, step: int) -> bool:
        """Whether to keep a frame of this step.

        As long as there is room, every step is kept. After that a step is kept if it is at least as
        far from the last frame as the two closest frames are from one another, where distance is
        the ratio of steps. For example, after 10, 20 and 40 a frame comes at about 80.
        """
        if len(self.frames) < self.most - 1:
            return True
        return (step + 1) / (self.frames[-1].step + 1) >= math.sqrt(min(self.ratios()))

    def ratios(self) -> list[float]:
        """The ratio of the steps of its neighbours, for each frame but the first and the last."""
        steps = [frame.step + 1 for frame in self.frames]
        return [after / before for before, after in zip(steps, steps[2:])]

    def thin(self) -> None:
        """Take out the frame whose neighbours are closest, so that the early frames stay."""
        ratios = self.ratios()
        del self.frames[1 + ratios.index(min(ratios))]

    # ---- developing ----

    def reel(self) -> list[Frame]:
        """The frames. The last one shows the model as it is now."""
        now = self.now()
        shots = [shot for shot in self.frames if shot.step < now.step] + [now]
        return [self.frame(shot) for shot in shots]

    def now(self) -> Shot:
        """The model as it is now, after the last step."""
        if not self.steps:
            return self.frames[-1]
        return Shot(self.steps[-1], self.losses[-1], self.snapshots.state())

    def frame(self, shot: Shot) -> Frame:
        """What the model gave at every place after that step. Raises ValueError for nan or inf."""
        step, loss, state = shot
        try:
            given = self.snapshots.outputs(state)
        except ValueError as error:
            error.args = (f"after step {step} {error}",)
            raise
        if not self.in_the_plane:
            return Frame(step, loss, b"", array("d", [y for (y,) in given]))
        if len(given[0]) == 1:
            leads = [y - self.threshold for (y,) in given]
            return Frame(step, loss, bytes(d > 0 for d in leads), array("d", map(abs, leads)))
        tops = [sorted(scores)[-2:] for scores in given]
        return Frame(step, loss, bytes(classes(given)), array("d", [b - a for a, b in tops]))

    # ---- targets ----

    def classes_of(self, targets: Sequence[Any], count: int) -> list[int]:
        """The class of each target, for a model with that many outputs."""
        if count == 1:
            kinds = {number_of(target) for target in targets}
            if len(kinds) > 2:
                raise ValueError(
                    "a film of several inputs and 1 output shows 2 classes, "
                    f"got {len(kinds)} targets"
                )
            return [int(number_of(target) > self.threshold) for target in targets]
        marks = [class_at(i, target) for i, target in enumerate(targets)]
        if count > 256:
            raise ValueError(f"a film shows up to 256 classes, got a model of {count} outputs")
        if max(marks) >= count:
            raise ValueError(f"a model of {count} outputs shows no class {max(marks)}")
        return marks

    def names_of_classes(self, given: Sequence[str] | None, count: int) -> list[str]:
        """The names that were given, or others, for a model with that many outputs."""
        n = max(2, count)
        if given is not None:
            wanted(not isinstance(given, str), "class_names are a list of texts", given)
            if len(given) != n:
                raise ValueError(f"there are {n} classes, got {len(given)} class_names")
            return [one_line(str(name)) for name in given]
        if count == 1:
            return [f"target {self.threshold:g} or less", f"target above {self.threshold:g}"]
        return [f"class {k}" for k in range(n)]


def loss_curve(recording: Recording, steps: set[int]) -> list[tuple[int, float]]:
    """The points of the curve that is drawn: (step, loss) of these steps, and of others between."""
    every = math.ceil(len(recording.steps) / CURVE) or 1
    known = enumerate(zip(recording.steps, recording.losses))
    return [(step, loss) for i, (step, loss) in known if i % every == 0 or step in steps]


def middle_lead(numbers: Iterable[float]) -> float:
    """How far the winner is ahead in the middle of all places; there a class has half its shade."""
    ordered = sorted(numbers)
    return ordered[len(ordered) // 2] or 1.0
