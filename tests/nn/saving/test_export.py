"""Exported models compute what the model computes, elsewhere: ONNX, and what both exports share."""

import itertools
import math
import random
import sys

import pytest

from engine import Value, no_grad
from engine.op import Op
from nn import (
    ELU,
    GELU,
    MLP,
    Dropout,
    Embedding,
    Flatten,
    Identity,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    LogSoftmax,
    Module,
    Neuron,
    Normalization,
    ReLU,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
    activation_names,
    to_onnx,
    to_torch,
)
from nn.activation_names import ACTIVATIONS
from nn.saving import export
from nn.settings import KINDS, is_own

ROWS = 1000


@pytest.fixture
def onnx():
    return pytest.importorskip("onnx", reason="needs onnx, of the extra onnx")


def run_onnx(model, inputs):
    """What onnxruntime makes of the rows."""
    pytest.importorskip("onnx", reason="needs onnx, of the extra onnx")
    runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime, of the extra test")
    import numpy

    content = to_onnx(model).SerializeToString()
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(["output"], {"input": numpy.array(inputs, dtype="float64")})[0].tolist()


def here(model, inputs):
    """What the model makes of the rows, each a list, also of one number."""
    with no_grad():
        outputs = [model(row) for row in inputs]
    return [[float(v) for v in (row if isinstance(row, list) else [row])] for row in outputs]


def rows(n, nin, scale=1.0, seed=0):
    rng = random.Random(seed)
    return [[rng.gauss(0, scale) for _ in range(nin)] for _ in range(n)]


def largest_error(one, other):
    """The largest difference between numbers of two lists of rows, relative where they exceed 1."""
    assert [len(row) for row in one] == [len(row) for row in other]
    assert all(map(math.isfinite, itertools.chain(*one, *other)))
    return max(abs(x - y) / max(1.0, abs(x)) for a, b in zip(one, other) for x, y in zip(a, b))


def tail(lowest=-60.0, highest=60.0, n=ROWS):
    return [[lowest + (highest - lowest) * i / (n - 1)] for i in range(n)]


FORMS = {
    "ReLU": ReLU,
    "LeakyReLU": lambda: LeakyReLU(0.2),
    "ELU": lambda: ELU(0.7),
    "GELU": GELU,
    "SiLU": SiLU,
    "Softplus": Softplus,
    "Softplus of another beta": lambda: Softplus(beta=3.0),
    "Sigmoid": Sigmoid,
    "Tanh": Tanh,
    "Identity": Identity,
}
TOGETHER = {"Softmax": Softmax, "LogSoftmax": LogSoftmax, "LayerNorm": lambda: LayerNorm(4)}
MODELS = {
    "MLP": lambda: MLP(3, [16, 16, 2], activation="tanh", rng=random.Random(1)),
    "MLP of one output": lambda: MLP(2, [4, 1], rng=random.Random(2)),
    "Layer": lambda: Layer(3, 4, activation="silu", rng=random.Random(3)),
    "Neuron": lambda: Neuron(3, activation="sigmoid", rng=random.Random(4)),
    "Linear": lambda: Linear(3, 2, rng=random.Random(5)),
    "Linear without bias": lambda: Linear(3, 2, bias=False, rng=random.Random(6)),
    "layers in a row": lambda: Sequential(
        Flatten(),
        Linear(3, 5, rng=random.Random(7)),
        LayerNorm(5),
        Sequential(GELU(), Dropout(0.5)),
        Linear(5, 4, rng=random.Random(8)),
        LayerNorm(4, eps=0.1, elementwise_affine=False),
        LayerNorm(4, bias=False),
        MLP(4, [3, 3], activation="elu", rng=random.Random(9)),
        LogSoftmax(),
        Normalization([0.5, 1.0, 2.0], [2.0, 3.0, 0.1]),
        Normalization([0.5, 1.0, 2.0], [2.0, 3.0, 0.1], invert=True),
    ).eval(),
    "nothing": Sequential,
}


def shifted(model):
    """The model with other numbers than those that biases and LayerNorm start from, 0 and 1."""
    rng = random.Random(0)
    for p in model.parameters():
        p.data += rng.gauss(0, 0.5)
    return model


