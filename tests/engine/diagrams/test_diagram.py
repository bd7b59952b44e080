"""Pictures: what draw writes in DOT, and that every machine finds something to render it."""

import errno
import os
import re
import shutil
import stat
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter

import graphviz
import pytest

import engine
import engine.diagrams.colors
import engine.renderers.render
from engine import Diagram, Op, Value, dot, draw, no_grad, sqrt, tanh, topological_order
from engine.renderers.render import RendererNotFound
from nn import Neuron

SVG = "{http://www.w3.org/2000/svg}"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PURE = engine.renderers.render.graphviz_pure()

needs_dot = pytest.mark.skipif(
    shutil.which("dot") is None, reason="needs Graphviz's program dot on PATH"
)
needs_pure = pytest.mark.skipif(PURE is None, reason="needs the package graphviz-pure")
posix = pytest.mark.skipif(os.name != "posix", reason="needs programs written as shell scripts")

RENDERERS = [
    pytest.param("dot", marks=needs_dot),
    pytest.param("graphviz-pure", marks=needs_pure),
    "builtin",
]
every_renderer = pytest.mark.parametrize("program", RENDERERS)

# Labels that a careless picture would show as something else, or not at all.
LABELS = {
    "quotes": """say "hi" or 'hi'""",
    "a final quote": 'a"',
    "markup": "<b>x</b>",
    "markup in brackets": "<<b>x</b>>",
    "a script": "<script>alert(1)</script>",
    "the end of a CDATA section": "]]><script>x</script>",
    "a pipe": "a|b",
    "braces": "{a}{b|{c}}",
    "a port": "<f0> a",
    "a backslash": r"a\b",
    "a final backslash": "a\\",
    "two final backslashes": "a\\\\",
    "an escaped quote": r"a\"b",
    "the escapes of DOT": r"\n\l\r\N\G\E\T\H\L",
    "LaTeX": r"\frac{1}{2}",
    "entities": "&lt;b&gt; &amp; &#65; &eacute; &nbsp; &",
    "comments": "a // b /* c */ # d",
    "DOT": 'x"]; y -> z [label="w',
    "a keyword": "node",
    "a number": "1.50",
    "a minus sign": "-",
    "percent signs": "%s %d %(x)s {0}",
    "Chinese": "损失函数",
    "Hebrew": "שלום",
    "mathematics": "∂L/∂w₁ ≤ π",
    "an accent of its own": "x̂",
    "emoji": "🎉🔥",
}
every_label = pytest.mark.parametrize(
    "label", LABELS.values(), ids=[k.replace(" ", "-") for k in LABELS]
)


