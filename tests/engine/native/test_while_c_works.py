"""What Python does while C makes, sweeps or frees nodes: collector, finalisers, other threads."""

import gc
import os
import threading
from contextlib import suppress

import pytest

from engine import Op, Value, dot, ops
from tests.engine.native.builds import needs_compiled, printed

EMPTIED = """if True:
    import gc
    from engine import Value, dot

    class Emptying:
        def __init__(self):
            self.itself = self

        def __del__(self):
            ws.clear()
            xs.clear()

    for allocations in range(12):
        for _ in range(20):
            ws, xs = [Value(1.0) for _ in range(300)], [Value(2.0) for _ in range(300)]
            gc.collect()
            gc.disable()
            Emptying()
            gc.set_threshold(gc.get_count()[0] + allocations)
            gc.enable()
            z = dot(ws, xs)
            assert z == 0.0 or z.data == 600.0
            gc.set_threshold(700)
    print("made")
"""


@needs_compiled
def test_the_collector_may_empty_the_lists_of_a_dot_product():
    assert printed(EMPTIED) == ["made"]


@needs_compiled
def test_the_collector_never_shows_a_tuple_that_is_not_full_yet():
    n, shown = 1234, []

    def look(_phase, _details):
        shown.extend([len(t) for t in gc.get_objects() if type(t) is tuple and len(t) == n])

    ws, xs = [Value(1.0)] * n, [Value(2.0)] * n
    gc.callbacks.append(look)
    threshold = gc.get_threshold()
    try:
        for allocations in range(8):
            gc.collect(0)
            gc.set_threshold(gc.get_count()[0] + allocations)
            dot(ws, xs)
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(look)

    assert shown == []


class Ending(Value):
    """A Value that says when it goes."""

    def __del__(self):
        end = self.__dict__.pop("end", None)
        if end:
            end()


@pytest.mark.parametrize("made", ["sum", "dot product"])
def test_a_node_may_be_swept_while_another_state_is_put_into_it(made):
    tiny, x = Value(5e-320), Value(2.0)  # the bits of tiny are those of a small whole number
    first = Ending(1.0)
    v = first + tiny if made == "sum" else dot((first,), (tiny,))

    def end():
        with suppress(TypeError, AttributeError):  # it may be of neither state
            v.backward()

    first.end = end
    del first
    op, inputs = (ops.dot, [x] * 6) if made == "sum" else (ops.add, [x, x])
    v.__setstate__((op, 1.0, 0.0, inputs, {}))
    x.grad = 0.0
    v.backward()

    assert x.grad == (12.0 if made == "sum" else 2.0)


def test_a_node_may_be_half_changed_by_another_thread_when_its_turn_comes():
    tiny, x = Value(5e-320), Value(2.0)
    factor = Ending(1.0)
    factor.__setstate__((ops.CONSTANT, 1.0, 0.0, (), {}))
    inside, swept = threading.Event(), threading.Event()

    def end():
        inside.set()
        swept.wait(10)

    factor.end = end
    v = factor * tiny
    del factor
    thread = threading.Thread(target=v.__setstate__, args=[(ops.dot, 1.0, 0.0, [x] * 6, {})])

    def slope(_z, _x):
        thread.start()
        inside.wait(10)
        return 1.0

    with suppress(TypeError, AttributeError):  # it may be of neither state
        Op("own", "own", lambda x: x, slope)(v).backward()
    swept.set()
    thread.join()
    x.grad = 0.0
    v.backward()

    assert x.grad == 12.0


FORKED = """if True:
    import os, threading
    from engine import Value, tanh

    class Token:
        def __init__(self, work):
            self.work = work

        def __del__(self):
            self.work()

    def graph_with(work):
        x = Value(1.0)
        x.token = Token(work)
        return [tanh(x) * 2.0]

    inside, forked, freed = threading.Event(), threading.Event(), []

    def wait():
        inside.set()
        forked.wait(10)

    threads = [threading.Thread(target=graph_with(wait).clear)]
    threads[0].start()
    inside.wait(10)
    child = os.fork()
    if not child:
        for _ in range(20):
            thread = threading.Thread(target=lambda: graph_with(lambda: freed.append(1)).clear())
            thread.start()
            thread.join()
        os._exit(len(freed))
    _, status = os.waitpid(child, 0)
    forked.set()
    threads[0].join()
    print(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_frees_graphs_whatever_other_threads_were_freeing():
    assert printed(FORKED) == ["20"]


AT_THE_END = """if True:
    import sys, threading, time
    from engine import Value, tanh

    class Token:
        def __init__(self, seconds):
            self.seconds, self.sleep = seconds, time.sleep

        def __del__(self):
            self.sleep(self.seconds)

    def graph_with(seconds):
        x = Value(1.0)
        x.token = Token(seconds)
        return [tanh(x) * 2.0]

    threading.stack_size(64 * 2**20)  # a stack of this size is not kept for other threads
    graphs = [graph_with(0.3) for _ in range(4)]
    for graph in graphs:
        threading.Thread(target=graph.clear, daemon=True).start()
    print("ended", flush=True)
    sys.late = graph_with(0.0), graph_with(0.0), graph_with(0.5)  # the last one goes first
"""


def test_a_program_may_end_while_its_threads_are_freeing_graphs():
    assert printed(AT_THE_END) == ["ended"]
