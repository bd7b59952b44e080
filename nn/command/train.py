"""`chainrule train`: a network trained on a task, or on a CSV file."""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from nn.activation_names import ACTIVATIONS
from nn.command.options import (
    batch,
    decimal_option,
    delimiter_option,
    not_negative,
    number,
    positive,
    whole,
)
from nn.command.settings import PACES, chosen_settings
from nn.command.tasks import TASKS, own_table, task_called
from nn.command.terminal import complain
from nn.command.version import version
from nn.data.csv_files import MISSING
from nn.optim.by_name import OPTIMIZERS
from nn.schedules.by_name import SCHEDULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DESCRIPTION = """\
Train a network on a task, or on a CSV file of your own.
The network, plots of what it learned and a checkpoint go into a folder. The
exit code is 0 if the task was learned, and 1 if it was not."""
EXAMPLES = """\
  chainrule train moons
  chainrule train moons --optimizer sgd --momentum 0.9 --schedule onecycle --patience 20
  chainrule train circles --epochs 20 --film circles.html"""
KINDS = {"classes": True, "numbers": False}


def options(parser: argparse.ArgumentParser) -> None:
    parser.epilog = f"{parser.epilog}\n\n{tasks_and_settings()}"
    add = parser.add_argument
    add("task", help=f"one of {', '.join(TASKS)}; or a CSV file")
    add("--target", metavar="COLUMN", help="the column of the CSV file that is to be predicted")
    delimiter_option(add)
    decimal_option(add)
    add("--columns", nargs="+", metavar="NAME", help="take these columns only, and the target")
    add("--drop", nargs="+", default=[], metavar="NAME", help="take all columns but these")
    words = "rows with empty cells: refuse them, drop them, or fill in means (default: error)"
    add("--missing", choices=MISSING, default="error", help=words)
    add("--kind", choices=KINDS, help="what is in the target column (default: a guess)")
    add(
        "--seed",
        type=whole,
        default=0,
        help="seed of all that is random but the split (default: 0)",
    )
    add("--split-seed", type=whole, default=0, help="seed of which rows are held out (default: 0)")
    network_options(parser.add_argument_group("the network"))
    descent_options(parser.add_argument_group("gradient descent"))
    overfitting_options(parser.add_argument_group("against overfitting"))
    file_options(parser.add_argument_group("files"))


# An option without a default: where it is not given, the task's own setting is taken.
OWN: dict[str, Any] = {"default": argparse.SUPPRESS}


def network_options(group: Any) -> None:
    add = group.add_argument
    add("--hidden", type=whole, nargs="*", metavar="N", help="sizes of hidden layers", **OWN)
    add("--activation", default="tanh", help=f"one of {', '.join(ACTIVATIONS)} (default: tanh)")


def descent_options(group: Any) -> None:
    add = group.add_argument
    add("--optimizer", choices=OPTIMIZERS, metavar="NAME", help=", ".join(OPTIMIZERS), **OWN)
    add("--lr", type=number, metavar="RATE", help="learning rate", **OWN)
    add("--momentum", type=number, default=0.0, help="of sgd and rmsprop (default: 0)")
    schedules = [*SCHEDULES, "onecycle"]
    add("--schedule", choices=schedules, metavar="NAME", help=", ".join(schedules), **OWN)
    words = "epochs at the start in which the rate grows"
    add("--warmup", type=not_negative, default=0, metavar="EPOCHS", help=words)
    add("--max-norm", type=number, metavar="LENGTH", help="clip gradients to that length")
    add("--batch-size", type=batch, metavar="N", help="rows in a step, or all", **OWN)
    length = group.add_mutually_exclusive_group().add_argument
    length("--epochs", type=positive, metavar="N", help="passes over the data", **OWN)
    length("--steps", type=positive, metavar="N", help="steps of the optimiser instead")


def overfitting_options(group: Any) -> None:
    add = group.add_argument
    add("--weight-decay", type=number, help="pull towards 0 (L2)", **OWN)
    add("--l1", type=number, default=0.0, help="strength of the sum of |weight| in the loss")
    add("--dropout", type=number, default=0.0, help="share of hidden outputs that are dropped")
    add(
        "--label-smoothing", type=number, default=0.0, help="share of a target given to all classes"
    )
    words = "stop after so many epochs without gain, the warm-up not counted"
    add("--patience", type=positive, metavar="EPOCHS", help=words)


def file_options(group: Any) -> None:
    add = group.add_argument
    add("--output", type=Path, metavar="FOLDER", help="where files go (default: the task's name)")
    add("--save", type=Path, metavar="FILE", help="write the network there too")
    add("--film", type=Path, metavar="FILE", help="write a film of it: .html, .gif, .apng or .png")
    replaying = argparse.BooleanOptionalAction
    add("--replay", action=replaying, default="auto", help="steps in the machine (where it can)")
    add("--fast", action="store_true", help="other last bits in the machine, for speed")
    add("--resume", action="store_true", help="go on from the folder's checkpoint")
    words = "write the network and no pictures, which take longer than a small training"
    add("--no-pictures", dest="pictures", action="store_false", help=words)
    add("--quiet", action="store_true", help="print errors only")


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
    wide = " and ".join(PACES)
    lines.append(
        f"Each --lr is for the --optimizer beside it: {wide} take 10 times as much as others."
    )
    return "\n".join(lines)


def run(options: argparse.Namespace) -> int:
    """Train a network; 0 if it learned its task."""
    from nn.command.job import train

    classes = None if options.kind is None else KINDS[options.kind]
    task = task_called(
        options.task,
        options.target,
        options.delimiter,
        classes,
        decimal=options.decimal,
        columns=options.columns,
        drop=options.drop,
        missing=options.missing,
    )
    if not options.quiet:
        print(version())
    random.seed(options.seed)  # its state is part of a checkpoint
    outcome = train(options.task, task, chosen_settings(task, options))
    if outcome.interrupted:
        return 130
    if outcome.learned:
        return 0
    complain(
        f"{options.task} was not learned: {outcome.words}; more --epochs, or another --seed, --lr "
        "or --hidden, may help"
    )
    return 1
