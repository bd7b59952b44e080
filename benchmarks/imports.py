"""What importing an engine costs: a fresh Python with it, minus a fresh Python without."""

import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter

from benchmarks import peers
from benchmarks.results import ByEngine


def import_times(engines: Iterable[str], folder: Path, rounds: int) -> ByEngine:
    """Seconds of each round and engine; the engines take turns."""
    times: ByEngine = {engine: [] for engine in engines}
    with tempfile.TemporaryDirectory() as empty:  # where no file engine.py can be met
        for _ in range(rounds):
            for engine, seconds in times.items():
                modules = peers.PEERS[engine].modules if engine in peers.PEERS else "engine"
                bare = python_time("", engine, folder, empty)
                seconds.append(python_time(f"import {modules}", engine, folder, empty) - bare)
    return times


def python_time(program: str, engine: str, folder: Path, cwd: str) -> float:
    """Seconds that a fresh Python takes for a program, from start to end."""
    variables = peers.environment(engine, folder)
    if engine in peers.OURS:
        program = f"import sys; sys.path.append({str(peers.ROOT)!r}); {program}"
    command = [*peers.command(engine, folder), "-c", program]
    start = perf_counter()
    subprocess.run(command, env=variables, cwd=cwd, check=True, stderr=subprocess.DEVNULL)
    return perf_counter() - start
