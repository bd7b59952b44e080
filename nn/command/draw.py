"""`chainrule draw`: the graph of a formula, as a picture or as DOT."""

from __future__ import annotations

import sys
from pathlib import Path

from nn.command.formulas import formula, known
from nn.command.options import formula_option, variables_option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from engine import Diagram

DESCRIPTION = """\
Draw the graph of a formula, with its numbers and gradients.
With -o the picture goes into a file, and the value and the derivatives are
printed. Without it the graph is printed, as DOT or in the --format."""
EXAMPLES = """\
  chainrule draw "tanh(w*x + b)" w=2 x=-0.5 b=1.5 --derivatives -o neuron.svg
  chainrule draw "a*a + a" a=3 --format mermaid"""


def options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    formula_option(add)
    variables_option(add)
    add("-o", "--output", type=Path, metavar="FILE", help="picture; its ending is the format")
    add("--rankdir", choices=["LR", "TB", "RL", "BT"], default="LR", help="direction of the graph")
    add("--derivatives", action="store_true", help="write local derivatives on the edges")
    add("--format", help="instead of what FILE ends in, such as svg, mermaid or tikz")
    add("--collapse", action="store_true", help="fold what repeats into one box with a count")
    add("--gradients", action="store_true", help="colour by the size of the gradient")
    add("--depth", type=int, metavar="N", help="only so many operations back from the result")
    add("--around", metavar="NAME", help="only what is near this variable")
    add("--open", action="store_true", help="show the picture in a window")


def run(options: Namespace) -> int:
    """Draw a formula into a file, or print its DOT source."""
    from engine import draw

    result, variables = formula(options.expression, options.variables)
    result.backward()
    if options.around is not None and options.around not in variables:
        hint = known(variables, "the formula has none")
        raise ValueError(f"unknown variable {options.around!r:.60}: {hint}")
    diagram = draw(
        result,
        rankdir=options.rankdir,
        derivatives=options.derivatives,
        depth=options.depth,
        around=variables.get(options.around),
        collapse=options.collapse,
        color="gradient" if options.gradients else "kind",
    )
    output = options.output
    if output is None and options.open:
        from tempfile import mkdtemp

        output = Path(mkdtemp(prefix="chainrule-")) / f"graph.{options.format or 'svg'}"
    if output is None:
        if options.format is None:
            print(diagram.source, end="")
        else:
            sys.stdout.buffer.write(diagram.pipe(options.format))
        return 0
    write(diagram, output, options.format)
    if options.open:
        show(output)
    print(f"{options.expression.strip()} = {result.data:.6g}")
    for name, x in variables.items():
        print(f"  d/d{name} = {x.grad:.6g}")
    return 0


def show(picture: Path) -> None:
    """Open a window with the picture."""
    import graphviz

    try:
        graphviz.view(picture)
    except FileNotFoundError as error:
        raise RuntimeError(f"cannot show {picture}: there is no {error.filename} here") from None


def write(diagram: Diagram, output: Path, format: str | None) -> None:
    """Write the picture in the format, or in the one that the file's ending says."""
    from engine.saving.files import write_file

    ending = format or output.suffix.lstrip(".").lower()
    if not ending:
        raise ValueError(f"{output} has no ending to tell its format, such as .svg")
    in_dot = ending in ("gv", "dot")
    write_file(output, diagram.source if in_dot else diagram.pipe(ending))
