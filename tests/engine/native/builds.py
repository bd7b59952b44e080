"""What each of the two builds prints, in a new Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import engine

ROOT = Path(__file__).parents[3]

needs_compiled = pytest.mark.skipif(
    not engine.compiled, reason="needs the compiled build: CHAINRULE_COMPILE=1 pip install -e ."
)


def printed(code, *arguments, **environment):
    """The lines that a new Python prints, run in the repository."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
