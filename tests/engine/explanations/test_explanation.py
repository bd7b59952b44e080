"""Explanations: the paths, their products and sum, however many there are."""

import math
import random

import pytest

from engine import Value, dot, explain, maximum, no_grad, stop_gradient, tanh
from engine.ops import TABLE


def square_and_more():
    a = Value(3.0, "a")
    z = a * a + a
    z.label = "z"
    return z, a


def doublings(n):
    a = z = Value(1.0, "a")
    for _ in range(n):
        z = z + z
    return z, a


# ---- what is found ----


def test_a_path_has_its_nodes_derivatives_and_product():
    w, x, b = Value(2.0), Value(-0.5), Value(1.5)
    u = w * x
    z = (u + b) * 4

    [path] = explain(z, w).paths

    assert path.nodes == (w, u, z.inputs[0], z)
    assert path.derivatives == (-0.5, 1.0, 4.0)
    assert path.product == -2.0


def test_a_square_has_a_path_for_each_input():
    z, a = square_and_more()

    explanation = explain(z, a)

    assert explanation.count == 3
    assert [path.product for path in explanation.paths] == [3.0, 3.0, 1.0]
    assert explanation.gradient == 7.0


def test_paths_through_a_shared_node_are_all_there():
    a = Value(2.0)
    u = a * 3
    z = u * u + u

    assert [path.product for path in explain(z, a).paths] == [18.0, 18.0, 3.0]


def test_an_inner_node_is_explained_like_a_leaf():
    a = Value(2.0)
    u = a * 3
    z = u * u

    explanation = explain(z, u)

    assert explanation.gradient == 12.0
    assert all(a not in path.nodes for path in explanation.paths)


def test_the_path_from_a_value_to_itself_is_empty():
    z, _ = square_and_more()

    [path] = explain(z, z).paths

    assert (path.nodes, path.derivatives, path.product) == ((z,), (), 1.0)
    assert "1 path, without a step, and the product of no factors is 1" in explain(z, z).text()


def test_what_the_output_was_not_computed_from_has_gradient_0():
    z, _ = square_and_more()

    explanation = explain(z, Value(1.0, "other"))

    assert (explanation.count, explanation.paths, explanation.gradient) == (0, (), 0.0)
    assert explanation.text().splitlines() == [
        "dz/dother at other = 1: no path, z was not computed from other",
        "  dz/dother = 0",
    ]


def test_the_output_is_not_explained_by_what_was_computed_from_it():
    z, a = square_and_more()

    assert explain(a, z).count == 0


def test_constants_are_on_no_path():
    a = Value(2.0)

    [path] = explain(3 * a + 1, a).paths

    assert path.derivatives == (3.0, 1.0)


def test_a_dot_product_is_explained_as_its_products_and_sums():
    w, x, b = [Value(2.0, "w0"), Value(3.0, "w1")], [Value(5.0, "x0"), Value(7.0, "x1")], Value(1.0)
    z = dot(w, x, b)

    [path] = explain(z, w[0]).paths

    assert [v.data for v in path.nodes] == [2.0, 10.0, 11.0, 32.0]
    assert path.derivatives == (5.0, 1.0, 1.0)
    assert path.nodes[-1] is z


def test_a_value_twice_in_a_dot_product_has_a_path_for_each_use():
    a = Value(3.0)

    assert [path.product for path in explain(dot([a, a], [a, 2]), a).paths] == [3.0, 3.0, 2.0]


def test_nothing_passes_a_flat_op():
    a = Value(3.0, "a")

    explanation = explain(stop_gradient(a), a)

    assert (explanation.count, explanation.gradient) == (0, 0.0)
    assert "no path, no gradient passes stop_gradient" in explanation.text()


def test_a_way_beside_a_flat_op_is_listed_and_the_other_named():
    a = Value(3.0, "a")

    explanation = explain(stop_gradient(a) * a, a)

    assert explanation.gradient == 3.0
    assert "There are others, but no gradient passes stop_gradient." in explanation.text()


def test_a_flat_op_elsewhere_is_not_mentioned():
    a, b = Value(3.0, "a"), Value(2.0, "b")

    assert "stop_gradient" not in explain(a * stop_gradient(b), a).sentences(str)


def test_an_infinite_derivative_is_shown():
    a = Value(0.0, "a")

    explanation = explain(a.sqrt(), a)

    assert explanation.gradient == math.inf
    assert "= 0.5 / v1 = inf" in explanation.text()
    assert r"= \infty" in explanation.latex()


def test_infinity_times_0_is_nan_and_said_to_be():
    a = Value(0.0, "a")
    z = a.sqrt() * 0

    explanation = explain(z, a)

    assert math.isnan(explanation.gradient)
    assert math.isnan(explanation.paths[0].product)
    assert "0 * inf = nan" in explanation.text()
    assert "A product of inf and 0 has no value: it is nan." in explanation.text()


def test_a_nan_in_the_graph_is_shown_but_not_blamed_on_0():
    a = Value(math.nan, "a")

    text = explain(a * a, a).text()

    assert "at a = nan" in text
    assert "no value" not in text


