"""The sweep in C, which does what value.py does, to the last bit, and keeps what it needs alive."""

# (A partial takes all that the op took, whatever it ignores.)

import gc
import threading
from contextlib import suppress

import pytest

from engine import Op, Value, dot, maximum, relu
from tests.engine.interruptions import OwnError, failing
from tests.engine.native.builds import needs_compiled, printed

SWEPT = "from tests.engine.native.graphs import digests; print(*digests(range({}, {})), sep='\\n')"


@needs_compiled
@pytest.mark.parametrize("first", range(0, 10_000, 2_000))  # ten thousand graphs in all
def test_the_sweep_in_c_has_the_bits_of_value_py_in_two_thousand_graphs(first):
    code = SWEPT.format(first, first + 2_000)

    assert printed(code) == printed(code, CHAINRULE_PURE="1")


def own(during):
    """An identity op whose slope calls `during` first."""

    def slope(z, x):
        during()
        return 1.0

    return Op("own", "own", lambda x: x, slope)


def test_a_slope_may_take_the_graph_apart_that_is_being_swept():
    x = Value(2.0)
    below = [x.tanh()]
    for _ in range(100):
        below.append(below[-1] * x + 1.0)
    leaf = Value(1.0).__getstate__()

    def cut():
        for v in below:
            v.__setstate__(leaf)
        below.clear()
        gc.collect()

    z = own(cut)(dot([below[-1], x], [x, below[50]], below[9]) + below[70])
    z.backward()

    assert z.grad == 1.0
    assert z.inputs[0].grad == 1.0


def test_a_slope_may_ask_for_another_gradient_of_the_same_leaf():
    x = Value(3.0)
    y = x * x
    z = own(y.backward)(x * x)
    z.backward()

    assert (x.grad, y.grad, z.grad) == (12.0, 1.0, 1.0)


def test_a_slope_that_fails_leaves_every_leaf_what_it_had():
    op = failing(OwnError)
    w, x, y = Value(0.5), Value(2.0), Value(-0.0)
    (w * x).backward()
    z = dot([w, op(w * x) * y], [x, y]) + maximum(w, x)
    with suppress(OwnError):
        z.backward()

    assert [w.grad, x.grad, str(y.grad)] == [2.0, 0.5, "0.0"]
    op.armed = False
    z.backward()
    assert [w.grad, x.grad] == [4.0, 2.0]


def test_sweeps_of_a_hundred_sizes_share_their_lists():
    x = Value(1.0)
    for n in [*range(1, 90), 5_000, 100_000, 3, 70_000, 2]:
        x.grad = 0.0
        z = x
        for _ in range(n):
            z = z + x
        z.backward()

        assert x.grad == n + 1.0


def test_the_gradient_of_a_leaf_of_a_constant_and_of_no_graph():
    x = Value(2.0)
    x.backward(0.25)
    x.backward()

    assert x.grad == 1.25
    (x * 0.0 + 3.0).backward()
    assert x.grad == 1.25


def test_threads_sweep_graphs_that_share_leaves():
    w = [Value(0.5) for _ in range(8)]
    passing = own(lambda: None)

    def work():
        for _ in range(200):
            z = dot(w, [v * 1.0 for v in w], relu(w[0]))
            passing(z).backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [v.grad for v in w] == [1600.0] + [800.0] * 7


def test_inputs_of_subclasses_are_swept():
    class Parameter(Value):
        pass

    p, x = Parameter(2.0), Value(3.0)
    z = dot([p, x], (x, p), p) * p + relu(p)
    z.backward()

    assert (z.data, p.grad, x.grad) == (30.0, 29.0, 8.0)
