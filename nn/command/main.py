"""The command: words in, an exit code out; `chainrule train xor`, `python -m nn train xor`.

0: done; 1: a task was not learned; 2: an error, said in one line; 130: interrupted.
"""

from __future__ import annotations

import re
import sys
import warnings

from nn.command.parser import FORMULAS_AND_ROWS, parser
from nn.command.terminal import complain, let_go, open_streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

# Neither -o, -h nor a word of two dashes, unless an operator follows: -omega*x, -h * x, --(x). But
# -oa+b.svg is the option -o with its file.
BEGINS_WITH_MINUS = r"(?!-o.*\.[a-z]+$)(-[^-oh]|-+\w*\s*[*+]|-+\w+\s+[-/]|-+\()"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code. Without arguments it prints its help."""
    open_streams()
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words[:1] and words[0] in FORMULAS_AND_ROWS:
        # A formula or a row may begin with a minus: after a space, argparse takes it for no option.
        words = [f" {word}" if re.match(BEGINS_WITH_MINUS, word) else word for word in words]
    options = None
    try:
        try:
            options = parser(words[0] if words else "").parse_args(words or ["--help"])
            with warnings.catch_warnings():
                # What Python says of 1if: before 3.12 it is a DeprecationWarning.
                warnings.filterwarnings("ignore", "invalid .*(literal|escape sequence)")
                warnings.simplefilter("ignore", SyntaxWarning)
                code: int = options.run(options)
        finally:  # also of help, which ends by an exception
            sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
    except BrokenPipeError:  # whoever read our output, such as head, has had enough
        return 0
    except OSError as error:
        complain(place(error, options))
        return 2
    except (ArithmeticError, ImportError, RuntimeError, TypeError, ValueError) as error:
        complain(" ".join(str(error).split()))
        return 2
    finally:
        let_go()


def place(error: OSError, options: argparse.Namespace | None) -> str:
    """What could not be read or written, and why."""
    if not error.filename:
        return f"cannot write: {error.strerror}" if error.strerror else str(error)
    reading = isinstance(error, FileNotFoundError | IsADirectoryError | PermissionError)
    verb = "read" if reading and error.filename in inputs(options) else "write"
    return f"cannot {verb} {error.filename}: {error.strerror}"


def inputs(options: argparse.Namespace | None) -> list[str]:
    """The files that the command reads."""
    found = [getattr(options, name, None) for name in ("task", "weights")]
    return [str(x) for x in [*found, *getattr(options, "rows", [])] if x is not None]
