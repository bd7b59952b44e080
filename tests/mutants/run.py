"""`python tests/mutants/run.py engine/op.py`: small faults put into a file, and which tests find.

    python tests/mutants/run.py                            28 mutants of each of the files below
    python tests/mutants/run.py --per-file 100 engine/op.py
    python tests/mutants/run.py --all engine/op.py:17      mutant 17 of the file again

A mutant is killed if a test fails with it, or does not end. It survives if all pass: then a test is
missing, or it does the same as before, and stands in equivalent.md with the reason. The tests are
those of the file's own room, the nearest first; with --all the slow ones too, and those that use
the file from afar. PyTorch and JAX are not there. A file that is Python in both builds is tested in
the compiled build, where the checkout has one. No file is changed: a process that has collected
the tests forks for each mutant, which takes the place of the code in memory.
The same seed draws the same mutants of the same text.
"""

import argparse
import os
import random
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
FILES = [f"engine/{name}.py" for name in ("op", "ops", "value", "calculus")]
FILES += [f"engine/programs/{name}.py" for name in ("plan", "grouping", "program", "tape")]
FILES += ["nn/losses.py"]
FILES += [f"nn/optim/{name}.py" for name in ("adaptive", "sgd", "optimizer")]
FILES += [
    f"nn/schedules/{name}.py"
    for name in ("formulas", "sequential", "schedule", "onecycle", "plateau")
]
IN_C = ["engine/op.py", "engine/ops.py", "engine/value.py"]  # in the compiled build
SLOW = ("memory", "against_mpmath", "of_any_label", "copies_of_programs", "copying", "resuming")
SLOW += ("estimators", "machines", "_check", "test_source")
AFAR = {
    "engine": "tests/engine/programs/test_*.py tests/nn/optim/test_*.py tests/nn/test_losses.py "
    "tests/nn/test_mlp.py tests/engine/explanations/test_*.py tests/nn/training/test_*.py "
    "tests/engine/machine/test_machine.py tests/whole/test_[pft]*s.py",
    "nn": "tests/nn/test_losses.py tests/nn/test_training.py tests/nn/training/test_*.py "
    "tests/engine/machine/test_*optimizers.py tests/nn/command/test_[cdo]*.py "
    "tests/whole/test_[pf]*s.py",
}
MEMORY = 8 * 2**30
LOG = Path(tempfile.gettempdir()) / "mutants.log"  # what pytest says
ANSWERS = (0, 0)  # the ends of a pipe from the processes of mutants to the first
PATIENCE = 900  # seconds, for one mutant
SECONDS = 8  # of the processor, for one test: one that takes longer does not end
# On the path of each run, where Python imports it first: tests start programs too.
ABSENT = """
import sys
class Absent:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "jax"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent)
"""


class Job(NamedTuple):
    """A mutant to be judged."""

    path: str
    number: int
    mutant: Any
    known: bool  # whether it stands in equivalent.md
    code: Any  # what replaces functions of the module; None if it has to be imported anew

    def __str__(self) -> str:
        return f"{self.path}:{self.number} line {self.mutant}"

    def near(self, test: str) -> bool:
        return bool(re.search(rf"test_([a-z]+_)*{Path(self.path).stem}", test))


def found(pattern: str) -> list[str]:
    return sorted(str(p.relative_to(ROOT)) for p in ROOT.glob(pattern))


def tests_of(path: str, everything: bool) -> tuple[bool, tuple[str, ...]]:
    """Whether a file is tested in pure Python, and by which files of tests."""
    room = Path(path).parent
    tests = found(f"tests/{room}/test_*.py")
    slow = [t for t in tests if any(name in t for name in SLOW)]
    tests = [t for t in tests if t not in slow]
    if everything:
        tests += slow
        afar = [t for pattern in AFAR[room.parts[0]].split() for t in found(pattern)]
        tests += [t for t in afar if t not in tests]
    return path in IN_C or not found("engine/value.*.*"), tuple(tests)


