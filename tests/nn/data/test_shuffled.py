"""The order of an epoch is that of `random.Random.shuffle`, whoever finds it."""

import random

import pytest

from engine import compiled
from engine.programs.orders import shuffled
from nn import DataLoader
from nn.data.loader import shuffle


def wanted(n, seed):
    places = list(range(n))
    random.Random(seed).shuffle(places)
    return places


@pytest.mark.parametrize("n", [2, 3, 4, 7, 8, 9, 31, 32, 33, 100, 624, 1000, 4097])
def test_a_loader_shuffles_as_random_does(n):
    loader = DataLoader([[float(i)] for i in range(n)], list(range(n)), 1, shuffle=True, seed=5)

    for epoch in range(4):
        assert loader.order(epoch) == wanted(n, f"5 {epoch}")


@pytest.mark.skipif(not compiled, reason="a pure build shuffles in Python")
def test_the_order_found_in_c_is_pythons():
    for n in range(200):
        assert shuffled(n, random.Random(n)) == wanted(n, n)


def test_the_order_found_in_python_is_that_of_random():
    for n in range(100):
        places = list(range(n))
        shuffle(places, random.Random(n))

        assert places == wanted(n, n)


class Stuck(random.Random):
    """Bits that never name a place."""

    def getrandbits(self, k):
        return (1 << k) - 1


@pytest.mark.skipif(not compiled, reason="a pure build shuffles in Python")
def test_there_is_no_order_where_the_bits_do_not_suffice():
    assert shuffled(6, Stuck()) is None
