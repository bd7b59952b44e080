"""Models exported to PyTorch compute what the model computes, and train as it does.

What needs no torch, such as what is refused, stands in tests/nn/saving.
"""

import itertools
import math
import random

import pytest

from engine import no_grad
from engine.op import Op
from nn import (
    ELU,
    GELU,
    MLP,
    Dropout,
    Flatten,
    Identity,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    LogSoftmax,
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
    load,
    save,
    to_torch,
)
from nn.activation_names import ACTIVATIONS

torch = pytest.importorskip("torch", reason="needs torch, of the extra torch")


def there(model, inputs):
    """What PyTorch makes of the rows."""
    with torch.no_grad():
        return to_torch(model)(torch.tensor(inputs, dtype=torch.float64)).tolist()


def here(model, inputs):
    """What the model makes of the rows, each a list, also of one number."""
    with no_grad():
        outputs = [model(row) for row in inputs]
    return [[float(v) for v in (row if isinstance(row, list) else [row])] for row in outputs]


def rows(nin, scale=1.0, n=1000):
    rng = random.Random(0)
    return [[rng.gauss(0, scale) for _ in range(nin)] for _ in range(n)]


def largest_error(one, other):
    """The largest difference between numbers of two lists of rows, relative where they exceed 1."""
    assert [len(row) for row in one] == [len(row) for row in other]
    assert all(map(math.isfinite, itertools.chain(*one, *other)))
    return max(abs(x - y) / max(1.0, abs(x)) for a, b in zip(one, other) for x, y in zip(a, b))


def in_a_row():
    return Sequential(
        Flatten(),
        Linear(3, 5, rng=random.Random(7)),
        LayerNorm(5),
        Sequential(GELU(), Dropout(0.5)),
        Linear(5, 4, bias=False, rng=random.Random(8)),
        LayerNorm(4, eps=0.1, elementwise_affine=False),
        LayerNorm(4, bias=False),
        MLP(4, [3, 3], activation="elu", rng=random.Random(9)),
        LogSoftmax(),
        Normalization([0.5, 1.0, 2.0], [2.0, 3.0, 0.1]),
        Normalization([0.5, 1.0, 2.0], [2.0, 3.0, 0.1], invert=True),
    ).eval()


MODELS = {
    "MLP": MLP(3, [16, 16, 2], activation="tanh", rng=random.Random(1)),
    "MLP of one output": MLP(3, [4, 1], rng=random.Random(2)),
    "Layer": Layer(3, 4, activation="silu", rng=random.Random(3)),
    "Neuron": Neuron(3, activation="sigmoid", rng=random.Random(4)),
    "layers in a row": in_a_row(),
    "nothing": Sequential(),
}
FORMS = [
    *[ReLU(), LeakyReLU(0.2), ELU(0.7), GELU(), SiLU(), Softplus(), Softplus(3.0)],
    *[Sigmoid(), Tanh(), Identity()],
]


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_model_gives_the_same_outputs_in_torch(model):
    rng = random.Random(0)
    for p in model.parameters():  # biases and LayerNorm's parameters start at 0 and 1
        p.data += rng.gauss(0, 0.5)

    assert largest_error(here(model, rows(3)), there(model, rows(3))) <= 1e-12


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "sin"])
def test_an_mlp_of_every_activation_but_sin_gives_the_same_outputs_in_torch(name):
    model = MLP(4, [16, 16, 3], activation=name, rng=random.Random(1))
    inputs = rows(4, scale=3.0)

    assert largest_error(here(model, inputs), there(model, inputs)) <= 1e-12


@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_activations_agree_into_their_tails_in_torch(form):
    inputs = [[-60.0 + 0.12 * i] for i in range(1001)]

    assert largest_error(here(form, inputs), there(form, inputs)) <= 2e-14


@pytest.mark.parametrize("form", FORMS, ids=repr)
@pytest.mark.parametrize("x", [-1e300, -1000.0, -0.0, 0.0, 1000.0, 1e300])
def test_activations_agree_at_extremes_in_torch(form, x):
    assert largest_error(here(form, [[x]]), there(form, [[x]])) <= 1e-15