@pytest.fixture(autouse=True)
def _no_choice_of_renderer_and_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.delenv("CHAINRULE_DOT", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_dot(monkeypatch):
    monkeypatch.setenv("PATH", "")


@pytest.fixture
def no_renderer(no_dot, monkeypatch):
    monkeypatch.setattr("engine.renderers.render.graphviz_pure", lambda: None)


@pytest.fixture
def no_processes(monkeypatch):
    """As under Pyodide, or where a policy forbids to start programs."""

    def refuse(*_arguments, **_options):
        raise OSError(errno.EPERM, "no processes here")

    monkeypatch.setattr(subprocess, "Popen", refuse)


@pytest.fixture
def program(tmp_path):
    """A function that makes a renderer out of the lines of a shell script."""

    def script(*lines):
        path = tmp_path / "renderer"
        path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return script


def square():
    a = Value(3.0, "a")
    z = a * a
    z.backward()
    return z


def neuron():
    """tanh(b + w1*x1 + w2*x2) with one fused dot product, differentiated."""
    w = [Value(-3.0, "w1"), Value(1.0, "w2")]
    x = [Value(2.0, "x1"), Value(0.0, "x2")]
    o = tanh(dot(w, x, Value(6.88, "b")))
    o.label = "o"
    o.backward()
    return o


def spelled_neuron():
    """The same, with the products and sums spelled out."""
    o = tanh(
        (Value(6.88, "b") + Value(-3.0, "w1") * Value(2.0, "x1"))
        + Value(1.0, "w2") * Value(0.0, "x2")
    )
    o.label = "o"
    o.backward()
    return o


def chain(n):
    """A Value and n operations behind it."""
    z = Value(1.0)
    for _ in range(n):
        z = z + 1
    return z


NODE = re.compile(r'\t(\w+) \[label=("(?:[^"\\]|\\.)*"|\S+) (.*)\]')
EDGE = re.compile(r"\t(\w+) -> (\w+)(?: \[(.*)\])?")


def nodes(diagram):
    """(label, attributes) by name, as they stand in the source."""
    found = [m for m in map(NODE.fullmatch, diagram.source.splitlines()) if m]
    return {m[1]: (m[2].strip('"'), m[3]) for m in found}


def edges(diagram):
    found = [m for m in map(EDGE.fullmatch, diagram.source.splitlines()) if m]
    return [(m[1], m[2], m[3] or "") for m in found]


def boxes(diagram):
    """The fields of each box: its label if it has one, its data, its grad."""
    return [label.strip("{}").split("|") for label, _ in nodes(diagram).values() if "data" in label]


def operations(diagram):
    return [label for name, (label, _) in nodes(diagram).items() if name.endswith("_op")]


def look_of(diagram, text):
    [look] = [look for label, look in nodes(diagram).values() if text in label]
    return look


def texts(svg):
    return ["".join(e.itertext()) for e in ElementTree.fromstring(svg).iter(f"{SVG}text")]


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
    assert 'fillcolor="#d6e6f5"' in look_of(draw(square()), "a|")


def test_a_computed_value_is_white():
    assert "fillcolor=white" in look_of(draw(square()), "data 9")


def test_a_constant_is_light():
    assert 'fontcolor="#767676"' in dict(nodes(draw(Value(1.0) * 2.5)).values())["2.5"]


def test_a_constant_has_no_box():
    assert "shape=plaintext" in dict(nodes(draw(Value(1.0) * 2.5)).values())["2.5"]


def test_the_edge_of_a_constant_is_light():
    assert [look for *_, look in edges(draw(Value(1.0) * 2.5))] == ["", "", 'color="#b0b0b0"']


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


# ---- colours ----


def test_a_parameter_is_yellow_and_an_input_blue():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    diagram = draw(w * x, parameters=[w])

    assert 'fillcolor="#faf3a5"' in look_of(diagram, "w|")
    assert 'fillcolor="#d6e6f5"' in look_of(diagram, "x|")


def test_the_parameters_may_be_those_of_a_model():
    model = Neuron(2, activation="tanh")
    diagram = draw(model([Value(1.0, "x"), 2.0]), parameters=model)

    assert diagram.source.count("#faf3a5") == 3 + 1  # and the legend


def test_the_parameters_of_a_model_are_called_by_their_place_in_it():
    model = Neuron(2, activation="tanh")
    model.weights[1].label = "mine"
    source = draw(model([Value(1.0, "x"), 2.0]), parameters=model).source

    assert all(f'"{name}|data' in source for name in ("w0", "mine", "b"))
    assert model.weights[0].label == ""


def test_known_parameters_bring_a_legend():
    w = Value(2.0)

    assert list(legend(draw(w * 3.0, parameters=[w]))) == ["input", "parameter", "computed"]


def test_without_known_parameters_there_is_no_legend():
    assert legend(draw(neuron())) == {}


@pytest.mark.parametrize("wrong", [3.0, "w", [1.0]])
def test_parameters_that_are_none_are_refused(wrong):
    with pytest.raises(TypeError, match="parameters are Values, or a model, got "):
        draw(Value(1.0), parameters=wrong)


def legend(diagram):
    """A colour for each text of the legend."""
    found = {k: v for k, v in nodes(diagram).items() if k.startswith("legend")}
    return {text: re.search(r'fillcolor="?([#\w]+)', look)[1] for text, look in found.values()}


def with_gradients(*gradients):
    leaves = [Value(1.0, f"x{i}") for i in range(len(gradients))]
    z = engine.maximum(*leaves)
    z.backward()
    for x, gradient in zip(leaves, gradients):
        x.grad = gradient
    return z


def test_each_decade_of_gradients_has_a_colour_down_to_the_fifth():
    z = with_gradients(1.5, -0.15, 0.015, 0.0015, 0.00015, 1e-9)
    diagram = draw(z, color="gradient")

    assert list(legend(diagram)) == [
        "grad 1 to 10",
        "grad 0.1 to 1",
        "grad 0.01 to 0.1",
        "grad 0.001 to 0.01",
        "grad below 0.001",
    ]
    assert len(set(legend(diagram).values())) == 5


def test_a_box_has_the_colour_that_the_legend_says():
    diagram = draw(with_gradients(1.5, 0.015), color="gradient")

    assert legend(diagram)["grad 0.01 to 0.1"] in look_of(diagram, "x1|")


def test_gradients_of_zero_and_those_that_are_not_finite_have_colours_of_their_own():
    diagram = draw(with_gradients(float("nan"), float("-inf"), 0.0, 2.0), color="gradient")

    assert list(legend(diagram)) == ["grad inf or nan", "grad 1 to 10", "grad 0"]
    assert look_of(diagram, "x0|") == look_of(diagram, "x1|")


def test_the_colours_of_gradients_grow_darker_in_grey_too():
    def grey(color):
        red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert (
        sorted(engine.diagrams.colors.SCALE, key=grey, reverse=True) == engine.diagrams.colors.SCALE
    )


def test_no_operation_has_a_colour_that_stands_for_a_gradient():
    diagram = draw(neuron(), color="gradient")
    fills = {look for name, (_, look) in nodes(diagram).items() if name.endswith("_op")}

    assert all("fillcolor=white" in look for look in fills)


@pytest.mark.parametrize("extreme", [5e-324, 1.7e308])
def test_a_gradient_of_any_size_has_a_colour(extreme):
    assert len(legend(draw(with_gradients(extreme), color="gradient"))) == 2


@every_renderer
def test_the_legend_is_in_the_picture(program):
    picture = draw(with_gradients(1.5, 0.5), color="gradient", program=program).pipe()

    assert {"grad 1 to 10", "grad 0.1 to 1"} < set(texts(picture))


def test_an_unknown_color_lists_the_known():
    with pytest.raises(ValueError, match="unknown color 'red': take one of kind, gradient"):
        draw(Value(1.0), color="red")


# ---- part of a graph ----


def chain_of_named(n):
    values = [Value(1.0, "v0")]
    for i in range(1, n):
        values.append(values[-1] + 1.0)
        values[-1].label = f"v{i}"
    return values


def names(diagram):
    return [box[0] for box in boxes(diagram)]


def test_around_a_value_are_what_it_is_made_of_and_what_is_made_of_it():
    values = chain_of_named(9)

    assert names(draw(values[-1], around=values[4])) == ["v3", "v4", "v5"]


def test_depth_says_how_far_around_a_value_is():
    values = chain_of_named(9)

    assert names(draw(values[-1], around=values[4], depth=3)) == [f"v{i}" for i in range(1, 8)]


def test_what_a_user_of_the_value_takes_besides_is_drawn():
    a, b = Value(1.0, "a"), tanh(Value(2.0))
    b.label = "b"
    diagram = draw(a * b, around=a)

    assert names(diagram)[:2] == ["a", "b"]
    assert "dashed" in look_of(diagram, "b|")


def test_the_surroundings_are_as_near_as_the_shortest_way():
    values = chain_of_named(9)
    z = values[-1] + values[0]
    z.label = "z"

    assert names(draw(z, around=values[0])) == ["v0", "v1", "v8", "z"]


def test_a_value_that_is_not_in_the_graph_has_no_surroundings():
    with pytest.raises(ValueError, match=r"around is a Value .*, got Value.*not in it"):
        draw(Value(1.0) * 2.0, around=Value(3.0))


@pytest.mark.parametrize("wrong", ["x", 1.0, [Value(1.0), Value(2.0)]])
def test_surroundings_are_those_of_a_value(wrong):
    with pytest.raises(TypeError, match=r"around is a Value of the graph, got (str|float|list)"):
        draw(Value(1.0), around=wrong)


def test_depth_counts_operations_back_from_the_value():
    assert len(operations(draw(chain(10), depth=3))) == 3


def test_depth_beyond_the_graph_draws_all_of_it():
    assert draw(chain(4), depth=50).source == draw(chain(4)).source


def test_a_value_where_the_picture_is_cut_is_dashed():
    z = chain(2)

    assert "dashed" in look_of(draw(z, depth=1), "data 2")


def test_a_value_where_the_picture_is_cut_is_not_blue():
    assert "fillcolor=white" in look_of(draw(chain(2), depth=1), "data 2")


def test_a_leaf_where_the_picture_is_cut_is_a_leaf():
    x = Value(2.0, "x")

    assert "dashed" not in look_of(draw(x * 3, depth=1), "x|")


def test_a_value_is_as_deep_as_its_shortest_way():
    x = Value(2.0, "x")
    near = x * 3
    z = chain_from(near, 5) + near

    assert "*" in operations(draw(z, depth=2))


def chain_from(z, n):
    for _ in range(n):
        z = z + 1
    return z


def test_depth_counts_from_the_nearest_output():
    x = Value(2.0, "x")
    near = x * 3

    assert "*" in operations(draw([chain_from(near, 5), near], depth=1))


def test_a_dot_product_counts_as_one_operation():
    assert len(boxes(draw(neuron(), depth=2))) == len(boxes(draw(neuron())))


def test_a_dot_product_where_the_picture_is_cut_is_not_unfolded():
    assert operations(draw(neuron(), depth=1)) == ["tanh"]


def test_the_depth_of_a_graph_of_any_size_is_drawn():
    assert len(boxes(draw(chain(100_000), depth=3))) == 4


def test_a_graph_too_large_says_how_to_draw_it():
    with pytest.raises(ValueError, match="max_nodes") as caught:
        draw(chain(1_000))

    assert str(caught.value) == (
        "the graph has 1,001 values to draw, more than max_nodes=400: fold what repeats with "
        "collapse=True, draw the last steps with depth=3, keep dot products whole with fused=True, "
        "or draw it all with max_nodes=None"
    )


def test_a_chain_of_100_000_nodes_is_refused_without_reaching_a_limit_of_python():
    with pytest.raises(ValueError, match="the graph has 100,001 values to draw"):
        draw(chain(100_000))


def test_a_chain_of_5_000_nodes_is_drawn_on_request():
    assert len(boxes(draw(chain(5_000), max_nodes=None))) == 5_001


def test_a_graph_of_just_as_many_values_is_drawn():
    assert len(boxes(draw(chain(9), max_nodes=10))) == 10


def test_a_graph_of_one_value_more_is_refused():
    with pytest.raises(ValueError, match="has 10 values to draw, more than max_nodes=9"):
        draw(chain(9), max_nodes=9)


def test_the_values_inside_a_dot_product_are_counted():
    drawn = len(boxes(draw(neuron())))

    with pytest.raises(ValueError, match=f"has {drawn} values to draw"):
        draw(neuron(), max_nodes=drawn - 1)


def test_a_dot_product_kept_whole_counts_as_one():
    assert len(boxes(draw(neuron(), fused=True, max_nodes=7))) == 7


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


# ---- labels ----


@every_renderer
@every_label
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_any_label_is_shown_as_it_is(program, label, rankdir):
    assert label in texts(draw(Value(1.0, label), rankdir=rankdir, program=program).pipe())


@every_renderer
@every_label
def test_no_label_disturbs_the_rest_of_the_picture(program, label):
    z = Value(2.0, label) * Value(3.0, label)
    others = sorted(texts(draw(z, program=program).pipe()))
    for _ in range(2):
        others.remove(label)

    assert others == sorted(["*", "data 2", "data 3", "data 6", *["grad 0"] * 3])


@every_renderer
@every_label
def test_no_label_becomes_an_element_of_the_picture(program, label):
    tags = {
        e.tag
        for e in ElementTree.fromstring(draw(Value(1.0, label), program=program).pipe()).iter()
    }

    assert tags & {f"{SVG}script", f"{SVG}b", "script", "b"} == set()


@every_renderer
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_the_lines_of_a_label_are_lines(program, rankdir, line_break):
    label = f"one{line_break}two"

    assert texts(draw(Value(1.0, label), rankdir=rankdir, program=program).pipe()) == [
        "one",
        "two",
        "data 1",
        "grad 0",
    ]


@every_renderer
@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("\0", r"\x00"),
        ("\t", r"\t"),
        ("\r", r"\r"),
        ("\x1b", r"\x1b"),
        ("\x7f", r"\x7f"),
        ("\x85", r"\x85"),
        ("\ud800", r"\ud800"),
        ("\uffff", r"\uffff"),
    ],
    ids=ascii,
)
def test_a_character_that_no_picture_holds_is_shown_as_its_escape(program, character, shown):
    assert f"a{shown}b" in texts(draw(Value(1.0, f"a{character}b"), program=program).pipe())


