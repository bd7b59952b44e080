"""The order of samples that C finds is that of `random.Random.shuffle`."""

import random

import pytest

from engine import compiled

if not compiled:
    pytest.skip("the order in C is part of the compiled build", allow_module_level=True)

from engine.machine.machine import shuffled as of_words

from engine.programs.orders import shuffled


@pytest.mark.parametrize("n", [0, 1, 2, 3, 8, 63, 64, 65, 5000])
def test_the_order_is_that_of_shuffle(n):
    places = list(range(n))
    random.Random(7).shuffle(places)

    assert shuffled(n, random.Random(7)) == places


def test_words_that_end_give_no_order():
    assert of_words(b"", 3) is None
    assert of_words(b"\xff" * 40, 6) is None
