"""Saving and loading: exact, and nothing but a model, whatever interrupts it."""

import errno
import math
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine import Value
from nn import (
    ELU,
    MLP,
    Dropout,
    Layer,
    LayerNorm,
    Linear,
    Module,
    Neuron,
    Sequential,
    load,
    load_notes,
    save,
)
from nn.saving.description import description
from nn.settings import KINDS, is_own
from tests.nn.saving.saved_models import MODELS, seeded

ROOT = Path(__file__).parents[3]


class Own(Module):
    def __init__(self):
        self.w = [Value(1.0), Value(2.0)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.json"


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_a_model_comes_back_as_it_was_to_the_last_bit(model, path):
    seeded(model)
    save(model, path)
    other = load(path)

    assert repr(other) == repr(model)
    assert [p.data.hex() for p in other.parameters()] == [p.data.hex() for p in model.parameters()]


def test_every_kind_of_module_is_among_those_that_come_back():
    kinds = {type(part).__name__ for model in MODELS for part in model.modules()}

    assert {name for name, kind in KINDS.items() if is_own(kind)} - kinds == set()


def test_notes_come_back_and_are_empty_if_there_were_none(path):
    save(Linear(2, 1), path)
    first = load_notes(path)
    save(Linear(2, 1), path, {"classes": ["a", "b"], "n": 3})

    assert first == {}
    assert load_notes(path) == {"classes": ["a", "b"], "n": 3}


def test_notes_that_are_no_dict_are_refused_before_anything_is_written(path):
    with pytest.raises(TypeError, match=r"^notes are a dict, got list \['a'\]$"):
        save(Linear(2, 1), path, ["a"])
    assert not path.exists()


@pytest.mark.parametrize("training", [True, False])
def test_a_model_comes_back_in_the_mode_that_it_was_in(training, path):
    save(Sequential(Dropout(0.5)).train(training), path)

    assert [module.training for module in load(path).modules()] == [training, training]


def test_loading_draws_no_random_numbers(path):
    save(Sequential(*MODELS[:4], Linear(1, 1)), path)
    before = random.getstate()
    load(path)

    assert random.getstate() == before


def test_settings_that_a_repr_does_not_show_come_back_too(path):
    save(Sequential(Dropout(0.25), ELU(0.5), LayerNorm(2, 0.125)), path)
    dropout, elu, norm = load(path)

    assert (dropout.p, elu.alpha, norm.eps) == (0.25, 0.5, 0.125)


def test_a_module_of_your_own_is_loaded_into_one(path):
    model, other = Own(), Own()
    seeded(model)
    save(model, path)

    with pytest.raises(ValueError, match=r"a module of your own: say load\(path, into=\.\.\.\)$"):
        load(path)
    assert load(path, into=other) is other
    assert other.state_dict() == model.state_dict()


def test_a_model_that_does_not_fit_is_refused_and_left_alone(path):
    save(MLP(2, [1]), path)
    other = MLP(3, [1])
    before = other.state_dict()

    with pytest.raises(ValueError, match=r"does not fit: .*expected a list of 3, got 2"):
        load(path, into=other)
    assert other.state_dict() == before


def test_parts_that_share_parameters_are_loaded_into_parts_that_do(path):
    linear, other = Linear(1, 1), Linear(1, 1)
    save(Sequential(linear, linear), path)

    with pytest.raises(ValueError, match=r"say load\(path, into=\.\.\.\)$"):
        load(path)
    load(path, into=Sequential(other, other))
    assert other.state_dict() == linear.state_dict()


def test_parts_that_share_parameters_take_no_different_ones(path):
    linear = Linear(1, 1)
    before = linear.state_dict()
    save(Sequential(Linear(1, 1), Linear(1, 1)), path)

    with pytest.raises(ValueError, match="different numbers for a parameter that the model shares"):
        load(path, into=Sequential(linear, linear))
    assert linear.state_dict() == before


def test_parameters_beside_those_of_its_class_make_a_model_your_own(path):
    model = Linear(1, 1)
    model.scale = Value(1.0)

    assert description(model) == {"kind": "module of your own"}


@pytest.mark.parametrize("x", [math.nan, math.inf])
def test_a_parameter_that_is_not_finite_is_not_saved(x, path):
    model = MLP(1, [1])
    model.layers[0].neurons[0].bias.data = x

    with pytest.raises(ValueError, match=rf"^cannot save: b0_0 is {x}$"):
        save(model, path)
    assert not path.exists()


def changed(model):
    model.layers[0].neurons[0].activation = (
        MLP(1, [1, 1], activation="tanh").layers[0].neurons[0].activation
    )
    return model


def replaced(model):
    model.layers[0] = Linear(1, 1)
    return model


class OwnNeuron(Neuron):
    pass


def with_an_own_neuron(layer):
    layer.neurons[1] = OwnNeuron(1)
    return layer


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            MLP(1, [1, 1], activation=lambda x: x * x),
            "the activation '<lambda>' is none of linear, relu",
        ),
        (changed(MLP(1, [2, 1])), "a layer of several activations: relu, tanh$"),
        (with_an_own_neuron(Layer(1, 2)), "a layer with a neuron of the class OwnNeuron$"),
        (replaced(MLP(1, [1, 1])), "an MLP whose layers were changed: put them in a Sequential$"),
        (changed(MLP(1, [1, 1, 1])), "an MLP whose layers were changed: put them in a Sequential$"),
    ],
)
def test_what_a_file_cannot_say_is_not_saved(model, message, path):
    with pytest.raises(TypeError, match=f"^cannot save: {message}"):
        save(model, path)