@every_renderer
@pytest.mark.parametrize(
    "label",
    ["👩‍👧", "می‌خواهم", "क्‍ष", "损失　函数", "10\u00a0000", "soft\u00adhyphen"],
    ids=["emoji joined", "Persian", "Hindi", "a wide space", "a hard space", "a soft hyphen"],
)
def test_a_character_without_ink_is_part_of_its_label(program, label):
    assert label in texts(draw(Value(1.0, label), program=program).pipe())


@every_renderer
def test_a_very_long_label_is_shown_in_full(program):
    label = "long" * 2_000

    assert label in texts(draw(Value(1.0, label), program=program).pipe())


def test_a_label_that_is_no_text_is_shown_as_text():
    x = Value(1.0)
    x.label = 7

    assert boxes(draw(x)) == [["7", "data 1", "grad 0"]]


def test_the_fields_of_a_box_are_stacked_if_ranks_run_down():
    assert look_of(draw(Value(1.0, "x"), rankdir="TB"), "{x|") is not None


@pytest.mark.parametrize("rankdir", ["LR", "TB", "RL", "BT"])
def test_ranks_run_as_told(rankdir):
    assert f"rankdir={rankdir}" in draw(Value(1.0), rankdir=rankdir).source


@every_renderer
@pytest.mark.parametrize("rankdir", ["LR", "TB", "RL", "BT"])
def test_label_data_and_grad_stand_one_above_the_other(program, rankdir):
    svg = draw(square(), rankdir=rankdir, program=program).pipe()
    places = {
        "".join(e.itertext()): (float(e.attrib["x"]), float(e.attrib["y"]))
        for e in ElementTree.fromstring(svg).iter(f"{SVG}text")
    }
    (x, top), (x2, middle), (x3, bottom) = places["a"], places["data 3"], places["grad 6"]

    assert x == x2 == x3 and top < middle < bottom  # noqa: PT018 - a column is one claim