def disagreement(model, elsewhere):
    """The largest error on 1,000 random rows."""
    inputs = rows(ROWS, export.widths(export.steps("the test", model))[0] or 3)
    return largest_error(here(model, inputs), elsewhere(model, inputs))


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_model_gives_the_same_outputs_in_onnx(model):
    assert disagreement(shifted(model()), run_onnx) <= 1e-12


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_mlp_of_every_activation_gives_the_same_outputs_in_onnx(name):
    model = MLP(4, [16, 16, 3], activation=name, rng=random.Random(1))
    inputs = rows(ROWS, 4, scale=3.0)

    assert largest_error(here(model, inputs), run_onnx(model, inputs)) <= 1e-12


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_activations_agree_into_their_tails_in_onnx(form):
    assert largest_error(here(form(), tail()), run_onnx(form(), tail())) <= 2e-14


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("x", [-1e300, -1000.0, -0.0, 0.0, 1000.0, 1e300])
def test_activations_agree_at_extremes_in_onnx(form, x):
    assert largest_error(here(form(), [[x]]), run_onnx(form(), [[x]])) <= 1e-15


@pytest.mark.parametrize("form", [Softplus, lambda: ELU(1.0)], ids=["Softplus", "ELU"])
@pytest.mark.parametrize("x", [-40.0, -30.0, -1e-12])
def test_small_results_are_as_precise_in_onnx_as_large_ones(form, x):
    ours, theirs = here(form(), [[x]])[0][0], run_onnx(form(), [[x]])[0][0]

    assert theirs == pytest.approx(ours, rel=1e-14, abs=0)


@pytest.mark.parametrize("form", TOGETHER.values(), ids=TOGETHER)
@pytest.mark.parametrize("offset", [0.0, 50.0, -700.0])
def test_what_looks_at_a_whole_row_agrees_in_onnx(form, offset):
    inputs = [[x + offset for x in row] for row in rows(ROWS, 4, scale=5.0)]

    assert largest_error(here(form(), inputs), run_onnx(form(), inputs)) <= 1e-12


def test_an_mlp_whose_layers_were_changed_is_exported_as_it_is():
    model = MLP(2, [3, 3, 1], rng=random.Random(0))
    model.layers[1] = Layer(3, 3, activation="gelu", rng=random.Random(1))

    assert disagreement(model, run_onnx) <= 1e-12


def test_every_kind_that_can_be_saved_is_compared():
    named = {type(m()).__name__ for m in [*FORMS.values(), *TOGETHER.values(), *MODELS.values()]}

    assert {name for name, kind in KINDS.items() if is_own(kind)} - named == {
        "Flatten",
        "Dropout",
        "Normalization",
        "Embedding",
    }  # which "layers in a row" has inside, but for Embedding, which takes tokens


@pytest.mark.parametrize("padding", [None, 2])
def test_tokens_choose_their_rows_in_the_graph(padding, onnx):
    table = Embedding(5, 3, padding_idx=padding, rng=random.Random(0))
    model = Sequential(table, Flatten(), Linear(6, 2, rng=random.Random(1)), Tanh())
    tokens = [[float(a), float(b)] for a in range(5) for b in range(5)]

    assert largest_error(here(model, tokens), run_onnx(model, tokens)) <= 1e-12


def test_any_number_of_rows_goes_through_the_graph(onnx):
    graph = to_onnx(MODELS["MLP"]()).graph
    found = [
        [d.dim_param or d.dim_value for d in end.type.tensor_type.shape.dim]
        for end in (*graph.input, *graph.output)
    ]

    assert found == [["batch", 3], ["batch", 2]]
    assert len(run_onnx(MODELS["MLP"](), rows(7, 3))) == 7


def test_the_graph_is_in_double_precision(onnx):
    graph = to_onnx(MODELS["layers in a row"]()).graph
    kinds = {end.type.tensor_type.elem_type for end in (*graph.input, *graph.output)}

    assert kinds == {onnx.TensorProto.DOUBLE}


