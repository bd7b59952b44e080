"""Threads: graphs that share leaves and nodes are built, differentiated and freed side by side."""

import copy
import multiprocessing
import os
import pickle
import sys
import threading

import pytest

from engine import Op, Value, dot, grad, tanh, topological_order


@pytest.fixture(autouse=True)
def _many_switches():
    """Threads take turns far more often than usual."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def together(*works):
    """Run functions in threads of their own; what one raises is raised here."""
    errors = []
    start = threading.Barrier(len(works))

    def run(work):
        start.wait()
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_sums_into_shared_leaves_are_complete_and_exact():
    w, b = [Value(0.5), Value(-0.25)], Value(1.0)
    rounds = 200

    def work():
        for _ in range(rounds):
            (dot(w, [1.0, 2.0], b) * 4.0 + w[0]).backward()

    together(work, work, work)

    assert [v.grad for v in (*w, b)] == [3 * rounds * g for g in (5.0, 8.0, 4.0)]


def test_threads_that_share_inner_nodes_give_exact_gradients():
    x = Value(0.5)
    shared = x
    for _ in range(50):
        shared = shared * 1.0 + 0.0

    def work():
        for _ in range(100):
            (shared * 2.0).backward()

    together(work, work, work)

    assert x.grad == 3 * 100 * 2.0


def test_orders_sorted_side_by_side_are_complete():
    x = Value(1.0)
    z = x
    for _ in range(300):
        z = z + z
    expected = topological_order(z)

    def work():
        for _ in range(30):
            assert topological_order(z) == expected

    together(work, work, work)


def test_gradients_as_graphs_are_taken_side_by_side():
    x, y = Value(0.5), Value(2.0)
    z = tanh(x * y) ** 2

    def work():
        for _ in range(100):
            assert [g.data for g in grad(grad(z, x), [x, y])] == expected

    expected = [g.data for g in grad(grad(z, x), [x, y])]
    together(work, work)


def test_deep_chains_are_freed_side_by_side():
    def work():
        for _ in range(5):
            x = z = Value(1.0)
            for _ in range(20_000):
                z = z + x
            z.backward()
            assert x.grad == 20_001.0
            del z

    together(work, work, work)


def test_a_graph_is_copied_side_by_side():
    x = z = Value(1.0)
    for _ in range(3_000):
        z = z + x

    def work():
        for _ in range(3):
            assert copy.deepcopy(z).data == 3_001.0
            assert pickle.loads(pickle.dumps(z)).data == 3_001.0

    together(work, work)


def test_a_sweep_waits_for_one_whose_op_runs_python():
    inside, go_on = threading.Event(), threading.Event()

    def slow(z, x):
        inside.set()
        go_on.wait(10)
        return 2.0 * x

    x = Value(3.0)
    z = Op("square", "square", lambda x: x * x, slow)(x)
    y = x * 10.0
    first, second = threading.Thread(target=z.backward), threading.Thread(target=y.backward)
    first.start()
    assert inside.wait(10)
    second.start()
    second.join(0.05)
    between = x.grad
    go_on.set()
    first.join()
    second.join()

    assert (between, x.grad) == (0.0, 16.0)


def test_an_error_in_one_thread_lets_the_others_go_on():
    def failing(z, x):
        raise RuntimeError("mine")

    x = Value(3.0)
    bad = Op("bad", "bad", lambda x: x, failing)(x)

    def work():
        with pytest.raises(RuntimeError, match=r"^mine$"):
            bad.backward()

    together(work, work)
    together((x * 2.0).backward)

    assert x.grad == 2.0


def child(queue, x):
    (x * 2.0).backward()
    queue.put(x.grad)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
# JAX, if another test has imported it, warns of every fork.
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
def test_a_process_forked_during_a_sweep_can_sweep():
    inside, go_on = threading.Event(), threading.Event()

    def slow(z, x):
        inside.set()
        go_on.wait(10)
        return 1.0

    z = Op("slow", "slow", lambda x: x, slow)(Value(1.0))
    sweeping = threading.Thread(target=z.backward)
    sweeping.start()
    assert inside.wait(10)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=child, args=(queue, Value(3.0)))
    process.start()
    answer = queue.get(timeout=600)
    process.join()
    go_on.set()
    sweeping.join()

    assert answer == 2.0
