"""Large graphs in small pictures: what repeats is folded, and a model's parts are one box each."""

import random
import re
import shutil
import xml.etree.ElementTree as ElementTree

import pytest

import nn
from benchmarks import engines, gpt
from engine import Value, draw, tanh, topological_order
from nn import MLP, Layer, Linear, Module, Neuron, Sequential, Tanh, data, l2_penalty, mse_loss

RENDERERS = ["builtin", *(["dot"] if shutil.which("dot") else [])]
NODE = re.compile(r'\t(\w+) \[label=("(?:[^"\\]|\\.)*"|\S+) (.*)\]')
EDGE = re.compile(r"\t(\w+) -> (\w+)")


def labels(diagram):
    """The text of each node by its name, its lines and fields parted by spaces."""
    found = [m for m in map(NODE.match, diagram.source.splitlines()) if m]
    lines = {m[1]: m[2].strip('"').replace("\\n", " ").replace("|", " ") for m in found}
    return {name: re.sub(r"\\([<>])", r"\1", line) for name, line in lines.items()}


def texts(diagram):
    return list(labels(diagram).values())


def edges(diagram):
    """(text, text) for each edge between nodes."""
    name = labels(diagram)
    found = [m for m in map(EDGE.match, diagram.source.splitlines()) if m]
    return [(name[m[1]], name[m[2]]) for m in found]


def network(sizes=(4, 1), activation="tanh", nin=2):
    return MLP(nin, list(sizes), activation=activation, rng=random.Random(0))


def xor_loss(model, *, as_values=False):
    inputs, targets = data.xor()
    if as_values:
        inputs = [[Value(x) for x in row] for row in inputs]
    loss = mse_loss([model(x) for x in inputs], targets)
    loss.backward()
    return loss


NEURONS = [
    *[f"layers.0.neurons.{i} Neuron(2 -> 1, tanh) 4 times" for i in range(4)],
    "layers.1.neurons.0 Neuron(4 -> 1, linear) 4 times",
]
LOSS = ["4 times -", "4 times *", "3 times +", "data 0.6766 grad 1", "/", "4"]


# ---- by a model ----


def test_the_loss_of_a_whole_batch_fits_a_slide():
    model = network()

    assert texts(draw(xor_loss(model), collapse=model)) == NEURONS + LOSS


def test_the_same_loss_drawn_in_full_has_hundreds_of_values():
    with pytest.raises(ValueError, match=r"collapse=True"):
        draw(xor_loss(network()), max_nodes=100)


def test_neurons_are_joined_as_their_values_are():
    model = network()
    hidden, [out] = NEURONS[:4], NEURONS[4:]

    assert edges(draw(xor_loss(model), collapse=model))[:5] == [
        *[(neuron, out) for neuron in hidden],
        (out, "4 times -"),
    ]


def test_what_is_put_in_leads_to_every_neuron_that_takes_it():
    model = network()
    found = edges(draw(xor_loss(model, as_values=True), collapse=model))

    assert [
        head for tail, head in found if tail == "8 leaves data 0 to 1 grad 0 to 0.1479"
    ] == NEURONS[:4]


LAYERS = ["layers.0 Layer(2 -> 4, tanh) 4 times", "layers.1 Layer(4 -> 1, linear) 4 times"]


@pytest.mark.parametrize(
    ("level", "parts"),
    [
        (None, NEURONS),
        ("Neuron", NEURONS),
        (Neuron, NEURONS),
        (2, NEURONS),
        (99, NEURONS),
        ("Layer", LAYERS),
        (Layer, LAYERS),
        (1, LAYERS),
        ("MLP", ["MLP(2 -> 4 -> 1, tanh) 4 times"]),
        (0, ["MLP(2 -> 4 -> 1, tanh) 4 times"]),
    ],
)
def test_a_level_says_which_modules_are_boxes(level, parts):
    model = network()

    assert texts(draw(xor_loss(model), collapse=model, level=level)) == parts + LOSS


def test_an_activation_belongs_to_its_neuron_and_the_same_op_after_a_linear_one_does_not():
    model = network()

    assert "tanh" in texts(draw(tanh(model([1.0, 2.0])), collapse=model))


def test_an_activation_of_ones_own_belongs_to_its_neuron():
    model = Neuron(2, activation=lambda x: (x * 2).sin() + 1)

    found = texts(draw(model([1.0, 2.0]), collapse=model))
    assert [text for text in found if "data" not in text] == ["Neuron(2 -> 1, <lambda>)"]


def test_an_activation_that_is_undefined_where_it_is_tried_is_drawn_behind_its_neuron():
    model = Neuron(1, activation=lambda x: (x - 2).log())
    model.bias.data = 9.0

    assert "log" in texts(draw(model([0.0]), collapse=model))


def test_the_output_of_a_model_has_a_box_of_its_own():
    model = network()
    z = model([1.0, 2.0])

    assert edges(draw(z, collapse=model, level=0)) == [
        ("MLP(2 -> 4 -> 1, tanh)", f"data {z.data:.4g} grad 0")
    ]


