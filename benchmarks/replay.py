"""`python -m benchmarks.replay`: replay against eager, peers and hand-written C, as tables.

First the contenders agree on the losses; then they take turns, each in its own process.
"""

import argparse
import platform
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import growth, peers
from benchmarks.entries import ENTRIES, PROBLEMS
from benchmarks.process import WorkerError
from benchmarks.report import figure, listed, table, times
from benchmarks.turns import Worker

CHECKED_STEPS, TOLERANCE = 5, 1e-9
OURS, LIMIT = "replay", "limit"
EXACT = ("limit", "limit-avx2", "replay", "fit", "eager")  # those that have the same bits

Rounds = dict[str, list[float]]  # of each contender its seconds a step, in each round


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 1 if contenders disagree or a chart cannot be drawn, else 0."""
    options = parser().parse_args(arguments)
    workers = {name: Worker(name, options.peers.resolve()) for name in options.contenders}
    try:
        return 0 if benchmark(workers, options) else 1
    finally:
        for worker in workers.values():
            worker.stop()


def benchmark(workers: dict[str, Worker], options: argparse.Namespace) -> bool:
    """Whether all went well."""
    versions, missing = greeted(workers)
    there = {name: worker for name, worker in workers.items() if name in versions}
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{python}, {platform.system()} {platform.machine()}")
    print("contenders:", ", ".join(f"{name} {v}".strip() for name, v in versions.items()))
    if missing:
        print("\n" + listed("Not here:", missing))
    wrong = []
    for problem in options.problems:
        entered = {name: worker for name, worker in there.items() if ENTRIES[name].enters(problem)}
        off = check(problem, entered, missing)
        wrong += list(off)
        racing = {name: worker for name, worker in entered.items() if name not in off}
        rounds = race(problem, racing, options.rounds, options.turn)
        print(f"\n### {PROBLEMS[problem].title}\n\n{contest(rounds)}", flush=True)
    if OURS not in there:
        return not wrong
    for problem in options.problems:
        spent = there[OURS].ask("setup", problem=problem, times=options.rounds)
        found = [[part, figure(ms)] for part, ms in spent.items()]
        print(f"\n### Setting replay up, {problem.upper()}\n\n{table(['part', 'ms'], found)}")
    if options.largest:
        return grow(there[OURS], options) and not wrong
    return not wrong


def greeted(workers: dict[str, Worker]) -> tuple[dict[str, str], dict[str, str]]:
    """The versions of those who are there, and why the others are not."""
    versions, missing = {}, {}
    for name, worker in workers.items():
        try:
            versions[name] = worker.ask("greet")["version"]
            worker.ask("check", problem="w1", steps=1)
        except WorkerError as error:
            versions.pop(name, None)
            missing[name] = str(error)
    return versions, missing


# ---- agreement ----


def check(problem: str, workers: dict[str, Worker], missing: dict[str, str]) -> dict[str, float]:
    """Print whether the losses agree, and the bits of ours. Returns those who are off, and by what.

    The measure is the median of the losses of all contenders at each step.
    """
    losses = {}
    for name, worker in workers.items():
        try:
            losses[name] = worker.ask("check", problem=problem, steps=CHECKED_STEPS)["losses"]
        except WorkerError as error:
            missing[name] = str(error)
    off = differences(losses)
    wrong = {name: d for name, d in off.items() if not d <= TOLERANCE}
    print(
        f"\n{problem}: {len(off) - len(wrong)} of {len(off)} contenders agree on the losses of "
        f"{CHECKED_STEPS} steps, to {max(set(off.values()) - set(wrong.values()), default=0):.1e}"
    )
    for name, d in wrong.items():
        print(f"{problem}: {name} is off by {d:.1e} and left out")
    wrong |= bits(problem, {name: workers[name] for name in EXACT if name in losses})
    return wrong | dict.fromkeys(set(workers) - set(losses), float("nan"))


def differences(losses: dict[str, list[float]]) -> dict[str, float]:
    """How far the losses of each are from the median of all, at most."""
    middle = [median(column) for column in zip(*losses.values())]
    return {
        name: max([abs(x - m) for x, m in zip(found, middle)], default=0.0)
        for name, found in losses.items()
    }


def bits(problem: str, workers: dict[str, Worker]) -> dict[str, float]:
    """Print who has eager's bits, in all losses and in the last parameters."""
    steps = PROBLEMS[problem].exact_steps
    if "eager" not in workers:
        return {}
    answers = {name: w.ask("check", problem=problem, steps=steps) for name, w in workers.items()}
    wrong = {}
    for name, answer in answers.items():
        if name == "eager":
            continue
        same = hexadecimal(answer) == hexadecimal(answers["eager"])
        count = f"{steps} losses and {len(answer['parameters'])} parameters"
        print(f"{problem}: {name} and eager, {count}: {'the same bits' if same else 'DIFFERENT'}")
        if not same:
            wrong[name] = float("nan")
    return wrong


