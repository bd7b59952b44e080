"""Scores of many looks at once have the bits of the metrics in Python."""

import random
from array import array

import pytest

pytest.importorskip("engine.machine.machine", reason="the machine is part of the compiled build")

from engine.programs.scores import shares_explained, shares_right


def share_explained(targets, outputs, spread):
    return 1.0 - sum([(t - x) * (t - x) for t, x in zip(targets, outputs)]) / spread


@pytest.mark.parametrize("seed", range(20))
def test_shares_explained_have_the_bits_of_pythons_sum(seed):
    rng = random.Random(seed)
    n, looks, sizes = rng.choice([1, 2, 4, 37]), rng.choice([1, 2, 50]), [1e-3, 1.0, 1e6, 1e60]
    targets = [rng.gauss(0, rng.choice(sizes)) for _ in range(n)]
    outputs = [rng.gauss(0, rng.choice(sizes)) for _ in range(n * looks)]
    found = shares_explained(array("d", outputs), array("d", targets), 3.7)
    rows = [outputs[i : i + n] for i in range(0, n * looks, n)]

    assert found.tolist() == [share_explained(targets, row, 3.7) for row in rows]


@pytest.mark.parametrize("x", [float("nan"), float("inf"), -1e101, 1e-101])
def test_shares_are_unknown_for_numbers_whose_squares_may_be_no_floats(x):
    assert shares_explained(array("d", [0.0, 1.0, 0.0, x]), array("d", [0.0, 1.0]), 0.5) is None


def test_outputs_of_0_are_plain():
    found = shares_explained(array("d", [0.0, -0.0]), array("d", [0.0, 1.0]), 0.5)

    assert found.tolist() == [-1.0]


@pytest.mark.parametrize("seed", range(20))
def test_the_right_ones_are_those_whose_first_largest_output_is_at_the_target(seed):
    rng = random.Random(seed)
    n, looks, width = rng.choice([1, 3, 20]), rng.choice([1, 7]), rng.choice([1, 2, 5])
    numbers = [float("nan"), 0.0, -0.0, 1.0, 2.0, rng.gauss(0, 1)]
    targets = [rng.choice([0, 1, 2, 0.5, -1]) for _ in range(n)]
    rows = [[rng.choice(numbers) for _ in range(width)] for _ in range(n * looks)]
    hits = [row.index(max(row)) == targets[i % n] for i, row in enumerate(rows)]
    found = shares_right(array("d", [x for row in rows for x in row]), array("d", targets), width)

    assert found.tolist() == [sum(hits[i : i + n]) / n for i in range(0, n * looks, n)]


@pytest.mark.parametrize(("outputs", "targets"), [([1.0, 2.0, 3.0], [1.0, 2.0]), ([1.0], [])])
def test_outputs_are_those_of_whole_looks(outputs, targets):
    with pytest.raises(ValueError, match="numbers a look, got"):
        shares_explained(array("d", outputs), array("d", targets), 1.0)