def test_derivatives_are_taken_at_the_numbers_the_values_hold_now():
    a = Value(3.0)
    z = a * a
    a.data = 5.0

    assert explain(z, a).gradient == 10.0


def test_explaining_changes_no_number_of_the_graph():
    w, x = Value(2.0), Value(3.0)
    z = tanh(dot([w, w], [x, w]))
    z.backward(0.5)
    before = [(v.data, v.grad) for v in (w, x, z)]
    str(explain(z, w))

    assert [(v.data, v.grad) for v in (w, x, z)] == before


def test_an_explanation_without_recording_is_the_same():
    z = tanh(dot([Value(2.0), Value(1.0)], [Value(3.0, "x"), 1]))
    x = z.inputs[0].inputs[2]
    expected = explain(z, x).text()
    with no_grad():
        assert explain(z, x).text() == expected


def random_graph(seed, dots=0.2):
    """A loss of random ops over three leaves, with shared nodes, and a share of dots."""
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-2, 2), f"x{i}") for i in range(3)]
    ops = [op for op in TABLE.values() if op.name not in ("stop_gradient", "dot")]
    numbers = list(leaves)
    while len(numbers) < 3 + rng.randint(2, 9):
        if rng.random() < dots:
            n = rng.randint(1, 3)
            numbers.append(dot(rng.choices(numbers, k=n), rng.choices(numbers, k=n), leaves[0]))
            continue
        op = rng.choice(ops)
        xs = rng.choices(numbers, k=op.arity or rng.randint(1, 4))
        try:
            z = op(*xs)
        except (ArithmeticError, ValueError):
            continue
        numbers.append(z if abs(z) < 10 else tanh(z))
    z = numbers[-1]
    for v in numbers[-4:-1]:
        z = z + v
    return z, leaves


@pytest.mark.parametrize("seeds", [range(i, i + 100) for i in range(0, 1000, 100)], ids=str)
def test_products_sum_to_the_gradient(seeds):
    explained = 0
    for seed in seeds:
        z, leaves = random_graph(seed)
        z.backward()
        for leaf in leaves:
            explanation = explain(z, leaf, limit=2000)
            if explanation.paths is None:
                continue
            products = [path.product for path in explanation.paths]
            if not math.isfinite(leaf.grad) or not all(map(math.isfinite, products)):
                continue  # an inf minus an inf depends on the order; it is tested above
            explained += len(products)
            total = math.fsum(products)
            # Both round, once for each of the sums and products; what cancels does not count.
            scale = max(1.0, math.fsum(map(abs, products)))
            assert abs(total - leaf.grad) <= 1e-12 * scale
            assert abs(explanation.gradient - leaf.grad) <= 1e-12 * scale
            assert len(products) == explanation.count
    assert explained > 100


@pytest.mark.parametrize("seed", range(50))
def test_a_gradient_summed_node_by_node_is_that_of_backward_to_the_last_bit(seed):
    z, leaves = random_graph(seed, dots=0)  # what a fused op would do has another order
    z.backward()

    for leaf in leaves:
        assert repr(explain(z, leaf, limit=0).gradient) == repr(leaf.grad)


# ---- too many paths ----


def test_the_paths_of_200_doublings_are_counted_at_once():
    z, a = doublings(200)

    explanation = explain(z, a)

    assert explanation.count == 2**200
    assert explanation.paths is None
    assert explanation.gradient == 2.0**200


def test_too_many_paths_are_said_to_be_with_their_number_and_the_sums():
    z, a = doublings(5)

    lines = explain(z, a).text().splitlines()

    assert lines[0] == "dv5/da at a = 1: 32 paths, more than limit=20"
    assert "it sums at each value, from the output back, 10 products in all." in lines[1]
    assert lines[-2:] == [
        "  dv5/dv1 = dv5/dv2 * 1 + dv5/dv2 * 1 = 8 + 8 = 16",
        "  dv5/da = dv5/dv1 * 1 + dv5/dv1 * 1 = 16 + 16 = 32",
    ]


def test_as_many_paths_as_the_limit_are_listed():
    z, a = doublings(3)

    assert len(explain(z, a, limit=8).paths) == 8
    assert explain(z, a, limit=7).paths is None
    assert len(explain(z, a, limit=None).paths) == 8


def test_a_number_that_python_does_not_write_is_written_as_a_power():
    z, a = doublings(20_000)

    assert ": about 10**6021 paths, more than limit=20" in explain(z, a).text()


def test_a_chain_of_any_depth_is_explained_on_one_short_page():
    a = z = Value(1.0, "a")
    for _ in range(50_000):
        z = z * 1.0

    explanation = explain(z, a)

    assert explanation.count == 1
    assert len(explanation.paths[0].derivatives) == 50_000
    assert len(explanation.text()) < 3000


def test_a_value_with_a_hundred_uses_is_explained_on_one_short_page():
    a = Value(2.0, "a")
    z = maximum(*[a * i for i in range(100)])

    assert explain(z, a).count == 100
    assert len(explain(z, a).text()) < 3000
