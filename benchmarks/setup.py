"""`python -m benchmarks.setup`: what set-up takes before the first replayed step.

Each figure is the median of fresh processes: milliseconds of the process, and how much its peak
memory has grown, from a model and its data to the machine that trains them.
"""

import argparse
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.cells import CELLS, Reader
from benchmarks.report import figure, table
from nn import MLP, SGD, cross_entropy, mse_loss
from nn.training.machine_stepper import MachineStepper
from nn.training.run import Run

ROUNDS = 5


def classified(sizes: Sequence[int], samples: int, batch_size: int | None) -> Run:
    """A network that classifies random numbers."""
    rng = random.Random(0)
    inputs = [[rng.random() for _ in range(sizes[0])] for _ in range(samples)]
    targets = [i % sizes[-1] for i in range(samples)]
    model = MLP(sizes[0], list(sizes[1:]), activation="tanh", rng=rng)
    optimizer = SGD(model.parameters(), lr=0.1)
    return Run(model, (inputs, targets), optimizer, cross_entropy, batch_size)


def of_names() -> Run:
    """The GPT of `benchmarks.sequences`, on names of many lengths."""
    from benchmarks.gpt_names import NamesGPT, loss_of_tokens, tokens_of_names

    model = NamesGPT(random.Random(42))
    optimizer = SGD(model.parameters(), lr=0.01)
    return Run(model, tokens_of_names(1000), optimizer, loss_of_tokens, 1)


def of_cell(name: str) -> Run:
    """A recurrent cell that reads 1,000 sequences of 16 steps of 4 numbers."""
    rng = random.Random(1)
    inputs = [[[rng.uniform(-1, 1) for _ in range(4)] for _ in range(16)] for _ in range(1000)]
    targets = [rng.uniform(-1, 1) for _ in range(1000)]
    model = Reader(CELLS[name](4, 12, random.Random(0)), random.Random(2))
    return Run(model, (inputs, targets), SGD(model.parameters(), lr=0.01), mse_loss, 1)


RUNS: dict[str, Callable[[], Run]] = {
    "784-128-10, batches of 100": lambda: classified([784, 128, 10], 1000, 100),
    "2-16-16-2, 20,000 at once": lambda: classified([2, 16, 16, 2], 20_000, None),
    "GPT, names of many lengths": of_names,
    "RNN, one sequence at a time": lambda: of_cell("rnn"),
    "GRU, one sequence at a time": lambda: of_cell("gru"),
    "LSTM, one sequence at a time": lambda: of_cell("lstm"),
}


def peak() -> float:
    """The most memory that this process has taken so far, in MB; 0 where no one tells."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found else 0.0


def set_up(name: str) -> None:
    """Set one up in this process, and print its milliseconds and the growth of its peak."""
    run: Any = RUNS[name]()
    before, start = peak(), time.process_time()
    MachineStepper(run)
    print((time.process_time() - start) * 1e3, peak() - before)


def asked(name: str) -> list[float]:
    """The same of a process of its own."""
    command = [sys.executable, "-m", "benchmarks.setup", "--run", name]
    root = Path(__file__).parent.parent
    text = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout
    return [float(x) for x in text.split()]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.setup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", choices=RUNS, nargs="*", default=list(RUNS))
    parser.add_argument("--run", choices=RUNS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.run:
        set_up(options.run)
        return 0
    found: dict[str, list[list[float]]] = {name: [] for name in options.only}
    for _ in range(options.rounds):  # in turns
        for name in options.only:
            found[name].append(asked(name))
    rows = [
        [name, *[figure(statistics.median(xs)) for xs in zip(*runs)]]
        for name, runs in found.items()
    ]
    print(table(["set-up of", "CPU ms", "peak memory, MB more"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
