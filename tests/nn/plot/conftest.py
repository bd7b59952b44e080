"""Axes to plot on."""

import pytest


@pytest.fixture
def ax():
    from matplotlib.figure import Figure  # here, since this file is read where there is none

    return Figure(layout="constrained").subplots()