def test_a_neuron_spelled_out_is_one_box_too():
    class Spelled(Module):
        def __init__(self):
            self.w, self.b = [Value(0.5), Value(-1.5)], Value(2.0)

        def __call__(self, x):
            return sum(w * v for w, v in zip(self.w, x)) + self.b

    model = Spelled()
    z = model([3.0, 4.0])

    assert texts(draw(z, collapse=model)) == ["Spelled, 3 parameters", "data -2.5 grad 0"]


def test_a_penalty_is_no_part_of_the_neurons_whose_weights_it_takes():
    model = network()
    loss = xor_loss(model) + 0.01 * l2_penalty(model.parameters())

    assert [tail for tail, head in edges(draw(loss, collapse=model)) if head == "dot"] == NEURONS


@pytest.mark.parametrize(
    "penalty",
    [lambda p: p**2, lambda p: p * p, abs],
    ids=["power", "product", "absolute"],
)
def test_a_penalty_by_hand_is_no_part_of_the_model(penalty):
    model = Neuron(1, activation="tanh")
    loss = model([Value(2.0)]) + sum(penalty(p) for p in model.parameters())

    counted = [text for text in texts(draw(loss, collapse=model)) if text.startswith("2 times")]
    assert len(counted) >= 1
    assert "Neuron(1 -> 1, tanh)" in texts(draw(loss, collapse=model))


def test_a_layer_used_again_is_one_box_with_a_count():
    layer = Layer(2, 2, activation="tanh")
    z = layer(layer(layer([Value(1.0), Value(2.0)])))

    assert "Layer(2 -> 2, tanh) 3 times" in texts(draw(z, collapse=layer, level=0))


def test_activations_without_parameters_are_folded_by_their_op():
    model = Sequential(Linear(2, 3), Tanh(), Linear(3, 1))
    found = texts(draw(model([1.0, 2.0]), collapse=model))

    assert found[:3] == ["0 Linear(2 -> 3)", "3 times tanh", "2 Linear(3 -> 1)"]


def test_a_sequential_with_its_activations_is_one_box():
    model = Sequential(Linear(2, 3), Tanh(), Linear(3, 2), Tanh())
    found = texts(draw(model([1.0, 2.0]), collapse=model, level=0))

    assert found[0] == "Sequential, 17 parameters"
    assert len(found) == 3


def test_a_parameter_in_a_dict_is_found():
    class Table(Module):
        def __init__(self):
            self.rows = {"a": Value(1.0), "b": [Value(2.0)]}

    model = Table()

    assert texts(draw(model.rows["a"] * 3.0, collapse=model))[0] == "Table, 2 parameters"


def test_a_model_that_the_graph_does_not_know_is_refused():
    with pytest.raises(ValueError, match="the graph has no parameter of the model"):
        draw(xor_loss(network()), collapse=network())


def test_an_unknown_level_lists_the_known():
    with pytest.raises(
        ValueError, match="is 'Neurons': take one of MLP, Layer, Neuron, or a depth"
    ):
        draw(xor_loss(network()), collapse=network(), level="Neurons")


@pytest.mark.parametrize("level", [-1, 1.5, True, [Layer]])
def test_a_level_that_is_none_is_refused(level):
    with pytest.raises(TypeError, match="level takes a class, its name, or a depth from 0, got"):
        draw(xor_loss(network()), collapse=network(), level=level)


@pytest.mark.parametrize("collapse", [False, True])
def test_a_level_without_a_model_is_refused(collapse):
    with pytest.raises(ValueError, match="level=1 says which modules of a model: give collapse="):
        draw(Value(1.0) * 2, collapse=collapse, level=1)


@pytest.mark.parametrize("wrong", ["Layer", 3, None, [network()], MLP])
def test_anything_but_a_model_is_refused(wrong):
    with pytest.raises(TypeError, match="collapse takes True, False or a model, got"):
        draw(Value(1.0) * 2, collapse=wrong)


def test_a_part_of_a_collapsed_graph_is_refused():
    with pytest.raises(ValueError, match="collapse draws the whole graph: leave out depth"):
        draw(Value(1.0) * 2, collapse=True, depth=2)


# ---- by structure ----


def test_alike_terms_are_folded_with_a_count():
    xs = [Value(float(i)) for i in range(5)]
    z = sum(tanh(x) for x in xs)

    assert texts(draw(z, collapse=True)) == [
        "5 leaves data 0 to 4 grad 0",
        "5 times tanh",
        "4 times +",
        "data 3.72 grad 0",
        "+",
    ]


def test_sums_are_alike_whatever_their_length():
    x = [Value(float(i)) for i in range(5)]
    z = tanh(x[0] + x[1]) * tanh(x[2] + x[3] + x[4])

    assert "3 times +" in texts(draw(z, collapse=True))