@pytest.mark.parametrize("made", [*MODELS.values(), *FORMS.values(), *TOGETHER.values()])
def test_the_checker_accepts_the_graph(made, onnx):
    onnx.checker.check_model(to_onnx(made()), full_check=True)


def test_the_graph_is_written_to_the_path(onnx, tmp_path):
    graph = to_onnx(MODELS["MLP"](), tmp_path / "model.onnx")

    assert onnx.load(tmp_path / "model.onnx") == graph


def test_the_same_model_gives_the_same_graph(onnx):
    assert to_onnx(MODELS["MLP"]()) == to_onnx(MODELS["MLP"]())


def test_exporting_leaves_the_model_as_it_was(onnx):
    model = MODELS["layers in a row"]()
    before = model.state_dict()
    to_onnx(model)

    assert (model.state_dict(), model.training) == (before, False)


def test_dropout_does_nothing_in_onnx():
    model = Sequential(Dropout(0.5))
    assert model.training

    assert run_onnx(model, [[1.0, 2.0]]) == [[1.0, 2.0]]


# ---- what cannot be exported: the reason comes before any package is asked for ----


class Own(Module):
    def __call__(self, x):
        return x


class Subclass(MLP):
    def __call__(self, x):
        return super().__call__(x) + 1.0


def cube():
    return Op("cube", "cube", lambda x: x**3, lambda z, x: 3 * x * x)


def mixed():
    layer = Layer(1, 2)
    layer.neurons[0].activation = ACTIVATIONS["tanh"]
    return layer


REFUSED = {
    "^only nn's own modules can be exported: the model is of the class Own$": Own,
    "exported: the model is of the class Subclass$": lambda: Subclass(1, [1]),
    "exported: the model, module 1, module 0 is of the class Own$": lambda: Sequential(
        ReLU(), Sequential(Own())
    ),
    "^the model cannot be exported: the activation 'cube' is none of linear, relu": lambda: Layer(
        1, 1, activation=cube()
    ),
    "^the model, module 0, layer 0 cannot be exported: the activation 'cube'": lambda: Sequential(
        MLP(1, [1, 1], activation=cube())
    ),
    "^the model cannot be exported: a layer of several activations: relu, tanh$": mixed,
}


@pytest.mark.parametrize("exporter", [to_onnx, to_torch])
@pytest.mark.parametrize(("reason", "model"), REFUSED.items(), ids=REFUSED)
def test_what_is_not_nns_own_is_refused_with_its_place(exporter, reason, model):
    with pytest.raises(TypeError, match=reason):
        exporter(model())


@pytest.mark.parametrize("exporter", [to_onnx, to_torch])
@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Sequential(Linear(4, 2), ReLU(), Linear(3, 1)), "takes 3 inputs and is given 2$"),
        (Sequential(Linear(4, 2), LayerNorm(5)), "takes 5 inputs and is given 2$"),
    ],
    ids=["Linear", "LayerNorm"],
)
def test_parts_that_do_not_fit_together_are_refused(exporter, model, reason):
    with pytest.raises(ValueError, match=f"^the model has a part that {reason}"):
        exporter(model)


def test_a_new_activation_without_operators_is_refused_by_name(onnx, monkeypatch):
    monkeypatch.setitem(activation_names.ACTIVATIONS, "cube", cube())

    with pytest.raises(ValueError, match=r"^the activation 'cube' cannot be exported to ONNX$"):
        to_onnx(Neuron(1, activation="cube"))


@pytest.mark.parametrize("exporter", [to_onnx, to_torch])
def test_only_modules_are_exported(exporter):
    with pytest.raises(TypeError, match=f"^{exporter.__name__} takes a Module, got Value"):
        exporter(Value(1.0))


@pytest.mark.parametrize(("exporter", "extra"), [(to_onnx, "onnx"), (to_torch, "torch")])
def test_without_the_package_the_error_says_what_to_install(monkeypatch, exporter, extra):
    monkeypatch.setitem(sys.modules, extra, None)

    with pytest.raises(ImportError, match=rf"needs pip install 'chainrule\[{extra}\]'$"):
        exporter(Sequential())
