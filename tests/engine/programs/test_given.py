"""Many samples as numbers side by side, or None where each has to be looked at."""

from array import array

import pytest

from engine import Value
from engine.programs.given import side_by_side


@pytest.mark.parametrize(
    "samples",
    [[[1.0, 2.0], [3.0, 4.0]], [(1, 2.0), [3.0, True + 3]], ((1.0, 2), (3, 4))],
    ids=["lists", "mixed", "tuples"],
)
def test_lists_of_plain_numbers_lie_side_by_side(samples):
    assert side_by_side(samples, 2) == array("d", [1.0, 2.0, 3.0, 4.0])


@pytest.mark.parametrize(
    ("samples", "n"),
    [
        ([[1.0], [2.0, 3.0]], 1),
        ([[1.0, 2.0]], 3),
        ([[1.0, "2"]], 2),
        ([[1.0, Value(2.0)]], 2),
        ([{1.0, 2.0}], 2),
        ([[10**400]], 1),
    ],
    ids=["ragged", "too short", "text", "a Value", "a set", "too large"],
)
def test_other_samples_are_read_one_by_one(samples, n):
    assert side_by_side(samples, n) is None


def test_an_array_of_doubles_lends_its_memory():
    np = pytest.importorskip("numpy", reason="needs numpy, of the extra test")
    samples = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = side_by_side(samples, 2)
    samples[0, 0] = 5.0

    assert list(found) == [5.0, 2.0, 3.0, 4.0]
    assert len(side_by_side(np.zeros((0, 2)), 2)) == 0


def test_other_arrays_are_read_one_by_one():
    np = pytest.importorskip("numpy", reason="needs numpy, of the extra test")
    samples = np.arange(6.0).reshape(3, 2)

    assert side_by_side(samples.astype("f4"), 2) is None
    assert side_by_side(samples.T, 3) is None
    assert side_by_side(samples, 3) is None
    assert side_by_side(np.array([["a", "b"]], dtype=object), 2) is None
