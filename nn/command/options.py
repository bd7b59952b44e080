"""Options that several subcommands have, and the types of their words."""

from __future__ import annotations

import argparse
import ast
import re
import shlex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def formula_option(add: Callable[..., Any]) -> None:
    add("expression", help='a formula, such as "tanh(w*x + b)"')


def variables_option(add: Callable[..., Any], words: str = "as in w=2 x=-0.5") -> None:
    # With a default, argparse does not list them as required.
    add("variables", nargs="*", default=[], metavar="name=number", help=words)


def delimiter_option(add: Callable[..., Any]) -> None:
    words = "sign between the cells of a CSV file (default: ,)"
    add("--delimiter", type=delimiter, default=",", metavar="SIGN", help=words)


def decimal_option(add: Callable[..., Any]) -> None:
    words = "sign before the decimals of a CSV file, . or , (default: .)"
    add("--decimal", choices=[".", ","], default=".", metavar="SIGN", help=words)


def as_options(message: str) -> str:
    """A message of nn.data with the options of the command in the place of its arguments."""
    options = {
        "classes=True": "--kind classes",
        "decimal=','": "--decimal ,",
        "columns says": "--columns says",
        "taken and drop": "taken and --drop",
    }
    for argument, option in options.items():
        message = message.replace(argument, option)
    return re.sub(r"\bdrop=(\[.*?\])(?= leaves|$)", drop_option, message)


def drop_option(found: re.Match[str]) -> str:
    """The option for drop=[...], whose words a shell takes as they are."""
    try:
        names = [shlex.quote(name) for name in ast.literal_eval(found[1])]
    except (SyntaxError, TypeError, ValueError):  # a cell that only looks like it
        return found[0]
    return f"--drop {' '.join(names)}"


# ---- types ----


def whole(text: str, also: str = "") -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a whole number{also}, got {text!r}") from None


def number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}") from None


def positive(text: str, also: str = "") -> int:
    n = whole(text, also)
    if n < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {n}")
    return n


def not_negative(text: str) -> int:
    n = whole(text)
    if n < 0:
        raise argparse.ArgumentTypeError(f"expected at least 0, got {n}")
    return n


def batch(text: str) -> int | None:
    """A number of rows; None for "all"."""
    return None if text == "all" else positive(text, " or all")


def delimiter(text: str) -> str:
    sign = {"\\t": "\t", "tab": "\t"}.get(text, text)
    if len(sign) != 1:
        raise argparse.ArgumentTypeError(f"expected one sign, such as ; or tab, got {text!r}")
    return sign