def test_one_font_is_named():
    assert set(re.findall(r"fontname=(\S+?)[\s\]]", draw(square()).source)) == {"Helvetica"}


# ---- a Diagram is a graphviz.Digraph ----


def test_draw_returns_graphviz_own_object():
    assert isinstance(draw(Value(1.0)), graphviz.Digraph)


def test_the_format_is_svg():
    assert draw(Value(1.0)).format == "svg"


def test_a_diagram_is_shown_in_a_terminal_in_one_short_line():
    shown = repr(draw(chain(300)))

    assert "\n" not in shown and len(shown) < 80  # noqa: PT018 - short is one claim


@every_renderer
def test_a_notebook_shows_an_svg(program):
    bundle = draw(square(), program=program)._repr_mimebundle_()

    assert [(kind, texts(svg.encode())[:1] != []) for kind, svg in bundle.items()] == [
        ("image/svg+xml", True)
    ]


def test_a_notebook_without_graphviz_shows_an_svg(no_renderer):
    bundle = draw(square())._repr_mimebundle_()

    assert "grad 6" in texts(bundle["image/svg+xml"].encode())


def test_a_notebook_without_processes_shows_an_svg(no_processes):
    bundle = draw(square())._repr_mimebundle_()

    assert "grad 6" in texts(bundle["image/svg+xml"].encode())


