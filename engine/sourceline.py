"""The source line: which part of which line of a program made a Value."""

from __future__ import annotations

import linecache
import sys
from itertools import islice
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType

OURS = ("engine", "nn")  # whose frames are passed over: it is their caller's line that is wanted
LONGEST = 160  # characters of a line, and of the part, that are kept


class SourceLine(NamedTuple):
    """A line, in three: the part that made the Value, and what stands before and behind it.

    place: its file and number, such as "lesson.py:12" or, of a notebook, "Cell In[3]:2".
    """

    place: str
    before: str
    part: str
    after: str


def calling() -> SourceLine | None:
    """The line from which engine was called; None where nobody has its text, as at a prompt."""
    frame: FrameType | None = sys._getframe(1)
    while frame and str(frame.f_globals.get("__name__", "")).partition(".")[0] in OURS:
        frame = frame.f_back
    if frame is None:
        return None
    first, last, start, end = positions(frame.f_code, frame.f_lasti)
    file = frame.f_code.co_filename
    lines = [linecache.getline(file, n, frame.f_globals) for n in range(first, last + 1)]
    return cut(f"{file_name(file)}:{first}", lines, start, end) if all(lines) else None


def positions(code: CodeType, instruction: int) -> tuple[int, int, int, int]:
    """Where the source of an instruction stands: first and last line, first and last byte."""
    first, last, start, end = next(islice(code.co_positions(), instruction // 2, None))
    line = first or code.co_firstlineno
    # Without columns, which python -X no_debug_ranges leaves out, it is all of the line.
    if start is None or end is None:
        return line, line, 0, sys.maxsize
    return line, last or line, start, end


def cut(place: str, lines: list[str], start: int, end: int) -> SourceLine:
    """The lines as one, parted at byte `start` of the first and byte `end` of the last."""
    start, end = characters(lines[0], start), characters(lines[-1], end)
    before, after = lines[0][:start].lstrip(), lines[-1][end:].rstrip()
    lines = [*lines[:-1], lines[-1][:end]]
    lines[0] = lines[0][start:]
    part = " ".join([line.strip() for line in lines])
    return SourceLine(place, shortened(before[::-1])[::-1], shortened(part), shortened(after))


def characters(line: str, n: int) -> int:
    """How many characters n bytes of a line are."""
    return len(line.encode()[:n].decode(errors="ignore"))


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\u2026"


def file_name(file: str) -> str:
    """The name of a file, or of the cell of a notebook that it stands for."""
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    cell = shell and shell.compile.format_code_name(file)
    return " ".join(cell) if cell else file.replace("\\", "/").rpartition("/")[2]
