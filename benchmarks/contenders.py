"""The contenders: W1 and W2 trained by replay, by eager chainrule, by peers and by hand.

Each takes a Problem. `start()` puts it at the first parameters; `train(steps)` does that many steps
of gradient descent on the whole batch, and returns when the losses of all of them are there, in
whatever form it has them: only `train` is timed, in one call.
"""

import ctypes
import shutil
import subprocess
import tempfile
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import mlps

Samples = list[tuple[list[float], float]]


@dataclass(frozen=True)
class Problem:
    """A network, its data, its loss, and the rate at which it learns."""

    title: str
    name: str  # that of its functions in strict.c and limit.c
    sizes: Sequence[int]
    activations: Sequence[str]  # of each layer: "tanh", "relu" or "linear"
    samples: Samples
    numbers: Sequence[float]  # the first parameters, neuron by neuron
    loss: str  # "mse" or "hinge"
    penalty: float  # times the sum of the squares of all parameters
    lr: float
    exact_steps: int  # in which replay and eager have to have the same bits


W1 = Problem(
    "W1, XOR: 2-4-1 tanh, 4 samples, mean squared error",
    "w1",
    mlps.XOR_SIZES,
    ("tanh", "tanh"),
    mlps.XOR,
    mlps.initial(mlps.XOR_SIZES, seed=42),
    loss="mse",
    penalty=0.0,
    lr=0.1,
    exact_steps=1000,
)
W2 = Problem(
    "W2, moons: 2-16-16-1 relu, 100 samples, hinge loss and L2 penalty",
    "w2",
    mlps.MOONS_SIZES,
    ("relu", "relu", "linear"),
    mlps.MOONS,
    mlps.initial(mlps.MOONS_SIZES, seed=1337),
    loss="hinge",
    penalty=1e-4,
    lr=0.5,
    exact_steps=100,
)


class Contender:
    """What is started, trained and timed."""

    def start(self) -> None:
        """Put the parameters where they begin."""
        raise NotImplementedError

    def train(self, steps: int) -> Any:
        """The losses before each of that many steps."""
        raise NotImplementedError

    def parameters(self) -> list[float]:
        """The parameters as they are, of those who are to have the same bits."""
        return []

    def parts(self) -> dict[str, Callable[[], Any]]:
        """What replay does before its first step, to be timed."""
        return {}


class NetworkContender(Contender):
    """Weights and biases of each layer as lists, for those who want them so."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.inputs = [x for x, _ in problem.samples]
        self.targets = [target for _, target in problem.samples]
        self.layers = [
            ([weights for weights, _ in layer], [bias for _, bias in layer])
            for layer in mlps.layers(problem.numbers, problem.sizes)
        ]


# ---- chainrule ----


class Eager(NetworkContender):
    """A graph for each step: `GraphStepper.step`, which is what `fit` does."""

    def __init__(self, problem: Problem) -> None:
        from nn.training.graph_stepper import GraphStepper

        super().__init__(problem)
        self.run = run_of(problem)
        self.stepper = GraphStepper(self.run)

    def start(self) -> None:
        from nn.training.history import History

        self.run.give_back(self.problem.numbers)
        self.run.history = History()

    def train(self, steps: int) -> Any:
        for _ in range(steps):
            self.stepper.step(self.inputs, self.targets)
        return self.run.history.losses[-steps:]

    def parameters(self) -> list[float]:
        return [p.data for p in self.run.parameters]


class Replayed(Eager):
    """One call of the machine's `train`, with the order of the samples for all steps."""

    def __init__(self, problem: Problem, fast: bool = False) -> None:
        from nn.training.arrays import Arrays
        from nn.training.machine_stepper import MachineStepper

        super().__init__(problem)
        self.plans = MachineStepper(self.run, fast).plans.first
        self.samples = self.plans.samples
        self.machine = self.plans.machine(len(self.inputs))
        self.arrays = Arrays(self.run.optimizer)

    def parts(self) -> dict[str, Callable[[], Any]]:
        from nn.training.machine_stepper import MachineStepper
        from nn.training.plans import PLANS

        run, plans, lanes = self.run, self.plans, len(self.inputs)

        def anew(plan_of: Callable[[], Any]) -> Any:
            PLANS.clear()  # or it would be found there
            return plan_of()

        return {
            "all of it": lambda: anew(lambda: MachineStepper(run)),
            "recording, lowering and making": lambda: anew(lambda: plans.made(lanes)),
            "comparing its bits with a graph's": lambda: plans.check_numbers(lanes),
        }

    def plan(self) -> Any:
        return latest_plan(len(self.inputs))

    def start(self) -> None:
        super().start()
        self.arrays.read()

    def train(self, steps: int) -> Any:
        from nn.training.upcoming import settings

        order = array("i", range(len(self.inputs))) * steps
        lrs = array("d", [self.problem.lr]) * steps
        samples, arrays = self.samples, self.arrays
        optimizer = ("sgd", settings(self.run.optimizer.param_groups[0]))
        arguments = (samples.data, samples.labels, order, lrs, 0)
        losses = self.machine.train(arrays.parameters, arrays.states, optimizer, *arguments)
        return all_of(losses, steps)

    def parameters(self) -> list[float]:
        return list(self.arrays.parameters)


