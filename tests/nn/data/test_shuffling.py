"""The order of an epoch: that of random.shuffle, found faster."""

import random

import pytest

from nn.data.loader import shuffle


@pytest.mark.parametrize("n", [*range(20), 31, 32, 33, 255, 256, 257, 1000])
def test_places_are_shuffled_as_random_does_it(n):
    ours, theirs = list(range(n)), list(range(n))
    left, right = random.Random(f"0 {n}"), random.Random(f"0 {n}")
    shuffle(ours, left)
    right.shuffle(theirs)

    assert ours == theirs
    assert left.getstate() == right.getstate()