def test_different_exponents_are_not_folded():
    x, y = Value(2.0), Value(3.0)

    assert [t for t in texts(draw(x**2 * y**3, collapse=True)) if " times " in t] == []


def test_an_exponent_that_is_a_number_is_unlike_any_that_is_computed():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    powers = [x**n for n in (0.0, 1.0, 2.0, 3.0)] + [x**y]

    assert not any("times **" in t for t in texts(draw(sum(powers), collapse=True)))


def test_leaves_of_different_names_are_not_folded():
    w, x = [[Value(1.0, f"{name}{i}") for i in range(4)] for name in "wx"]
    z = sum(a * b for a, b in zip(w, x))

    assert texts(draw(z, collapse=True))[:3] == [
        "w0 … w3 4 leaves data 1 grad 0",
        "x0 … x3 4 leaves data 1 grad 0",
        "4 times *",
    ]


def test_what_is_used_otherwise_is_not_folded():
    x, y = Value(1.0), Value(2.0)
    z = tanh(x) / tanh(y)

    assert [t for t in texts(draw(z, collapse=True)) if " times " in t] == []


def test_groups_hold_every_value_of_the_graph():
    z = xor_loss(network())
    counts = [
        int(re.search(r"(\d+) (?:times|leaves)\b", text)[1])
        for text in texts(draw(z, collapse=True))
        if " times " in text or "leaves" in text
    ]

    assert sum(counts) + 1 == len(topological_order(z))


def test_an_edge_between_groups_is_drawn_once():
    found = edges(draw(xor_loss(network()), collapse=True))

    assert len(found) == len(set(found))


def test_the_same_graph_gives_the_same_source():
    z = xor_loss(network())

    assert draw(z, collapse=True).source == draw(z, collapse=True).source


def test_the_range_of_a_group_is_its_tooltip():
    z = tanh(Value(1.0)) + tanh(Value(3.0))
    z.backward()

    assert 'tooltip="2 values, data 1 to 3, grad 0.009866 to 0.42"' in draw(z, collapse=True).source


def test_a_group_is_coloured_by_its_largest_gradient_and_nan_before_all():
    xs = [Value(1.0), Value(2.0)]
    z = tanh(xs[0]) + tanh(xs[1])
    z.backward()
    xs[0].grad = float("nan")

    [line] = [x for x in draw(z, collapse=True, color="gradient").body if "2 leaves" in x]
    assert "#e6b8d2" in line


def test_a_collapsed_graph_too_large_is_refused():
    x = Value(1.0)
    z = x
    for i in range(50):
        z = z ** float(i + 2)

    with pytest.raises(ValueError, match="the collapsed graph has 51 boxes, more than max_nodes=9"):
        draw(z, collapse=True, max_nodes=9)


def test_collapsing_is_not_recursive():
    z = Value(0.5)
    for _ in range(50_000):
        z = z + 1.0

    assert len(texts(draw(z, collapse=True))) == 5


@pytest.fixture(scope="module")
def transformer():
    """The training step of a GPT, every product and sum of it a node."""
    engine = engines.chainrule()
    engine.dot = engines.spelled_out
    engine.start(gpt.initial())
    return gpt.gpt_loss(engine, engine.leaves)


def test_the_graph_of_a_transformer_has_sixty_thousand_nodes(transformer):
    assert len(topological_order(transformer)) > 60_000


def test_the_graph_of_a_transformer_is_a_picture_of_few_boxes(transformer):
    assert len(texts(draw(transformer, collapse=True))) < 70


@pytest.mark.parametrize("program", RENDERERS)
def test_a_hostile_name_of_a_module_is_text(program):
    class Holder(Module):
        pass

    holder = Holder()
    setattr(holder, '<b>x</b>"];evil', Neuron(1))
    part = vars(holder)['<b>x</b>"];evil']
    picture = draw(part([1.0]), collapse=holder, program=program).pipe().decode()

    assert "&lt;b&gt;x&lt;/b&gt;&quot;];evil" in picture.replace('"];', "&quot;];")


@pytest.mark.parametrize("program", RENDERERS)
def test_a_hostile_label_of_folded_leaves_is_text(program):
    leaves = [Value(1.0, f'<script>{{a|b}}"];evil{i}') for i in (1, 2)]
    picture = draw(tanh(leaves[0]) + tanh(leaves[1]), collapse=True, program=program).pipe()
    written = ["".join(e.itertext()) for e in ElementTree.fromstring(picture).iter()]

    assert '<script>{a|b}"];evil1 <script>{a|b}"];evil2' in written


def test_every_module_of_nn_can_be_collapsed_by():
    model = Sequential(Linear(2, 4), nn.LayerNorm(4), nn.ReLU(), nn.Dropout(0.5), Linear(4, 1))
    [z] = model([1.0, 2.0])

    assert "1 LayerNorm, 8 parameters" in " ".join(texts(draw(z, collapse=model)))
