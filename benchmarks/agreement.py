"""The check before every measurement: all engines find the same losses and gradients."""

import math
from collections.abc import Iterable
from statistics import median

from benchmarks.process import Worker, WorkerError
from benchmarks.results import TOLERANCE, Results


def check(workload: str, workers: Iterable[Worker], results: Results) -> None:
    """Note how far the losses and gradients of each engine are from those of the others."""
    found: dict[str, list[list[float]]] = {}
    for worker in workers:
        try:
            answer = worker.ask("check", workload=workload)
        except WorkerError as error:
            results.unmeasured.setdefault(workload, {})[worker.engine] = str(error)
        else:
            found[worker.engine] = [[loss, *gradient] for loss, gradient in answer["steps"]]
    results.deviations[workload] = deviations(found)


def deviations(found: dict[str, list[list[float]]]) -> dict[str, float]:
    """The largest |x - m| / max(1, |m|) of each engine, with m the median over the engines.

    found: engine -> its steps -> the numbers of a step. Slow engines have fewer steps, and are
    compared on those. Infinite for an engine with an inf or a nan.
    """
    largest = dict.fromkeys(found, 0.0)
    for index in range(max(map(len, found.values()), default=0)):
        step = {engine: steps[index] for engine, steps in found.items() if len(steps) > index}
        finite = {e: numbers for e, numbers in step.items() if all(map(math.isfinite, numbers))}
        middle = [median(column) for column in zip(*finite.values())]
        for engine in step:
            if engine not in finite:
                largest[engine] = math.inf
                continue
            off = [abs(x - m) / max(1.0, abs(m)) for x, m in zip(finite[engine], middle)]
            largest[engine] = max(largest[engine], *off)
    return largest


def verdict(workload: str, results: Results) -> str:
    """One line: who agrees and who does not, or why there is no saying."""
    found, wrong = results.deviations[workload], results.disagreeing(workload)
    parts = []
    right = [deviation for engine, deviation in found.items() if engine not in wrong]
    if len(right) == 1:
        parts.append("one engine, nothing to compare it with")
    elif right:
        parts.append(f"{len(right)} engines agree to {max(right):.0e} (asked: {TOLERANCE:.0e})")
    parts += [f"{engine} differs by {d:.1e} and is left out" for engine, d in wrong.items()]
    parts += [f"{e}: {why}" for e, why in results.unmeasured.get(workload, {}).items()]
    return f"{workload}: " + "; ".join(parts)
