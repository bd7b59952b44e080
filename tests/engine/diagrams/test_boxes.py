"""Boxes: ops of one's own, dot products unfolded or whole, and derivatives on the edges."""

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter

import pytest

import engine
import engine.diagrams.colors
import engine.renderers.render
from engine import Op, Value, dot, draw, sqrt, tanh
from tests.engine.pictures import (
    boxes,
    edges,
    every_label,
    every_renderer,
    needs_dot,
    neuron,
    nodes,
    operations,
    square,
    texts,
)

pytestmark = pytest.mark.usefixtures("no_choice_of_renderer_and_a_folder_of_its_own")


def spelled_neuron():
    """The same, with the products and sums spelled out."""
    o = tanh(
        (Value(6.88, "b") + Value(-3.0, "w1") * Value(2.0, "x1"))
        + Value(1.0, "w2") * Value(0.0, "x2")
    )
    o.label = "o"
    o.backward()
    return o


# ---- ops of one's own, and fused ones ----


def test_an_op_of_ones_own_is_drawn():
    cube = Op("cube", "x³", lambda x: x * x * x, lambda z, x: 3 * x * x)

    assert operations(draw(cube(Value(2.0)))) == ["x³"]


def test_a_derivative_of_an_op_of_ones_own_is_drawn():
    cube = Op("cube", "cube", lambda x: x * x * x, lambda z, x: 3 * x * x)

    assert any("label=12 " in look for *_, look in edges(draw(cube(Value(2.0)), derivatives=True)))


@every_renderer
@every_label
def test_any_symbol_is_shown_as_it_is(program, label):
    op = Op("op", label, lambda x: x, lambda z, x: 1.0)

    assert label in texts(draw(op(Value(2.0)), program=program).pipe())


@needs_dot
@pytest.mark.parametrize("name", ["<b>x</b>", "a|b", "{a}", 'a "b"', "&lt;", "损失"])
def test_any_name_of_an_op_is_the_tooltip_of_its_box(name):
    op = Op(name, "op", lambda x: x, lambda z, x: 1.0)
    root = ElementTree.fromstring(draw(op(Value(2.0)), program="dot").pipe())
    title = "{http://www.w3.org/1999/xlink}title"

    assert name in [e.attrib[title] for e in root.iter() if title in e.attrib]


def test_a_dot_product_is_drawn_as_its_products_and_sums():
    assert sorted(operations(draw(neuron()))) == ["*", "*", "+", "+", "tanh"]


def test_a_dot_product_is_drawn_as_if_it_had_been_spelled_out():
    assert sorted(boxes(draw(neuron()))) == sorted(boxes(draw(spelled_neuron())))


def test_the_derivatives_inside_a_dot_product_are_those_spelled_out():
    def slopes(o):
        return sorted(look for *_, look in edges(draw(o, derivatives=True)))

    assert slopes(neuron()) == slopes(spelled_neuron())


def test_the_label_of_a_dot_product_is_that_of_its_last_sum():
    z = dot([Value(2.0), Value(5.0)], [Value(3.0), Value(7.0)])
    z.label = "z"

    assert [box for box in boxes(draw(z)) if len(box) == 3] == [["z", "data 41", "grad 0"]]


def test_a_dot_product_is_kept_whole_on_request():
    assert operations(draw(neuron(), fused=True)) == ["dot", "tanh"]


def test_a_dot_product_kept_whole_has_an_edge_for_each_input():
    counted = Counter(head for _, head, _ in edges(draw(neuron(), fused=True)))

    assert max(counted.values()) == 5


def test_the_constants_in_a_dot_product_are_light():
    z = dot([Value(2.0), Value(5.0)], [3.0, 7.0], 1.0)
    light = [label for label, look in nodes(draw(z)).values() if "shape=plaintext" in look]

    assert sorted(light) == ["1", "3", "7"]


def test_a_value_that_is_twice_in_a_dot_product_is_one_box():
    x = Value(3.0, "x")

    assert [box[0] for box in boxes(draw(dot([x], [x])))].count("x") == 1


def test_a_dot_product_shows_the_number_that_it_holds():
    w, x, b = Value(2.0, "w"), Value(3.0, "x"), Value(1.0, "b")
    z = dot([w], [x], b)
    z.label = "z"
    w.data = 10.0

    assert ["z", "data 7", "grad 0"] in boxes(draw(z))


def test_a_dot_product_of_a_bias_alone_has_its_own_box():
    z = dot([], [], Value(2.0, "b"))
    z.label = "z"

    assert [box[0] for box in boxes(draw(z))] == ["b", "z"]


# ---- derivatives on the edges ----


def slopes(value):
    """The texts on the edges, of which those of constants and from operations have none."""
    found = [re.search(r"\blabel=(\S+)", look) for *_, look in edges(draw(value, derivatives=True))]
    return [m[1].strip('"') for m in found if m]


def test_the_edges_have_no_texts_unless_asked():
    assert not any(look for *_, look in edges(draw(neuron())))


def test_an_edge_has_the_derivative_of_its_operation_there():
    assert slopes(Value(2.0) * Value(-3.0)) == ["-3", "2"]


def test_both_edges_of_a_square_have_a_derivative():
    assert slopes(square()) == ["3", "3"]


def test_a_constant_has_no_derivative():
    assert slopes(Value(2.0) * 5) == ["5"]


def test_an_infinite_derivative_is_shown():
    assert slopes(sqrt(Value(0.0))) == ["inf"]


def test_a_derivative_is_taken_at_the_numbers_the_values_hold_now():
    x, y = Value(2.0), Value(3.0)
    z = x * y
    y.data = 7.0

    assert slopes(z) == ["7", "2"]


def test_a_derivative_has_three_digits():
    assert slopes(Value(1.0) / Value(3.0)) == ["0.333", "-0.111"]


def test_an_op_of_many_inputs_has_a_derivative_on_each_edge():
    assert slopes(engine.maximum(Value(1.0), Value(5.0), Value(5.0))) == ["0", "0.5", "0.5"]


def products(value):
    found = [
        re.search(r"\blabel=(\S+)", look) for *_, look in edges(draw(value, derivatives="products"))
    ]
    return [float(m[1].strip('"')) for m in found if m]


def test_local_derivatives_have_a_name_too():
    o = neuron()

    assert draw(o, derivatives="local").source == draw(o, derivatives=True).source


def test_the_products_on_the_edges_add_up_to_the_gradients():
    a = Value(3.0)
    z = a * a + a * 5.0
    z.backward()

    assert sum(x for x in products(z) if x != 1) == a.grad == 11.0


def test_a_product_is_the_gradient_behind_times_the_local_derivative():
    z = Value(2.0) * Value(5.0)
    z.backward(10.0)

    assert products(z) == [50.0, 20.0]


def test_a_product_that_is_not_a_number_is_shown():
    z = sqrt(Value(0.0)) * 0.0
    z.backward()

    assert [str(x) for x in products(z)] == ["nan", "0.0"]


def test_unknown_derivatives_list_the_known():
    with pytest.raises(ValueError, match="unknown derivatives 'all': take one of False, True, loc"):
        draw(Value(1.0), derivatives="all")
