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
import tracemalloc
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
    load,
    load_checkpoint,
    load_notes,
    save,
    save_checkpoint,
)
from nn.module import KINDS, is_own
from nn.saving import models, strictjson
from nn.saving.description import description
from nn.settings import Rule, saved

ROOT = Path(__file__).parents[3]


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
        *[Softplus(2.0), Softmax(), LogSoftmax(-1), Normalization([0.5, 1.0], [2.0, 3.0])],
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

    with pytest.raises(ValueError, match=rf"^cannot save: layers\.0\.neurons\.0\.bias is {x}$"):
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


# ---- files that are not what they should be ----


def unnoticed_flips(path, reader):
    """The bits of a file that can be flipped without an error of the reader."""
    whole = path.read_bytes()
    unnoticed = []
    with open(path, "r+b", buffering=0) as file:
        for i, byte in enumerate(whole):
            for bit in range(8):
                file.seek(i)
                file.write(bytes([byte ^ 1 << bit]))
                try:
                    reader(path)
                except ValueError:
                    continue
                unnoticed.append((i, bit))
            file.seek(i)
            file.write(bytes([byte]))
    return unnoticed


def test_every_flipped_bit_of_a_model_is_noticed(path):
    save(seeded(MLP(1, [1])), path)

    assert unnoticed_flips(path, load) == []


def test_every_flipped_bit_of_a_checkpoint_is_noticed(path):
    save_checkpoint(path, {"epoch": 3, "loss": [0.5]})

    assert unnoticed_flips(path, load_checkpoint) == []


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
    path.write_bytes(models.text({**content, **changes}))


STATE = {"layers.0.neurons.0.weights": [1.0, 2.0], "layers.0.neurons.0.bias": 0.0}


HUGE = 2_000_000_000
LINEAR = {"kind": "Linear", "in_features": 2, "out_features": 1, "bias": True}
PERCEPTRON = {"kind": "MLP", "nin": 2, "nouts": [1], "activation": "relu"}
NORM = {
    "kind": "LayerNorm",
    "normalized_shape": 1,
    "eps": 0.1,
    "elementwise_affine": True,
    "bias": True,
}


def nested(depth):
    model = {"kind": "Tanh"}
    for _ in range(depth):
        model = {"kind": "Sequential", "modules": [model]}
    return model


