"""One engine in a process of its own: reads the name of a workload, writes its times."""

import gc
import json
import sys
import time
from types import SimpleNamespace
from typing import Any

from benchmarks.workloads import WORKLOADS


def load(name: str) -> Any:
    """Value and MLP of an engine."""
    if name == "micrograd":
        from micrograd import engine, nn
    else:
        import engine  # type: ignore[no-redef]
        import nn  # type: ignore[no-redef]
    return SimpleNamespace(Value=engine.Value, MLP=nn.MLP)


def main() -> None:
    engine = load(sys.argv[1])
    if sys.argv[2] == "off":
        gc.disable()
    steps = {name: make(engine) for name, (make, _) in WORKLOADS.items()}
    for line in sys.stdin:
        name = line.strip()
        times, losses = [], []
        for _ in range(WORKLOADS[name][1]):
            start = time.perf_counter()
            losses.append(steps[name]())
            times.append(time.perf_counter() - start)
        print(json.dumps({"times": times, "losses": losses}), flush=True)


if __name__ == "__main__":
    main()
