"""`chainrule source`: a formula and its gradient as straight-line code."""

from __future__ import annotations

from pathlib import Path

from engine.languages.by_name import LANGUAGES
from nn.command.formulas import assignment, check_size
from nn.command.options import formula_option, variables_option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

DESCRIPTION = """\
Write a formula and its gradient as a program.
The program has one line for each operation; the variables of the formula are
its inputs."""
EXAMPLES = """\
  chainrule source "tanh(w*x + b)"
  chainrule source "log(x) / x" x=2 --language c -o quotient.c"""


def options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    formula_option(add)
    variables_option(add, "where the formula is tried; 1 where nothing is said")
    add("--language", choices=LANGUAGES, default="python", help="(default: python)")
    add("-o", "--output", type=Path, metavar="FILE", help="where it goes, instead of the terminal")


def run(options: Namespace) -> int:
    """Print a formula as straight-line code, with its gradient."""
    from engine import Value, topological_order, trace
    from engine.formulas.reading import expression, names_in
    from engine.saving.files import write_file

    variables = dict([assignment(text) for text in options.variables])
    names = [name for name in names_in(options.expression) if name not in variables]
    variables |= {name: Value(1.0, label=name) for name in names}
    result = expression(options.expression, variables)
    used = set(topological_order(result))
    check_size(used)
    source = trace(result, [x for x in variables.values() if x in used]).source(options.language)
    if options.output is None:
        print(source, end="")
    else:
        write_file(options.output, source)
    return 0