class ReplayedGraph(Contender):
    """One call of the machine's `train` on the plan of the recorded graph."""

    def __init__(self, problem: Any) -> None:
        self.problem = problem
        self.machine = self.made(self.plan())

    def plan(self) -> Any:
        """The plan of the graph, which is recorded for it."""
        raise NotImplementedError

    def made(self, plan: Any) -> Any:
        from engine.machine.machine import Machine

        return Machine(plan, 1)

    def parts(self) -> dict[str, Callable[[], Any]]:
        plan = self.plan()
        return {
            "recording and lowering": self.plan,
            "making the machine": lambda: self.made(plan),
        }


def all_of(losses: Any, steps: int) -> Any:
    """The losses of a machine. Raises ArithmeticError if it did fewer steps than it was asked."""
    if len(losses) < steps:
        raise ArithmeticError(f"the machine stopped after {len(losses)} of {steps} steps")
    return losses


def latest_plan(samples: int) -> Any:
    """The plan that was made last for a batch of that size."""
    from nn.training.plans import PLANS

    return next(plan for plan in reversed(PLANS.values()) if plan.lanes == samples)


class Fitted(Eager):
    """`epoch` in the machine, which is what `fit` does: with a whole batch, a step an epoch."""

    def __init__(self, problem: Problem) -> None:
        from nn.training.machine_stepper import MachineStepper

        super().__init__(problem)
        self.stepper = MachineStepper(self.run)

    def train(self, steps: int) -> Any:
        from nn.training.loop import epoch

        for _ in range(steps):
            epoch(self.run, self.stepper, None, ignore)
        return self.run.history.losses[-steps:]


def ignore(_steps: int) -> None:
    """What `fit` would do with its progress bar."""


def run_of(problem: Problem) -> Any:
    """The training run that `fit` would make of it."""
    from nn import SGD, Layer, Sequential, hinge_loss, l2_penalty, mse_loss
    from nn.training.run import Run

    shapes = zip(pairwise(problem.sizes), problem.activations)
    model = Sequential(*[Layer(n, m, activation=name) for (n, m), name in shapes])
    data = [x for x, _ in problem.samples], [target for _, target in problem.samples]
    optimizer = SGD(model.parameters(), lr=problem.lr)
    loss = {"mse": mse_loss, "hinge": hinge_loss}[problem.loss]
    parameters = model.parameters()
    penalty = (lambda: problem.penalty * l2_penalty(parameters)) if problem.penalty else None
    run = Run(model, data, optimizer, loss, shuffle=False, penalty=penalty)
    run.give_back(problem.numbers)
    return run


# ---- peers ----


class Jax(NetworkContender):
    """A step under `jit`; `train` calls it for each step, `Loop` does so in a `fori_loop`."""

    def __init__(self, problem: Problem) -> None:
        import jax
        from jax import numpy as jnp

        super().__init__(problem)
        jax.config.update("jax_enable_x64", True)
        x, t = jnp.array(self.inputs), jnp.array(self.targets)
        functions = {"tanh": jnp.tanh, "relu": jax.nn.relu, "linear": lambda z: z}

        def loss_of(layers: Any) -> Any:
            a = x
            for (w, b), name in zip(layers, problem.activations):
                a = functions[name](a @ w.T + b)
            y = a[:, 0]
            loss = jnp.mean((y - t) ** 2 if problem.loss == "mse" else jax.nn.relu(1 - t * y))
            if problem.penalty:
                squares = [jnp.sum(p * p) for p in jax.tree.leaves(layers)]
                loss = loss + problem.penalty * sum(squares)
            return loss

        def step(layers: Any) -> Any:
            loss, slopes = jax.value_and_grad(loss_of)(layers)
            return jax.tree.map(lambda p, g: p - problem.lr * g, layers, slopes), loss

        self.jax, self.jnp, self.pure_step = jax, jnp, step
        self.step = jax.jit(step, donate_argnums=0)

    def start(self) -> None:
        self.current = [(self.jnp.array(w), self.jnp.array(b)) for w, b in self.layers]

    def train(self, steps: int) -> Any:
        losses = []
        for _ in range(steps):
            self.current, loss = self.step(self.current)
            losses.append(loss)
        return self.jax.block_until_ready(losses)