@every_renderer
def test_pipe_gives_bytes(program):
    assert type(draw(square(), program=program).pipe()) is bytes


@every_renderer
def test_pipe_gives_text_in_an_encoding(program):
    assert "损失" in draw(Value(1.0, "损失"), program=program).pipe(encoding="utf-8")


@every_renderer
def test_the_format_may_be_given_in_capitals(program):
    assert "grad 6" in texts(draw(square(), format="SVG", program=program).pipe())


@every_renderer
def test_pipe_takes_quiet(program):
    assert "grad 6" in texts(draw(square(), program=program).pipe(quiet=True))


@pytest.mark.parametrize("program", RENDERERS[:2])
def test_pipe_gives_a_png(program):
    assert draw(square(), program=program).pipe("png").startswith(PNG_SIGNATURE)


@pytest.mark.parametrize("program", RENDERERS[:2])
def test_the_format_of_the_diagram_is_what_pipe_gives(program):
    assert draw(square(), format="png", program=program).pipe().startswith(PNG_SIGNATURE)


@needs_dot
def test_pipe_gives_a_pdf():
    assert draw(square(), program="dot").pipe("pdf").startswith(b"%PDF")


@every_renderer
def test_an_unknown_format_is_refused_by_every_renderer(program):
    with pytest.raises(ValueError, match="unknown format: 'bmpp'"):
        draw(square(), program=program).pipe("bmpp")


@every_renderer
def test_an_unknown_engine_is_refused_by_every_renderer(program):
    with pytest.raises(ValueError, match="unknown engine: 'foo'"):
        draw(square(), program=program).pipe(engine="foo")


@every_renderer
def test_a_copy_has_the_same_source(program):
    diagram = draw(square(), program=program)

    assert diagram.copy().source == diagram.source


def test_a_copy_has_the_same_renderer():
    assert draw(square(), program="builtin").copy().program == "builtin"


def test_a_copy_is_a_diagram_of_its_own():
    diagram = draw(square())
    diagram.copy().node("note")

    assert "note" not in diagram.source


@every_renderer
def test_nodes_and_edges_can_be_added(program):
    diagram = draw(square(), program=program)
    diagram.node("note", "the input", shape="note")
    diagram.edge("note", "v0", style="dotted", label="see")

    assert {"the input", "see", "grad 6"} <= set(texts(diagram.pipe()))


@every_renderer
def test_a_subgraph_can_be_added(program):
    diagram = draw(square(), program=program)
    with diagram.subgraph(name="cluster_0") as part:
        part.attr(label="a part")
        part.node("note", "inside")

    assert {"inside", "grad 6"} <= set(texts(diagram.pipe()))


@every_renderer
def test_a_diagram_can_be_built_by_hand(program):
    diagram = Diagram(program=program)
    diagram.node("only", "one")

    assert texts(diagram.pipe("svg")) == ["one"]


# ---- render ----


def files():
    """The paths of all files below the current folder."""
    found = [os.path.join(d, name) for d, _, names in os.walk(".") for name in names]
    return sorted(os.path.relpath(path) for path in found)


