"""The command: `chainrule train xor`, `chainrule predict xor/weights.json 0,1`,
`chainrule draw "tanh(w*x + b)" w=2 x=-0.5 b=1`.
"""

import argparse
import os
import random
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NoReturn
from unicodedata import normalize

import graphviz

import engine
from engine import Value, draw, explain, explore, topological_order, trace
from engine.formulas.reading import expression, names_in
from engine.languages.by_name import LANGUAGES
from engine.saving.files import write_file
from nn.activations import ACTIVATIONS
from nn.command.predict import predict
from nn.command.tasks import TASKS, own_table, task_called
from nn.command.train import Settings, train
from nn.optim.by_name import OPTIMIZERS
from nn.schedules.by_name import SCHEDULES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 not learned, 2 an error, in one line."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words[:1] in (["draw"], ["explain"], ["explore"], ["predict"], ["source"]):
        # A formula, or a row, may begin with a minus: with a space, it is no option.
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
        reading = isinstance(error, FileNotFoundError | IsADirectoryError | PermissionError)
        verb = "read" if reading and error.filename in inputs(options) else "write"
        place = (
            f"cannot {verb} {error.filename}: {error.strerror}" if error.filename else str(error)
        )
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
    top = Parser(
        prog="chainrule",
        description=engine.__doc__.partition("\n")[0],
        formatter_class=argparse.RawDescriptionHelpFormatter,  # the version in one line
    )
    top.add_argument("--version", action="version", version=version())
    commands = top.add_subparsers(required=True, metavar="command")

    training = commands.add_parser(
        "train",
        help="train a network",
        description="Train a network on a task, or on a CSV file of your own.",
        epilog=tasks_and_settings(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    training.set_defaults(run=train_network)
    train_options(training)

    predicting = commands.add_parser("predict", help="apply a saved network")
    predicting.set_defaults(run=print_predictions)
    add = predicting.add_argument
    add("weights", type=Path, help="a file that train wrote, such as xor/weights.json")
    add("rows", nargs="+", metavar="row", help="numbers, as in 0,1; or a CSV file with their names")
    delimiter_option(add)
    add("--probabilities", action="store_true", help="print those of all classes")

    drawing = commands.add_parser("draw", help="draw the graph of a formula")
    drawing.set_defaults(run=draw_expression)
    add = drawing.add_argument
    add("expression", help='a formula, such as "tanh(w*x + b)"')
    add("variables", nargs="*", metavar="name=number", help="as in w=2 x=-0.5")
    add("-o", "--output", type=Path, metavar="FILE", help="picture; its ending is the format")
    add("--rankdir", choices=["LR", "TB", "RL", "BT"], default="LR", help="direction of the graph")
    add("--derivatives", action="store_true", help="write local derivatives on the edges")
    add("--format", help="instead of what FILE ends in, such as svg, mermaid or tikz")
    add("--collapse", action="store_true", help="fold what repeats into one box with a count")
    add("--gradients", action="store_true", help="colour by the size of the gradient")
    add("--depth", type=int, metavar="N", help="only so many operations back from the result")
    add("--around", metavar="NAME", help="only what is near this variable")
    add("--open", action="store_true", help="show the picture in a window")

    explaining = commands.add_parser("explain", help="explain a derivative as a sum over paths")
    explaining.set_defaults(run=explain_expression)
    add = explaining.add_argument
    add("expression", help='a formula, such as "tanh(w*x + b)"')
    add("variable", help="what it is differentiated by, such as w")
    add("variables", nargs="*", metavar="name=number", help="as in w=2 x=-0.5")
    add("--format", choices=["text", "markdown", "latex"], default="text", help="(default: text)")
    add("--limit", type=not_negative, default=20, help="list no more paths (default: 20)")

    exploring = commands.add_parser("explore", help="make a page that steps through a formula")
    exploring.set_defaults(run=explore_expression)
    add = exploring.add_argument
    add("expression", help='a formula, such as "tanh(w*x + b)"')
    add("variables", nargs="*", metavar="name=number", help="as in w=2 x=-0.5")
    add("-o", "--output", type=Path, required=True, metavar="FILE", help="such as film.html")
    add("--lang", choices=["en", "zh"], default="en", help="of the page (default: en)")
    add("--open", action="store_true", help="show it in the browser")

    writing = commands.add_parser("source", help="write a formula and its gradient as a program")
    writing.set_defaults(run=print_source)
    add = writing.add_argument
    add("expression", help='a formula, such as "tanh(w*x + b)"')
    add("variables", nargs="*", metavar="name=number", help="1 where nothing is said")
    add("--language", choices=LANGUAGES, default="python", help="(default: python)")
    add("-o", "--output", type=Path, metavar="FILE", help="where it goes, instead of the terminal")
    return top


def train_options(training: argparse.ArgumentParser) -> None:
    add = training.add_argument
    add("task", help=f"one of {', '.join(TASKS)}; or a CSV file")
    add("--target", metavar="COLUMN", help="the column of the CSV file that is to be predicted")
    delimiter_option(add)
    add("--kind", choices=KINDS, help="what is in that column (default: as read_csv guesses)")
    add("--seed", type=int, default=0, help="seed of all else that is random (default: 0)")
    add("--split-seed", type=int, default=0, help="seed of which rows are held out (default: 0)")

    # Without a default, so that the task's own is taken where the option is not given.
    own: dict[str, Any] = {"default": argparse.SUPPRESS}
    add = training.add_argument_group("the network").add_argument
    add("--hidden", type=int, nargs="*", metavar="N", help="sizes of hidden layers", **own)
    add("--activation", default="tanh", help=f"one of {', '.join(ACTIVATIONS)} (default: tanh)")

    add = training.add_argument_group("gradient descent").add_argument
    add("--optimizer", choices=OPTIMIZERS, metavar="NAME", help=", ".join(OPTIMIZERS), **own)
    add("--lr", type=float, help="learning rate", **own)
    add("--momentum", type=float, default=0.0, help="of sgd and rmsprop (default: 0)")
    add("--schedule", choices=SCHEDULE_NAMES, metavar="NAME", help=", ".join(SCHEDULE_NAMES), **own)
    add(
        "--warmup",
        type=not_negative,
        default=0,
        metavar="EPOCHS",
        help="epochs in which the rate grows",
    )
    add("--max-norm", type=float, metavar="LENGTH", help="clip gradients to that length")
    add("--batch-size", type=batch, metavar="N", help="rows in a step, or all", **own)
    length = training.add_mutually_exclusive_group().add_argument
    length("--epochs", type=positive, metavar="N", help="passes over the data", **own)
    length("--steps", type=positive, metavar="N", help="steps of the optimiser instead")

    add = training.add_argument_group("against overfitting").add_argument
    add("--weight-decay", type=float, help="pull towards 0 (L2)", **own)
    add("--l1", type=float, default=0.0, help="strength of the sum of |weight| in the loss")
    add("--dropout", type=float, default=0.0, help="share of hidden outputs that are dropped")
    add("--label-smoothing", type=float, default=0.0, help="share of a target given to all classes")
    add("--patience", type=positive, metavar="EPOCHS", help="stop after as many without gain")

    add = training.add_argument_group("files").add_argument
    add("--output", type=Path, metavar="FOLDER", help="where files go (default: the task's name)")
    add("--save", type=Path, metavar="FILE", help="write the network there too")
    add("--film", type=Path, metavar="FILE", help="write a film of it: .html, .gif, .apng or .png")
    replaying = argparse.BooleanOptionalAction
    add("--replay", action=replaying, default="auto", help="steps in the machine (where it can)")
    add("--fast", action="store_true", help="other last bits in the machine, for speed")
    add("--resume", action="store_true", help="go on from the folder's checkpoint")
    add("--quiet", action="store_true", help="print errors only")


def delimiter_option(add: Callable[..., Any]) -> None:
    words = "between the cells of a CSV file (default: ,)"
    add("--delimiter", type=delimiter, default=",", metavar="SIGN", help=words)


KINDS = {"classes": True, "numbers": False}
SCHEDULE_NAMES = [*SCHEDULES, "onecycle"]


def tasks_and_settings() -> str:
    """A table of the tasks, with what they take where no option says otherwise."""
    lines = ["tasks, and what they take where no option says otherwise:"]
    for name, task in {**TASKS, "a CSV file": own_table(Path("a.csv"), "a column")}.items():
        hidden = " ".join(map(str, task.hidden))
        size = "all rows" if task.batch_size is None else f"{task.batch_size} rows"
        lines.append(
            f"  {name:13} --hidden {hidden:5} --optimizer {task.optimizer:5} --lr {task.lr:<4} "
            f"--schedule {task.schedule:8} --epochs {task.epochs:<4} of {size} a step"
            + (f", --weight-decay {task.weight_decay}" if task.weight_decay else "")
        )
    return "\n".join(lines)


def version() -> str:
    """ "chainrule 0.1.0, compiled: yes", or no, with the reason if the build left one."""
    answer = f"chainrule {engine.__version__}, compiled: "
    if engine.compiled:
        return answer + "yes"
    if "engine.native.switch" in sys.modules:
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


def delimiter(text: str) -> str:
    sign = {"\\t": "\t", "tab": "\t"}.get(text, text)
    if len(sign) != 1:
        raise argparse.ArgumentTypeError(f"expected one sign, such as ; or tab, got {text!r}")
    return sign


def not_negative(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"expected at least 0, got {number}")
    return number


def batch(text: str) -> int | None:
    """A number of rows; None for "all"."""
    return None if text == "all" else positive(text)


def inputs(options: argparse.Namespace) -> list[Any]:
    """The files that the command reads."""
    found = [getattr(options, name, None) for name in ("task", "weights")]
    return [str(x) for x in [*found, *getattr(options, "rows", [])] if x is not None]


def train_network(options: argparse.Namespace) -> int:
    """Train a network; 0 if it learned its task."""
    classes = None if options.kind is None else KINDS[options.kind]
    task = task_called(options.task, options.target, options.delimiter, classes)
    output = {"output": options.output or Path(Path(options.task).stem)}
    own = task._asdict()
    if getattr(options, "optimizer", "") == "lbfgs":
        own["weight_decay"] = 0.0  # which it has not
    given = {**own, **vars(options), **output}
    settings = Settings(**{name: given[name] for name in Settings._fields})
    if not options.quiet:
        print(version())
    random.seed(options.seed)  # its state is part of a checkpoint
    outcome = train(options.task, task, settings)
    if outcome.interrupted:
        return 130
    if outcome.learned:
        return 0
    print(
        f"chainrule: {options.task} was not learned: {outcome.words}; more --epochs, or another "
        "--seed, --lr or --hidden, may help",
        file=sys.stderr,
    )
    return 1


def print_predictions(options: argparse.Namespace) -> int:
    """Print what a saved network makes of rows."""
    print(
        "\n".join(predict(options.weights, options.rows, options.probabilities, options.delimiter))
    )
    return 0


def draw_expression(options: argparse.Namespace) -> int:
    """Draw a formula into a file, or print its DOT source."""
    result, variables = formula(options)
    result.backward()
    if options.around is not None and options.around not in variables:
        known = f"take one of {', '.join(variables)}" if variables else "the formula has none"
        raise ValueError(f"unknown variable {options.around!r:.60}: {known}")
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
        output = Path(mkdtemp(prefix="chainrule-")) / f"graph.{options.format or 'svg'}"
    if output is None:
        if options.format is None:
            print(diagram.source, end="")
        else:
            sys.stdout.buffer.write(diagram.pipe(options.format))
        return 0
    ending = options.format or output.suffix.lstrip(".").lower()
    if not ending:
        raise ValueError(f"{output} has no ending to tell its format, such as .svg")
    in_dot = ending in ("gv", "dot")
    write_file(output, diagram.source if in_dot else diagram.pipe(ending))
    if options.open:
        graphviz.view(output)
    print(f"{options.expression.strip()} = {result.data:.6g}")
    for name, x in variables.items():
        print(f"  d/d{name} = {x.grad:.6g}")
    return 0


def explain_expression(options: argparse.Namespace) -> int:
    """Print a derivative of a formula as the sum over its paths."""
    name = normalize("NFKC", options.variable.strip())
    if "=" in name:
        raise ValueError(f"before the numbers comes the variable, such as {name.split('=')[0]}")
    result, variables = formula(options)
    if name not in variables:
        known = f"take one of {', '.join(variables)}" if variables else "there is none"
        raise ValueError(f"{name} is no variable here: {known}")
    explanation = explain(result, variables[name], limit=options.limit)
    print(getattr(explanation, options.format)().rstrip("\n"))
    return 0


def explore_expression(options: argparse.Namespace) -> int:
    """Write the page that steps through a formula."""
    result, _ = formula(options)
    film = explore(result, lang=options.lang, title=options.expression.strip())
    path = film.save(options.output)
    print(f"{options.expression.strip()} = {result.data:.6g}, step by step: {path}")
    if options.open:
        import webbrowser  # here: no other command needs it

        webbrowser.open(path.resolve().as_uri())
    return 0


def formula(options: argparse.Namespace) -> tuple[Value, dict[str, Value]]:
    """The Value of a formula, and its variables; each is given, once, and occurs in it."""
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
    return result, variables


def print_source(options: argparse.Namespace) -> int:
    """Print a formula as straight-line code, with its gradient; its variables are the inputs."""
    variables = dict([assignment(text) for text in options.variables])
    names = [name for name in names_in(options.expression) if name not in variables]
    variables |= {name: Value(1.0, label=name) for name in names}
    result = expression(options.expression, variables)
    used = set(topological_order(result))
    source = trace(result, [x for x in variables.values() if x in used]).source(options.language)
    if options.output is None:
        print(source, end="")
    else:
        write_file(options.output, source)
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
