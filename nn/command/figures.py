"""The figures: plots as files, and what their drawing has to say as lines of the command."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager

from engine.saving.files import write_file
from nn.command.terminal import complain
from nn.plot.names import MissingLetters
from nn.plot.svg import svg_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any


def write_figures(folder: Path, plots: Callable[[], dict[str, Callable[[Any], Any]]]) -> list[str]:
    """Write a file for each name that plots() gives; its function draws on an Axes.

    Returns the names. A plot that cannot be drawn is left out, and a line says why. Without
    matplotlib it writes none, and says what to install.
    """
    with warnings_as_lines():
        try:
            import matplotlib.figure
        except ImportError:
            say("no plots of the loss and the decisions: pip install 'chainrule[plot]'")
            return []
        except ValueError as error:  # a setting of its own, such as MPLBACKEND
            say(f"no plots of the loss and the decisions: {error}")
            return []
        # Whoever shows an SVG has fonts of its own.
        warnings.simplefilter("ignore", MissingLetters)
        written = []
        for name, plot in plots().items():
            # No window, so no display.
            figure = matplotlib.figure.Figure(figsize=(6, 4.5), layout="constrained")
            try:
                plot(figure.subplots())
                svg = svg_of(figure)
            except (ArithmeticError, ValueError) as error:
                say(f"no {name}: {error}")
                continue
            write_file(folder / name, svg)
            written.append(name)
    return written


@contextmanager
def warnings_as_lines() -> Iterator[None]:
    """A block whose warnings are lines of the command, each once, and without a place in a file."""
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)  # it tells where it keeps its list of fonts
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default", MissingLetters)
            yield
    finally:
        log.setLevel(level)
    for message in dict.fromkeys([str(warning.message) for warning in caught]):
        say(message)


def say(message: str) -> None:
    complain(" ".join(message.split()))
