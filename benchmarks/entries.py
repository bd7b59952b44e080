"""The entries: which contenders there are, and in which problems each of them takes part."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks import contenders, gpt_contenders
from benchmarks.contenders import W1, W2, Contender, Problem
from benchmarks.gpt_contenders import W3, Language
from benchmarks.recurrent_contenders import CELLS, Cell, EagerCell, ReplayedCell

PROBLEMS: dict[str, Problem | Language | Cell] = {
    problem.name: problem for problem in (W1, W2, W3, *CELLS)
}


@dataclass(frozen=True)
class Entry:
    """How a contender is made for a problem, the package it needs, and how it is driven."""

    network: Callable[[Any], Contender]
    package: str  # what has to be importable; also the folder of the peer
    how: str
    gpt: Callable[[Any], Contender] | None = None
    cell: Callable[[Any], Contender] | None = None

    def enters(self, problem: str) -> bool:
        return self.maker(PROBLEMS[problem]) is not None

    def maker(self, problem: Problem | Language | Cell) -> Callable[[Any], Contender] | None:
        if isinstance(problem, Problem):
            return self.network
        return self.gpt if isinstance(problem, Language) else self.cell

    def make(self, problem: Problem | Language | Cell) -> Contender:
        """The contender. Raises ValueError where it does not take part."""
        maker = self.maker(problem)
        if maker is None:
            raise ValueError(f"{self.how}: takes no part in {problem.name}")
        return maker(problem)


ENTRIES = {
    "limit": Entry(
        contenders.Limit, "", "strict C: by hand, with eager's sums", gpt_contenders.LimitGpt
    ),
    "limit-avx2": Entry(
        lambda problem: contenders.Limit(problem, "-mno-avx512f"),
        "",
        "the same without AVX-512",
        lambda problem: gpt_contenders.LimitGpt(problem, "-mno-avx512f"),
    ),
    "limit-fast": Entry(contenders.FastLimit, "", "fast C: sums in lanes, and FMA"),
    "limit-fast-avx2": Entry(
        lambda problem: contenders.FastLimit(problem, "-mno-avx512f"), "", "the same, no AVX-512"
    ),
    "replay": Entry(
        contenders.Replayed,
        "engine",
        "one call of the machine's train",
        gpt_contenders.ReplayedGpt,
        ReplayedCell,
    ),
    "replay-fast": Entry(
        lambda problem: contenders.Replayed(problem, fast=True), "engine", "the same in fast mode"
    ),
    "fit": Entry(contenders.Fitted, "engine", "fit with replay: an epoch a step"),
    "eager": Entry(
        contenders.Eager,
        "engine",
        "a graph for each step, compiled",
        gpt_contenders.EagerGpt,
        EagerCell,
    ),
    "jax-loop": Entry(contenders.Loop, "jax", "lax.fori_loop under jit", gpt_contenders.LoopGpt),
    "jax": Entry(contenders.Jax, "jax", "a call of a jitted step"),
    "torch": Entry(contenders.Torch, "torch", "tensors of the batch, autograd"),
    "numpy": Entry(contenders.Numpy, "numpy", "arrays of the batch, by hand"),
    "casadi": Entry(contenders.Casadi, "casadi", "SX, called through buffers"),
}
