"""A shell in which `chainrule` is the command of the build that is tested."""

import os
import shutil
import subprocess
import sys

import pytest

needs_bash = pytest.mark.skipif(
    os.name != "posix" or shutil.which("bash") is None, reason="needs bash"
)


def environment(folder, **variables):
    """The environment of a process that finds `chainrule` in a folder made for it."""
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    script = place / "chainrule"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nn "$@"\n')
    script.chmod(0o755)
    paths = [path for path in sys.path if path and os.path.isdir(os.path.join(path, "nn"))]
    return {
        **os.environ,
        "PATH": f"{place}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(paths[:1]),
        **variables,
    }


def shell(line, folder, **variables):
    """The finished process of a line of bash."""
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
