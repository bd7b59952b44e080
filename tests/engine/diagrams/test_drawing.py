"""Drawing: which boxes and edges stand for a graph, the gradients' too, and what is refused."""

import os
import subprocess
import sys
from collections import Counter

import pytest

import engine
import engine.diagrams.colors
import engine.renderers.render
from engine import Value, draw, no_grad, tanh, topological_order
from tests.engine.pictures import boxes, chain, edges, look_of, neuron, nodes, operations, square

pytestmark = pytest.mark.usefixtures("no_choice_of_renderer_and_a_folder_of_its_own")


# ---- what is drawn ----


def test_a_box_shows_label_data_and_grad():
    assert ["a", "data 3", "grad 6"] in boxes(draw(square()))


def test_a_value_without_a_label_has_a_box_without_one():
    assert ["data 9", "grad 1"] in boxes(draw(square()))


def test_a_leaf_alone_is_one_box():
    assert (boxes(draw(Value(2.0, "x"))), edges(draw(Value(2.0, "x")))) == (
        [["x", "data 2", "grad 0"]],
        [],
    )


def test_both_edges_of_a_square_are_drawn():
    counted = Counter((tail, head) for tail, head, _ in edges(draw(square())))

    assert sorted(counted.values()) == [1, 2]


def test_a_value_used_twice_is_one_box():
    a = Value(3.0, "a")

    assert len(boxes(draw(a * a + a))) == 3


def test_an_operation_shows_its_symbol():
    a, b = Value(3.0), Value(2.0)

    assert operations(draw(tanh((a - b) / a))) == ["-", "/", "tanh"]


@pytest.mark.parametrize("op", engine.ops.TABLE.values(), ids=engine.ops.TABLE)
def test_every_op_of_the_table_is_drawn_by_its_symbol(op):
    z = op(*[Value(0.5), Value(0.75)][: op.arity or 2])

    assert operations(draw(z, fused=True)) == [op.symbol]


def test_edges_run_from_the_inputs_over_the_operation_to_the_value():
    x, y = Value(1.0, "x"), Value(2.0, "y")
    diagram = draw(x - y)
    name = {label.split("|")[0]: name for name, (label, _) in nodes(diagram).items()}

    assert [(tail, head) for tail, head, _ in edges(diagram)] == [
        (name["-"], name["data -1"]),
        (name["x"], name["-"]),
        (name["y"], name["-"]),
    ]


def test_a_leaf_is_filled_with_blue():
    assert 'fillcolor="#b5d9f5"' in look_of(draw(square()), "a|")


def test_a_computed_value_is_white():
    assert "fillcolor=white" in look_of(draw(square()), "data 9")


def test_a_constant_is_light():
    assert 'fontcolor="#6b6b6b"' in dict(nodes(draw(Value(1.0) * 2.5)).values())["2.5"]


def test_a_constant_has_no_box():
    assert "shape=plaintext" in dict(nodes(draw(Value(1.0) * 2.5)).values())["2.5"]


def test_the_edge_of_a_constant_is_light():
    assert [look for *_, look in edges(draw(Value(1.0) * 2.5))] == ["", "", 'color="#6b6b6b"']


def test_each_use_of_a_constant_is_drawn_where_it_is_used():
    x = Value(1.0)

    assert [label for label, _ in nodes(draw(x * 2 + 2)).values()].count("2") == 2


def test_numbers_have_four_digits():
    x = Value(1 / 3, "x")
    x.grad = 12345678.9

    assert boxes(draw(x)) == [["x", "data 0.3333", "grad 1.235e+07"]]


@pytest.mark.parametrize("number", ["inf", "-inf", "nan"])
def test_numbers_that_are_not_finite_are_shown(number):
    x = Value(float(number))
    x.grad = float(number)

    assert boxes(draw(x)) == [[f"data {number}", f"grad {number}"]]


@pytest.mark.parametrize("kind", [list, tuple])
def test_several_outputs_are_drawn_in_one_picture(kind):
    x = Value(2.0, "x")

    assert len(boxes(draw(kind([x * 3, x + 1])))) == 3


def test_an_output_given_twice_is_drawn_once():
    x = Value(2.0, "x")

    assert len(boxes(draw([x, x]))) == 1


def test_an_output_inside_another_is_drawn_once():
    a = Value(3.0)
    square = a * a

    assert len(boxes(draw([square, square + a]))) == 3