FORGED = [
    ({"version": 2}, "it has version 2 of the format, this is version 1"),
    ({"version": True}, "it has version True"),
    ({"version": 1.0}, "it has version 1.0"),
    ({"format": "pickle"}, "it is not of the format 'chainrule'"),
    ({"format": "chainrule checkpoint"}, "it is not of the format 'chainrule'"),
    ({"extra": 1}, "wanted"),
    ({"notes": []}, "its notes are no dict but []"),
    ({"training": 1}, "training is True or False, got 1"),
    ({"shapes": None}, "the shapes it states are not those of its numbers"),
    ({"state_dict": [1.0]}, "its state_dict is no dict"),
    ({"state_dict": {"w": ["os.system"]}}, "w has 'os.system' where a finite float is wanted"),
    ({"state_dict": {"w": [1]}}, "w has 1 where a finite float"),
    ({"state_dict": {"w": [True]}}, "w has True where a finite float"),
    ({"state_dict": {"w": {"x": 1.0}}}, "w has {'x': 1.0} where a finite float"),
    ({"state_dict": {"w": [1.0]}}, "the shapes it states are not those of its numbers"),
    ({"state_dict": {**STATE, "more": 1.0}}, "shapes it states"),
    ({"model": None}, "its model is None"),
    ({"model": []}, "its model is []"),
    ({"model": {"kind": "os.system"}}, "a part 'os.system' that is not known"),
    ({"model": {"kind": "Module"}}, "a part 'Module' that is not known"),
    ({"model": {"kind": ["MLP"]}}, "a part ['MLP'] that is not known"),
    ({"model": {**LINEAR, "in_features": HUGE}}, "its model has 2000000001 parameters"),
    ({"model": {**LINEAR, "in_features": 10**4000}}, "wanted a whole number from 1 to 2**31"),
    ({"model": {**LINEAR, "out_features": [3] * 3}}, "Linear has out_features = [3, 3, 3], wanted"),
    ({"model": {**LINEAR, "out_features": "3"}}, "Linear has out_features = '3', wanted"),
    ({"model": {**LINEAR, "out_features": 1.0}}, "Linear has out_features = 1.0, wanted"),
    ({"model": {**LINEAR, "out_features": True}}, "Linear has out_features = True, wanted"),
    ({"model": {**LINEAR, "out_features": 0}}, "Linear has out_features = 0, wanted"),
    ({"model": {**LINEAR, "bias": 2}}, "Linear has bias = 2, wanted True or False"),
    ({"model": {**LINEAR, "activation": "os.system"}}, "activation = 'os.system', wanted one of"),
    ({"model": {**LINEAR, "activation": "relu"}}, "Linear has other settings: in_features"),
    ({"model": {**LINEAR, "rng": 0}}, "Linear has rng = 0, wanted nothing of that name"),
    ({"model": {**PERCEPTRON, "nouts": [HUGE]}}, "its model has 6000000000 parameters"),
    # 3 * HUGE + 1 - 6 * HUGE - 3 + ... could be made to come out right
    ({"model": {**PERCEPTRON, "nouts": [HUGE, -3, 1]}}, "nouts = [2000000000, -3, 1], wanted"),
    ({"model": {**PERCEPTRON, "nouts": []}}, "MLP has nouts = [], wanted a list of whole"),
    ({"model": {**PERCEPTRON, "nin": "2"}}, "MLP has nin = '2', wanted a whole number"),
    ({"model": {**PERCEPTRON, "nin": -2}}, "MLP has nin = -2, wanted a whole number"),
    ({"model": {**PERCEPTRON, "activation": "exec"}}, "MLP has activation = 'exec', wanted one"),
    ({"model": {**PERCEPTRON, "activation": ["relu"]}}, "activation = ['relu'], wanted one of"),
    ({"model": {"kind": "MLP", "nin": 2, "nouts": [1]}}, "MLP has other settings: nin, nouts"),
    ({"model": {"kind": "MLP"}}, "MLP has other settings: none"),
    ({"model": {**NORM, "normalized_shape": HUGE}}, "its model has 4000000000 parameters"),
    ({"model": {**NORM, "eps": 1}}, "LayerNorm has eps = 1, wanted a finite float"),
    ({"model": {**NORM, "elementwise_affine": -1}}, "elementwise_affine = -1, wanted True or"),
    ({"model": {"kind": "Softmax", "dim": 1}}, "Softmax has dim = 1, wanted None, -1 or 0"),
    ({"model": {"kind": "Softmax", "dim": False}}, "Softmax has dim = False, wanted None"),
    ({"model": {"kind": "Sequential", "modules": 3}}, "modules = 3, wanted a list"),
    ({"model": {"kind": "Sequential", "modules": [3]}}, "its model is 3"),
    ({"model": {"kind": "Sequential", "modules": [LINEAR] * 9}}, "its model has 27 parameters"),
    (
        {"model": {"kind": "Sequential", "modules": [LINEAR, {"kind": "Dropout", "p": 2.0}]}},
        "a probability p between 0 and 1, got 2.0",
    ),
    ({"model": {"kind": "module of your own"}}, "say load(path, into=...)"),
    ({"model": {"kind": "module of your own", "class": "os.system"}}, "that is not known"),
    ({"model": LINEAR}, "state dict does not fit: missing weight"),
]


@pytest.mark.parametrize(("changes", "reason"), FORGED, ids=range(len(FORGED)))
def test_what_is_no_model_in_spite_of_its_checksum_is_refused(changes, reason, path):
    forged(path, **changes)

    with pytest.raises(ValueError, match=r"^cannot load .*model\.json: ") as caught:
        load(path)
    assert reason in str(caught.value)


