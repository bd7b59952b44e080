"""What a node costs (W4): graphs of three shapes, of a thousand to a million nodes.

The leaves are few and shared, so that time and memory are those of the nodes counted.
"""

import os
import tracemalloc
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from operator import add, mul
from pathlib import Path
from typing import Any

from benchmarks.engines import Engine

Shape = Callable[[Engine, Sequence[Any], int], Any]  # (engine, leaves, n) -> the output of n nodes

SIZES = (1_000, 10_000, 100_000, 1_000_000)
TERMS = 16
# Powers of two that keep a tree of any depth where it is: (1/4 + 1/4) * (1/4 + 1/4) = 1/4.
LEAVES = [0.25] * (2 * TERMS + 1)


def chain(_engine: Engine, leaves: Sequence[Any], n: int) -> Any:
    """y = y + x, n times: as deep as it is large."""
    y = x = leaves[0]
    for _ in range(n):
        y = y + x
    return y


def tree(_engine: Engine, leaves: Sequence[Any], n: int) -> Any:
    """A balanced tree of n nodes, its levels + and * in turn."""
    return paired(list(islice(cycle(leaves), n + 1)), [add, mul])


def neurons(engine: Engine, leaves: Sequence[Any], n: int) -> Any:
    """Weighted sums of 16 terms and a bias, then a balanced tree of + over them.

    A sum counts as the 16 products and 16 sums it stands for, also where it is one node: the
    figure is the cost of the same mathematics.
    """
    weights, inputs, bias = leaves[:TERMS], leaves[TERMS : 2 * TERMS], leaves[-1]
    sums = [engine.dot(weights, inputs, bias) for _ in range(n // (2 * TERMS + 1))]
    return paired(sums, [add])


def paired(nodes: list[Any], ops: Sequence[Callable[[Any, Any], Any]]) -> Any:
    """Neighbours joined two by two, level by level, until one node is left."""
    levels = cycle(ops)
    while len(nodes) > 1:
        op = next(levels)
        odd = nodes[len(nodes) & ~1 :]
        nodes = [op(a, b) for a, b in zip(nodes[::2], nodes[1::2])] + odd
    return nodes[0]


SHAPES: dict[str, Shape] = {"chain": chain, "dot": neurons, "tree": tree}


def differentiated(shape: Shape, n: int) -> Callable[[Engine], Callable[[], Any]]:
    """What starts the building, differentiating and freeing of a graph of n nodes."""

    def start(engine: Engine) -> Callable[[], tuple[float, list[float]]]:
        engine.start(LEAVES)

        def step() -> tuple[float, list[float]]:
            engine.update(LEAVES)  # sets the gradients of leaves that keep them to 0
            return engine.gradients(lambda engine, leaves: shape(engine, leaves, n))

        return step

    return start


def traced_memory(engine: Engine, shape: Shape, n: int) -> dict[str, float]:
    """Bytes a node that Python allocates, and the most until the gradient is there."""
    engine.start(LEAVES)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    graph = 0

    def loss(engine: Engine, leaves: Sequence[Any]) -> Any:
        nonlocal graph
        output = shape(engine, leaves, n)
        graph, _ = tracemalloc.get_traced_memory()
        return output

    engine.gradients(loss)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"graph": (graph - before) / n, "peak": (peak - before) / n}


def resident_memory(engine: Engine, shape: Shape, n: int) -> dict[str, float | None]:
    """Bytes a node that a fresh process grows by; None where the system does not say."""
    engine.start(LEAVES)
    before = after = resident()

    def loss(engine: Engine, leaves: Sequence[Any]) -> Any:
        nonlocal after
        output = shape(engine, leaves, n)
        after = resident()
        return output

    engine.gradients(loss)
    return {"resident": None if before is None or after is None else (after - before) / n}


def resident() -> int | None:
    """Bytes of memory this process occupies, where the system has /proc."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return None
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
