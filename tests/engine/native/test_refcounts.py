"""The reference counts that C keeps, which native/refcounts.h counts in its own way on 3.12."""

import gc
import sys

import pytest

from engine import Value, dot, grad, tanh
from engine.ops import TABLE


def counts(*objects):
    return [sys.getrefcount(found) for found in objects]


@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
def test_an_op_gives_back_every_reference_that_it_took(op):
    xs = [Value(0.5 + 0.01 * i) for i in range(4)]
    mortal, immortal = [*xs, op], [None, True, (), 1, ""]

    def work():
        z = tanh(op(*xs[: op.arity or 4]) * xs[0] + 1.0)
        z.backward()
        for slope in grad(z, xs):
            slope.backward()
        dot(xs[:2], xs[2:], xs[0]).backward()

    work()
    gc.collect()
    before = counts(*mortal)
    kept = counts(*immortal)
    for _ in range(20):
        work()
    gc.collect()

    assert counts(*mortal) == before
    if sys.version_info >= (3, 12):
        assert counts(*immortal) == kept


def test_an_object_that_a_graph_had_alone_is_freed():
    freed = []

    class Watched:
        def __del__(self):
            freed.append(self)

    x = Value(0.5)
    z = (x * x).tanh()
    z.watched = Watched()
    z.backward()
    assert not freed
    del z

    assert len(freed) == 1
