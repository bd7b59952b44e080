"""`chainrule train` from process start, beside scikit-learn and PyTorch: CPU seconds and memory.

    python -m benchmarks.train_command --rows 10000 100000

Each contender is a process of its own: it starts Python, reads the table, holds out a quarter,
brings the columns to one scale, trains the same network with the same epochs, batch size, rate and
weight decay (AdamW; scikit-learn has Adam with an L2 penalty), and counts what is right.
"""

import argparse
import csv
import os
import random
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parent.parent
LR, BATCH, DECAY, DIGITS = 0.01, 20, 0.1, "digits"

SPLIT = """
import sys, numpy as np
name, hidden, epochs, lr, batch, decay = sys.argv[1], *map(float, sys.argv[2:])
hidden, epochs, batch = int(hidden), int(epochs), int(batch)
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
if name.endswith(".csv"):
    rows = np.loadtxt(name, delimiter=",", skiprows=1)
    X, y = rows[:, :-1], rows[:, -1].astype(int)
else:
    from sklearn import datasets
    X, y = getattr(datasets, "load_" + name)(return_X_y=True)
X, X_held, y, y_held = train_test_split(X, y, test_size=0.25, random_state=0, stratify=y)
scaler = StandardScaler().fit(X)
X, X_held = scaler.transform(X), scaler.transform(X_held)
"""
SKLEARN = """
import warnings
from sklearn.neural_network import MLPClassifier
warnings.simplefilter("ignore")
model = MLPClassifier((hidden,), activation="tanh", solver="adam", learning_rate_init=lr,
                      batch_size=batch, alpha=decay, max_iter=epochs, tol=0.0,
                      n_iter_no_change=epochs + 1, random_state=0).fit(X, y)
print(model.score(X_held, y_held))
"""
TORCH = """
import torch
torch.set_num_threads(1)
torch.manual_seed(0)
X, X_held = torch.from_numpy(X), torch.from_numpy(X_held)
y, y_held = torch.from_numpy(y), torch.from_numpy(y_held)
model = torch.nn.Sequential(torch.nn.Linear(X.shape[1], hidden), torch.nn.Tanh(),
                            torch.nn.Linear(hidden, int(y.max()) + 1)).double()
optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=decay)
for _ in range(epochs):
    for places in torch.randperm(len(X)).split(batch):
        loss = torch.nn.functional.cross_entropy(model(X[places]), y[places])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
print((model(X_held).argmax(1) == y_held).double().mean().item())
"""


@dataclass(frozen=True)
class Job:
    """A table to train on: a task of the command, or a CSV file."""

    title: str
    task: str
    hidden: int
    epochs: int

    def commands(self, output: Path) -> dict[str, list[str]]:
        """What each contender is started with."""
        numbers = [self.hidden, self.epochs, LR, BATCH, DECAY]
        ours = ["-m", "nn", "train", self.task, "--no-pictures", "--quiet", "--seed", "0"]
        ours += ["--hidden", str(self.hidden), "--epochs", str(self.epochs), "--lr", str(LR)]
        ours += ["--optimizer", "adamw", "--schedule", "constant", "--batch-size", str(BATCH)]
        ours += ["--weight-decay", str(DECAY), "--output", str(output)]
        ours += ["--target", "class", "--kind", "classes"] if self.task.endswith(".csv") else []
        theirs = [self.task, *map(str, numbers)]
        return {
            "chainrule": [sys.executable, *ours],
            "scikit-learn": [sys.executable, "-c", SPLIT + SKLEARN, *theirs],
            "torch": [sys.executable, "-c", SPLIT + TORCH, *theirs],
        }


def table(path: Path, rows: int, columns: int = 20) -> Path:
    """A table of that size: two classes, of a plane with noise."""
    rng = random.Random(0)
    weights = [rng.gauss(0, 1) for _ in range(columns)]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*[f"x{i}" for i in range(columns)], "class"])
        for _ in range(rows):
            x = [rng.gauss(0, 1) for _ in range(columns)]
            side = sum([a * b for a, b in zip(weights, x)]) + rng.gauss(0, 1) > 0
            writer.writerow([*[f"{v:.6g}" for v in x], int(side)])
    return path


def cost(command: list[str]) -> tuple[float, float, float]:
    """CPU seconds, seconds and megabytes at the peak of a process."""
    one = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1")
    environment = {**os.environ, **one, "PYTHONPATH": str(ROOT)}
    start = perf_counter()
    nothing = os.open(os.devnull, os.O_WRONLY)
    quiet = [(os.POSIX_SPAWN_DUP2, nothing, 1), (os.POSIX_SPAWN_DUP2, nothing, 2)]
    process = os.posix_spawn(command[0], command, environment, file_actions=quiet)
    _, status, usage = os.wait4(process, 0)
    os.close(nothing)
    if os.waitstatus_to_exitcode(status) not in (0, 1):  # 1: the task was not learned
        raise RuntimeError(f"{command[1:3]} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000], help="of tables made here")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contenders", nargs="*", help="all, if none is named")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        jobs = [
            Job("digits", DIGITS, 32, options.epochs),
            Job("breast_cancer", "breast_cancer", 16, options.epochs),
        ]
        for rows in options.rows:
            path = table(Path(folder) / f"rows{rows}.csv", rows)
            jobs.append(Job(f"{rows:,} x 20", str(path), 16, options.epochs))
        print("| table | contender | CPU seconds | of scikit-learn | seconds | MB at the peak |")
        print("|---|---|---:|---:|---:|---:|")
        for job in jobs:
            report(job, Path(folder) / "out", options)


def report(job: Job, output: Path, options: argparse.Namespace) -> None:
    """A row for each contender; they take turns, and a figure is the median of the rounds."""
    commands = job.commands(output)
    names = [n for n in commands if not options.contenders or n in options.contenders]
    costs: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            costs[name].append(cost(commands[name]))
    middle = {n: [statistics.median(column) for column in zip(*costs[n])] for n in names}
    for name, (cpu, seconds, memory) in middle.items():
        base = middle.get("scikit-learn", middle[name])[0]
        print(
            f"| {job.title} | {name} | {cpu:.2f} | {cpu / base:.2f} x | {seconds:.2f} | "
            f"{memory:,.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