class Loop(Jax):
    """All steps in one compiled program."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)

        def body(k: Any, carried: Any) -> Any:
            layers, losses = carried
            layers, loss = self.pure_step(layers)
            return layers, losses.at[k].set(loss)

        def loop(layers: Any, losses: Any) -> Any:
            return self.jax.lax.fori_loop(0, len(losses), body, (layers, losses))

        self.loop = self.jax.jit(loop, donate_argnums=(0, 1))

    def train(self, steps: int) -> Any:
        self.current, losses = self.loop(self.current, self.jnp.zeros(steps))
        return self.jax.block_until_ready(losses)


class Torch(NetworkContender):
    """Tensors of the whole batch, `autograd.grad`, one thread."""

    def __init__(self, problem: Problem) -> None:
        import torch

        super().__init__(problem)
        torch.set_num_threads(1)
        self.torch = torch
        self.x = torch.tensor(self.inputs, dtype=torch.float64)
        self.t = torch.tensor(self.targets, dtype=torch.float64)
        functions = {"tanh": torch.tanh, "relu": torch.relu, "linear": None}
        self.functions = [functions[name] for name in problem.activations]

    def start(self) -> None:
        tensor = partial(self.torch.tensor, dtype=self.torch.float64, requires_grad=True)
        self.current = [tensor(numbers) for layer in self.layers for numbers in layer]

    def loss_of(self) -> Any:
        problem, a = self.problem, self.x
        for w, b, function in zip(self.current[::2], self.current[1::2], self.functions):
            z = self.torch.nn.functional.linear(a, w, b)
            a = function(z) if function else z
        y = a[:, 0]
        if problem.loss == "mse":
            loss = self.torch.nn.functional.mse_loss(y, self.t)
        else:
            loss = self.torch.relu(1 - self.t * y).mean()
        if problem.penalty:
            loss = loss + problem.penalty * sum([(p * p).sum() for p in self.current])
        return loss

    def train(self, steps: int) -> Any:
        losses = []
        for _ in range(steps):
            loss = self.loss_of()
            slopes = self.torch.autograd.grad(loss, self.current)
            with self.torch.no_grad():
                for p, g in zip(self.current, slopes):
                    p.sub_(g, alpha=self.problem.lr)
            losses.append(loss.detach())
        return losses


class Casadi(NetworkContender):
    """A step as one expression of numbers, called through its buffers."""

    def __init__(self, problem: Problem) -> None:
        import casadi

        super().__init__(problem)
        p = casadi.SX.sym("p", len(problem.numbers))
        functions = {
            "tanh": casadi.tanh,
            "relu": lambda z: casadi.fmax(z, 0),
            "linear": lambda z: z,
        }
        a, first = casadi.SX(casadi.DM(self.inputs)).T, 0
        for (n, m), name in zip(pairwise(problem.sizes), problem.activations):
            w = casadi.reshape(p[first : first + (n + 1) * m], n + 1, m).T
            first += (n + 1) * m
            bias = casadi.repmat(w[:, n], 1, len(self.inputs))
            a = functions[name](casadi.mtimes(w[:, :n], a) + bias)
        y, t = a.T, casadi.DM(self.targets)
        losses = (y - t) ** 2 if problem.loss == "mse" else casadi.fmax(1 - t * y, 0)
        loss = casadi.sum1(losses) / len(self.inputs) + problem.penalty * casadi.sumsqr(p)
        slopes = casadi.gradient(loss, p)
        self.step = casadi.Function("step", [p], [p - problem.lr * slopes, loss])
        self.current, self.loss = array("d", problem.numbers), array("d", [0.0])
        self.buffer, self.call = self.step.buffer()
        self.buffer.set_arg(0, memoryview(self.current))
        self.buffer.set_res(0, memoryview(self.current))
        self.buffer.set_res(1, memoryview(self.loss))

    def start(self) -> None:
        self.current[:] = array("d", self.problem.numbers)

    def train(self, steps: int) -> Any:
        losses = []
        for _ in range(steps):
            self.call()
            losses.append(self.loss[0])
        return losses


# ---- by hand ----


class Numpy(NetworkContender):
    """The chain rule written out, on arrays of the whole batch."""

    def __init__(self, problem: Problem) -> None:
        import numpy

        super().__init__(problem)
        self.numpy: Any = numpy
        self.x, self.t = numpy.array(self.inputs), numpy.array(self.targets)[:, None]

    def start(self) -> None:
        self.current = [(self.numpy.array(w), self.numpy.array(b)) for w, b in self.layers]

    def train(self, steps: int) -> Any:
        return [self.step() for _ in range(steps)]

    def step(self) -> float:
        np, problem, t = self.numpy, self.problem, self.t
        outputs = [self.x]
        for (w, b), name in zip(self.current, problem.activations):
            z = outputs[-1] @ w.T
            z += b
            if name == "relu":
                np.maximum(z, 0.0, out=z)
            elif name == "tanh":
                np.tanh(z, out=z)
            outputs.append(z)
        if problem.loss == "mse":
            error = outputs[-1] - t
            loss = (error * error).sum() / len(t)
            d = error * (2.0 / len(t))
        else:
            margin = np.maximum(1.0 - t * outputs[-1], 0.0)
            loss = margin.sum() / len(t)
            d = t * (margin > 0.0) * (-1.0 / len(t))
        slopes = []
        for k in range(len(self.current) - 1, -1, -1):
            w, a = self.current[k][0], outputs[k + 1]
            if problem.activations[k] == "relu":
                d = d * (a > 0.0)
            elif problem.activations[k] == "tanh":
                d = d * (1.0 - a * a)
            slopes.append((d.T @ outputs[k], d.sum(axis=0)))
            if k:
                d = d @ w
        for layer, gradients in zip(self.current, reversed(slopes)):
            for p, g in zip(layer, gradients):
                if problem.penalty:
                    loss += problem.penalty * np.vdot(p, p)
                    g += 2 * problem.penalty * p
                g *= problem.lr
                p -= g
        return float(loss)


@cache
def compiled(compiler: str, source: str, *flags: str) -> ctypes.CDLL:
    """The functions of a source beside this file; raises ImportError with the compiler's words."""
    from engine.native.powers import powers_source

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        library = str(Path(folder) / "limit.so")
        Path(folder, "powers.h").write_text(powers_source())  # which elementary.h includes
        flags = (*flags, "-I", folder, "-I", str(Path(__file__).parents[1] / "engine/machine"))
        command = [compiler, *flags, "-o", library, str(Path(__file__).with_name(source)), "-lm"]
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode:
            raise ImportError(f"cc: {answer.stderr.strip().splitlines()[:1]}")
        return ctypes.CDLL(library)


