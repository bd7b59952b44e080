"""The loops of a step over parameters do what the same loops with `data` and `grad` do."""

import random

import pytest

from engine import Value
from engine.value import clear_grads, data_of, descend, grads_of


class Tuned(Value):
    """A Value whose data and grad are told by itself."""

    @property
    def data(self):
        return super().data * 2.0

    @data.setter
    def data(self, data):
        Value.data.__set__(self, data / 2.0)

    @property
    def grad(self):
        return super().grad + 1.0

    @grad.setter
    def grad(self, grad):
        Value.grad.__set__(self, grad - 1.0)


def values(seed):
    rng = random.Random(seed)
    made = [rng.choice([Value, Value, Tuned])(rng.gauss(0, 1)) for _ in range(20)]
    for v in made:
        v.grad = rng.choice([rng.gauss(0, 1), float("inf"), -0.0])
    return made


@pytest.mark.parametrize("seed", range(5))
def test_they_are_loops_over_the_attributes(seed):
    found, wanted = values(seed), values(seed)
    for p in wanted:
        p.data -= 0.3 * p.grad
    descend(found, 0.3, [p.grad for p in found])

    assert repr(data_of(found)) == repr([p.data for p in wanted])
    assert repr(grads_of(found)) == repr([p.grad for p in wanted])

    clear_grads(found)

    assert [p.grad for p in found] == [0.0] * 20


def test_fewer_directions_than_values_are_an_error():
    with pytest.raises(IndexError):
        descend([Value(1.0), Value(2.0)], 0.1, [1.0])


def test_no_values_have_no_numbers():
    assert data_of([]) == grads_of(()) == []
