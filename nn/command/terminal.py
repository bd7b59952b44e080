"""The terminal: text that comes out as text, whatever letters it has and whoever wrote it."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress

# Control characters, line ends of Unicode, and what turns the direction of writing around.
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def shown(text: str, keep: str = "") -> str:
    r"""The text with escapes for the signs that a terminal obeys, but for those to keep.

    >>> print(shown("\x1b[31mred"))
    \x1b[31mred
    """
    return UNSEEN.sub(lambda found: found[0] if found[0] in keep else escaped(found[0]), text)


def escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode()


def complain(text: str) -> None:
    """Say what is wrong on stderr, if that takes it: the exit code says it too."""
    with suppress(OSError):
        print(f"chainrule: {shown(text)}", file=sys.stderr)


def let_go() -> None:
    """Send what stdout and stderr do not take, as of a full disk or a closed pipe, nowhere.

    Else Python tries to write it when it ends, and complains.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError):  # of a stream that is no file
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)


def open_streams() -> None:
    """Make sure of an output and of errors, which take every letter.

    Where the shell closed them, by >&- or 2>&-, they go nowhere. Letters that their encoding does
    not have, as of a pipe of Windows, are written as escapes.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (until exit)
        elif getattr(stream, "errors", None) == "strict" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
