"""One name for a weight, in every picture, message, explanation, page and program."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, draw, explain, trace
from engine.explorer.contents import boxes_of, contents
from engine.formulas.names import parameter_names, short_names
from nn import MLP, Linear, Module, Neuron, Sequential, Tanh, save
from nn.command.report import write_graphs
from nn.data.tables import Table
from nn.plot import plot_histograms


def output(model):
    made = model([Value(0.5, label="x0"), Value(0.25, label="x1")])
    return sum(made) if isinstance(made, list) else made


def numbered(pattern, text):
    """The names in a picture; the number beside each is its place among the parameters."""
    found = {int(number) - 1: name for name, number in re.findall(pattern, text)}
    return [found[i] for i in range(len(found))]


def in_drawing(model, _):
    source = draw(output(model), parameters=model, max_nodes=None).source
    return numbered(r'label="([wb]\w*)\|data (\d+)\|', source)


def in_picture(model, _):
    return numbered(r"([wb]\w*) = (\d+)\"", draw(model).source)


def in_explanations(model, _):
    y = output(model)
    return [explain(y, p, model=model).names[p] for p in model.parameters()]


def in_explorer(model, _):
    nodes = contents(boxes_of(output(model)), model, "en", "")["nodes"]
    found = {node["path"]: node["name"] for node in nodes if "path" in node}
    return [found[path] for path, _ in model.named_parameters()]


def in_program(language):
    def found(model, _):
        y = model([0.5, 0.25])
        source = trace(y[0] if isinstance(y, list) else y, [], model).source(language)
        listed = re.findall(r"\[([\w, ]+)\] = parameters|(\w+) = parameters\[\d+\];", source)
        names = [name for pair in listed for name in "".join(pair).split(", ")]
        return names[: len(model.parameters())]  # the gradient has the same once more

    return found


def in_bars(model, _):
    pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
    from matplotlib.figure import Figure

    ax = plot_histograms(model, Figure().subplots())
    return [label.get_text() for label in ax.get_yticklabels()]


def in_messages_of(act):
    def found(model, folder):
        names = []
        for p in model.parameters():
            before, p.data = p.data, float("nan")
            with pytest.raises(ValueError, match=r" is nan$") as raised:
                act(model, folder / "model.json")
            names.append(str(raised.value).removeprefix("cannot save: ").removesuffix(" is nan"))
            p.data = before
        return names

    return found


ROADS = {
    "draw": in_drawing,
    "draw(model)": in_picture,
    "explain": in_explanations,
    "explore": in_explorer,
    "bars": in_bars,
    "message of a plot": in_messages_of(lambda model, _: plot_histograms(model)),
    "message of save": in_messages_of(save),
    **{name: in_program(name) for name in ("python", "numpy", "c", "javascript")},
}


def mlp(sizes):
    return MLP(2, [*sizes, 1], activation="tanh")


def layers(sizes):
    """The same with Linear, in a Sequential."""
    parts = []
    for nin, nout in zip([2, *sizes], [*sizes, 1]):
        parts += [Linear(nin, nout), Tanh()]
    return Sequential(*parts)


@pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)
@given(st.sampled_from([mlp, layers]), st.lists(st.integers(1, 3), max_size=2))
@settings(max_examples=8)
def test_every_road_calls_a_weight_by_the_same_name(road, tmp_path_factory, make, sizes):
    model = make(sizes)
    for i, p in enumerate(model.parameters()):
        p.data = i + 1.0
    names = road(model, tmp_path_factory.getbasetemp())

    assert names == [name for name, _ in parameter_names(model).values()]


def test_the_name_of_a_weight_has_its_layer_its_neuron_and_its_input():
    names = [name for name, _ in parameter_names(MLP(2, [2, 1])).values()]

    assert names[:6] == ["w0_0_0", "w0_0_1", "b0_0", "w0_1_0", "w0_1_1", "b0_1"]
    assert names[6:] == ["w1_0_0", "w1_0_1", "b1_0"]


def test_the_keys_of_a_state_dict_are_those_of_pytorch():
    assert list(MLP(2, [1]).state_dict()) == [
        "layers.0.neurons.0.weights",
        "layers.0.neurons.0.bias",
    ]


def test_the_pictures_of_a_training_call_a_weight_by_that_name(tmp_path):
    model = MLP(2, [2, 1], activation="tanh")
    table = Table([[0.0, 1.0]], [1.0], ["x0", "x1"], "y")
    write_graphs(tmp_path, model, table, (table.inputs, table.targets), 0)
    wanted = {name for name, _ in parameter_names(model).values()}

    shown = re.findall(r">([wb]\d\w*)<", (tmp_path / "prediction.svg").read_text("utf-8"))

    assert sorted(shown) == sorted(wanted)


def test_a_program_of_a_model_is_that_of_its_parameters():
    model = Neuron(2, activation="tanh")
    inputs = [Value(0.5), Value(0.25)]
    y = model(inputs)
    by_model, by_list = trace(y, inputs, model), trace(y, inputs, model.parameters())

    assert by_model.value_and_grad([1.0, 2.0]) == by_list.value_and_grad([1.0, 2.0])


def test_a_label_is_the_name_of_a_weight_where_it_has_one():
    model = Neuron(2, activation="tanh")
    model.weights[0].label = "slope"
    inputs = [Value(0.5), Value(0.25)]

    assert "[slope, w1, b] = parameters" in trace(model(inputs), inputs, model).source()


class Heads(Module):
    def __init__(self, parts):
        self.parts = parts


PATHS = st.lists(
    st.lists(st.sampled_from(["a", "b", "w", "0", "1", "1_1", "a1"]), min_size=1, max_size=4),
    unique_by=tuple,
)


@given(PATHS)
@settings(max_examples=100)
def test_two_weights_never_have_the_same_name(paths):
    names = short_names([".".join(parts) for parts in paths])

    assert len(set(names)) == len(names)


@given(st.lists(st.text(max_size=6), min_size=1, max_size=6, unique=True))
@settings(max_examples=100)
def test_parameters_under_keys_of_any_text_have_a_name_each(keys):
    names = [name for name, _ in parameter_names(Heads({k: Value(1.0) for k in keys})).values()]

    assert len(set(names)) == len(keys)
    assert all(name.isprintable() or "\n" not in name for name in names)
