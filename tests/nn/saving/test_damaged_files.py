"""Files that are not what they should be are noticed, and change nothing."""

import inspect
import json
import math
import os
import sys
import tracemalloc

import pytest

from nn import MLP, load, load_checkpoint, save, save_checkpoint
from nn.saving import json_file, strictjson
from nn.saving.description import description
from nn.settings import KINDS, Rule, is_own, saved
from tests.nn.saving.saved_models import MODELS, seeded


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.json"


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
    path.write_bytes(json_file.text({**content, **changes}))


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
    here = len(inspect.stack(0))
    sys.setrecursionlimit(here + limit // 10)  # each of the modules takes a call or more
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
    monkeypatch.setattr(json_file, "LARGEST", 100)

    with pytest.raises(ValueError, match=r": it has more than the 100 bytes that are read$"):
        load(path)


def test_a_file_of_too_many_parts_is_not_read(path, monkeypatch):
    save(MLP(1, [1]), path)
    monkeypatch.setattr(strictjson, "PARTS", 10)

    with pytest.raises(ValueError, match=r": it has \d+ parts, more than the 10 that are read$"):
        load(path)


@pytest.mark.parametrize(
    ("module", "limit"), [(json_file, "LARGEST"), (strictjson, "PARTS")], ids=["bytes", "parts"]
)
def test_what_could_not_be_loaded_is_not_saved(module, limit, path, monkeypatch):
    monkeypatch.setattr(module, limit, 10)

    with pytest.raises(ValueError, match=r"^cannot save: it has .*more than"):
        save(MLP(1, [1]), path)
    assert not path.exists()


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs /dev/zero")
def test_a_file_without_an_end_is_not_read(monkeypatch):
    monkeypatch.setattr(json_file, "LARGEST", 1000)

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
