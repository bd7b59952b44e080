"""Tests import what they share from this folder, `from tests...`; benchmarks, likewise."""

import sys
from pathlib import Path

import pytest

# Last on the path, so that an installed wheel comes before the checkout.
sys.path.append(str(Path(__file__).parents[1]))
pytest.register_assert_rewrite("tests.engine", "tests.nn")