def hexadecimal(answer: dict[str, Any]) -> list[str]:
    return [float(x).hex() for x in (*answer["losses"], *answer["parameters"])]


# ---- the race ----


def race(problem: str, workers: dict[str, Worker], rounds: int, turn: float) -> Rounds:
    """Let them take turns. One that gives no answer has no more of them."""
    found: Rounds = {name: [] for name in workers}
    out = set()
    for _ in range(rounds):
        for name, worker in workers.items():
            if name in out:
                continue
            try:
                answer = worker.ask("measure", problem=problem, seconds=turn)
            except WorkerError as error:
                print(f"{problem}: {name}: {error}", file=sys.stderr)
                out.add(name)
            else:
                found[name].append(answer["seconds"])
    return {name: spent for name, spent in found.items() if name not in out}


def contest(rounds: Rounds) -> str:
    """The table: medians of the time of a step, and of its ratios to replay and to the limit.

    "best" is the fastest round: what else a shared machine does can only add to it.
    """
    found = []
    for name, spent in rounds.items():
        row = [name, ENTRIES[name].how, figure(median(spent) * 1e6), figure(min(spent) * 1e6)]
        for base in (OURS, LIMIT):
            row.append(times(ratio(spent, rounds[base])) if base in rounds else "")
        found.append(row)
    return table(["contender", "how", "µs a step", "best", f"of {OURS}", f"of {LIMIT}"], found)


def ratio(spent: Iterable[float], base: Iterable[float]) -> float:
    """The median of the ratios of each round: what slows a whole round down has no part in it."""
    return median([a / b for a, b in zip(spent, base)])


# ---- growth ----


def grow(worker: Worker, options: argparse.Namespace) -> bool:
    """Print the tables of growth, and draw the chart if that is asked. Whether all went well."""
    sizes = {"batch": growth.BATCHES, "width": growth.WIDTHS}
    asked = [(kind, n) for kind, all_ in sizes.items() for n in all_ if n <= options.largest]
    points: dict[str, dict[int, growth.Point]] = {kind: {} for kind in sizes}
    turns: dict[tuple[str, int], list[float]] = {each: [] for each in asked}
    try:
        for kind, size in asked:
            points[kind][size] = worker.ask("prepare", kind=kind, size=size)
        for _ in range(options.rounds):
            for kind, size in asked:
                answer = worker.ask("turn", kind=kind, size=size, seconds=options.turn)
                turns[kind, size].append(answer["seconds"])
    except WorkerError as error:
        print(f"\nno growth: {error}")
        return False
    for kind, size in asked:
        points[kind][size]["seconds"] = min(turns[kind, size])
    batches, widths = points["batch"], points["width"]
    header = ["batch", "µs a step", "ns a sample", "set-up: ms"]
    print("\n### Growth: batch size, 2-16-16-1, hinge loss\n")
    print(table(header, growth.rows("batch", batches)))
    header = ["width", "parameters", "µs a step", "ns a parameter", "set-up: ms"]
    print(f"\n### Growth: width, 2-width-1, batches of {growth.WIDE_BATCH}\n")
    print(table(header, growth.rows("width", widths)), flush=True)
    if options.svg:
        # engine is imported late: the processes of the contenders have their own.
        from engine.saving.files import write_file

        try:
            write_file(options.svg, growth.svg(batches, widths))
        except ImportError as error:
            print(f"no chart: {error}", file=sys.stderr)
            return False
    return True


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    add = parser.add_argument
    names = list(ENTRIES)
    add("--contenders", nargs="+", choices=names, default=names, metavar="CONTENDER")
    add("--problems", nargs="+", choices=list(PROBLEMS), default=list(PROBLEMS))
    add("--rounds", type=int, default=31, help="how often the contenders take turns")
    add("--turn", type=float, default=0.05, help="seconds of a turn")
    add("--largest", type=int, default=100_000, help="the largest batch and width; 0: no growth")
    add("--svg", type=Path, metavar="FILE", help="draw the growth")
    add("--peers", type=Path, default=peers.FOLDER, metavar="FOLDER", help="where peers are")
    parser.epilog = f"contenders: {', '.join(names)}"
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