CALLS = {
    "nothing": {},
    "filename": {"filename": "z.gv"},
    "filename without a suffix": {"filename": "z"},
    "filename in a folder": {"filename": "new/z.gv"},
    "directory": {"directory": "new/folder"},
    "filename and directory": {"filename": "z.gv", "directory": "new"},
    "format": {"format": "svg"},
    "cleanup": {"cleanup": True},
    "filename and cleanup": {"filename": "new/z", "cleanup": True},
    "outfile": {"outfile": "z.svg"},
    "outfile in a folder": {"outfile": "new/z.svg"},
    "outfile and cleanup": {"outfile": "z.svg", "cleanup": True},
    "outfile and filename": {"outfile": "z.svg", "filename": "source.gv"},
    "outfile and directory": {"outfile": "z.svg", "directory": "new"},
    "outfile, filename and directory": {"outfile": "z.svg", "filename": "s.gv", "directory": "new"},
}
# Where graphviz.Digraph("Diagram").render puts the source and the picture, and what it returns.
RESULTS = {
    "nothing": ("Diagram.gv.svg", ["Diagram.gv", "Diagram.gv.svg"]),
    "filename": ("z.gv.svg", ["z.gv", "z.gv.svg"]),
    "filename without a suffix": ("z.svg", ["z", "z.svg"]),
    "filename in a folder": ("new/z.gv.svg", ["new/z.gv", "new/z.gv.svg"]),
    "directory": (
        "new/folder/Diagram.gv.svg",
        ["new/folder/Diagram.gv", "new/folder/Diagram.gv.svg"],
    ),
    "filename and directory": ("new/z.gv.svg", ["new/z.gv", "new/z.gv.svg"]),
    "format": ("Diagram.gv.svg", ["Diagram.gv", "Diagram.gv.svg"]),
    "cleanup": ("Diagram.gv.svg", ["Diagram.gv.svg"]),
    "filename and cleanup": ("new/z.svg", ["new/z.svg"]),
    "outfile": ("z.svg", ["z.gv", "z.svg"]),
    "outfile in a folder": ("new/z.svg", ["new/z.gv", "new/z.svg"]),
    "outfile and cleanup": ("z.svg", ["z.svg"]),
    "outfile and filename": ("z.svg", ["source.gv", "z.svg"]),
    "outfile and directory": ("z.svg", ["new/z.gv", "z.svg"]),
    "outfile, filename and directory": ("z.svg", ["new/s.gv", "z.svg"]),
}
every_call = pytest.mark.parametrize("call", CALLS, ids=[k.replace(" ", "-") for k in CALLS])


@every_renderer
@every_call
def test_render_returns_the_path_of_the_picture(program, call):
    path = draw(square(), program=program).render(**CALLS[call])

    assert path == os.path.normpath(RESULTS[call][0])


@every_renderer
@every_call
def test_render_leaves_the_files_that_graphviz_does(program, call):
    draw(square(), program=program).render(**CALLS[call])

    assert files() == [os.path.normpath(path) for path in RESULTS[call][1]]


@every_renderer
@every_call
def test_render_writes_the_picture(program, call):
    path = draw(square(), program=program).render(**CALLS[call])

    with open(path, "rb") as file:
        assert "grad 6" in texts(file.read())


@every_renderer
def test_render_writes_the_source(program):
    diagram = draw(square(), program=program)

    diagram.render("z.gv")

    with open("z.gv", encoding="utf-8") as file:
        assert file.read() == diagram.source


@every_renderer
def test_render_takes_a_path_object(program, tmp_path):
    draw(square(), program=program).render(outfile=tmp_path / "z.svg")

    assert (tmp_path / "z.svg").exists()


@every_renderer
def test_render_takes_the_folder_of_the_diagram(program):
    diagram = Diagram("z", directory="new", format="svg", program=program)
    diagram.node("a")

    assert diagram.render() == os.path.join("new", "z.gv.svg")


@pytest.mark.parametrize("program", RENDERERS[:2])
def test_render_takes_the_format_from_the_outfile(program):
    path = draw(square(), program=program).render(outfile="z.png")

    with open(path, "rb") as file:
        assert file.read(8) == PNG_SIGNATURE


@pytest.mark.parametrize("program", RENDERERS[:2])
def test_render_takes_another_format(program):
    path = draw(square(), program=program).render("z", format="png")

    with open(path, "rb") as file:
        assert (path, file.read(8)) == ("z.png", PNG_SIGNATURE)


@every_renderer
def test_render_refuses_an_outfile_of_no_known_format(program):
    with pytest.raises(graphviz.RequiredArgumentError, match="cannot infer rendering format"):
        draw(square(), program=program).render(outfile="picture")


@every_renderer
def test_render_does_not_write_the_picture_over_its_source(program):
    with pytest.raises(ValueError, match="must be different from input file"):
        draw(square(), program=program).render(outfile="picture.gv")


