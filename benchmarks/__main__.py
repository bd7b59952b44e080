"""`python -m benchmarks`: every engine on the same work, as tables, a chart and raw figures."""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks import peers, report
from benchmarks.chart import svg
from benchmarks.race import Plan, run
from benchmarks.workloads import PROGRAMS, TRAINING

WORKLOADS = (*TRAINING, *PROGRAMS, "nodes", "import")
NODE_ENGINES = ("micrograd", "xad", *peers.OURS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; 1 if engines disagree or something cannot be done, else 0."""
    options = parser().parse_args(arguments)
    if options.install:
        failed = peers.install(options.engines or list(peers.PEERS), options.peers)
        print(f"not installed: {', '.join(failed)}" if failed else "all installed")
        return 1 if failed else 0
    results = run(plan(options), lambda line: print(line, file=sys.stderr, flush=True))
    print(report.text(results), end="")
    # engine is imported late: `--install` needs nothing but pip.
    from engine.saving.files import write_file

    if options.json:
        machine = {"python": platform.python_version(), "machine": platform.platform()}
        write_file(options.json, json.dumps(machine | asdict(results), indent=1) + "\n")
    if options.svg:
        try:
            write_file(options.svg, svg(results, plan(options).collectors[0]))
        except ValueError as error:
            print(f"no chart: {error}", file=sys.stderr)
            return 1
    return 1 if any(map(results.disagreeing, results.deviations)) else 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--engines", nargs="+", choices=peers.ENGINES, metavar="ENGINE", help="which to run")
    add("--workloads", nargs="+", choices=WORKLOADS, default=WORKLOADS, metavar="WORKLOAD")
    add("--collector", choices=["on", "off", "both"], default="both")
    add("--rounds", type=int, default=5, help="how often the engines take turns")
    add("--quick", action="store_true", help="see that all works: short turns, small graphs")
    add("--svg", type=Path, metavar="FILE", help="draw the times faster than micrograd")
    add("--json", type=Path, metavar="FILE", help="write every round's figures")
    add("--peers", type=Path, default=peers.FOLDER, metavar="FOLDER", help="where peers are")
    add("--install", action="store_true", help="install the peers there, and do nothing else")
    parser.epilog = f"engines: {', '.join(peers.ENGINES)}; workloads: {', '.join(WORKLOADS)}"
    return parser


def plan(options: argparse.Namespace) -> Plan:
    result = Plan(
        engines=options.engines or peers.ENGINES,
        workloads=options.workloads,
        node_engines=options.engines or NODE_ENGINES,
        collectors=("on", "off") if options.collector == "both" else (options.collector,),
        peers=options.peers.resolve(),
        rounds=options.rounds,
    )
    if options.quick:
        result.rounds, result.imports = min(options.rounds, 2), 3
        result.turn, result.budget, result.largest = 0.01, 1.0, 10_000
    return result


if __name__ == "__main__":
    raise SystemExit(main())
