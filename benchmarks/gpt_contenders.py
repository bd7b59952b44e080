"""The contenders of W3: a scalar GPT trained by eager chainrule, by replay, by JAX and by hand.

The loss is that of `benchmarks.gpt`, the optimiser Adam; as with W1 and W2, only `train` is timed.
"""

import ctypes
from array import array
from dataclasses import dataclass
from typing import Any

from benchmarks import gpt
from benchmarks.contenders import Contender, Limit, ReplayedGraph, all_of, function_of, numbers
from benchmarks.engines import Leaves, chainrule


@dataclass(frozen=True)
class Language:
    """The GPT and its text, and how fast it learns."""

    title: str
    name: str
    numbers: list[float]  # the first parameters
    lr: float
    betas: tuple[float, float]
    eps: float
    exact_steps: int  # in which replay and eager have to have the same bits


W3 = Language(
    "W3, GPT: 4,192 parameters, 8 tokens, Adam",
    "w3",
    gpt.initial(),
    lr=0.01,
    betas=(0.85, 0.99),
    eps=1e-8,
    exact_steps=20,
)


def ours() -> Leaves:
    """chainrule with its own softmax: the shift of another is a plain number, which is frozen."""
    from engine import softmax

    leaves = chainrule()
    leaves.softmax = softmax
    return leaves


class EagerGpt(Contender):
    """A graph for each step, and `nn.Adam`."""

    def __init__(self, problem: Language) -> None:
        self.problem, self.engine = problem, ours()

    def start(self) -> None:
        from nn import Adam

        self.engine.start(self.problem.numbers)
        settings: dict[str, Any] = {"betas": self.problem.betas, "eps": self.problem.eps}
        self.optimizer = Adam(self.engine.leaves, lr=self.problem.lr, **settings)

    def train(self, steps: int) -> list[float]:
        return [self.step() for _ in range(steps)]

    def step(self) -> float:
        self.optimizer.zero_grad()
        loss, _ = self.engine.gradients(gpt.gpt_loss)
        self.optimizer.step()
        return loss

    def parameters(self) -> list[float]:
        return [p.data for p in self.engine.leaves]


class ReplayedGpt(ReplayedGraph):
    """The GPT step in the machine, with its Adam."""

    def plan(self) -> Any:
        from engine.programs.plan import lowered
        from engine.programs.tape import Tape

        engine = ours()
        engine.start(self.problem.numbers)
        return lowered(Tape([gpt.gpt_loss(engine, engine.leaves)], [], engine.leaves), 1)

    def start(self) -> None:
        self.current = array("d", self.problem.numbers)
        zeros = array("d", bytes(8 * len(self.current)))
        self.states = {"exp_avg": zeros[:], "exp_avg_sq": zeros[:]}
        self.done = 0

    def train(self, steps: int) -> Any:
        settings = {"betas": self.problem.betas, "eps": self.problem.eps}
        settings |= {"weight_decay": 0.0, "amsgrad": False}
        order, lrs = array("i", [0]) * steps, array("d", [self.problem.lr]) * steps
        arguments = (self.states, ("adam", settings), array("d"), None, order, lrs, self.done)
        losses = self.machine.train(self.current, *arguments)
        all_of(losses, steps)
        self.done += steps
        return losses

    def parameters(self) -> list[float]:
        return list(self.current)


