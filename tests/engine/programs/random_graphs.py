"""Random graphs over every op of the table, and what is compared of them."""

import random

from hypothesis import strategies as st

from engine import Value, dot, ops

LEAVES = 4


def bits(numbers):
    """The numbers as text; every nan is the same."""
    return [x.hex() if x == x else "nan" for x in numbers]


def graph(rng, numbers, steps=12):
    """A random graph of leaves with these numbers, and some constants: its output and its leaves.

    An operation that has no value there is left out.
    """
    leaves = [Value(x) for x in numbers]
    found = [*leaves, 0.5, -2.0]
    names = sorted(ops.TABLE)
    for _ in range(steps):
        op = ops.TABLE[rng.choice(names)]
        n = op.arity or rng.randint(1, 5)
        inputs = [rng.choice(found) for _ in range(n)]
        if not any(isinstance(x, Value) for x in inputs):
            continue
        try:
            z = (
                dot(inputs[: n // 2], inputs[n // 2 : 2 * (n // 2)])
                if op is ops.dot
                else op(*inputs)
            )
        except (ArithmeticError, ValueError):
            continue
        if isinstance(z, Value):
            found.append(z)
    total = leaves[0] * 0.25
    for z in found[len(leaves) + 2 :]:
        total = total + z * 0.5
    for leaf in leaves:
        total = total + leaf
    return total, leaves


def eager(rng_seed, numbers):
    output, leaves = graph(random.Random(rng_seed), numbers)
    output.backward()
    return output, leaves


def error_of(call):
    """What an arithmetic error says; an empty string without one."""
    try:
        call()
    except (ArithmeticError, ValueError) as error:
        return str(error)
    return ""


seeds = st.integers(0, 2**32)
floats = st.floats(-3, 3, allow_nan=False).map(lambda x: round(x, 3))
numbers = st.lists(floats, min_size=LEAVES, max_size=LEAVES)
