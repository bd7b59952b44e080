"""An engine's process: as the one who asks sees it, and as it answers, a line of JSON each."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from time import perf_counter
from typing import Any

from benchmarks import peers

TIMEOUT = 90.0  # seconds for one answer


class WorkerError(Exception):
    """An engine gave no answer; the message says why."""


class Worker:
    """The process of an engine: started when first asked, and again if it died."""

    def __init__(self, engine: str, folder: Path) -> None:
        self.engine, self.folder = engine, folder
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> "subprocess.Popen[str]":
        python = peers.command(self.engine, self.folder)
        return subprocess.Popen(
            [*python, "-m", "benchmarks.worker", self.engine],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=peers.ROOT,
            env=peers.environment(self.engine, self.folder),
        )

    def ask(self, request: str, **arguments: Any) -> dict[str, Any]:
        """The answer to a request. Raises WorkerError if there is none in time."""
        process = self.process = self.process or self.start()
        assert process.stdin
        assert process.stdout
        timer = Timer(TIMEOUT, process.kill)
        start = perf_counter()
        timer.start()
        try:
            process.stdin.write(json.dumps({"do": request, **arguments}) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            self.stop()
            if perf_counter() - start >= TIMEOUT:
                raise WorkerError(f"no answer in {TIMEOUT:g} s")
            raise WorkerError(f"its process died with exit code {process.returncode}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def stop(self) -> None:
        if self.process:
            self.process.communicate()
            self.process = None


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer requests, a line each, until there are no more; an exception is an answer as well."""
    # What an engine prints while it is imported is no answer.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        try:
            found = answer(json.loads(line))
        except ImportError as error:
            found = {"error": str(error)}
        except Exception as error:
            found = {"error": f"{type(error).__name__}: {error}".split("\n")[0]}
        answers.write(json.dumps(found) + "\n")
        answers.flush()
