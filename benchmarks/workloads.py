"""The workloads: everything that is measured, by name."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import gpt, mlps, nodes, programs
from benchmarks.engines import Engine
from benchmarks.training import Adam, Step, gradient_descent, training


@dataclass(frozen=True)
class Workload:
    """`start(engine)` prepares it and returns one step; `size` is the nodes that step counts."""

    title: str
    start: Callable[[Engine], Step]
    size: int = 0
    needs_mlp: bool = False


TRAINING = {
    "w1": Workload(
        "W1, XOR step: 2-4-1 tanh, 4 samples, gradient descent",
        training(
            mlps.xor_loss, mlps.initial(mlps.XOR_SIZES, seed=42), lambda: gradient_descent(0.1)
        ),
    ),
    "w2": Workload(
        "W2, moons step: 2-16-16-1 relu, 100 samples, hinge and L2",
        training(
            mlps.moons_loss,
            mlps.initial(mlps.MOONS_SIZES, seed=1337),
            lambda: gradient_descent(0.5),
        ),
    ),
    "w3": Workload(
        "W3, GPT step: 4,192 parameters, 8 tokens, Adam",
        training(gpt.gpt_loss, gpt.initial(), Adam),
    ),
}
PROGRAMS = {
    "xor-mlp": Workload("XOR through MLP(2, [4, 1])", programs.xor_program, needs_mlp=True),
    "moons-mlp": Workload(
        "moons through MLP(2, [16, 16, 1])", programs.moons_program, needs_mlp=True
    ),
}
NODES = {
    f"{name}-{n}": Workload(f"W4, {name} of {n:,} nodes", nodes.differentiated(shape, n), size=n)
    for name, shape in nodes.SHAPES.items()
    for n in nodes.SIZES
}
WORKLOADS = TRAINING | PROGRAMS | NODES
