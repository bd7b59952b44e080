"""Tests import what they share from this folder, `from tests...`; benchmarks, likewise."""

import sys
from pathlib import Path

import pytest
from hypothesis import settings

# A test says what is right, whatever else the computer does meanwhile: no example is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Last on the path, so that an installed wheel comes before the checkout.
sys.path.append(str(Path(__file__).parents[1]))
pytest.register_assert_rewrite("tests.engine", "tests.nn")
