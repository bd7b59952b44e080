"""`chainrule explain`: a derivative as the sum over its paths."""

from __future__ import annotations

from nn.command.formulas import check_size, formula, known, variable
from nn.command.options import formula_option, not_negative, variables_option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

DESCRIPTION = """\
Explain a derivative as the chain rule is taught, as a sum over paths.
Along each path from the variable to the result the slopes are multiplied; the
derivative is the sum of these products."""
EXAMPLES = """\
  chainrule explain "tanh(w*x + b)" w w=2 x=-0.5 b=1.5
  chainrule explain "a*a + a" a a=3 --format latex"""


def options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    formula_option(add)
    add("variable", help="what it is differentiated by, such as w")
    variables_option(add)
    add("--format", choices=["text", "markdown", "latex"], default="text", help="(default: text)")
    add("--limit", type=not_negative, default=20, help="list no more paths (default: 20)")


def run(options: Namespace) -> int:
    """Print a derivative of a formula as the sum over its paths."""
    from engine import explain, topological_order

    name = variable(options.variable)
    if "=" in name:
        raise ValueError(f"before the numbers comes the variable, such as {name.split('=')[0]}")
    result, variables = formula(options.expression, options.variables)
    check_size(topological_order(result))
    if name not in variables:
        raise ValueError(f"{name} is no variable here: {known(variables, 'there is none')}")
    explanation = explain(result, variables[name], limit=options.limit)
    print(getattr(explanation, options.format)().rstrip("\n"))
    return 0