@pytest.mark.parametrize("form", [Softmax(), LogSoftmax(), LayerNorm(4)], ids=repr)
@pytest.mark.parametrize("offset", [0.0, 50.0, -700.0])
def test_what_looks_at_a_whole_row_agrees_in_torch(form, offset):
    inputs = [[x + offset for x in row] for row in rows(4, scale=5.0)]

    assert largest_error(here(form, inputs), there(form, inputs)) <= 1e-12


def test_the_modules_are_pytorchs_own():
    found = to_torch(Sequential(Linear(2, 3), Tanh(), Dropout(0.1), LayerNorm(3), MLP(3, [2, 1])))

    assert [type(module).__name__ for module in found] == [
        *["Linear", "Tanh", "Dropout", "LayerNorm", "Linear", "ReLU", "Linear"]
    ]
    assert found[2].p == 0.1


def test_the_parameters_are_in_double_precision():
    assert {p.dtype for p in to_torch(in_a_row()).parameters()} == {torch.float64}


@pytest.mark.parametrize("training", [True, False])
def test_the_torch_model_is_in_the_mode_of_the_model(training):
    found = to_torch(Sequential(Dropout(0.5)).train(training))

    assert [m.training for m in found.modules()] == [training, training]


def test_torchs_random_stream_is_left_alone():
    before = torch.random.get_rng_state()
    to_torch(in_a_row())

    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_torch_model_trains_with_the_same_gradients():
    model = MLP(3, [16, 16, 2], activation="tanh", rng=random.Random(1))
    x = [0.3, -0.2, 0.9]
    y = model(x)
    (y[0] * y[1]).backward()
    found = to_torch(model)
    found(torch.tensor([x], dtype=torch.float64)).prod().backward()
    grads = [
        row for layer in found if hasattr(layer, "weight") for row in layer.weight.grad.tolist()
    ]
    own = [[w.grad for w in neuron.weights] for layer in model.layers for neuron in layer.neurons]

    assert largest_error(own, grads) <= 1e-14


def test_training_the_torch_model_leaves_the_model_as_it_was():
    model = Linear(3, 2)
    before = model.state_dict()
    with torch.no_grad():
        to_torch(model)[0].weight.zero_()

    assert model.state_dict() == before


def test_sin_has_no_module_in_pytorch():
    with pytest.raises(ValueError, match=r"^PyTorch has no module for the activation 'sin'$"):
        to_torch(Neuron(1, activation="sin"))


def test_a_new_activation_without_a_module_is_refused_by_name(monkeypatch):
    cube = Op("cube", "cube", lambda x: x**3, lambda z, x: 3 * x * x)
    monkeypatch.setitem(activation_names.ACTIVATIONS, "cube", cube)

    with pytest.raises(ValueError, match=r"^PyTorch has no module for the activation 'cube'$"):
        to_torch(Neuron(1, activation="cube"))


# ---- weights by file, both ways ----


def pair():
    """The same network here and in PyTorch, with different numbers."""
    ours = Sequential(Linear(3, 4), Tanh(), LayerNorm(4), Linear(4, 2, bias=False))
    theirs = torch.nn.Sequential(
        torch.nn.Linear(3, 4),
        torch.nn.Tanh(),
        torch.nn.LayerNorm(4),
        torch.nn.Linear(4, 2, bias=False),
    )
    return ours, theirs


@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_weights_that_pytorch_saved_are_loaded_to_the_last_bit(kind, tmp_path):
    files = pytest.importorskip(
        "safetensors.torch", reason="needs safetensors, of the extra safetensors"
    )
    ours, theirs = pair()
    theirs.to(getattr(torch, kind))
    files.save_model(theirs, str(tmp_path / "model.safetensors"))
    load(tmp_path / "model.safetensors", into=ours)

    assert ours.state_dict() == {name: x.tolist() for name, x in theirs.state_dict().items()}


def test_weights_saved_here_are_loaded_by_pytorch_to_the_last_bit(tmp_path):
    files = pytest.importorskip(
        "safetensors.torch", reason="needs safetensors, of the extra safetensors"
    )
    ours, theirs = pair()
    theirs.double()
    save(ours, tmp_path / "model.safetensors")
    files.load_model(theirs, str(tmp_path / "model.safetensors"))

    assert ours.state_dict() == {name: x.tolist() for name, x in theirs.state_dict().items()}
