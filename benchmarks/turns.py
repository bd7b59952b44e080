"""A contender's process: reads a request a line, answers with a line, both in JSON.

A contender's packages and the compiler are its own affair: it is started with the folder of its
peer on the path, if there is one, and says what is missing.
"""

import gc
import os
import subprocess
import sys
from importlib import import_module, metadata
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks import process
from benchmarks.contenders import Contender
from benchmarks.entries import ENTRIES, PROBLEMS
from benchmarks.growth import Growth
from benchmarks.peers import ROOT

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
XLA_FLAGS = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


class Worker(process.Worker):
    """The process of a contender, as the one who asks sees it."""

    def environment(self) -> dict[str, str]:
        """One thread each; the peer's folder first on the path, if there is one."""
        variables = dict(os.environ, XLA_FLAGS=XLA_FLAGS, JAX_PLATFORMS="cpu")
        variables |= dict.fromkeys(THREADS, "1")
        variables.pop("CHAINRULE_PURE", None)
        package = ENTRIES[self.engine].package
        if package and (self.folder / package).is_dir():
            paths = [str(self.folder / package), os.environ.get("PYTHONPATH", "")]
            variables["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        return variables

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.turns", self.engine],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env=self.environment(),
        )


def main() -> None:
    # `python -m` puts our folder first: an installed engine, perhaps compiled, goes before it.
    sys.path.append(sys.path.pop(0))
    made: dict[str, Turns] = {}
    growth = Growth()

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        do = request.pop("do")
        if do == "greet":
            return {"version": version(sys.argv[1])}
        if do in ("prepare", "turn"):
            return dict(getattr(growth, do)(**request))
        name = request.pop("problem")
        if name not in made:
            made[name] = Turns(sys.argv[1], name)
        found: dict[str, Any] = getattr(made[name], do)(**request)
        return found

    process.serve(answer)


def version(name: str) -> str:
    """The version of what the contender needs. Raises ImportError if it is not there."""
    package = ENTRIES[name].package
    if not package:
        return ""
    module = import_module(package)
    if package == "engine":
        if not module.compiled:
            raise ImportError("not compiled: CHAINRULE_COMPILE=1 pip install -e .")
        return str(module.__version__)
    return metadata.version(package)


class Turns:
    """What a contender is asked to do with one problem."""

    def __init__(self, name: str, problem: str) -> None:
        self.problem = PROBLEMS[problem]
        self.contender: Contender = ENTRIES[name].make(self.problem)
        self.steps = 0  # of a turn; not yet known

    def check(self, steps: int) -> dict[str, Any]:
        """The losses of the first steps, and the parameters after them, where those are asked."""
        self.contender.start()
        losses = [float(x) for x in self.contender.train(steps)]
        return {"losses": losses, "parameters": self.contender.parameters()}

    def measure(self, seconds: float) -> dict[str, Any]:
        """Seconds a step, of one call with as many steps from the beginning as fit in `seconds`."""
        if not self.steps:
            self.steps = self.fitting(seconds)
            self.timed(self.steps)  # a program may be compiled for a number of steps
        return {"seconds": self.timed(self.steps), "steps": self.steps}

    def fitting(self, seconds: float) -> int:
        """How many steps fit in `seconds`."""
        steps = 1
        while True:
            self.timed(steps)
            spent = self.timed(steps) * steps
            if spent > seconds / 10:
                return max(1, round(steps * seconds / spent))
            steps *= 8

    def timed(self, steps: int) -> float:
        self.contender.start()
        gc.collect()  # what others have left to it is not this turn's
        start = perf_counter()
        self.contender.train(steps)
        return (perf_counter() - start) / steps

    def setup(self, times: int) -> dict[str, float]:
        """Median milliseconds of each part of what is done before the first step."""
        parts = self.contender.parts()
        found: dict[str, list[float]] = {part: [] for part in parts}
        for _ in range(times):
            for part, done in parts.items():
                start = perf_counter()
                done()
                found[part].append((perf_counter() - start) * 1e3)
        return {part: median(spent) for part, spent in found.items()}


if __name__ == "__main__":
    main()