class Judge:
    """A plugin of pytest: once the tests are collected, they are run for one mutant after another.

    Each mutant has a process of its own, `at_once` of them at a time.
    """

    def __init__(self, jobs: list[Job], at_once: int) -> None:
        self.jobs, self.at_once = jobs, at_once
        self.job: Job | None = None  # in the process of a mutant
        self.failed = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> object:
        if self.job is not None or session.testsfailed:
            return None
        running: dict[int, tuple[Job, float]] = {}
        for job in [*self.jobs, None]:
            while running and (job is None or len(running) == self.at_once):
                time.sleep(0.02)
                reap(running)
            if job is None:
                return True
            process = os.fork()
            if not process:
                self.job = job
                if job.code is not None and not patch(str(ROOT / job.path), job.code):
                    self.failed = "nothing to patch"
                session.items.sort(key=lambda item: not job.near(item.nodeid))
                return None  # and pytest goes on with its own loop
            running[process] = job, time.monotonic()
        return True

    def pytest_runtest_setup(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # which ends the process

    def pytest_collectreport(self, report: Any) -> None:
        self.pytest_runtest_logreport(report)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid


def reap(running: dict[int, tuple[Job, float]]) -> None:
    """Take what has ended out of the running processes, and end what does not."""
    for process, (job, since) in [*running.items()]:
        done, status = os.waitpid(process, os.WNOHANG)
        if not done and time.monotonic() - since > PATIENCE:
            os.kill(process, signal.SIGKILL)
        elif done:
            del running[process]
            if status:
                say(job, f"does not end, or crashes ({os.waitstatus_to_exitcode(status)})")


def say(job: Job, answer: str) -> None:
    """Tell the first process: a short line, which is written as a whole."""
    os.write(ANSWERS[1], f"{job.path}:{job.number} {answer or 'SURVIVES'}\n".encode())


def run(pure: bool, tests: tuple[str, ...], judge: Judge) -> int:
    """A process with the tests collected, which forks for each of the judge's jobs."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        os.nice(5)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        os.chdir(ROOT)
        output = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ["SCIPY_ARRAY_API"] = "1"
        os.environ.pop("CHAINRULE_PURE", None)
        if pure:
            os.environ["CHAINRULE_PURE"] = "1"
        exec(ABSENT, {})
        sys.path.insert(0, str(ROOT))
        if judge.job is not None:
            job = judge.job
            Mutated(
                job.path[:-3].replace("/", "."), str(ROOT / job.path), job.mutant.text
            ).install()
        options = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", "--tb=short"]
        code = int(pytest.main([*options, *tests], plugins=[judge]))
        if judge.job is not None:
            say(judge.job, judge.failed or (f"exit code {code}" if code else ""))
            code = 0
        elif code:
            print("exit code", code, judge.failed, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def equivalents() -> set[tuple[str, str, str]]:
    """(file, its line, the change) of each mutant that is known to do the same as before."""
    known, path = set(), ""
    for line in (Path(__file__).parent / "equivalent.md").read_text("utf-8").splitlines():
        path = line[3:].strip() if line.startswith("## ") else path
        if match := re.match(r"- `` (.*) ``: `` (.*) ``$", line):
            known.add((path, match[1], match[2]))
    return known


def drawn(names: list[str], seed: str, per_file: int) -> list[Job]:
    """The jobs of files, and of single mutants such as engine/op.py:17."""
    known, jobs = equivalents(), []
    for name in names:
        path, _, number = name.partition(":")
        text = (ROOT / path).read_text("utf-8")
        lines, mutants = text.splitlines(), list(enumerate(mutants_of(text)))
        draw = random.Random(f"{seed} {path}")
        sample = sorted(draw.sample(mutants, min(per_file, len(mutants))))
        for i, mutant in [mutants[int(number)]] if number else sample:
            same = (path, lines[mutant.line - 1].strip(), f"{mutant.was} -> {mutant.now}") in known
            code = replacements(str(ROOT / path), text, mutant.text)
            jobs.append(Job(path, i, mutant, same, code))
    return jobs


def answers(jobs: list[Job], at_once: int, everything: bool) -> Iterator[list[str]]:
    """The name of each job and its answer, as they come."""
    global ANSWERS
    ANSWERS = os.pipe()
    first = os.fork()
    if not first:
        for process in processes(jobs, at_once, everything):
            _, status = os.waitpid(process, 0)
            if status:
                print(f"stopped with status {status}, see {LOG}", file=sys.stderr)
        os._exit(0)
    os.close(ANSWERS[1])
    with os.fdopen(ANSWERS[0]) as lines:
        for line in lines:
            yield line.strip().split(" ", 1)
    os.waitpid(first, 0)


def processes(jobs: list[Job], at_once: int, everything: bool) -> Iterator[int]:
    """The processes that judge all jobs, to be waited for one by one.

    One for all mutants that take the place of functions of files with the same tests, and one for
    each mutant of what is done while a module is imported, which the nearest tests judge.
    """
    groups: dict[Any, list[Job]] = {}
    for job in jobs:
        if job.code is not None:
            groups.setdefault(tests_of(job.path, everything), []).append(job)
    for (pure, tests), group in groups.items():
        yield run(pure, tests, Judge(group, at_once))
    for job in jobs:
        if job.code is None:
            pure, tests = tests_of(job.path, everything)
            judge = Judge([], 1)
            judge.job = job
            near = [t for t in tests if job.near(t)]
            others = [t for t in tests if t not in near]
            yield run(pure, (*near, *others) if everything or not near else tuple(near), judge)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", default=FILES)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--per-file", type=int, default=28)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args(words)
    started = time.monotonic()
    jobs = drawn(options.files, options.seed, options.per_file)
    by_name = {f"{job.path}:{job.number}": job for job in jobs}
    counts = {job.path: [0, 0, 0, 0] for job in jobs}

    def count(job: Job, kind: int) -> None:
        counts[job.path][0] += 1
        counts[job.path][kind] += 1

    for job in jobs:
        if job.known:
            count(job, 2)
    waiting = [job for job in jobs if not job.known]
    while waiting:
        survivors = []
        for name, answer in answers(waiting, options.at_once, options.all):
            job = by_name[name]
            if answer == "SURVIVES" and job.code is not None:  # it may act while it is imported
                survivors.append(job._replace(code=None))
                continue
            count(job, 3 if answer == "SURVIVES" else 1)
            print(f"{answer:72} {job}", flush=True)
        waiting = survivors

    total = [sum(column) for column in zip(*counts.values())]
    print(f"\n{'mutants':>8} {'killed':>8} {'equivalent':>10} {'survive':>8}")
    for path, (n, killed, same, alive) in [*counts.items(), ("all", total)]:
        print(f"{n:8} {killed:8} {same:10} {alive:8}  {path}")
    share = total[1] / max(1, total[0] - total[2])
    print(f"{share:.1%} of those not equivalent are killed; {time.monotonic() - started:.0f} s")
    return int(total[3] > 0 or total[0] < len(jobs))


if __name__ == "__main__":
    sys.path.append(str(ROOT))
    from tests.mutants.mutations import mutants_of
    from tests.mutants.patching import Mutated, patch, replacements

    sys.exit(main(sys.argv[1:]))
