"""Tests import what they share from this folder, `from tests...`; benchmarks, likewise."""

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Last on the path, so that an installed wheel comes before the checkout.
sys.path.append(str(Path(__file__).parents[1]))
pytest.register_assert_rewrite("tests.engine", "tests.nn")

# A test that fails where the machine is busy says nothing about the code.
settings.register_profile("whole", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("whole")
