"""Whether a metric may be asked later: only one that reads nothing but its arguments."""

import math
from functools import partial

import pytest

from nn.metrics import accuracy_score, classes, f1_score, r2_score
from nn.training.deferred import reads_only_arguments

BORDER, SEEN = 0.5, []


class Model:
    slope = 2.0


MODEL = Model()


def closing_over(thing):
    return lambda t, y: thing


def nested(t, y):
    return max([abs(a - b) for a, b in zip(t, y)])


def recursive(t, y):
    return recursive(t[1:], y[1:]) if t else 0.0


def keeping(t, y, seen=[]):  # noqa: B006 - that is the point
    seen.append(y)
    return 0.0


def storing(t, y):
    global BORDER
    BORDER = y[0]


def importing(t, y):
    import os

    return os.getpid()


READS_ARGUMENTS = [
    accuracy_score,
    r2_score,
    partial(f1_score, average="macro"),
    lambda t, y: accuracy_score(t, classes(y, 0.5)),
    lambda t, y: accuracy_score(t, classes(y, BORDER)),
    lambda t, y: math.sqrt(sum([(a - b) ** 2 for a, b in zip(t, y)])),
    closing_over(0.5),
    closing_over((1, "a")),
    nested,
    recursive,
]
READS_MORE = [
    lambda t, y: SEEN.append(y) or 0.0,
    lambda t, y: MODEL.slope,
    lambda t, y: print(y),
    lambda t, y: unknown_yet(y),  # noqa: F821
    lambda t, y: y.count,
    closing_over(MODEL),
    closing_over([1.0]),
    keeping,
    storing,
    importing,
    MODEL.__init__,
    partial(accuracy_score, sample_weight=[1.0]),
    Model,
]


@pytest.mark.parametrize("metric", READS_ARGUMENTS)
def test_a_metric_that_reads_its_arguments_may_wait(metric):
    assert reads_only_arguments(metric)


@pytest.mark.parametrize(
    "metric", [m for m in READS_MORE if "count" not in repr(m)][:4] + READS_MORE[5:]
)
def test_a_metric_that_reads_or_does_more_may_not_wait(metric):
    assert not reads_only_arguments(metric)
