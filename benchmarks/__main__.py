"""`python -m benchmarks`: a table of times and of ratios to micrograd, measured in one run."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from benchmarks.workloads import WORKLOADS

ENGINES = ("micrograd", "chainrule")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often the engines take turns")
    options = parser.parse_args()
    print(
        f"{'workload':12} {'collector':9} "
        + "".join(f"{e + ' ms':>16}" for e in ENGINES)
        + "  ratio"
    )
    for collector in ("on", "off"):
        workers = {engine: start(engine, collector) for engine in ENGINES}
        for workload in WORKLOADS:
            rounds: dict[str, list[float]] = {engine: [] for engine in ENGINES}
            losses: dict[str, list[float]] = {}
            for i in range(options.rounds):
                for engine, worker in workers.items():  # interleaved: noise falls on all alike
                    answer = ask(worker, workload)
                    rounds[engine].append(median(answer["times"]))
                    if i == 0:
                        losses[engine] = answer["losses"]
            compare(workload, losses)
            times = {engine: median(seconds) for engine, seconds in rounds.items()}
            ratio = times["micrograd"] / times["chainrule"]
            cells = "".join(f"{times[engine] * 1e3:16.3f}" for engine in ENGINES)
            print(f"{workload:12} {collector:9} {cells}{ratio:7.1f}", flush=True)
        for worker in workers.values():
            worker.communicate()


def start(engine: str, collector: str) -> "subprocess.Popen[str]":
    """A worker for an engine, one process each: garbage of another would be paid by it too."""
    command = [sys.executable, "-m", "benchmarks.worker", engine, collector]
    pipe = subprocess.PIPE
    root = Path(__file__).parent.parent
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=root)


def ask(worker: "subprocess.Popen[str]", workload: str) -> dict[str, list[float]]:
    assert worker.stdin
    assert worker.stdout
    worker.stdin.write(workload + "\n")
    worker.stdin.flush()
    answer: dict[str, list[float]] = json.loads(worker.stdout.readline())
    return answer


def compare(workload: str, losses: dict[str, list[float]]) -> None:
    """Raise SystemExit unless the engines followed the same losses, to 1e-9."""
    for ours, theirs in zip(losses["chainrule"], losses["micrograd"]):
        if abs(ours - theirs) > 1e-9 * max(1.0, abs(theirs)):
            raise SystemExit(f"{workload}: the losses differ, {ours!r} and {theirs!r}")


if __name__ == "__main__":
    main()
