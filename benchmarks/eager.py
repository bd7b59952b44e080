"""`python -m benchmarks.eager`: what a node costs, beside a C type of nodes written by hand.

"made": a node is made and freed. "differentiated": a chain of nodes is built, differentiated and
freed. Both count the loop in Python that asks for it.
"""

import argparse
import importlib.machinery
import importlib.util
import json
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Sequence
from itertools import repeat
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.peers import ROOT
from benchmarks.report import figure, table

FLAGS = ("-O3", "-ffp-contract=off", "-fPIC", "-shared")
SIZES = (4, 16, 64)
CHAIN = 2_000  # nodes
OURS, LIMIT = "chainrule", "C type"
Times = dict[str, float]


def c_type() -> Any:
    """The module c_type.c, compiled for this Python."""
    with tempfile.TemporaryDirectory() as folder:
        library = str(Path(folder, "c_type.so"))
        source = str(Path(__file__).with_name("c_type.c"))
        include = f"-I{sysconfig.get_path('include')}"
        subprocess.run(["cc", *FLAGS, include, source, "-o", library, "-lm"], check=True)
        loader = importlib.machinery.ExtensionFileLoader("c_type", library)
        module = importlib.util.module_from_spec(
            importlib.util.spec_from_loader("c_type", loader) or sys.exit("no spec")
        )
        loader.exec_module(module)
        return module


# What makes a node, of the one before it where that is z.
NODES = {"add": "z + y", "mul": "z * y", "tanh": "z.tanh()", "relu": "z.relu()"}
NODES |= {f"dot of {size}": f"dot(w{size}, u{size}, z)" for size in SIZES}
LOOP = """
def empty(n):
    for _ in repeat(None, n):
        pass
"""
MADE = """
def made(n, z=x, y=y, dot=dot, {lists}):
    for _ in repeat(None, n):
        {node}
"""
DIFFERENTIATED = """
def differentiated(n, z=x, y=y, dot=dot, {lists}):
    for _ in repeat(None, n):
        z = {node}
    z.backward()
"""


def steps(value: Any, dot: Any) -> dict[str, tuple[Callable[[int], Any], int]]:
    """For each figure what is done n times, and how many times make a turn."""
    names: dict[str, Any] = {"x": value(0.5), "y": value(0.25), "dot": dot, "repeat": repeat}
    for size in SIZES:
        names[f"w{size}"] = [value(0.01 * i) for i in range(size)]
        names[f"u{size}"] = [value(0.02 * i) for i in range(size)]
    lists = ", ".join([f"{name}={name}" for name in names if name[1:].isdigit()])
    exec(LOOP, names)
    found: dict[str, tuple[Callable[[int], Any], int]] = {"an empty loop": (names["empty"], 10_000)}
    for what, code in (("made", MADE), ("differentiated", DIFFERENTIATED)):
        for name, node in NODES.items():
            exec(code.format(node=node, lists=lists), names)
            found[f"{name}, {what}"] = (names[what], CHAIN)
    return found


def nanoseconds(what: str, seconds: float) -> Times:
    """Nanoseconds a node of each step, the least of as many turns as fit."""
    if what == LIMIT:
        module = c_type()
    else:
        module = importlib.import_module("engine")
        if not module.compiled:
            raise SystemExit("engine is not compiled")
    done = steps(module.Value, module.dot)
    best = dict.fromkeys(done, float("inf"))
    stop = perf_counter() + seconds
    while perf_counter() < stop:
        for name, (f, n) in done.items():
            start = perf_counter()
            f(n)
            best[name] = min(best[name], (perf_counter() - start) / n * 1e9)
    return best


def asked(python: str, what: str, folder: Path, seconds: float) -> Times:
    """The figures of one process."""
    command = [python, str(Path(__file__)), "--only", what, "--seconds", str(seconds)]
    path = {"PYTHONPATH": f"{folder}:{ROOT}", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=path)
    found: Times = json.loads(done.stdout)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.eager", description=__doc__)
    add = parser.add_argument
    add("--pythons", nargs="+", default=[sys.executable], help="with engine compiled for each")
    add("--before", type=Path, metavar="FOLDER", help="an older checkout, compiled, to compare")
    add("--rounds", type=int, default=5, help="how often the processes take turns")
    add("--seconds", type=float, default=1.0, help="how long a process measures")
    add("--only", choices=[OURS, LIMIT], help="be one of the processes")
    options = parser.parse_args(arguments)
    if options.only:
        print(json.dumps(nanoseconds(options.only, options.seconds)))
        return
    contenders = {LIMIT: (LIMIT, ROOT), OURS: (OURS, ROOT)}
    if options.before:
        contenders["before"] = (OURS, options.before.resolve())
    for python in options.pythons:
        rounds: list[dict[str, Times]] = [
            {
                name: asked(python, what, folder, options.seconds)
                for name, (what, folder) in contenders.items()
            }
            for _ in range(options.rounds)
        ]
        print(f"\n{python}: ns a node, and times the C type\n")
        print(report(rounds, list(contenders)))


def report(rounds: Sequence[dict[str, Times]], names: Sequence[str]) -> str:
    """The medians of the rounds; a ratio is taken within each round."""
    header = ["node", *names, *[f"{name}: times the limit" for name in names[1:]]]
    rows = []
    for step in rounds[0][LIMIT]:
        cells = [figure(median(times[name][step] for times in rounds)) for name in names]
        for name in names[1:]:
            ratios = [times[name][step] / times[LIMIT][step] for times in rounds]
            cells.append(f"{median(ratios):.2f}")
        rows.append([step, *cells])
    return table(header, rows)


if __name__ == "__main__":
    main()