@every_renderer
def test_render_spares_a_result_that_exists_on_request(program):
    with open("z.svg", "w") as file:
        file.write("old")

    with pytest.raises(FileExistsError):
        draw(square(), program=program).render("z", raise_if_result_exists=True)


@every_renderer
def test_render_below_a_file_is_an_oserror(program):
    with open("file", "w") as file:
        file.write("old")

    with pytest.raises(OSError, match="file"):
        draw(square(), program=program).render(outfile=os.path.join("file", "z.svg"))


def test_render_without_a_renderer_writes_an_svg(no_renderer):
    path = draw(square()).render("z")

    with open(path, "rb") as file:
        assert "grad 6" in texts(file.read())


def test_render_without_processes_writes_an_svg(no_processes):
    path = draw(square()).render("z")

    with open(path, "rb") as file:
        assert "grad 6" in texts(file.read())


def test_render_of_a_png_without_a_renderer_leaves_no_file(no_renderer):
    with pytest.raises(RendererNotFound):
        draw(square()).render("z", format="png")

    assert files() == []


def test_view_opens_the_picture(no_renderer, monkeypatch):
    opened = []
    monkeypatch.setattr(graphviz, "view", opened.append)

    draw(square()).view("z")

    assert opened == ["z.svg"]


# ---- which renderer ----


@needs_dot
def test_dot_comes_first():
    assert draw(square()).pipe() == draw(square(), program="dot").pipe()


@needs_pure
def test_graphviz_pure_comes_second(no_dot):
    assert draw(square()).pipe() == draw(square(), program="graphviz-pure").pipe()


def test_the_layout_of_our_own_comes_last(no_renderer):
    assert draw(square()).pipe() == draw(square(), program="builtin").pipe()


@needs_dot
@needs_pure
def test_the_three_renderers_write_three_pictures():
    pictures = [draw(square(), program=p).pipe() for p in ("dot", "graphviz-pure", "builtin")]

    assert len(set(pictures)) == 3


def test_the_layout_of_our_own_is_taken_where_no_program_starts(no_processes):
    assert draw(square()).pipe() == draw(square(), program="builtin").pipe()


@needs_pure
def test_graphviz_pure_is_found_beside_python(no_dot):
    assert os.path.dirname(engine.renderers.render.graphviz_pure()) == os.path.dirname(
        sys.executable
    )


@needs_pure
def test_graphviz_pure_is_found_on_path(tmp_path, monkeypatch):
    name = os.path.basename(PURE)
    shutil.copy(PURE, tmp_path / name)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert engine.renderers.render.graphviz_pure() == str(tmp_path / name)


