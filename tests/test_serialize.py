"""Saving and loading: exact, whole or not at all, and nothing but a model."""

import errno
import json
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
    GELU,
    MLP,
    Dropout,
    Flatten,
    Identity,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    Module,
    Neuron,
    ReLU,
    Sequential,
    Sigmoid,
    SiLU,
    Tanh,
    load,
    save,
    serialize,
)

ROOT = Path(__file__).parents[1]


def seeded(model, seed=0):
    rng = random.Random(seed)
    for p in model.parameters():
        p.data = rng.gauss(0, 1) * 10 ** rng.randrange(-300, 300)
    return model


MODELS = [
    MLP(2, [3, 1], activation="tanh"),
    MLP(1, [1]),
    Layer(2, 3, activation="gelu"),
    Neuron(3, nonlin=False),
    Linear(2, 2, bias=False),
    Sequential(),
    Sequential(
        Flatten(),
        *[Linear(2, 3), Tanh(), LayerNorm(3), Dropout(0.3), MLP(3, [2]), ReLU(), LeakyReLU(0.2)],
        *[ELU(0.5), GELU(), SiLU(), Sigmoid(), Identity(), LayerNorm(2, 0.1, bias=False)],
        Sequential(LayerNorm(2, elementwise_affine=False)),
    ),
]


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


@pytest.mark.parametrize("x", [math.nan, math.inf])
def test_a_parameter_that_is_not_finite_is_not_saved(x, path):
    model = MLP(1, [1])
    model.layers[0].neurons[0].bias.data = x

    with pytest.raises(ValueError, match=rf"^cannot save: layers\.0\.neurons\.0\.bias is {x}$"):
        save(model, path)
    assert not path.exists()


def changed(model):
    model.layers[0].neurons[0].activation = (
        MLP(1, [1, 1], activation="tanh").layers[0].neurons[0].activation
    )
    return model


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (MLP(1, [1, 1], activation=lambda x: x * x), "cannot save the activation"),
        (changed(MLP(1, [2, 1])), "a layer of several activations"),
        (changed(MLP(1, [1, 1, 1])), "an MLP whose layers were changed"),
    ],
)
def test_what_a_file_cannot_say_is_not_saved(model, message, path):
    with pytest.raises(TypeError, match=message):
        save(model, path)


# ---- files that are not what they should be ----


def test_every_flipped_bit_is_noticed(path):
    save(seeded(MLP(1, [1])), path)
    whole = path.read_bytes()

    unnoticed = []
    for i in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[i // 8] ^= 1 << i % 8
        path.write_bytes(flipped)
        try:
            load(path)
        except ValueError:
            continue
        unnoticed.append(i)

    assert unnoticed == []


def test_every_truncated_file_is_noticed(path):
    save(MLP(1, [1]), path)
    whole = path.read_bytes()

    for n in range(len(whole)):
        path.write_bytes(whole[:n])
        with pytest.raises(ValueError, match=r"^cannot load "):
            load(path)


def forged(path, **changes):
    """A file with a right checksum and other content."""
    save(MLP(2, [1]), path)
    content = json.loads(path.read_text())
    del content["checksum"]
    path.write_text(serialize.text({**content, **changes}))


STATE = {"layers.0.neurons.0.weights": [1.0, 2.0], "layers.0.neurons.0.bias": 0.0}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, "it has version 2 of the format, this is version 1"),
        ({"version": True}, "it has version True"),
        ({"format": "pickle"}, "it is not of the format 'chainrule'"),
        ({"extra": 1}, "wanted"),
        ({"state_dict": [1.0]}, "its state_dict is no dict"),
        ({"state_dict": {"w": ["os.system"]}}, "w has 'os.system' where a finite float is wanted"),
        ({"state_dict": {"w": [1]}}, "w has 1 where a finite float"),
        ({"state_dict": {"w": [1.0]}}, "the shapes it states are not those of its numbers"),
        ({"state_dict": {**STATE, "more": 1.0}}, "shapes it states"),
        ({"model": None}, "its model is None"),
        ({"model": {"kind": "os.system"}}, "a part 'os.system' that is not known"),
        ({"model": {"kind": "Module"}}, "a part 'Module' that is not known"),
        (
            {
                "model": {
                    "kind": "Linear",
                    "in_features": 10**9,
                    "out_features": 10**9,
                    "bias": True,
                }
            },
            "",
        ),
        (
            {"model": {"kind": "MLP", "nin": 2, "nouts": [10**12], "activation": "relu"}},
            "parameters",
        ),
        (
            {"model": {"kind": "MLP", "nin": "2", "nouts": [1], "activation": "relu"}},
            "make no sense",
        ),
        (
            {"model": {"kind": "MLP", "nin": 2, "nouts": [1], "activation": "exec"}},
            "'exec' is not known",
        ),
        ({"model": {"kind": "MLP", "nin": 2, "nouts": [1]}}, "make no sense"),
        ({"model": {"kind": "Sequential", "modules": 3}}, "that is not known"),
        ({"model": {"kind": "Linear", "in_features": 2, "out_features": 1, "bias": True}}, "fit"),
    ],
)
def test_what_is_no_model_in_spite_of_its_checksum_is_refused(changes, reason, path):
    forged(path, **changes)

    with pytest.raises(ValueError, match=r"^cannot load .*model\.json: ") as caught:
        load(path)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is no JSON"),
        ("[]", "not of the format"),
        ('{"format": "chainrule", "format": "chainrule"}', "a name comes twice"),
        ('{"x": NaN}', "NaN is no number of a model"),
        ("[" * 200_000, "nested too deep"),
        ('{"x": 1' + "0" * 10_000 + "}", "cannot load"),
        ("\xff\xfe", "cannot load"),
    ],
    ids=range(7),
)
def test_what_is_no_file_of_ours_is_refused(text, reason, path):
    path.write_text(text, "latin-1")

    with pytest.raises(ValueError, match=f"^cannot load .*{reason}|^{reason}"):
        load(path)


def test_a_file_that_is_too_large_is_not_read(path, monkeypatch):
    save(MLP(1, [1]), path)
    monkeypatch.setattr(serialize, "LARGEST", 100)

    with pytest.raises(ValueError, match=r"bytes, more than the 100 that are read$"):
        load(path)


def test_a_file_that_is_not_there_says_so(path):
    with pytest.raises(FileNotFoundError):
        load(path)


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


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
def test_a_file_survives_fifty_kills_in_the_middle_of_saving(path):
    rng = random.Random(0)
    for _ in range(50):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVING, str(path)], cwd=ROOT, stdout=subprocess.PIPE
        )
        with process.stdout:
            process.stdout.readline()
            time.sleep(rng.uniform(0, 0.01))
            process.send_signal(signal.SIGKILL)
            process.wait()

        assert len({p.data for p in load(path).parameters()}) == 1


def test_a_full_disk_leaves_the_old_file_and_nothing_else(path, monkeypatch):
    save(MLP(1, [1]), path)
    before = path.read_bytes()

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(MLP(2, [1]), path)

    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]
