"""The film of a training: what a model makes of its inputs, and its loss, frame by frame.

A Film is a callback of `fit`, or is told of each step by hand. `nn.film.page` makes a page of it,
`nn.film.animation` a GIF or an APNG.
"""

from __future__ import annotations

import math
from array import array
from pathlib import Path
from typing import Any, NamedTuple

from engine.op import number
from engine.saving.files import write_file
from engine.value import number_of
from nn.checks import wanted, whole
from nn.data.loader import check_data, width_of
from nn.film.plane import Plane
from nn.film.snapshots import Earlier
from nn.metrics import classes
from nn.plot.decisions import class_at, spread

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from nn.training.history import History

FORMATS = (".html", ".gif", ".apng", ".png")


class Shot(NamedTuple):
    """What is kept of the model after a step. loss: that of the step; nan before the first."""

    step: int
    loss: float
    state: Any


class Frame(NamedTuple):
    """What is shown of the model after a step.

    In the plane: at each place of the grid, row by row from below, the class that wins, and in
    `numbers` how far it is ahead of the next. Of one input: the predictions, and no classes.
    """

    step: int
    loss: float
    winners: bytes
    numbers: array[float]


class Film:
    """A recording of a training: of how a model sees its data.

    Of a Module the parameters are kept, and it is asked when the film is shown.

    >>> from random import Random
    >>> from nn import MLP, SGD, data, fit
    >>> model = MLP(2, [4, 1], activation="tanh", rng=Random(0))
    >>> film = Film(model, *data.xor(), threshold=0.5)
    >>> optimizer = SGD(model.parameters(), lr=0.2)
    >>> history = fit(
    ...     model, data.xor(), optimizer=optimizer, epochs=400, callbacks=film, progress=False
    ... )
    >>> film.save("xor.html")  # doctest: +SKIP
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
        """inputs: [n][2 or more], [n][1] or [n], targets: [n]. The first frame is taken here.

        Of more inputs than two, those `shown` are, and the others held at the mean of the data.
        Of two or more: a model of several outputs has one for each class; a single output means
        class 1 above the threshold, and so does a target: 0 fits logits, 0.5 probabilities. Of
        one input: the curve of a single output. names: those of the axes, or of all inputs.
        frames: how many there are at most, however long the training. resolution: places along
        each side of the grid. Raises ValueError for data of another shape, with the row, and for
        a model that does not fit to it.
        """
        check_data(inputs, targets)
        self.title = str(title)
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
            self.xs = spread([x for (x,) in rows], 4 * resolution)
            places = list(self.xs) if bare else [[x] for x in self.xs]
            self.names = [str(name) for name in (("x", "y") if names is None else names)]
            if len(self.names) != 2:
                raise ValueError(f"names are those of 2 axes, got {len(self.names)}")
        self.model = Earlier(model, places)
        state = self.model.state()
        width = len(self.model.outputs(state)[0])
        if self.in_the_plane:
            marks = self.classes_of(targets, width)
            self.labels = self.names_of_classes(class_names, width)
            self.points = [(x, y, k) for (x, y), k in zip(plane.points, marks)]
        else:
            if width != 1:
                raise ValueError(f"a film of 1 input shows 1 output, got {width}")
            self.points = [(x, number_of(t), 0) for (x,), t in zip(rows, targets)]
            self.ys = spread([y for _, y, _ in self.points], 2)
        self.frames = [Shot(0, math.nan, state)]
        self.steps: list[int] = []
        self.losses: list[float] = []

    # ---- recording ----

    def __call__(self, history: History) -> None:
        """Record an epoch of `fit`."""
        self.record(history.epochs[-1]["loss"], history.steps)

    def record(self, loss: Any, step: int | None = None) -> None:
        """Record that a step is done, the next unless said otherwise, and its loss.

        Raises ValueError for a step that is not after the last.
        """
        last = self.steps[-1] if self.steps else 0
        step = last + 1 if step is None else whole("step", step)
        if step <= last:
            raise ValueError(f"step {step} is not after step {last}: a film is of one training")
        seen = number_of(loss)
        if self.due(step):
            self.frames.append(Shot(step, seen, self.model.state()))
            if len(self.frames) >= self.most:
                self.thin()
        self.steps.append(step)
        self.losses.append(seen)

    def due(self, step: int) -> bool:
        """Whether a frame is worth its place: always at first, then if it is as far from the last,
        as a ratio, as frames are from one another where they are closest.
        """
        if len(self.frames) < self.most - 1:
            return True
        return (step + 1) / (self.frames[-1].step + 1) >= math.sqrt(min(self.ratios()))

    def ratios(self) -> list[float]:
        """For each frame but first and last, how far apart its neighbours are."""
        steps = [frame.step + 1 for frame in self.frames]
        return [after / before for before, after in zip(steps, steps[2:])]

    def thin(self) -> None:
        """Take out the frame whose neighbours are closest: the early ones stay."""
        ratios = self.ratios()
        del self.frames[1 + ratios.index(min(ratios))]

    # ---- developing ----

    def reel(self) -> list[Frame]:
        """The frames, of which the last shows the model as it is now."""
        shots = self.frames
        if self.steps:
            now = Shot(self.steps[-1], self.losses[-1], self.model.state())
            shots = [shot for shot in shots if shot.step < now.step] + [now]
        return [self.frame(shot) for shot in shots]

    def frame(self, shot: Shot) -> Frame:
        """What the model gave, by then, at every place. Raises ValueError for nan or inf."""
        step, loss, state = shot
        try:
            given = self.model.outputs(state)
        except ValueError as error:
            error.args = (f"after step {step} {error}",)
            raise
        if not self.in_the_plane:
            return Frame(step, loss, b"", array("d", [y for (y,) in given]))
        if len(given[0]) == 1:
            ahead = [y - self.threshold for (y,) in given]
            return Frame(step, loss, bytes(d > 0 for d in ahead), array("d", map(abs, ahead)))
        tops = [sorted(scores)[-2:] for scores in given]
        return Frame(step, loss, bytes(classes(given)), array("d", [b - a for a, b in tops]))

    # ---- targets ----

    def classes_of(self, targets: Sequence[Any], count: int) -> list[int]:
        """The class of each target, for a model of so many outputs."""
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
        n = max(2, count)
        if given is not None:
            wanted(not isinstance(given, str), "class_names are a list of texts", given)
            if len(given) != n:
                raise ValueError(f"there are {n} classes, got {len(given)} class_names")
            return [str(name) for name in given]
        if count == 1:
            return [f"target {self.threshold:g} or less", f"target above {self.threshold:g}"]
        return [f"class {k}" for k in range(n)]

    # ---- showing ----

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the film: .html, a page that needs nothing else; .gif; .apng or .png, an APNG.

        The last frame shows the model as it is when this is called. Raises ValueError for another
        ending, OSError, and ImportError if a picture is asked for without matplotlib.
        """
        check_film(path)
        if Path(path).suffix.lower() == ".html":
            from nn.film.page import page

            write_file(path, page(self))
        else:
            from nn.film.animation import animation

            write_file(path, animation(self, gif=Path(path).suffix.lower() == ".gif"))

    def _repr_html_(self) -> str:
        """The page in a frame of its own, whose script runs in a notebook."""
        from engine.saving.page import framed
        from nn.film.page import page

        return framed(page(self), self.title, "34rem")


def check_film(path: str | os.PathLike[str]) -> None:
    """Raise ValueError or ImportError for a file that no film can be saved as."""
    ending = Path(path).suffix.lower()
    if ending not in FORMATS:
        raise ValueError(f"a film is saved as {', '.join(FORMATS)}, got {str(path)!r:.60}")
    if ending != ".html":
        try:
            import matplotlib.figure  # noqa: F401
        except ImportError as error:
            raise ImportError(
                f"a film as {ending} needs matplotlib: pip install 'chainrule[plot]'"
            ) from error
