"""Deep graphs of every shape are freed, however small the stack of the thread is."""

import weakref

import pytest

from engine import Value, no_grad
from tests.engine.processes import run

WORK = """if True:
    import copy, pickle, random, sys, threading
    from engine import Value, dot, grad, maximum, no_grad, tanh

    class Parameter(Value):
        pass

    def of_a_subclass(z):
        p = Parameter(0.0)
        p.__setstate__(z.__getstate__())
        return p

    def without_recording(z):
        with no_grad():
            z + 1.0
        return z

    x = Value(0.5)
    leaves = [Value(0.01 * i) for i in range(9)]
    links = {
        "x + z": lambda z: x + z,
        "z + x": lambda z: z + x,
        "tanh(z)": tanh,
        "z ** 1": lambda z: z**1.0,
        "maximum(x, z, ...)": lambda z: maximum(x, z, -2.0, -3.0),
        "z as an input of dot": lambda z: dot(leaves, [*leaves[1:], z], x),
        "z as a weight of dot": lambda z: dot([*leaves[1:], z], leaves),
        "z as the bias of dot": lambda z: dot(leaves, leaves, z),
        "twice": lambda z: z * 0.5 + z * 0.5,
        "a subclass": of_a_subclass,
        "no_grad": without_recording,
        "copy.copy": copy.copy,
    }
    ends = {
        "dropped": lambda z: None,
        "backward": lambda z: z.backward(),
        "grad": lambda z: grad(z, x).data,
        "deepcopy": copy.deepcopy,
        "pickle": lambda z: pickle.loads(pickle.dumps(z)),
    }

    def chain(pattern, length):
        z = x
        for _ in range(length // len(pattern)):
            for name in pattern:
                z = links[name](z)
        return z

    def in_a_small_thread(work, *arguments):
        threading.stack_size(256 * 1024)
        thread = threading.Thread(target=work, args=arguments)
        thread.start()
        thread.join()
"""


def test_a_deep_chain_of_any_one_link_is_freed_by_a_small_thread():
    code = f"""{WORK}
    for name in links:
        print(name, file=sys.stderr)
        in_a_small_thread(chain, [name], 6_000)
    print(len(links))
    """

    assert int(run(code)) >= 12


@pytest.mark.parametrize("seed", range(3))
def test_deep_chains_of_random_links_are_freed_by_a_small_thread(seed):
    code = f"""{WORK}
    rng = random.Random({seed})

    def work(pattern, end):
        end(chain(pattern, 5_000))

    for end in ends:
        pattern = rng.choices(list(links), k=rng.randint(1, 300))
        print(end, pattern, file=sys.stderr)
        in_a_small_thread(work, pattern, ends[end])
    print("freed")
    """

    assert run(code) == "freed\n"


def test_a_chain_that_grew_between_sweeps_is_freed_by_a_small_thread():
    code = f"""{WORK}
    def work():
        z = x
        for _ in range(200):
            z = chain(["z + x"], 50) + z
            z.backward()

    in_a_small_thread(work)
    print("freed")
    """

    assert run(code) == "freed\n"


def test_a_chain_built_by_one_thread_is_freed_by_another_with_a_small_stack():
    code = f"""{WORK}
    graphs = [chain(["z + x"], 300_000)]
    in_a_small_thread(graphs.clear)
    print(graphs)
    """

    assert run(code) == "[]\n"


@pytest.mark.parametrize("length", [1, 98, 99, 100, 101, 250])
def test_a_number_made_without_recording_keeps_nothing_of_a_graph_of_any_depth(length):
    class Token:
        pass

    x = z = Value(1.0)
    x.token = Token()
    token = weakref.ref(x.token)
    for _ in range(length):
        z = z + x
    with no_grad():
        y = z + 1.0
    del x, z

    assert token() is None
    assert y.inputs == ()


@pytest.mark.parametrize("length", [1, 99, 100, 101, 1000])
def test_the_lower_part_of_a_chain_lives_when_its_upper_part_is_freed(length):
    x = z = Value(1.0)
    for _ in range(length):
        z = z + x
    lower = z
    for _ in range(length):
        z = z + x
    del z
    lower.backward()

    assert (lower.data, x.grad) == (length + 1.0, length + 1.0)


def test_a_chain_of_nodes_that_are_each_used_twice_is_freed_by_a_small_thread():
    code = f"""{WORK}
    def work():
        z = Value(1.0)
        for _ in range(100_000):
            z = z * z
        for _ in range(100_000):
            z = dot([z], [z], z) * 0.0
        for _ in range(100_000):
            z = dot((z,), (z,)) * 0.0

    in_a_small_thread(work)
    print("freed")
    """

    assert run(code) == "freed\n"


def test_threads_free_chains_while_others_wait_in_a_finalizer():
    code = f"""{WORK}
    import time

    class Slow:
        def __del__(self):
            time.sleep(0.001)
            freed.append(chain(["z + x", "tanh(z)"], 200).data)

    def work():
        for _ in range(20):
            z = x
            for _ in range(10):
                z = chain(["z + x", "z as an input of dot"], 100)
                z.token = Slow()
            below = z + x
            del z, below

    freed = []
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(len(freed), len(set(freed)))
    """

    assert run(code) == "800 1\n"


def test_a_finalizer_may_bring_a_subclass_back_to_life():
    class Phoenix(Value):
        def __del__(self):
            risen.append(self)

    risen = []
    x = Value(2.0)
    p = Phoenix(3.0)
    p.__setstate__((x * x).__getstate__())
    del p
    risen[0].backward()

    assert x.grad == 4.0