def test_modules_nested_too_deep_to_be_made_are_refused(path):
    limit = sys.getrecursionlimit()
    forged(path, model=nested(limit // 6), state_dict={}, shapes={})
    load(path)
    sys.setrecursionlimit(limit // 3)
    try:
        with pytest.raises(ValueError, match=r"^cannot load .*: it is nested too deep$"):
            load(path)
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize(("changes", "reason"), FORGED, ids=range(len(FORGED)))
def test_a_forged_file_takes_no_memory(changes, reason, path):
    forged(path, **changes)
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"^cannot load "):
        load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 2**20


@pytest.mark.parametrize(
    ("changes", "reason"), [x for x in FORGED if "model" not in x[0]], ids=lambda x: str(x)[:30]
)
def test_a_forged_file_leaves_the_model_that_it_is_loaded_into(changes, reason, path):
    forged(path, **changes)
    model = MLP(2, [1])
    before = model.state_dict()

    with pytest.raises(ValueError, match=r"^cannot load "):
        load(path, into=model)
    assert model.state_dict() == before


def test_every_setting_of_every_kind_has_a_rule():
    own = [kind for kind in KINDS.values() if is_own(kind)]
    made = [part for model in MODELS for part in model.modules()]

    assert {type(rule) for kind in own for rule in kind.settings.values()} == {Rule}
    assert {(type(part).__name__, *description(part)) for part in made} == {
        (kind.__name__, "kind", *saved(kind.settings)) for kind in own
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is no JSON, or not all of it"),
        ("[]", "it is not of the format 'chainrule"),
        ('{"format": "chainrule", "format": "chainrule"}', "a name comes twice"),
        ('{"x": NaN}', "NaN is no finite number"),
        ('{"x": -Infinity}', "-Infinity is no finite number"),
        ('{"x": 1e999}', "1e999 is no finite number"),
        ("[" * 200_000, "it is nested too deep"),
        ('{"x": 1' + "0" * 10_000 + "}", "Exceeds the limit"),
        ("\xff\xfe", "it is no text"),
        ("\x80\x04\x95", "it is no text"),  # a pickle
    ],
    ids=range(10),
)
@pytest.mark.parametrize("reader", [load, load_checkpoint])
def test_what_is_no_file_of_ours_is_refused(reader, text, reason, path):
    path.write_text(text, "latin-1")

    with pytest.raises(ValueError, match=f"^cannot load .*: {reason}"):
        reader(path)


def test_the_same_numbers_spelt_otherwise_are_noticed(path):
    save(MLP(1, [1]), path)
    path.write_text(json.dumps(json.loads(path.read_text())))

    with pytest.raises(
        ValueError, match=r"it is not as it was written: its checksum does not fit$"
    ):
        load(path)


def test_a_file_that_is_too_large_is_not_read(path, monkeypatch):
    save(MLP(1, [1]), path)
    monkeypatch.setattr(models, "LARGEST", 100)

    with pytest.raises(ValueError, match=r": it has more than the 100 bytes that are read$"):
        load(path)


def test_a_file_of_too_many_parts_is_not_read(path, monkeypatch):
    save(MLP(1, [1]), path)
    monkeypatch.setattr(strictjson, "PARTS", 10)

    with pytest.raises(ValueError, match=r": it has \d+ parts, more than the 10 that are read$"):
        load(path)


@pytest.mark.parametrize(
    ("module", "limit"), [(models, "LARGEST"), (strictjson, "PARTS")], ids=["bytes", "parts"]
)
def test_what_could_not_be_loaded_is_not_saved(module, limit, path, monkeypatch):
    monkeypatch.setattr(module, limit, 10)

    with pytest.raises(ValueError, match=r"^cannot save: it has .*more than"):
        save(MLP(1, [1]), path)
    assert not path.exists()


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs /dev/zero")
def test_a_file_without_an_end_is_not_read(monkeypatch):
    monkeypatch.setattr(models, "LARGEST", 1000)

    with pytest.raises(ValueError, match=r"^cannot load /dev/zero: it has more than the 1000 "):
        load("/dev/zero")


@pytest.mark.parametrize("states", [{"x": math.nan}, {"x": [math.inf]}, {"x": {1, 2}}])
def test_a_checkpoint_of_what_json_has_no_word_for_is_not_written(states, path):
    with pytest.raises((TypeError, ValueError), match=r"not JSON (compliant|serializable)"):
        save_checkpoint(path, states)
    assert not path.exists()


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