def test_a_setting_that_is_not_finite_is_not_saved(path):
    with pytest.raises(ValueError, match=r"^cannot save: ELU has alpha = nan, wanted a finite"):
        save(Sequential(ELU(math.nan)), path)


def test_only_modules_are_saved_and_loaded_into(path):
    save(MLP(1, [1]), path)

    with pytest.raises(TypeError, match=r"^save takes a Module, got Value"):
        save(Value(1.0), path)
    with pytest.raises(TypeError, match=r"^load takes a Module, got type"):
        load(path, into=MLP)


# ---- what interrupts saving ----


SAVING = """if True:
    import sys
    from nn import MLP, save
    model = MLP(8, [16, 1])
    i = 0.0
    while True:
        i += 1.0
        for p in model.parameters():
            p.data = i
        save(model, sys.argv[1])
        print(flush=True)
"""


def in_each_format(**more):
    """The test with a path of JSON and, where the package is, one of safetensors."""
    formats = {"model.json": "json", "model.safetensors": "safetensors"}
    names, rows = ["name", "package", *more], []
    for i, (name, package) in enumerate(formats.items()):
        rows.append([name, package, *[values[i] for values in more.values()]])
    return pytest.mark.parametrize(names, rows)


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
@in_each_format(kills=(20, 5))
def test_a_file_survives_kills_in_the_middle_of_saving(name, package, kills, tmp_path):
    pytest.importorskip(package, reason=f"needs {package}, of the extra {package}")
    path, rng = tmp_path / name, random.Random(0)
    for _ in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVING, str(path)], cwd=ROOT, stdout=subprocess.PIPE
        )
        with process.stdout:
            process.stdout.readline()
            time.sleep(rng.uniform(0, 0.01))
            process.send_signal(signal.SIGKILL)
            process.wait()

        assert len({p.data for p in load(path).parameters()}) == 1


@in_each_format()
def test_a_full_disk_leaves_the_old_file_and_nothing_else(name, package, tmp_path, monkeypatch):
    pytest.importorskip(package, reason=f"needs {package}, of the extra {package}")
    path = tmp_path / name
    save(MLP(1, [1]), path)
    before = path.read_bytes()

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(MLP(2, [1]), path)

    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]
