"""The race: the engines take turns, each in its own process, once all agree on the gradients."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benchmarks import peers
from benchmarks.agreement import check, verdict
from benchmarks.imports import import_times
from benchmarks.process import Worker, WorkerError
from benchmarks.results import Results
from benchmarks.workloads import NODES, PROGRAMS, TRAINING


@dataclass
class Plan:
    """What to measure, and for how long."""

    engines: Sequence[str]
    workloads: Sequence[str]  # names of TRAINING and PROGRAMS, "nodes", "import"
    node_engines: Sequence[str]  # for "nodes", which takes each of them a minute
    collectors: Sequence[str] = ("on", "off")
    peers: Path = peers.FOLDER
    rounds: int = 5
    turn: float = 0.25  # seconds of an engine's turn; a longer step is done once
    budget: float = 8.0  # seconds after which an engine has no more rounds in a workload
    imports: int = 15
    largest: int = 1_000_000


def run(plan: Plan, say: Callable[[str], None]) -> Results:
    """Measure what the plan names; `say` gets a line for each thing done."""
    results = Results()
    workers = {engine: Worker(engine, plan.peers) for engine in plan.engines}
    try:
        with_mlp = greet(workers.values(), results)
        for engine, why in results.missing.items():
            say(f"{engine}: {why}")
        there = [worker for engine, worker in workers.items() if engine in results.versions]
        runners = {name: there for name in TRAINING if name in plan.workloads}
        runners |= {name: with_mlp for name in PROGRAMS if name in plan.workloads}
        for name, entered in runners.items():
            check(name, entered, results)
            say(verdict(name, results))
        for name, entered in runners.items():
            race(name, entered, plan, results)
            say(f"{name}: measured")
        if "nodes" in plan.workloads:
            measure_nodes([w for w in there if w.engine in plan.node_engines], plan, results, say)
        if "import" in plan.workloads:
            results.imports = import_times(results.versions, plan.peers, plan.imports)
            say("import: measured")
    finally:
        for worker in workers.values():
            worker.stop()
    return results


def greet(workers: Iterable[Worker], results: Results) -> list[Worker]:
    """Note who is there and who is not; those with an MLP that is called as micrograd's is."""
    with_mlp = []
    for worker in workers:
        try:
            answer = worker.ask("greet")
        except WorkerError as error:
            results.missing[worker.engine] = str(error)
            worker.stop()
            continue
        results.versions[worker.engine] = answer["version"]
        if answer["mlp"]:
            with_mlp.append(worker)
    return with_mlp


def race(workload: str, workers: Iterable[Worker], plan: Plan, results: Results) -> None:
    """Let the engines that agree take turns, with each setting of the collector."""
    out = {*results.disagreeing(workload), *results.unmeasured.get(workload, {})}
    racing = [worker for worker in workers if worker.engine not in out]
    for collector in plan.collectors:
        rounds: dict[str, list[float]] = {worker.engine: [] for worker in racing}
        results.steps.setdefault(workload, {})[collector] = rounds
        spent = dict.fromkeys(rounds, 0.0)
        for _ in range(plan.rounds):
            for worker in racing:
                engine = worker.engine
                if spent[engine] >= plan.budget:
                    continue
                start = perf_counter()
                try:
                    answer = worker.ask(
                        "measure", workload=workload, collector=collector, seconds=plan.turn
                    )
                except WorkerError as error:
                    results.unmeasured.setdefault(workload, {})[engine] = str(error)
                    spent[engine] = math.inf
                else:
                    rounds[engine].append(answer["seconds"])
                    spent[engine] += perf_counter() - start


def measure_nodes(
    workers: Sequence[Worker], plan: Plan, results: Results, say: Callable[[str], None]
) -> None:
    """W4: time and memory of every shape and size that an engine can do in the budget."""
    for name, workload in NODES.items():
        if workload.size > plan.largest:
            continue
        able = [worker for worker in workers if fits(name, worker.engine, results, plan)]
        check(name, able, results)
        race(name, able, plan, results)
        for worker in able:
            if worker.engine not in results.unmeasured.get(name, {}):
                measure_memory(name, worker, results)
        say(verdict(name, results))


def fits(workload: str, engine: str, results: Results, plan: Plan) -> bool:
    """Whether it worked at a tenth of the size, and ten times that time is in the budget."""
    shape, size = workload.split("-")
    smaller = f"{shape}-{int(size) // 10}"
    why = results.unmeasured.get(smaller, {}).get(engine)
    times = [results.seconds(smaller, collector, engine) for collector in plan.collectors]
    expected = 10 * max([seconds for seconds in times if seconds], default=0.0)
    if why is None and expected > plan.budget:
        why = f"a step would take {expected:.0f} s, of a budget of {plan.budget:.0f}"
    if why is not None:
        results.unmeasured.setdefault(workload, {})[engine] = why
    return why is None


def measure_memory(workload: str, worker: Worker, results: Results) -> None:
    """Bytes a node, each figure in a fresh process: a used one has room to build in."""
    found = results.memory.setdefault(workload, {}).setdefault(worker.engine, {})
    for kind in ("traced", "resident"):
        fresh = Worker(worker.engine, worker.folder)
        try:
            found |= fresh.ask("memory", workload=workload, kind=kind)
        except WorkerError as error:
            results.unmeasured.setdefault(workload, {})[worker.engine] = f"memory: {error}"
        finally:
            fresh.stop()
