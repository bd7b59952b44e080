"""`python -m benchmarks.sequences`: training on sequences, by `fit` with and without replay.

A GPT of 4,192 parameters (W3's sizes) learns names of many lengths, one at a time; an RNN, a GRU
and an LSTM learn sequences of 16 steps of 4 numbers. Each run is a process of its own. The runs
take turns, and the losses and parameters of replay are compared with eager's, bit for bit.
"""

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

START = time.perf_counter(), time.process_time()  # before the engine is imported

from benchmarks.cells import CELLS, Reader  # noqa: E402
from benchmarks.gpt_names import NamesGPT, loss_of_tokens, tokens_of_names  # noqa: E402
from benchmarks.report import figure, table  # noqa: E402
from nn import SGD, Adam, fit, mse_loss  # noqa: E402
from nn.schedules import LambdaLR  # noqa: E402

GPT_STEPS, CELL_SAMPLES, CELL_STEPS = 1000, 1000, 16
ROUNDS = 5


def trained_gpt(steps: int, replay: bool, names: int = GPT_STEPS) -> Any:
    """The model and the record, after so many steps of Adam whose rate falls to 0."""
    model = NamesGPT(random.Random(42))
    optimizer = Adam(model.parameters(), lr=0.01, betas=(0.85, 0.99))
    history = fit(
        model,
        tokens_of_names(names),
        optimizer=optimizer,
        loss=loss_of_tokens,
        steps=steps,
        batch_size=1,
        schedule=LambdaLR(optimizer, lambda step: 1 - step / GPT_STEPS),
        schedule_each="step",
        replay=replay,
        progress=False,
    )
    return model, history


def trained_cell(name: str, steps: int, replay: bool) -> Any:
    """The same of a recurrent cell, one sequence at a time."""
    rng = random.Random(1)
    inputs = [
        [[rng.uniform(-1, 1) for _ in range(4)] for _ in range(CELL_STEPS)]
        for _ in range(CELL_SAMPLES)
    ]
    targets = [rng.uniform(-1, 1) for _ in range(CELL_SAMPLES)]
    model = Reader(CELLS[name](4, 12, random.Random(0)), random.Random(2))
    optimizer = SGD(model.parameters(), lr=0.01)
    settings: Any = {"loss": mse_loss, "steps": steps, "batch_size": 1}
    history = fit(
        model, (inputs, targets), optimizer=optimizer, replay=replay, progress=False, **settings
    )
    return model, history


def run(name: str, steps: int, replay: bool) -> None:
    """Train in this process, and print seconds since its start, and the bits of all numbers."""
    started = time.process_time()
    trained = trained_gpt if name == "gpt" else None
    model, history = trained(steps, replay) if trained else trained_cell(name, steps, replay)
    ended = time.process_time()
    wall = time.perf_counter() - START[0]
    numbers = [x.hex() for x in (*history.losses, *[p.data for p in model.parameters()])]
    print(wall, ended, ended - started, hash_of(numbers))


def hash_of(numbers: list[str]) -> str:
    from hashlib import sha256

    return sha256(" ".join(numbers).encode()).hexdigest()[:16]


def asked(name: str, steps: int, how: str) -> tuple[float, float, float, str]:
    """(seconds from process start, CPU seconds, those in fit, bits) of a run in its own process."""
    command = [sys.executable, "-m", "benchmarks.sequences", "--run", name, str(steps), how]
    root = Path(__file__).parent.parent
    text = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout
    wall, cpu, fitted, bits = text.split()
    return float(wall), float(cpu), float(fitted), bits


def measured(name: str, few: int, many: int, eager_steps: int, rounds: int) -> list[str]:
    """A row of the table: how a network is trained by replay and eager, in turns."""
    firsts, alls, eager = [], [], []
    for _ in range(rounds):
        firsts.append(asked(name, few, "replay"))
        alls.append(asked(name, many, "replay"))
    eager.append(asked(name, eager_steps, "eager"))
    same = eager[0][3] == asked(name, eager_steps, "replay")[3]
    setup = min(run[2] for run in firsts)
    step = (min(run[2] for run in alls) - setup) / (many - few)
    slow = eager[0][2] / eager_steps
    whole = min(run[0] for run in alls), min(run[1] for run in alls)
    return [
        name,
        figure(setup * 1e3),
        figure(step * 1e6),
        figure(slow * 1e6),
        f"{slow / step:.0f} x",
        f"{whole[0]:.2f} / {whole[1]:.2f}",
        f"{eager_steps} steps: {'the same bits' if same else 'DIFFERENT'}",
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sequences", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--eager-steps", type=int, default=GPT_STEPS)
    parser.add_argument("--run", nargs=3, metavar=("NAME", "STEPS", "HOW"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.run:
        name, steps, how = options.run
        run(name, int(steps), how == "replay")
        return 0
    heads = ["network", "set-up, ms", "replay, us a step", "eager", "ratio"]
    heads += ["1,000 steps from process start, s (wall / CPU)", "compared"]
    rows = []
    for name in ("gpt", *CELLS):
        few = 1 if name == "gpt" else 2
        rows.append(measured(name, few, GPT_STEPS, options.eager_steps, options.rounds))
    print(table(heads, rows))
    return 0 if all("same" in row[-1] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
