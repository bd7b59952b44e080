"""A layer is one class: it is saved, exported, drawn and replayed without another line anywhere."""

import copy
import json
import random

import pytest

from engine import draw, sin
from nn import (
    SGD,
    Linear,
    Module,
    Sequential,
    Tanh,
    fit,
    load,
    mse_loss,
    save,
    to_onnx,
    to_torch,
)
from nn.saving.description import description
from nn.settings import SIZE
from tests.nn.layers.own_layers import (
    LAYERS,
    Dense,
    Diagonal,
    PReLU,
    Snake,
    here,
    largest_error,
    row,
    rows,
)
from tests.nn.saving.saved_models import seeded

each_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)


# ---- saved and loaded ----


@each_layer
@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_it_comes_back_as_it_was_to_the_last_bit(make, name, tmp_path):
    if name.endswith("safetensors"):
        pytest.importorskip("safetensors", reason="needs safetensors, of the extra safetensors")
    model = seeded(row(make()))
    save(model, tmp_path / name)
    other = load(tmp_path / name)

    assert type(other[1]) is type(model[1])
    assert description(other) == description(model)
    assert [p.data.hex() for p in other.parameters()] == [p.data.hex() for p in model.parameters()]


def test_saving_and_loading_leave_the_module_random_alone(tmp_path):
    model = Diagonal(4)
    before = random.getstate()
    save(model, tmp_path / "model.json")
    load(tmp_path / "model.json")

    assert random.getstate() == before


def test_a_file_has_its_name_and_its_settings():
    assert description(Diagonal(3)) == {"kind": "Diagonal", "n": 3, "bias": True}


def test_a_module_that_it_is_made_with_is_described_inside():
    assert description(Dense(Linear(1, 2), 0.5)) == {
        "kind": "Dense",
        "inner": {"kind": "Linear", "in_features": 1, "out_features": 2, "bias": True},
        "by": 0.5,
    }


def test_a_module_of_your_own_without_settings_makes_what_it_is_given_to_one_too(tmp_path):
    class Plain(Module):
        def __call__(self, x):
            return x

    save(Sequential(Dense(Plain(), 0.5)), tmp_path / "model.json")

    with pytest.raises(ValueError, match=r"a module of your own: say load\(path, into=\.\.\.\)$"):
        load(tmp_path / "model.json")


def test_a_whole_number_for_a_number_is_saved_as_a_float():
    assert json.dumps(description(Snake(2))) == '{"kind": "Snake", "a": 2.0}'


def test_whole_numbers_of_another_kind_are_saved_as_python_has_them():
    numpy = pytest.importorskip("numpy", reason="needs numpy, of the extra test")

    assert json.dumps(description(PReLU(numpy.int64(2)))) == '{"kind": "PReLU", "n": 2}'


def test_the_latest_class_of_a_name_is_made(tmp_path):
    def define():
        class Again(Module):
            settings = {}

        return Again

    define()
    latest = define()
    save(latest(), tmp_path / "model.json")

    assert type(load(tmp_path / "model.json")) is latest


def test_a_module_of_a_class_that_was_defined_anew_is_a_module_of_your_own():
    def define():
        class Anew(Module):
            settings = {}

        return Anew

    old = define()()
    define()

    assert description(old) == {"kind": "module of your own"}


# ---- exported ----


@each_layer
def test_it_gives_the_same_outputs_in_onnx(make):
    pytest.importorskip("onnx", reason="needs onnx, of the extra onnx")
    runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime, of the extra test")
    import numpy

    model = row(make())
    content = to_onnx(model).SerializeToString()
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found = session.run(["output"], {"input": numpy.array(rows())})[0].tolist()

    assert largest_error(here(model, rows()), found) <= 1e-12


@each_layer
def test_it_gives_the_same_outputs_in_torch(make):
    torch = pytest.importorskip("torch", reason="needs torch, of the extra parity")
    model = row(make())
    with torch.no_grad():
        found = to_torch(model)(torch.tensor(rows(), dtype=torch.float64)).tolist()

    assert largest_error(here(model, rows()), found) <= 1e-12