class LoopGpt(Contender):
    """All tokens at once in arrays of JAX, all steps in one `fori_loop`, Adam written out."""

    def __init__(self, problem: Language) -> None:
        import jax
        from jax import numpy as jnp

        jax.config.update("jax_enable_x64", True)
        self.problem, self.jax, self.jnp = problem, jax, jnp
        b1, b2 = problem.betas

        def body(k: Any, carried: Any) -> Any:
            (weights, means, squares, done), losses = carried
            loss, slopes = jax.value_and_grad(self.loss_of)(weights)
            t = done + 1
            pace, scale = problem.lr / (1 - b1**t), jnp.sqrt(1 - b2**t)
            means = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, means, slopes)
            squares = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, squares, slopes)

            def moved(p: Any, m: Any, v: Any) -> Any:
                return p - pace * m / (jnp.sqrt(v) / scale + problem.eps)

            weights = jax.tree.map(moved, weights, means, squares)
            return (weights, means, squares, t), losses.at[k].set(loss)

        def loop(state: Any, losses: Any) -> Any:
            return jax.lax.fori_loop(0, len(losses), body, (state, losses))

        self.loop = jax.jit(loop, donate_argnums=(0, 1))

    def loss_of(self, weights: dict[str, Any]) -> Any:
        """Mean cross-entropy; x: [tokens, EMBEDDING]."""
        jax, jnp = self.jax, self.jnp
        tokens = jnp.array(gpt.TOKENS)
        n = len(gpt.TOKENS) - 1

        def normalized(x: Any) -> Any:
            return x * (jnp.mean(x * x, axis=1, keepdims=True) + 1e-5) ** -0.5

        x = normalized(weights["token"][tokens[:-1]] + weights["position"][:n])
        y = normalized(x)
        query, key, value = [
            (y @ weights[name].T).reshape(n, gpt.HEADS, gpt.HEAD)
            for name in ("query", "key", "value")
        ]
        scores = jnp.einsum("thd,shd->hts", query, key) * gpt.HEAD**-0.5
        seen = jnp.tril(jnp.ones((n, n), bool))
        attended = jax.nn.softmax(jnp.where(seen, scores, -jnp.inf), axis=-1)
        mixed = jnp.einsum("hts,shd->thd", attended, value).reshape(n, gpt.EMBEDDING)
        x = mixed @ weights["output"].T + x
        x = jax.nn.relu(normalized(x) @ weights["widen"].T) @ weights["narrow"].T + x
        logs = jax.nn.log_softmax(x @ weights["scores"].T, axis=-1)
        return -jnp.mean(logs[jnp.arange(n), tokens[1:]])

    def start(self) -> None:
        def fresh() -> Any:
            return {name: jnp.zeros(shape) for name, shape in gpt.SHAPES.items()}

        jnp, matrices = self.jnp, gpt.matrices(self.problem.numbers)
        weights = {name: jnp.array(matrix) for name, matrix in matrices.items()}
        self.state = (weights, fresh(), fresh(), jnp.array(0.0))

    def train(self, steps: int) -> Any:
        self.state, losses = self.loop(self.state, self.jnp.zeros(steps))
        return self.jax.block_until_ready(losses)


class LimitGpt(Contender):
    """Steps in C, compiled for this processor: strict_gpt.c, with eager's bits."""

    SOURCE = "strict_gpt.c"

    def __init__(self, problem: Language, *flags: str) -> None:
        self.problem = problem
        # Without errno, a root is an instruction of vectors; no result depends on it.
        all_flags = (*Limit.FLAGS, "-fno-math-errno", *flags)
        self.function = function_of(problem.name, self.SOURCE, *all_flags)
        number, whole = ctypes.POINTER(ctypes.c_double), ctypes.c_int
        words = ctypes.POINTER(whole)
        self.function.argtypes = [number] * 3 + [words, whole, whole] + [number] * 2
        self.function.restype = None
        self.words = (whole * len(gpt.TOKENS))(*gpt.TOKENS)
        self.settings = numbers([problem.lr, *problem.betas, problem.eps])

    def start(self) -> None:
        self.current = numbers(self.problem.numbers)
        self.mean, self.square = [numbers([0.0] * len(self.current)) for _ in range(2)]
        self.done = 0

    def train(self, steps: int) -> Any:
        losses = (ctypes.c_double * steps)()
        state = self.current, self.mean, self.square
        self.function(*state, self.words, steps, self.done, self.settings, losses)
        self.done += steps
        return losses

    def parameters(self) -> list[float]:
        return list(self.current)
