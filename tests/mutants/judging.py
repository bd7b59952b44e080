"""The judge of mutants: a process with the tests collected, which forks for each of them."""

import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.jobs import ROOT, Job
from tests.mutants.patching import import_from, patch

MEMORY = 8 * 2**30
LOG = Path(tempfile.gettempdir()) / "mutants.log"  # what pytest says
PATIENCE = 900  # seconds, for one mutant
SECONDS = 8  # of the processor, for one test: one that takes longer does not end


class Absent:
    """Stands before all that finds modules, and has PyTorch and JAX not installed."""

    def find_spec(self, name: str, *_others: Any) -> None:
        if name.partition(".")[0] in ("torch", "jax"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


class Judge:
    """A plugin of pytest: once the tests are collected, they are run for one mutant after another.

    Each mutant has a process of its own, `at_once` of them at a time. `imported` is a mutant that
    is there from the start instead. Answers go to the end of a pipe, a line each.
    """

    def __init__(
        self, jobs: list[Job], at_once: int, pipe: int, imported: Job | None = None
    ) -> None:
        self.jobs, self.at_once, self.pipe = jobs, at_once, pipe
        self.job = imported  # in the process of a mutant
        self.failed = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> object:
        if self.job is not None or session.testsfailed:
            return None
        running: dict[int, tuple[Job, float]] = {}
        for job in [*self.jobs, None]:
            while running and (job is None or len(running) == self.at_once):
                time.sleep(0.02)
                self.reap(running)
            if job is None:
                return True
            process = os.fork()
            if not process:
                self.job = job
                patch(str(ROOT / job.path), job.code)
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

    def reap(self, running: dict[int, tuple[Job, float]]) -> None:
        """Take what has ended out of the running processes, and end what does not."""
        for process, (job, since) in [*running.items()]:
            done, status = os.waitpid(process, os.WNOHANG)
            if not done and time.monotonic() - since > PATIENCE:
                os.kill(process, signal.SIGKILL)
            elif done:
                del running[process]
                if status:
                    code = os.waitstatus_to_exitcode(status)
                    self.say(job, f"does not end, or crashes ({code})")

    def say(self, job: Job, answer: str) -> None:
        os.write(self.pipe, f"{job.path}:{job.number} {answer or 'SURVIVES'}\n".encode())


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
        sys.meta_path.insert(0, Absent())  # type: ignore[arg-type]
        sys.path.insert(0, str(ROOT))
        if judge.job is not None:
            import_from(str(ROOT / judge.job.path), judge.job.mutant.text)
        options = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", "--tb=short"]
        code = int(pytest.main([*options, *tests], plugins=[judge]))
        if judge.job is not None:
            judge.say(judge.job, judge.failed or (f"exit code {code}" if code else ""))
            code = 0
        elif code:
            print("exit code", code, judge.failed, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
