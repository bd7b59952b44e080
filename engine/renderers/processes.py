"""Processes: a program that is given text, for a limited time, and what it writes."""

import os
import signal
import subprocess
from threading import Thread
from time import monotonic
from typing import IO, Any

# What one picture may take: a program that writes without end is not waited for.
MOST_BYTES = 1 << 28


def output_of(
    command: list[str], text: bytes, seconds: float, folder: str | None = None
) -> tuple[int, bytes, bytes]:
    """The exit code of a program, what it wrote, and its errors.

    Raises OSError if the program cannot be started, and subprocess.TimeoutExpired if it takes
    longer than `seconds`: then the program is ended, with all that it has started.
    """
    end = monotonic() + seconds
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        start_new_session=True,  # a group of its own, which can be ended as a whole
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    out, errors = bytearray(), bytearray()
    threads = [
        Thread(target=feed, args=(process.stdin, text), daemon=True),
        Thread(target=drain, args=(process.stdout, out), daemon=True),
        Thread(target=drain, args=(process.stderr, errors), daemon=True),
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads[1:]:
            thread.join(max(0.0, end - monotonic()))
            if thread.is_alive():  # the program, or one that it has started, still holds its output
                raise subprocess.TimeoutExpired(command, seconds)
        code = process.wait(max(0.01, end - monotonic()))
    except BaseException:
        end_all(process)
        process.wait()
        raise
    return code, bytes(out), bytes(errors)


def feed(pipe: IO[bytes], text: bytes) -> None:
    try:
        with pipe:
            pipe.write(text)
    except (OSError, ValueError):  # the program did not read to the end
        pass


def drain(pipe: Any, found: bytearray) -> None:
    """Read a pipe to its end; close it early, which ends most programs, if there is too much."""
    with pipe:
        while len(found) < MOST_BYTES and (piece := pipe.read1(1 << 16)):
            found += piece


def end_all(process: subprocess.Popen[bytes]) -> None:
    try:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):  # it has ended by itself
        pass
