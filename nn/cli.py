"""The command: `chainrule train xor` and `chainrule draw "tanh(w*x + b)" w=2 x=-0.5 b=1`."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn
from unicodedata import normalize

import engine
from engine import Value, draw, topological_order
from engine.expression import expression
from engine.files import write_file
from nn.mlp import ACTIVATIONS
from nn.tasks import OPTIMIZERS, TASKS, train_task
from nn.train import train_xor

LEARNED = 0.01  # the mean squared error below which XOR counts as learned
ACCURATE = 0.9  # the accuracy from which on another task does


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 not learned, 2 an error, in one line."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words[:1] == ["draw"]:  # a formula may begin with a minus: with a space, it is no option
        words = [f" {word}" if re.match(r"-[^-oh]", word) else word for word in words]
    options = parser().parse_args(words)
    try:
        code: int = options.run(options)
        return code
    except KeyboardInterrupt:
        print("chainrule: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read our output, such as head, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        place = f"cannot write {error.filename}: {error.strerror}" if error.filename else str(error)
        print(f"chainrule: {place}", file=sys.stderr)
        return 2
    except (ArithmeticError, ImportError, RuntimeError, TypeError, ValueError) as error:
        print(f"chainrule: {' '.join(str(error).split())}", file=sys.stderr)
        return 2


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, as for every other error."""
        self.exit(2, f"chainrule: {message} (see {self.prog} --help)\n")


def parser() -> Parser:
    formatter = argparse.ArgumentDefaultsHelpFormatter
    top = Parser(
        prog="chainrule",
        description=engine.__doc__.partition("\n")[0],
        formatter_class=argparse.RawDescriptionHelpFormatter,  # the version in one line
    )
    top.add_argument("--version", action="version", version=version())
    commands = top.add_subparsers(required=True, metavar="command")

    training = commands.add_parser("train", help="train a network")
    tasks = training.add_subparsers(dest="task", required=True, metavar="task")
    add = tasks.add_parser("xor", help="exclusive or", formatter_class=formatter).add_argument
    add("--hidden", type=int, nargs="+", default=[4], metavar="N", help="sizes of hidden layers")
    add("--lr", type=float, default=0.2, help="learning rate")
    add("--momentum", type=float, default=0.0, help="momentum of gradient descent")
    add("--steps", type=positive, default=1000, help="steps of gradient descent")
    common_options(add, "xor")
    for name, task in TASKS.items():
        (first,) = (task.make.__doc__ or "").partition("\n")[:1]
        add = tasks.add_parser(name, help=first, formatter_class=formatter).add_argument
        add(
            "--hidden",
            type=int,
            nargs="+",
            default=task.hidden,
            metavar="N",
            help="sizes of layers",
        )
        add("--lr", type=float, default=task.lr, help="learning rate of the first epoch")
        add("--optimizer", choices=OPTIMIZERS, default="adam", help="what moves the parameters")
        add("--weight-decay", type=float, default=0.0, help="pull of the parameters towards 0")
        add("--epochs", type=positive, default=task.epochs, help="passes over the data")
        add("--batch-size", type=positive, default=20, help="samples in a step")
        add("--patience", type=positive, metavar="EPOCHS", help="stop after as many without gain")
        add("--resume", action="store_true", help="go on from the folder's checkpoint")
        common_options(add, name)
    training.set_defaults(run=train)

    drawing = commands.add_parser("draw", help="draw the graph of a formula")
    drawing.set_defaults(run=draw_expression)
    add = drawing.add_argument
    add("expression", help='a formula, such as "tanh(w*x + b)"')
    add("variables", nargs="*", metavar="name=number", help="as in w=2 x=-0.5")
    add("-o", "--output", type=Path, metavar="FILE", help="picture; its ending is the format")
    add("--rankdir", choices=["LR", "TB", "RL", "BT"], default="LR", help="direction of the graph")
    add("--derivatives", action="store_true", help="write local derivatives on the edges")
    return top


def common_options(add: Callable[..., Any], task: str) -> None:
    add("--activation", default="tanh", help=f"one of {', '.join(ACTIVATIONS)}")
    add("--seed", type=int, default=0, help="seed of all that is random")
    add("--output", type=Path, default=Path(task), metavar="FOLDER", help="where files go")
    add("--quiet", action="store_true", help="print errors only")


def version() -> str:
    """ "chainrule 0.1.0, compiled: yes", or no, with the reason if the build left one."""
    answer = f"chainrule {engine.__version__}, compiled: "
    if engine.compiled:
        return answer + "yes"
    if "engine.switch" in sys.modules:
        return answer + "no (CHAINRULE_PURE is set)"
    folder = Path(engine.__file__).parent
    if (folder / "pure.txt").exists():
        return answer + f"no ({(folder / 'pure.txt').read_text('utf-8').strip()})"
    checkout = (folder.parent / "setup.py").exists()
    return answer + ("no (it runs from a checkout)" if checkout else "no")


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {number}")
    return number


def train(options: argparse.Namespace) -> int:
    """Train a network; 0 if it learned its task."""
    settings = {name: x for name, x in vars(options).items() if name not in ("run", "task")}
    if not options.quiet:
        print(version())
    if options.task == "xor":
        loss = train_xor(**settings)
        learned, reached = (
            loss < LEARNED,
            f"the mean squared error is {loss:.2g}, not below {LEARNED}",
        )
    else:
        accuracy = train_task(options.task, **settings)
        learned = accuracy >= ACCURATE
        reached = f"{accuracy:.1%} of the held-out samples are right, not {ACCURATE:.0%}"
    if learned:
        return 0
    more = "--steps" if options.task == "xor" else "--epochs"
    name = "XOR was" if options.task == "xor" else f"{options.task} were"
    print(
        f"chainrule: {name} not learned: {reached}; more {more}, or another --seed, --lr or "
        "--hidden, may help",
        file=sys.stderr,
    )
    return 1


def draw_expression(options: argparse.Namespace) -> int:
    """Draw a formula into a file, or print its DOT source."""
    variables: dict[str, Value] = {}
    for text in options.variables:
        name, value = assignment(text)
        if name in variables:
            raise ValueError(f"{name} is given twice")
        variables[name] = value
    result = expression(options.expression, variables)
    used = set(topological_order(result))
    for name, x in variables.items():
        if x not in used:
            raise ValueError(f"{name} is given a value, but does not occur in the formula")
    result.backward()
    diagram = draw(result, rankdir=options.rankdir, derivatives=options.derivatives)
    if options.output is None:
        print(diagram.source, end="")
        return 0
    ending = options.output.suffix.lstrip(".").lower()
    if not ending:
        raise ValueError(f"{options.output} has no ending to tell its format, such as .svg")
    in_dot = ending in ("gv", "dot")
    write_file(options.output, diagram.source if in_dot else diagram.pipe(ending))
    print(f"{options.expression.strip()} = {result.data:.6g}")
    for name, x in variables.items():
        print(f"  d/d{name} = {x.grad:.6g}")
    return 0


def assignment(text: str) -> tuple[str, Value]:
    """The variable of "w=2"."""
    name, equals, number = text.partition("=")
    name = normalize("NFKC", name.strip())  # as Python reads the names in the formula
    try:
        if not (equals and name.isidentifier()):
            raise ValueError
        return name, Value(float(number), label=name)
    except ValueError:
        raise ValueError(f"expected name=number, as in w=2, got {text!r}") from None