def test_graphviz_pure_may_be_missing(no_dot, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    assert engine.renderers.render.graphviz_pure() is None


@every_renderer
def test_the_environment_names_the_renderer(program, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", program)

    assert draw(square()).pipe() == draw(square(), program=program).pipe()


@every_renderer
def test_render_heeds_the_environment(program, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", program)

    path = draw(square()).render("z")

    with open(path, "rb") as file:
        assert texts(file.read()) == texts(draw(square(), program=program).pipe())


def test_an_argument_comes_before_the_environment(monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", "/no/such/program")

    assert "grad 6" in texts(draw(square(), program="builtin").pipe())


def test_an_empty_environment_variable_names_nothing(no_renderer, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", "")

    assert "grad 6" in texts(draw(square()).pipe())


@posix
def test_a_program_is_taken_by_its_path(program):
    path = program('echo "$@"', "/bin/cat")
    diagram = draw(square(), program=path)

    assert diagram.pipe("png").decode() == f"-Kdot -Tpng\n{diagram.source}"


@posix
def test_a_program_named_by_the_environment_is_taken(program, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", program("echo drawn"))

    assert draw(square()).pipe() == b"drawn\n"


@posix
def test_render_takes_a_program_by_its_path(program):
    path = draw(square(), program=program("echo drawn")).render("z", format="pdf")

    with open(path, "rb") as file:
        assert (path, file.read()) == ("z.pdf", b"drawn\n")


@posix
def test_a_program_is_told_the_layout_engine(program):
    diagram = draw(square(), program=program('echo "$@"'))

    assert diagram.pipe(engine="neato") == b"-Kneato -Tsvg\n"


@needs_dot
def test_the_path_of_dot_does_as_dot():
    path = shutil.which("dot")

    assert draw(square(), program=path).pipe() == draw(square(), program="dot").pipe()


# ---- where nothing renders ----

MISSING = (
    "nothing here draws {}: looked for dot on PATH, graphviz-pure on PATH and beside Python. "
    "Install Graphviz (Debian: apt install graphviz; macOS: brew install graphviz; "
    "Windows: winget install graphviz) or graphviz-pure (pip install graphviz-pure). "
    "SVG needs none of them: format='svg'"
)


def test_a_png_without_a_renderer_is_an_error_that_says_what_to_do(no_renderer):
    with pytest.raises(RendererNotFound) as caught:
        draw(square(), format="png").pipe()

    assert str(caught.value) == MISSING.format("PNG")


@pytest.mark.parametrize("format", ["png", "pdf", "jpg", "ps"])
def test_without_a_renderer_only_svg_is_drawn(no_renderer, format):
    with pytest.raises(RendererNotFound, match=f"nothing here draws {format.upper()}: "):
        draw(square()).pipe(format)


@needs_pure
def test_a_pdf_without_dot_is_an_error_that_names_graphviz(no_dot):
    with pytest.raises(RendererNotFound, match=r"nothing here draws PDF: .*Install Graphviz"):
        draw(square()).pipe("pdf")


def test_a_png_without_processes_is_an_error_that_says_what_to_do(no_processes):
    with pytest.raises(RendererNotFound, match="nothing here draws PNG"):
        draw(square()).pipe("png")


def test_the_error_is_one_that_users_of_graphviz_catch(no_renderer):
    with pytest.raises(graphviz.ExecutableNotFound):
        draw(square()).pipe("png")


def test_the_layout_of_our_own_draws_no_png_when_asked_for_by_name():
    with pytest.raises(RendererNotFound, match=r"nothing here draws PNG: .*SVG needs none of them"):
        draw(square(), program="builtin").pipe("png")


def test_dot_asked_for_by_name_is_missed(no_dot):
    with pytest.raises(graphviz.ExecutableNotFound, match="dot"):
        draw(square(), program="dot").pipe()


def test_render_misses_dot_asked_for_by_name(no_dot):
    with pytest.raises(graphviz.ExecutableNotFound, match="dot"):
        draw(square(), program="dot").render("z")


def test_graphviz_pure_asked_for_by_name_is_missed(no_renderer):
    with pytest.raises(
        RendererNotFound, match="looked for graphviz-pure on PATH and beside Python"
    ):
        draw(square(), program="graphviz-pure").pipe()


def test_a_program_that_does_not_exist_is_named():
    with pytest.raises(RendererNotFound, match="looked for /no/such/program"):
        draw(square(), program="/no/such/program").pipe()


def test_a_program_of_the_environment_that_does_not_exist_is_named(monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", "/no/such/program")

    with pytest.raises(RendererNotFound, match="looked for /no/such/program"):
        draw(square()).render("z")


def test_a_program_that_is_no_program_is_named(tmp_path):
    (tmp_path / "text").write_text("not a program")

    with pytest.raises(RendererNotFound, match=f"looked for {re.escape(str(tmp_path / 'text'))}"):
        draw(square(), program=str(tmp_path / "text")).pipe()


@posix
def test_a_program_that_fails_is_an_error(program):
    with pytest.raises(subprocess.CalledProcessError):
        draw(square(), program=program("exit 3")).pipe()


@posix
def test_a_program_that_fails_is_quoted(program):
    diagram = draw(square(), program=program("echo out of paper >&2", "exit 3"))

    with pytest.raises(subprocess.CalledProcessError, match="out of paper"):
        diagram.pipe()


@posix
def test_render_with_a_program_that_fails_leaves_no_picture(program):
    diagram = draw(square(), program=program("echo half", "exit 3"))

    with pytest.raises(subprocess.CalledProcessError):
        diagram.render("z")

    assert files() == ["renderer"]


@needs_dot
def test_source_that_dot_refuses_is_an_error():
    diagram = draw(square(), program="dot")
    diagram.body.append("]")

    with pytest.raises(subprocess.CalledProcessError, match="syntax error"):
        diagram.pipe(quiet=True)


# ---- graphs that a layout takes long for ----


def reused(n):
    """x**n by multiplication: a leaf with an edge to each of n ranks."""
    z = x = Value(1.0, "x")
    for _ in range(n - 1):
        z = z * x
    return z


@every_renderer
def test_a_leaf_used_on_fifty_ranks_is_drawn(program):
    assert texts(draw(reused(50), program=program).pipe()).count("*") == 49


def test_graphviz_is_told_to_end_its_search_for_the_best_ranks():
    assert re.search(r"\bnslimit=\d", draw(Value(1.0)).source)


# ---- the package graphviz ----


def test_importing_engine_does_not_import_graphviz():
    code = "import engine, sys; print('graphviz' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=True
    )

    assert result.stdout.split() == [b"False"]


def test_without_the_package_graphviz_the_error_says_what_to_install():
    code = "import sys; sys.modules['graphviz'] = None\nfrom engine import draw"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)

    assert b"pictures need the Python package graphviz: pip install graphviz" in result.stderr