@each_layer
def test_it_has_the_same_gradients_in_torch(make):
    torch = pytest.importorskip("torch", reason="needs torch, of the extra parity")
    model = row(make())
    y, z = model([0.3, -0.2, 0.9])
    (y * z).backward()
    found = to_torch(model)
    found(torch.tensor([[0.3, -0.2, 0.9]], dtype=torch.float64)).prod().backward()
    grads = [x for p in found.parameters() for x in p.grad.flatten().tolist()]

    # Diagonal has its weights on a diagonal there: elsewhere the gradient is 0.
    assert sorted(x for x in grads if x) == pytest.approx(
        sorted(p.grad for p in model.parameters() if p.grad), rel=1e-11
    )


def test_a_number_among_weights_stays_what_it_is_when_torch_learns():
    torch = pytest.importorskip("torch", reason="needs torch, of the extra parity")
    found = copy.deepcopy(to_torch(Diagonal(3)))
    optimizer = torch.optim.AdamW(found.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        (found(torch.ones(2, 3, dtype=torch.float64)) ** 2).sum().backward()
        optimizer.step()
    weight = found[0].weight.tolist()

    assert [weight[i][j] for i in range(3) for j in range(3) if i != j] == [0.0] * 6


# ---- drawn ----


def test_an_activation_is_what_its_circles_say():
    source = draw(Sequential(Linear(1, 2), Snake())).source

    assert source.count("label=snake") == 2


def test_a_layer_with_weights_is_drawn_with_a_line_for_each():
    source = draw(Sequential(Diagonal(3), Tanh())).source

    assert source.count('tooltip="w0_') == 3
    assert source.count("label=tanh") == 3


@pytest.mark.parametrize("make", [LAYERS["Diagonal"], LAYERS["PReLU"], LAYERS["RMSNorm"]])
def test_a_layer_with_parameters_is_one_box_of_a_folded_graph(make):
    model = row(make())
    loss = mse_loss(model([0.3, -0.2, 0.9]), [0.0, 1.0])
    name = type(model[1]).__name__

    assert f'label="1\\n{name}' in draw(loss, collapse=model).source


def test_the_box_of_an_affine_layer_says_its_sizes():
    model = Sequential(Dense(Linear(3, 2), 0.5), Diagonal(2))
    loss = mse_loss(model([0.3, -0.2, 0.9]), [0.0, 1.0])

    assert r"Diagonal(2 -\> 2)" in draw(loss, collapse=model).source


def test_an_activation_behind_a_layer_lies_in_its_box():
    class Wavy(Module):
        settings = {"n": SIZE}

        def __init__(self, n):
            self.n, self.inner = n, Linear(n, n, rng=random.Random(0))

        def __call__(self, x):
            return [sin(v) for v in self.inner(x)]

        def steps(self):
            return [("inner", self.inner), ("sin", {})]

    model = Wavy(3)
    loss = mse_loss(model([0.3, -0.2, 0.9]), [0.0, 1.0, 0.5])

    assert r"Wavy(3 -\> 3, sin)" in draw(loss, collapse=model, level=0).source


# ---- replayed ----


@each_layer
def test_it_replays_with_the_bits_of_its_graph(make):
    data = (rows(12), [[x[0] - x[1], x[2]] for x in rows(12)])
    found = []
    for replay in (False, True):
        model = row(make())
        data = (rows(12), [x[0] - x[1] for x in rows(12)])
        model.append(Linear(2, 1, rng=random.Random(7)))
        optimizer = SGD(model.parameters(), lr=0.01, momentum=0.9)
        history = fit(
            model,
            data,
            optimizer=optimizer,
            loss=lambda outputs, targets: mse_loss([y[0] for y in outputs], targets),
            epochs=5,
            batch_size=4,
            replay=replay,
            progress=False,
        )
        found.append([x.hex() for x in (*history.losses, *[p.data for p in model.parameters()])])

    assert found[0] == found[1]
