"""`python -m benchmarks.fast`: the fast mode of the machine against its exact mode, on 30 shapes.

The two take turns in one process, and the time is that of the process. The plan is that of a batch
of eight samples: a machine of more lanes does what a plan of more samples would do, but for the
divisor of the mean.
"""

import argparse
import random
import sys
from array import array
from collections.abc import Sequence
from statistics import median
from time import process_time
from typing import Any

from benchmarks.report import figure, table, times

# samples, sizes, activation, loss
SHAPES = [
    (4, "2-4-1", "tanh", "mse"),
    (8, "2-4-1", "relu", "mse"),
    (10, "3-5-2", "tanh", "classes"),
    (16, "4-8-3", "relu", "classes"),
    (20, "2-24-24-2", "tanh", "classes"),
    (20, "64-32-10", "tanh", "classes"),
    (20, "64-32-10", "relu", "classes"),
    (32, "8-16-8-1", "silu", "mse"),
    (32, "13-32-32-1", "relu", "mse"),
    (32, "64-64-10", "gelu", "classes"),
    (50, "4-16-3", "sigmoid", "classes"),
    (64, "2-3-1", "softplus", "mse"),
    (64, "30-16-2", "relu", "classes"),
    (64, "784-32-10", "relu", "classes"),
    (100, "1-32-1", "tanh", "mse"),
    (100, "2-16-16-1", "relu", "hinge"),
    (100, "2-16-16-1", "tanh", "hinge"),
    (100, "10-7-5-3", "elu", "classes"),
    (100, "20-64-64-3", "tanh", "classes"),
    (100, "20-64-64-3", "relu", "classes"),
    (101, "5-9-9-1", "leaky_relu", "mse"),
    (128, "64-128-10", "relu", "classes"),
    (150, "4-10-3", "tanh", "classes"),
    (200, "2-100-1", "relu", "mse"),
    (256, "16-32-16-1", "relu", "mse"),
    (300, "40-40-40-1", "tanh", "mse"),
    (500, "2-8-8-2", "tanh", "classes"),
    (1000, "2-16-16-2", "relu", "classes"),
    (2000, "2-16-16-2", "tanh", "classes"),
    (2000, "20-32-1", "relu", "mse"),
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if the fast mode is slower somewhere, else 0."""
    options = parser().parse_args(arguments)
    rows, slower = [], 0
    for shape in SHAPES[:: options.every]:
        trainings = [training(*shape, fast=fast) for fast in (False, True)]
        spent: list[list[float]] = [[], []]
        for _ in range(options.rounds):
            for step, found in zip(trainings, spent):
                found.append(seconds(step, options.turn))
        ratio = median([b / a for a, b in zip(*spent)])
        best = min(spent[1]) / min(spent[0])
        slower += min(ratio, best) > 1.02  # what the clock may be off by
        samples, sizes, activation, loss = shape
        us = [figure(min(found) * 1e6) for found in spent]
        rows.append([f"{samples} x {sizes}", activation, loss, *us, times(ratio), times(best)])
    header = [
        "shape",
        "activation",
        "loss",
        "exact: µs",
        "fast: µs",
        "fast of exact",
        "of the best",
    ]
    print(table(header, rows))
    print(f"\nslower in {slower} of {len(rows)} shapes")
    return 1 if slower else 0


def training(
    samples: int, sizes: str, activation: str, loss: str, fast: bool, width: int = 0
) -> Any:
    """What does some steps of SGD on the whole batch in a machine of that mode."""
    from engine.machine.machine import Machine

    from benchmarks.contenders import all_of, latest_plan
    from nn import MLP, SGD, cross_entropy, hinge_loss, mse_loss
    from nn.training.machine_stepper import MachineStepper
    from nn.training.run import Run
    from nn.training.upcoming import settings

    rng = random.Random(0)
    widths = [int(n) for n in sizes.split("-")]
    model = MLP(widths[0], widths[1:], activation=activation, rng=rng)
    inputs = [[rng.uniform(-1, 1) for _ in range(widths[0])] for _ in range(8)]
    targets: list[Any] = [i % widths[-1] for i in range(8)]
    if loss != "classes":
        targets = [1.0 if i % 2 else -1.0 for i in range(8)]
    optimizer = SGD(model.parameters(), lr=1e-4)
    function = {"classes": cross_entropy, "mse": mse_loss, "hinge": hinge_loss}[loss]
    run = Run(model, (inputs, targets), optimizer, function, shuffle=False)
    plans = MachineStepper(run, False).plans.first
    machine = Machine(latest_plan(8), samples, fast, _width=width)
    data = array("d", [x for i in range(samples) for x in plan_row(plans.samples.data, i)])
    labels = plans.samples.labels
    if labels is not None:
        labels = array("i", [labels[i % 8] for i in range(samples)])
    given = ("sgd", settings(run.optimizer.param_groups[0]))

    def steps(count: int) -> None:
        parameters = array("d", [p.data for p in model.parameters()])
        order = array("i", range(samples)) * count
        lrs = array("d", [1e-4]) * count
        all_of(machine.train(parameters, {}, given, data, labels, order, lrs, 0), count)

    return steps


def plan_row(data: Any, i: int) -> Any:
    """The numbers of sample i, of eight that come again and again."""
    width = len(data) // 8
    return data[i % 8 * width : (i % 8 + 1) * width]


def seconds(steps: Any, turn: float) -> float:
    """Of one step, of as many as take about that long."""
    count, spent = 4, 0.0
    while True:
        start = process_time()
        steps(count)
        spent = process_time() - start
        if spent > turn / 2:
            return spent / count
        count = max(2 * count, min(int(count * turn / spent), 10 * count))


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fast", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="how often the two take turns")
    parser.add_argument("--turn", type=float, default=0.02, help="seconds of a turn")
    parser.add_argument("--every", type=int, default=1, help="every n-th shape only")
    return parser


if __name__ == "__main__":
    sys.exit(main())
