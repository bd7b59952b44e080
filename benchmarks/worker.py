"""One engine in a process of its own: reads requests and writes answers, a line of JSON each."""

import gc
import sys
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks import nodes
from benchmarks.engines import LOAD, Engine
from benchmarks.peers import OURS, PEERS, ROOT
from benchmarks.process import serve
from benchmarks.workloads import WORKLOADS

Answer = dict[str, Any]
CHECKED_STEPS, CHECK_SECONDS = 2, 1.0  # the second step shows a gradient that was not set to 0


def main() -> None:
    engine: Engine | None = None

    def answer(request: dict[str, Any]) -> Answer:
        nonlocal engine
        if engine is None:
            engine = load(sys.argv[1])
        return ANSWERS[request.pop("do")](engine, **request)

    serve(answer)


def load(name: str) -> Engine:
    """The engine called name. Raises ImportError, with what to do, if it is not there."""
    if name in OURS:
        # `python -m` puts our folder first: an installed engine, perhaps compiled, goes before it.
        sys.path[:] = [entry for entry in sys.path if Path(entry) != ROOT] + [str(ROOT)]
        compiled = import_module("engine").compiled
        if compiled and name == "chainrule-pure":
            raise ImportError("compiled in spite of CHAINRULE_PURE=1")
        if not compiled and name == "chainrule":
            raise ImportError("not compiled: CHAINRULE_COMPILE=1 pip install -e .")
    else:
        check_peer(name)
    return LOAD[name]()


def check_peer(name: str) -> None:
    """Raise ImportError unless the module is that of the package: two are called micrograd."""
    peer = PEERS[name]
    try:
        package = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise ImportError(
            f"not installed: python -m benchmarks --install --engines {name}"
        ) from None
    if package.version.split("+")[0] != peer.version:
        raise ImportError(f"version {package.version} is installed, wanted {peer.version}")
    module = import_module(peer.modules.split(",")[0])
    if Path(str(package.locate_file(""))) not in Path(str(module.__file__)).parents:
        raise ImportError(f"{module.__name__} is another package's: {module.__file__}")


def greet(engine: Engine) -> Answer:
    """What there is to know before anything is measured."""
    if sys.argv[1] in OURS:
        version = import_module("engine").__version__
    else:
        version = metadata.version(sys.argv[1])
    return {"version": version, "mlp": engine.MLP is not None}


def check(engine: Engine, workload: str) -> Answer:
    """The loss and the gradient of the first steps, as many as fit."""
    step = WORKLOADS[workload].start(engine)
    start = perf_counter()
    steps = [step()]
    while len(steps) < CHECKED_STEPS and perf_counter() - start < CHECK_SECONDS:
        steps.append(step())
    return {"steps": steps, "seconds": (perf_counter() - start) / len(steps)}


def measure(engine: Engine, workload: str, collector: str, seconds: float) -> Answer:
    """Seconds a step, over as many steps from the beginning as fit in `seconds`."""
    size = WORKLOADS[workload].size
    step = WORKLOADS[workload].start(engine)
    steps = 0
    if collector == "off":
        gc.collect()
        gc.disable()
    start = now = perf_counter()
    while now - start < seconds:
        step()
        steps += 1
        now = perf_counter()
    total = now - start
    if size:
        total += time_to_free()
    if collector == "off":
        gc.enable()
        gc.collect()
    return {"seconds": total / steps, "steps": steps}


def time_to_free() -> float:
    """Seconds the collector needs for the nodes left to it, without those it needs for nothing."""
    start = perf_counter()
    gc.collect()
    middle = perf_counter()
    gc.collect()
    return (middle - start) - (perf_counter() - middle)


def memory(engine: Engine, workload: str, kind: str) -> Answer:
    """Bytes a node; kind is "traced" or "resident"."""
    shape, size = nodes.SHAPES[workload.split("-")[0]], WORKLOADS[workload].size
    if kind == "traced":
        return dict(nodes.traced_memory(engine, shape, size))
    return dict(nodes.resident_memory(engine, shape, size))


ANSWERS: dict[str, Callable[..., Answer]] = {
    "greet": greet,
    "check": check,
    "measure": measure,
    "memory": memory,
}

if __name__ == "__main__":
    main()
