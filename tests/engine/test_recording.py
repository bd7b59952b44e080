"""What is computed within no_grad is not recorded, there and nowhere else."""

import asyncio
import threading
from contextlib import contextmanager
from contextvars import copy_context

import pytest

from engine import Value, dot, exp, maximum, no_grad
from tests.engine.interruptions import OwnError


def test_no_grad_computes_and_records_nothing():
    x = Value(3.0)
    with no_grad():
        zs = [x * x, x + 1, 2 / x, x**2, -x, x.tanh(), maximum(x, 1), dot([x], [x]), exp(x)]

    assert [(z.op, z.inputs) for z in zs] == [(None, ())] * len(zs)
    assert zs[0].data == 9.0


def test_after_no_grad_recording_goes_on():
    x = Value(3.0)
    with no_grad():
        pass

    assert (x * x).inputs == (x, x)


def test_no_grad_nests():
    x = Value(3.0)
    with no_grad():
        with no_grad():
            pass
        z = x * x

    assert z.inputs == ()


def test_no_grad_decorates_a_function():
    @no_grad()
    def square(x):
        """The square."""
        return x * x

    x = Value(3.0)

    assert (square(x).inputs, square(x).data, square.__doc__) == ((), 9.0, "The square.")
    assert (x * x).inputs == (x, x)


def test_a_function_decorated_with_no_grad_may_call_itself():
    @no_grad()
    def power(x, n):
        return x * power(x, n - 1) if n else x

    x = Value(2.0)

    assert (power(x, 3).data, power(x, 3).inputs, (x * x).inputs) == (16.0, (), (x, x))


def test_no_grad_does_not_decorate_a_generator_function():
    def squares(x):
        yield x * x

    with pytest.raises(TypeError, match=r"cannot wrap a generator or coroutine: open a "):
        no_grad()(squares)


def test_no_grad_holds_in_an_asynchronous_function_or_refuses_it():
    async def square(x):
        return x * x

    try:
        decorated = no_grad()(square)
    except TypeError:
        return

    assert asyncio.run(decorated(Value(3.0))).inputs == ()


def test_an_exception_ends_no_grad():
    x = Value(3.0)
    with pytest.raises(OwnError), no_grad():
        raise OwnError

    assert (x * x).inputs == (x, x)


def test_backward_runs_within_no_grad():
    x = Value(3.0)
    z = x * x
    with no_grad():
        z.backward()

    assert x.grad == 6.0


def test_parameters_can_be_updated_within_no_grad():
    x = Value(3.0)
    with no_grad():
        x.data -= 0.5

    assert x.data == 2.5


def test_a_node_made_within_no_grad_is_a_leaf_of_what_follows():
    x = Value(3.0)
    with no_grad():
        k = x * x
    (k * x).backward()

    assert (x.grad, k.grad) == (9.0, 3.0)


def test_no_grad_does_not_reach_another_thread():
    x = Value(3.0)
    recorded = []
    with no_grad():
        thread = threading.Thread(target=lambda: recorded.append((x * x).inputs))
        thread.start()
        thread.join()

    assert recorded == [(x, x)]


@contextmanager
def no_grad_in_another_thread():
    """A block during which another thread is in a no_grad block."""
    opened, done = threading.Event(), threading.Event()

    def hold():
        with no_grad():
            opened.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    opened.wait(10)
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_no_grad_of_another_thread_does_not_reach_this_one():
    x = Value(3.0)
    with no_grad_in_another_thread():
        z = x * x

    assert z.inputs == (x, x)


def test_no_grad_does_not_reach_another_task():
    x = Value(3.0)

    async def hold(opened, done):
        with no_grad():
            opened.set()
            await done.wait()
            return x * x

    async def main():
        opened, done = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(hold(opened, done))
        await opened.wait()
        z = x * x
        done.set()
        return z, await task

    outside, inside = asyncio.run(main())
    assert (outside.inputs, inside.inputs) == ((x, x), ())


def generator_in_no_grad(x):
    with no_grad():
        while True:
            yield x * x


def test_recording_goes_on_after_a_generator_within_no_grad_is_closed():
    x = Value(3.0)
    squares = generator_in_no_grad(x)
    inside = next(squares)
    squares.close()

    assert (inside.inputs, (x * x).inputs) == ((), (x, x))


def test_a_generator_within_no_grad_stays_so_after_a_block_around_its_start_ends():
    def start_in_a_block():
        squares = generator_in_no_grad(Value(3.0))
        with no_grad():
            next(squares)
        return next(squares)

    inside = copy_context().run(start_in_a_block)

    assert inside.inputs == ()


def test_blocks_that_end_in_the_order_they_began_leave_recording_on():
    x = Value(3.0)

    def end_out_of_order():
        squares = generator_in_no_grad(x)
        with no_grad():
            next(squares)
        squares.close()
        with no_grad_in_another_thread():
            return x * x

    z = copy_context().run(end_out_of_order)

    assert z.inputs == (x, x)


def test_a_generator_within_no_grad_can_be_closed_in_another_context():
    squares = generator_in_no_grad(Value(3.0))
    copy_context().run(next, squares)
    copy_context().run(squares.close)

    with pytest.raises(StopIteration):
        next(squares)
