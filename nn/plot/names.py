"""Names in a plot: they are drawn as they were given, whatever letters and signs they have."""

from __future__ import annotations

import unicodedata
import warnings

from engine.formulas.escapes import one_line
from nn.checks import wanted
from nn.plot.fonts import BOXES, advice, families_for, has_boxes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from matplotlib.axes import Axes
    from matplotlib.text import Text


class MissingLetters(UserWarning):
    """No installed font has a letter of a plot."""


LONGEST = 32  # columns of a name: a longer one would leave no room for the plot


def written(name: Any, longest: int = LONGEST) -> str:
    r"""A name in one line; of a long one, its beginning and its end.

    >>> written("a\nb"), written("x" * 99) == "x" * 16 + "\u2026" + "x" * 15
    ('a\\nb', True)
    """
    text = one_line(str(name))
    if columns(text) <= longest:
        return text
    half = longest // 2
    begin = next(i for i in range(half, -1, -1) if columns(text[:i]) <= half)
    end = next(i for i in range(half - 1, -1, -1) if columns(text[len(text) - i :]) < half)
    return f"{text[:begin]}\u2026{text[len(text) - end :]}"


def named(what: str, names: Any) -> Sequence[str]:
    """The names. Raises TypeError if they are not a list."""
    fits = hasattr(names, "__len__") and not isinstance(names, str)
    wanted(fits, f"{what} are a list of names", names)
    return names  # type: ignore[no-any-return]


def labels_of(labels: Any) -> Sequence[str]:
    """The names of classes. Raises TypeError or ValueError unless they are a list of some."""
    if not len(named("labels", labels)):
        raise ValueError("labels are the names of at least 1 class, got 0")
    return labels  # type: ignore[no-any-return]


def columns(text: str) -> int:
    """How wide a text is, in half widths of a Chinese character: 1 for a letter, 2 for 晴."""
    return sum([2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text])


def write_names(ax: Axes, title: str, xlabel: str, ylabel: str) -> None:
    """Write the title and the names of both axes, so large that the last row can read them."""
    ax.set_title(title, fontsize="large")
    ax.set_xlabel(written(xlabel), fontsize="large")
    ax.set_ylabel(written(ylabel), fontsize="large")


def write_legend(
    ax: Axes, keys: Sequence[Any], names: Sequence[str], most: int, **look: Any
) -> None:
    """A legend of the first names; its last line counts those for which there is no room."""
    from matplotlib.lines import Line2D

    keys, names = list(keys), [written(name) for name in names]
    if len(names) > most:
        names[most - 1 :] = [f"\u2026 {len(names) - most + 1} more"]
        keys[most - 1 :] = [Line2D([], [], linestyle="")]
    legend = ax.legend(keys, [" "] * len(names), **look)  # a name such as _x would be left out
    for text, name in zip(legend.get_texts(), names):
        text.set_text(name)


def as_written(ax: Axes, *others: Text, calls: int = 1) -> None:
    """Let matplotlib read no formula in names, and draw each letter in a font that has it.

    Names are the texts of the axes but for the numbers at its ticks; and others. A warning says
    which letters no installed font has; it is about the line that many calls above this one.
    """
    from matplotlib import rcParams

    legend: Any = ax.get_legend()
    texts: list[Any] = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.texts, *others]
    texts += [legend.get_title(), *legend.get_texts()] if legend else []
    families, lacking = families_for("".join([text.get_text() for text in texts]))
    if lacking and has_boxes():
        families.append(BOXES)
    elif lacking:  # they are named below; matplotlib would name them at each drawing
        codes = "|".join([str(ord(letter)) for letter in lacking])
        warnings.filterwarnings("ignore", rf"Glyph ({codes}) ", UserWarning)
    for text in texts:
        text.set_usetex(False)
        text.set_parse_math(False)
        if families:
            text.set_fontfamily([*rcParams["font.family"], *families])
    if lacking:
        warnings.warn(advice(lacking), MissingLetters, stacklevel=2 + calls)