def function_of(problem: str, source: str, *flags: str) -> Any:
    """The training function of a problem; raises ImportError where it cannot be compiled."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise ImportError("there is no C compiler, cc")
    return getattr(compiled(compiler, source, *flags), f"{problem}_train")


class Limit(NetworkContender):
    """Steps in C, compiled for this processor with the flags given: strict.c, with eager's bits."""

    SOURCE = "strict.c"
    FLAGS: tuple[str, ...] = ("-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC")

    def __init__(self, problem: Problem, *flags: str) -> None:
        super().__init__(problem)
        self.function = function_of(problem.name, self.SOURCE, *self.FLAGS, *flags)
        pointer = ctypes.POINTER(ctypes.c_double)
        self.function.argtypes = [pointer, pointer, ctypes.c_int, ctypes.c_double, pointer]
        self.function.restype = None
        lanes = {"w1": 4, "w2": 104}[problem.name]
        rows = [*zip(*self.inputs), self.targets]
        self.rows = numbers([x for row in rows for x in (*row, *[0.0] * (lanes - len(row)))])

    def start(self) -> None:
        self.current = numbers(self.problem.numbers)

    def train(self, steps: int) -> Any:
        losses = (ctypes.c_double * steps)()
        self.function(self.current, self.rows, steps, self.problem.lr, losses)
        return losses

    def parameters(self) -> list[float]:
        return list(self.current)


class FastLimit(Limit):
    """limit.c, whose sums are in lanes and whose products and sums may be fused: other bits."""

    SOURCE = "limit.c"
    FLAGS = ("-O3", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC")


def numbers(given: Sequence[float]) -> Any:
    """An array of C's double."""
    return (ctypes.c_double * len(given))(*given)
