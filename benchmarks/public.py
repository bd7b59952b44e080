"""What users get: marginal microseconds a step of `fit(replay=True)` and of a loop with `jit`.

    python -m benchmarks.public

A marginal step is (time of 3n steps - time of n steps) / 2n, of the whole public call: what is paid
once falls out. XOR has n = 4,000, moons n = 1,000; both train on all samples at once, with SGD.
All contenders take turns in one process, and each figure is the median of the rounds, beside the
fastest. Time is CPU time of the process; JAX runs on one thread.
"""

import argparse
import os
import statistics
from array import array
from collections.abc import Callable
from time import process_time
from typing import Any

os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

from benchmarks.contenders import W1, W2, Jax, Problem, Replayed, run_of

STEPS = {"w1": 4000, "w2": 1000}
LABELS = {"w1": "XOR", "w2": "moons"}
Contender = Callable[[int], Any]  # does so many steps from the beginning


def fitted(problem: Problem, judged: bool = False) -> Contender:
    """The public `fit`; judged: with held-out data and a metric, after each step."""
    from nn import fit
    from nn.metrics import r2_score

    def train(steps: int) -> Any:
        run = run_of(problem)
        data = run.loader.inputs, run.loader.targets
        more: dict[str, Any] = {"validation": data, "metrics": {"r2": r2_score}} if judged else {}
        objective = run.objective
        return fit(
            run.model,
            data,
            optimizer=run.optimizer,
            loss=objective.loss,
            penalty=objective.penalty,
            steps=steps,
            replay=True,
            progress=False,
            **more,
        )

    return train


def validated(problem: Problem) -> Contender:
    """The public `fit` with held-out data and no metric."""
    from nn import fit

    def train(steps: int) -> Any:
        run = run_of(problem)
        data = run.loader.inputs, run.loader.targets
        return fit(
            run.model,
            data,
            optimizer=run.optimizer,
            loss=run.objective.loss,
            penalty=run.objective.penalty,
            steps=steps,
            validation=data,
            replay=True,
            progress=False,
        )

    return train


def of_machine(problem: Problem) -> Contender:
    """One call of the machine."""
    contender = Replayed(problem)

    def train(steps: int) -> Any:
        contender.start()
        return contender.train(steps)

    return train


def of_jax(problem: Problem) -> Contender:
    """A jitted `fori_loop` that keeps the parameters only."""
    import jax

    contender = Jax(problem)

    @jax.jit
    def loop(parameters: Any, steps: Any) -> Any:
        return jax.lax.fori_loop(0, steps, lambda _, p: contender.pure_step(p)[0], parameters)

    def train(steps: int) -> Any:
        contender.start()
        return jax.block_until_ready(loop(contender.current, steps))

    return train


def jitted(problem: Problem) -> Contender:
    """The plain loop, with `jit` around the loss."""
    return plain_loop(problem, compiled=True)


def eager(problem: Problem) -> Contender:
    """The plain loop on graphs."""
    return plain_loop(problem, compiled=False)


def plain_loop(problem: Problem, compiled: bool) -> Contender:
    from nn import jit

    def train(steps: int) -> Any:
        run = run_of(problem)
        objective, optimizer = run.objective, run.optimizer
        inputs, targets = run.loader.inputs, run.loader.targets

        def loss_of(inputs: Any, targets: Any) -> Any:
            return objective(inputs, targets)

        function = jit(loss_of) if compiled else loss_of
        losses = array("d")
        for _ in range(steps):
            loss = function(inputs, targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.data)
        return losses

    return train


CONTENDERS: dict[str, tuple[Callable[[Problem], Contender], str]] = {
    "machine": (of_machine, "one call of the machine's train"),
    "fit": (fitted, "fit(replay=True)"),
    "fit, validation": (validated, "the same with held-out data"),
    "fit, validation, metric": (lambda p: fitted(p, judged=True), "and with r2_score each epoch"),
    "jax": (of_jax, "lax.fori_loop without a record of losses"),
    "jit": (jitted, "the plain loop, its loss in jit"),
    "eager": (eager, "the plain loop"),
}
SLOW = {"jit": 10, "eager": 100}  # which do so many times fewer steps


def marginal(train: Contender, steps: int) -> float:
    """Seconds a step."""
    seconds = []
    for many in (steps, 3 * steps):
        start = process_time()
        train(many)
        seconds.append(process_time() - start)
    return (seconds[1] - seconds[0]) / (2 * steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--times", type=int, default=1, help="so many times as many steps")
    parser.add_argument("--contenders", nargs="*", choices=CONTENDERS, default=list(CONTENDERS))
    options = parser.parse_args()
    for problem in (W1, W2):
        made: dict[str, Contender] = {}
        for name in options.contenders:
            try:
                made[name] = CONTENDERS[name][0](problem)
            except ImportError as error:
                print(f"no {name}: {error}")
        report(problem, made, options.rounds, options.times)


def report(problem: Problem, made: dict[str, Contender], rounds: int, times: int) -> None:
    """A table of the marginal microseconds of each contender."""
    steps = times * STEPS[problem.name]
    found: dict[str, list[float]] = {name: [] for name in made}
    for name, train in made.items():
        train(max(20, steps // SLOW.get(name, 1)))  # compiles, and finds its pace
    for _ in range(rounds):
        for name, train in made.items():
            found[name].append(marginal(train, max(20, steps // SLOW.get(name, 1))) * 1e6)
    middle = {name: statistics.median(times) for name, times in found.items()}
    print(f"\n{LABELS[problem.name]}, n = {steps:,}\n")
    print("| contender | how | µs a step | best | of the machine |")
    print("|---|---|---:|---:|---:|")
    for name, us in middle.items():
        share = f"{us / middle['machine']:.2f} x" if "machine" in middle else ""
        print(f"| {name} | {CONTENDERS[name][1]} | {us:.2f} | {min(found[name]):.2f} | {share} |")


if __name__ == "__main__":
    main()
