"""`chainrule explore`: the page that steps through a formula."""

from __future__ import annotations

from pathlib import Path

from nn.command.formulas import check_size, formula
from nn.command.options import formula_option, variables_option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

DESCRIPTION = """\
Make a page that steps through a formula and its chain rule.
It steps forward through the computation and backward through the gradients.
The page is one file for any browser, and needs no network."""
EXAMPLES = """\
  chainrule explore "tanh(w*x + b)" w=2 x=-0.5 b=1.5 -o steps.html
  chainrule explore "a*a + a" a=3 --lang zh -o steps.html"""


def options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    formula_option(add)
    variables_option(add)
    add("-o", "--output", type=Path, required=True, metavar="FILE", help="such as steps.html")
    add("--lang", choices=["en", "zh"], default="en", help="language of the page (default: en)")
    add("--open", action="store_true", help="show it in the browser")


def run(options: Namespace) -> int:
    """Write the page that steps through a formula."""
    from engine import explore, topological_order

    result, _ = formula(options.expression, options.variables)
    check_size(topological_order(result))
    if options.output.suffix.lower() not in ("", ".htm", ".html"):
        raise ValueError(f"the page is HTML: it goes into a .html file, got {options.output}")
    steps = explore(result, lang=options.lang, title=options.expression.strip())
    path = steps.save(options.output)
    print(f"{options.expression.strip()} = {result.data:.6g}, step by step: {path}")
    if options.open:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())
    return 0
