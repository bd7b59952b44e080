"""Random graphs over every op of the table, with tame and with hostile numbers."""

import math

from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from engine import Value, grad, tanh, topological_order
from engine.ops import TABLE

OPS = list(TABLE.values())

# The same examples in every run: a failure here is one that everybody sees.
repeatable = settings(derandomize=True, database=None, deadline=None, max_examples=200)

# Its derivative is not that of its value, by design.
TRUE_OPS = [op for op in OPS if op.name != "stop_gradient"]

tame = st.floats(-2, 2)
hostile = st.one_of(
    st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, -5e-324, 0.0, -0.0]),
    st.floats(),
    st.sampled_from([1.0, -1.0, 2.0, 0.5, 3.0]),
)


def programs(ops, longest=8):
    """Steps of a computation: an op, and for each of its inputs which earlier number it takes."""
    step = st.sampled_from(ops).flatmap(
        lambda op: st.tuples(
            st.just(op),
            st.lists(
                st.integers(0, 2 * longest),
                min_size=op.arity or 1,
                max_size=op.arity or 5,
            ),
        )
    )
    return st.lists(step, min_size=1, max_size=longest)


def inside(x):
    """x brought between 0.1 and 0.9, where every op of the table is defined."""
    return tanh(x) * 0.4 + 0.5


def tamed(program, point):
    """The program with, for each step, where its inputs and result must be brought inside."""
    numbers = list(point)
    plan = []
    for op, places in program:
        xs = [numbers[i % len(numbers)] for i in places]
        try:
            z, undefined = op(*xs), False
        except (ArithmeticError, ValueError):
            z, undefined = op(*map(inside, xs)), True
        large = abs(z) > 10
        numbers.append(inside(z) if large else z)
        plan.append((op, places, undefined, large))
    return plan


def run(plan, leaves):
    """All numbers of a tamed program, the leaves first."""
    numbers = list(leaves)
    for op, places, undefined, large in plan:
        xs = [numbers[i % len(numbers)] for i in places]
        z = op(*map(inside, xs)) if undefined else op(*xs)
        numbers.append(inside(z) if large else z)
    return numbers


def run_hostile(program, leaves):
    """All results of a program that leaves out the steps that are undefined."""
    numbers = list(leaves)
    for op, places in program:
        try:
            numbers.append(op(*[numbers[i % len(numbers)] for i in places]))
        except (ArithmeticError, ValueError):
            continue
    return numbers


def agree(x, y):
    return x == y or (x != x and y != y)


@settings(repeatable, max_examples=150, suppress_health_check=[HealthCheck.filter_too_much])
@given(programs(TRUE_OPS), st.lists(tame, min_size=2, max_size=3))
def test_gradients_agree_with_central_differences(program, point):
    leaves = [Value(x) for x in point]
    plan = tamed(program, point)
    z = run(plan, leaves)[-1]
    z.backward()
    numbers = run(plan, point)
    # Behind an infinite slope comes nan, even if what is there does not move.
    assume(not any(math.isinf(v.grad) for v in topological_order(z)))

    for i, leaf in enumerate(leaves):

        def beside(h, i=i):
            return run(plan, [x + h * (i == j) for j, x in enumerate(point)])

        h = 1e-5
        try:
            above, below, near_above, near_below = map(beside, (h, -h, h / 8, -h / 8))
        except (ArithmeticError, ValueError):
            reject()  # the edge of a domain
        for upper, middle, lower in zip(above, numbers, below, strict=True):
            right, left = (upper - middle) / h, (middle - lower) / h
            # Where they part any number has a kink or a jump, and no derivative.
            assume(abs(right - left) < 1e-3 * max(1.0, abs(right)))
        difference = (above[-1] - below[-1]) / (2 * h)
        near = (near_above[-1] - near_below[-1]) / (h / 4)
        scale = max(1.0, abs(difference))
        assume(abs(difference - near) < 1e-6 * scale)

        # What is left of truncation and rounding of the differences themselves.
        assert abs(leaf.grad - difference) < 1e-5 * scale


@repeatable
@given(programs(OPS), st.lists(tame, min_size=1, max_size=3))
def test_backward_and_grad_agree_to_the_last_bit(program, point):
    leaves = [Value(x) for x in point]
    z = run(tamed(program, point), leaves)[-1]
    z.backward()

    assert all(agree(g.data, x.grad) for g, x in zip(grad(z, leaves), leaves, strict=True))


@repeatable
@given(programs(OPS), st.lists(hostile, min_size=1, max_size=3))
def test_backward_and_grad_agree_to_the_last_bit_at_hostile_numbers(program, point):
    leaves = [Value(x) for x in point]
    z = run_hostile(program, leaves)[-1]
    z.backward()

    assert all(agree(g.data, x.grad) for g, x in zip(grad(z, leaves), leaves, strict=True))


@repeatable
@given(programs(OPS), st.lists(tame, min_size=1, max_size=3))
def test_backward_twice_doubles_the_leaves_exactly(program, point):
    leaves = [Value(x) for x in point]
    z = run(tamed(program, point), leaves)[-1]
    z.backward()
    once = [x.grad for x in leaves]
    z.backward()

    assert all(agree(x.grad, 2 * g) for x, g in zip(leaves, once, strict=True))


@repeatable
@given(programs(OPS), st.lists(hostile, min_size=1, max_size=3))
def test_backward_twice_doubles_the_leaves_at_hostile_numbers(program, point):
    leaves = [Value(x) for x in point]
    z = run_hostile(program, leaves)[-1]
    z.backward()
    once = [x.grad for x in leaves]
    z.backward()

    assert all(agree(x.grad, 2 * g) for x, g in zip(leaves, once, strict=True))


@repeatable
@given(programs(OPS), st.lists(tame, min_size=1, max_size=3), tame)
def test_backward_is_the_same_after_another_roots(program, point, gradient):
    leaves = [Value(x) for x in point]
    numbers = [v for v in run_hostile(program, leaves) if isinstance(v, Value)]
    numbers[-1].backward()
    expected = [x.grad for x in leaves]
    for v in numbers:
        v.backward(gradient)
    for x in leaves:
        x.zero_grad()
    numbers[-1].backward()

    assert all(agree(x.grad, g) for x, g in zip(leaves, expected, strict=True))


@settings(repeatable, max_examples=500)
@given(programs(OPS), st.lists(hostile, min_size=1, max_size=3))
def test_backward_never_raises_after_a_forward_that_succeeded(program, point):
    leaves = [Value(x) for x in point]
    for z in run_hostile(program, leaves):
        z.backward()

    assert all(type(x.grad) is float for x in leaves)


@repeatable
@given(programs(OPS, longest=4), st.lists(hostile, min_size=1, max_size=3))
def test_second_derivatives_never_raise_after_a_forward_that_succeeded(program, point):
    leaves = [Value(x) for x in point]
    z = run_hostile(program, leaves)[-1]
    for slope in grad(z, leaves):
        slope.backward()
        grad(slope, leaves)

    assert all(type(x.grad) is float for x in leaves)


@repeatable
@given(programs(OPS, longest=1), st.lists(hostile, min_size=1, max_size=3))
def test_floats_and_values_compute_the_same_or_raise_the_same(program, point):
    def outcome(xs):
        try:
            return float(op(*[xs[i % len(xs)] for i in places])).hex()
        except (ArithmeticError, ValueError) as error:
            return type(error), str(error)

    ((op, places),) = program

    assert outcome(point) == outcome([Value(x) for x in point])
