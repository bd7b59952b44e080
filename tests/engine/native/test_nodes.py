"""The node in C: small, freed without recursion, and left alone by the collector."""

import gc
import sys
import tracemalloc

import pytest

import engine
from engine import Op, Value, dot
from tests.engine.native.builds import needs_compiled, printed


@needs_compiled
def test_the_collector_does_not_look_at_a_compiled_node():
    assert not gc.is_tracked(Value(1.0) + 1.0)


@needs_compiled
def test_the_collector_looks_at_a_subclass_of_a_compiled_node():
    class Parameter(Value):
        pass

    assert gc.is_tracked(Parameter(1.0))


def test_a_cycle_through_an_attribute_of_a_subclass_is_collected():
    class Parameter(Value):
        pass

    collected = []

    class Token:
        def __del__(self):
            collected.append(True)

    p = Parameter(1.0)
    p.itself, p.token = p, Token()
    del p
    gc.collect()

    assert collected == [True]


SIZE = """if True:
    import sys, tracemalloc
    from engine import Value

    n, x = 20_000, Value(1.5)
    nodes = [x] * n
    tracemalloc.start()
    for i in range(n):
        nodes[i] = nodes[i - 1] + x if sys.argv[1] == "chain" else nodes[i // 2] * x
    print(tracemalloc.get_traced_memory()[0] / n)
"""


def test_a_class_that_holds_an_instance_of_its_own_is_collected():
    collected = []

    class Token:
        def __del__(self):
            collected.append(True)

    def make():
        class Parameter(Value):
            pass

        Parameter.first = Parameter(1.0)
        Parameter.token = Token()

    make()
    gc.collect()

    assert collected == [True]


def test_attributes_outlive_their_value_where_somebody_holds_them():
    attributes = vars(Value(1.0, label="a"))

    assert attributes == {"label": "a"}


def test_attributes_outlive_a_collected_cycle_where_somebody_holds_them():
    class Parameter(Value):
        __slots__ = ("itself",)

    p = Parameter(1.0, label="a")
    p.itself = p
    attributes = vars(p)
    del p
    gc.collect()

    assert attributes == {"label": "a"}


def test_a_chain_of_attributes_is_freed_without_recursion():
    v = None
    for _ in range(100_000):
        w = Value(1.0)
        w.previous = v
        v = w
    del v, w

    assert Value(1.0).data == 1.0


def test_a_chain_of_ops_that_hold_values_is_freed_without_recursion():
    z = Value(1.0)
    for _ in range(20_000):
        op = Op("same", "same", lambda x: x, lambda z, x: 1.0)
        op.kept = z
        z = op(Value(1.0))
    del z, op

    assert Value(1.0).data == 1.0


@pytest.mark.parametrize("shape", ["chain", "tree"])
def test_a_node_is_small(shape):
    (size,) = printed(SIZE, shape)

    # Pure: an object and the float of its data. Compiled: a struct that holds its numbers.
    assert float(size) < (89 if engine.compiled else 141)


@needs_compiled
def test_attributes_cost_nothing_until_used():
    x = Value(1.0)
    bare = sys.getsizeof(x)
    tracemalloc.start()
    Value(1.0)
    before = tracemalloc.get_traced_memory()[0]
    nodes = [Value(1.0) for _ in range(1000)]
    size = (tracemalloc.get_traced_memory()[0] - before) / len(nodes)
    tracemalloc.stop()

    assert size < bare + 10  # 8 for the list


def test_dot_shares_the_tuple_of_its_inputs():
    inputs = tuple([Value(float(i)) for i in range(100)])
    weights = [Value(1.0)] * 100
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    nodes = [dot(weights, inputs) for _ in range(100)]
    size = (tracemalloc.get_traced_memory()[0] - before) / len(nodes)
    tracemalloc.stop()

    assert size < 1.5 * sys.getsizeof(tuple(weights))
