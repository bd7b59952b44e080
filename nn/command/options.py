"""Options that several subcommands have, and the types of their words."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def formula_option(add: Callable[..., Any]) -> None:
    add("expression", help='a formula, such as "tanh(w*x + b)"')


def variables_option(add: Callable[..., Any], words: str = "as in w=2 x=-0.5") -> None:
    add("variables", nargs="*", metavar="name=number", help=words)


def delimiter_option(add: Callable[..., Any]) -> None:
    words = "sign between the cells of a CSV file (default: ,)"
    add("--delimiter", type=delimiter, default=",", metavar="SIGN", help=words)


# ---- types ----


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {number}")
    return number


def not_negative(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"expected at least 0, got {number}")
    return number


def batch(text: str) -> int | None:
    """A number of rows; None for "all"."""
    return None if text == "all" else positive(text)


def delimiter(text: str) -> str:
    sign = {"\\t": "\t", "tab": "\t"}.get(text, text)
    if len(sign) != 1:
        raise argparse.ArgumentTypeError(f"expected one sign, such as ; or tab, got {text!r}")
    return sign
