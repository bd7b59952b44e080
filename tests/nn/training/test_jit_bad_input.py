"""What jit is given by mistake: it computes what the function alone computes, and says why."""

import random
from threading import Thread

import pytest

from engine import Value
from nn import MLP, SGD, data, jit, mse_loss

MOST, MANY = 8, 24  # recordings that are kept; new structures after which jit waits


def answers(function, calls):
    return [function(*args).data for args in calls]


# ---- a function that changes what it reads ----


@pytest.mark.parametrize(
    "change",
    [
        lambda w: setattr(w[0], "data", w[0].data * 0.5),
        lambda w: setattr(w[1], "data", w[1].data + 1.0),
    ],
    ids=["a parameter", "another"],
)
def test_a_function_that_changes_its_parameters_is_not_replayed(change):
    def made():
        w = [Value(1.0), Value(2.0)]

        def function(x):
            change(w)
            return w[0] * x + w[1]

        return function, w

    (plain, of_plain), (function, of_jitted) = made(), made()
    jitted, calls = jit(function), [(float(i),) for i in range(1, 6)]

    assert answers(jitted, calls) == answers(plain, calls)
    assert [v.data for v in of_jitted] == [v.data for v in of_plain]
    assert jitted.replayed == 0
    assert jitted.reason == "the function changes the data of its parameters"


def test_a_function_that_changes_its_parameters_now_and_then_is_not_replayed():
    w, when = Value(1.0), []

    def function(x):
        if len(when) > 1:  # not while it is recorded
            w.data += 1.0
        return w * x

    jitted = jit(function)
    jitted(1.0)
    when += [1, 2]
    found = answers(jitted, [(1.0,), (2.0,), (3.0,), (4.0,)])

    assert found == [2.0, 6.0, 12.0, 20.0]
    assert jitted.replayed == 0


def test_a_step_of_an_optimizer_inside_the_function_is_not_replayed():
    def made():
        w = Value(3.0)
        optimizer = SGD([w], lr=0.1)

        def function(x):
            loss = (w * x - 1.0) ** 2
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        return function

    jitted, calls = jit(made()), [(1.0,), (2.0,), (1.5,), (0.5,)]

    assert answers(jitted, calls) == answers(made(), calls)
    assert jitted.replayed == 0


def test_arrays_that_the_function_changes_in_place_are_the_callers():
    np = pytest.importorskip("numpy", reason="needs numpy, of the extra test")
    w = Value(1.0)

    def function(x):
        x *= 2
        return w * x[0]

    jitted, given = jit(function), np.array([1.0, 2.0])

    assert answers(jitted, [(given,)] * 4) == [2.0, 4.0, 8.0, 16.0]
    assert given.tolist() == [16.0, 32.0]
    assert jitted.reason == "the function changes its arguments"


# ---- random numbers ----


@pytest.mark.parametrize(
    "draw", [lambda rng: rng.random(), lambda rng: rng.choice([1.0, 1.0])], ids=["any", "the same"]
)
def test_random_numbers_are_named_even_if_they_happen_to_be_the_same(draw):
    w, rng, twin = Value(1.0), random.Random(0), random.Random(0)
    jitted = jit(lambda x: w * x * draw(rng))
    found = answers(jitted, [(1.0,), (2.0,), (3.0,)])

    assert found == [x * draw(twin) for x in (1.0, 2.0, 3.0)]
    assert jitted.replayed == 0
    assert jitted.reason == "the function draws random numbers of its own"


def test_random_numbers_of_another_package_are_thought_of():
    np = pytest.importorskip("numpy", reason="needs numpy, of the extra test")
    w, rng = Value(1.0), np.random.default_rng(0)
    jitted = jit(lambda x: w * x * float(rng.random()))
    answers(jitted, [(1.0,), (2.0,), (3.0,)])

    assert jitted.replayed == 0
    assert jitted.reason.endswith("is there an `if` in it, or a random number?")


# ---- structures ----


def squares():
    """A call of a jitted loss, by a number and how often it is given; and the function."""
    w = Value(1.0)
    function = jit(lambda xs, ts: mse_loss([w * x for x in xs], ts))
    return lambda x, n: function([x] * n, [x - 2.0] * n).data, function


def test_a_structure_that_changes_every_call_is_recorded_no_more_after_some():
    call, function = squares()

    assert [call(1.0, n) for n in range(1, MANY + 1)] == [4.0] * MANY
    assert function.reason == ""
    assert [call(1.0, n) for n in range(MANY + 1, 3 * MANY)] == [4.0] * (2 * MANY - 1)
    assert function.reason == "the structure of the arguments changes from call to call"
    assert len(function.recordings) == len(function.structures.waiting) == MOST


def test_a_structure_that_comes_again_is_recorded_after_all():
    call, function = squares()
    for n in range(1, 3 * MANY):
        call(1.0, n)

    # It waits, is recorded, compared, and replayed.
    assert [call(float(x), 100) for x in range(6)] == [4.0] * 6
    assert function.replayed == 3
    assert function.reason == ""


def test_few_structures_are_replayed_however_many_calls_there_are():
    call, function = squares()
    for x in range(60):
        assert [call(float(x), n) for n in range(1, MOST + 1)] == [4.0] * MOST

    assert function.replayed == 58 * MOST


def test_many_structures_are_recorded_if_each_is_used():
    call, function = squares()
    for n in range(1, 2 * MANY):
        assert [call(float(x), n) for x in range(8)] == [4.0] * 8

    assert function.replayed == 6 * (2 * MANY - 1)


def test_clear_forgets_that_structures_changed():
    call, function = squares()
    for n in range(1, 3 * MANY):
        call(1.0, n)
    function.clear()
    for x in (1.0, 2.0, 3.0):
        call(x, 100)

    assert function.replayed == 1


# ---- threads ----


def test_threads_that_change_the_structure_get_what_the_function_gives():
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(0))
    inputs, targets = data.moons(40)
    plain, wrong = lambda xs, ts: mse_loss([model(x) for x in xs], ts), []
    function = jit(plain)
    wanted = {n: plain(inputs[:n], targets[:n]).data for n in range(1, 41)}

    def work(seed):
        sizes = [*range(1, 41)] * 2
        random.Random(seed).shuffle(sizes)
        wrong.extend([n for n in sizes if function(inputs[:n], targets[:n]).data != wanted[n]])

    threads = [Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert len(function.recordings) <= MOST
    assert function.calls == 320