def test_inputs_come_before_what_is_computed_from_them():
    numbers = [box[-2] for box in boxes(draw(tanh(Value(1.0) + Value(2.0))))]

    assert (sorted(numbers[:2]), numbers[2:]) == (["data 1", "data 2"], ["data 3", "data 0.9951"])


def test_the_same_graph_gives_the_same_source():
    o = neuron()

    assert draw(o).source == draw(o).source


def test_another_process_gives_the_same_bytes():
    code = (
        "import random\nfrom engine import Value, draw\nfrom nn import MLP\nrandom.seed(0)\n"
        "z = MLP(3, [3, 1])([Value(x, f'x{x}') for x in (1.0, 2.0, 3.0)])\nz.backward()\n"
        "print(draw(z, derivatives=True).source)"
    )
    sources = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }

    assert len(sources) == 1


def test_drawing_changes_no_number_of_the_graph():
    o = neuron()
    before = [(v.data, v.grad, v.label, v.inputs) for v in topological_order(o)]

    draw(o, derivatives=True)

    assert [(v.data, v.grad, v.label, v.inputs) for v in topological_order(o)] == before


def test_drawing_leaves_a_later_backward_as_it_would_have_been():
    drawn, other = neuron(), neuron()
    draw(drawn)

    drawn.backward()
    other.backward()

    assert [v.grad for v in topological_order(drawn)] == [v.grad for v in topological_order(other)]


def test_a_picture_drawn_without_recording_is_the_same():
    o = neuron()
    with no_grad():
        unrecorded = draw(o, derivatives=True).source

    assert unrecorded == draw(o, derivatives=True).source


def test_a_value_computed_without_recording_is_a_leaf():
    with no_grad():
        z = Value(2.0) * 3

    assert (len(boxes(draw(z))), operations(draw(z))) == (1, [])


def test_a_subclass_of_value_is_drawn():
    class Parameter(Value):
        pass

    assert boxes(draw(Parameter(2.0, "p"))) == [["p", "data 2", "grad 0"]]


def test_data_written_after_building_is_shown():
    a = Value(3.0, "a")
    z = a * a
    a.data = 5.0

    assert boxes(draw(z)) == [["a", "data 5", "grad 0"], ["data 9", "grad 0"]]


# ---- gradients that are graphs ----


def test_a_gradient_is_drawn_by_the_graph_that_computed_it():
    x = Value(0.5, "x")
    y = tanh(x)
    y.label = "y"
    slope = engine.grad(y, x)
    slope.label = "dy/dx"

    assert operations(draw(slope)) == ["tanh", "*", "-"]
    assert [box[0] for box in boxes(draw(slope)) if len(box) == 3] == ["x", "y", "dy/dx"]


def test_a_value_and_its_gradient_share_one_picture():
    x = Value(0.5, "x")
    y = x * x * x

    assert [box[0] for box in boxes(draw([y, engine.grad(y, x)]))].count("x") == 1


# ---- bad arguments ----


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (3.0, "draw takes a Value, got float 3.0"),
        (None, "draw takes a Value, got NoneType None"),
        ("tanh(x)", r"draw takes a Value, got str 'tanh\(x\)'"),
        ([Value(1.0), 2], "draw takes a Value, got int 2"),
        ((Value(1.0), "x"), "draw takes a Value, got str 'x'"),
        ({"x": 1.0}, "draw takes a Value, got dict {'x': 1.0}"),
        (draw, "draw takes a Value, got function <function draw"),
    ],
)
def test_anything_but_values_is_refused(wrong, message):
    with pytest.raises(TypeError, match=message):
        draw(wrong)


def test_an_unknown_format_is_refused_when_drawing():
    with pytest.raises(ValueError, match="unknown format: 'bmpp'"):
        draw(Value(1.0), format="bmpp")


@pytest.mark.parametrize("rankdir", ["lr", "left", "", None, []])
def test_an_unknown_rankdir_is_refused(rankdir):
    with pytest.raises(ValueError, match=r"unknown rankdir .*: take one of LR, TB, RL, BT"):
        draw(Value(1.0), rankdir=rankdir)


@pytest.mark.parametrize("depth", [0, -1])
def test_a_depth_of_no_operation_is_refused(depth):
    with pytest.raises(ValueError, match=f"depth is at least 1, got {depth}"):
        draw(Value(1.0), depth=depth)


@pytest.mark.parametrize("depth", [1.5, "3"])
def test_a_depth_that_is_no_whole_number_is_refused(depth):
    with pytest.raises(TypeError, match=f"depth .*{depth}"):
        draw(chain(3), depth=depth)
