"""The parser: which subcommands there are, and what `--help` says.

A subcommand is a file of that name in this folder, with DESCRIPTION and EXAMPLES for its help,
`options`, which adds its arguments to a parser, and `run`, which does it and gives the exit code.
"""

from __future__ import annotations

import argparse
from importlib import import_module

from nn.command.version import version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

SUBCOMMANDS = {
    "train": "train a network on a task or on a CSV file",
    "predict": "apply a saved network to rows of numbers",
    "draw": "draw the graph of a formula",
    "explain": "explain a derivative as a sum over paths",
    "explore": "make a page that steps through a formula",
    "source": "write a formula and its gradient as a program",
    "completion": "print what lets your shell complete this command",
}
FORMULAS_AND_ROWS = ("draw", "explain", "explore", "predict", "source")  # these may begin with -

DESCRIPTION = "Train small networks, and draw, explain and step through formulas and gradients."
EPILOG = """\
examples:
  chainrule train xor
  chainrule draw "tanh(w*x + b)" w=2 x=-0.5 b=1.5 --derivatives -o neuron.svg

`chainrule COMMAND --help` says more about a command, with examples."""


class Parser(argparse.ArgumentParser):
    """A parser that keeps the line ends of its texts, and says an error in one line."""

    wanted: str | None = None  # the subcommand that was typed

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def error(self, message: str) -> NoReturn:
        prog = self.prog
        if message.startswith("unrecognized arguments") and self.wanted:
            prog = f"{prog} {self.wanted}"  # argparse asks the top for what its subcommand left
        self.exit(2, f"chainrule: {message} (see {prog} --help)\n")


def parser(wanted: str | None = None) -> argparse.ArgumentParser:
    """The parser of the command line, with the options of all subcommands or of the wanted one.

    Files of other subcommands are not imported, so that help and version come at once.
    """
    top = Parser(prog="chainrule", description=DESCRIPTION, epilog=EPILOG)
    top.wanted = wanted if wanted in SUBCOMMANDS else None
    top.add_argument("--version", action="version", version=version())
    commands = top.add_subparsers(required=True, metavar="command")
    for name, summary in SUBCOMMANDS.items():
        if wanted not in (None, name):
            commands.add_parser(name, help=summary)
            continue
        subcommand = import_module(f"nn.command.{name}")
        made = commands.add_parser(
            name,
            help=summary,
            description=subcommand.DESCRIPTION,
            epilog=f"examples:\n{subcommand.EXAMPLES}",
        )
        made.set_defaults(run=subcommand.run)
        subcommand.options(made)
    return top
