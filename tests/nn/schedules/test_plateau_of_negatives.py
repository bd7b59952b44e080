"""A plateau of negative metrics: by a share as PyTorch has it, by a number as one would expect."""

import pytest

from engine import Value
from nn import SGD
from nn.schedules import ReduceLROnPlateau


def rate_after(metrics, **settings):
    optimizer = SGD([Value(1.0)], lr=1.0)
    schedule = ReduceLROnPlateau(optimizer, **settings)
    for metric in metrics:
        schedule.step(metric)
    return optimizer.lr


@pytest.mark.parametrize("level", [1.0, 0.0, -1.0, -1e6, 1e6])
@pytest.mark.parametrize("mode", ["min", "max"])
def test_by_a_number_a_plateau_is_one_at_any_level(level, mode):
    settings = {"mode": mode, "patience": 2, "threshold_mode": "abs"}

    assert rate_after([level] * 3, **settings) == 1.0
    assert rate_after([level] * 4, **settings) == pytest.approx(0.1)


def test_by_a_share_a_negative_metric_counts_as_better_as_in_pytorch():
    assert rate_after([-1.0] * 8, patience=2) == 1.0
    assert rate_after([-1.0, -0.95], threshold=0.1, patience=0) == 1.0


def test_the_docstring_says_so():
    assert 'takes threshold_mode="abs"' in ReduceLROnPlateau.__doc__
