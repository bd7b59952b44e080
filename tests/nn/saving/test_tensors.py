"""Models as safetensors: the same content as the JSON, and other programs' weights."""

import json
import math
import random
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from engine import Value
from nn import (
    GELU,
    MLP,
    Dropout,
    Layer,
    LayerNorm,
    Linear,
    Module,
    Neuron,
    Sequential,
    Softplus,
    Tanh,
    load,
    load_notes,
    save,
)
from nn.saving import json_file, strictjson, tensors

ROOT = Path(__file__).parents[3]


@pytest.fixture
def safetensors():
    return pytest.importorskip(
        "safetensors.numpy", reason="needs safetensors, of the extra safetensors"
    )


@pytest.fixture
def path(tmp_path, safetensors):
    return tmp_path / "model.safetensors"


def seeded(model, seed=0):
    rng = random.Random(seed)
    for p in model.parameters():
        p.data = rng.gauss(0, 1) * 10 ** rng.randrange(-300, 300)
    return model


class Own(Module):
    def __init__(self):
        self.scale = Value(2.0)
        self.cube = [[[Value(1.0)], [Value(2.0)]], [[Value(3.0)], [Value(4.0)]]]


class Ragged(Module):
    def __init__(self):
        self.rows = [[Value(1.0)], [Value(2.0), Value(3.0)]]


MODELS = [
    MLP(2, [3, 1], activation="tanh"),
    Layer(2, 3, activation="gelu"),
    Neuron(3, nonlin=False),
    Linear(2, 2, bias=False),
    Sequential(),
    Sequential(Linear(2, 3), Tanh(), LayerNorm(3), Dropout(0.3), MLP(3, [2]), GELU(), Softplus()),
]


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_a_model_comes_back_as_it_was_to_the_last_bit(model, path):
    seeded(model)
    save(model, path)
    other = load(path)

    assert repr(other) == repr(model)
    assert [p.data.hex() for p in other.parameters()] == [p.data.hex() for p in model.parameters()]


@pytest.mark.parametrize("training", [True, False])
def test_a_model_comes_back_in_the_mode_that_it_was_in(training, path):
    save(Sequential(Dropout(0.5)).train(training), path)

    assert [module.training for module in load(path).modules()] == [training, training]


def test_a_scalar_is_a_tensor_of_no_dimension_and_all_are_of_float64(path, safetensors):
    save(Own(), path)
    found = safetensors.load_file(path)

    assert {name: x.shape for name, x in found.items()} == {"scale": (), "cube": (2, 2, 1)}
    assert {str(x.dtype) for x in found.values()} == {"float64"}


def test_a_module_of_your_own_is_loaded_into_one(path):
    model, other = seeded(Own()), Own()
    save(model, path)

    with pytest.raises(ValueError, match=r"a module of your own: say load\(path, into=\.\.\.\)$"):
        load(path)
    assert load(path, into=other).state_dict() == model.state_dict()


def test_the_same_model_gives_the_same_bytes_in_every_process(path):
    code = "import sys; from random import Random; from nn import MLP, save\n"
    code += "save(MLP(2, [3, 1], rng=Random(0)), sys.argv[1])"
    found = set()
    for _ in range(3):
        subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=True)
        found.add(path.read_bytes())

    assert len(found) == 1


def test_the_numbers_start_where_doubles_are_aligned(path):
    save(MLP(1, [1]), path)

    assert int.from_bytes(path.read_bytes()[:8], "little") % 8 == 0


def test_an_entry_called_as_the_metadata_is_refused(path):
    model = Own()
    model.__metadata__ = Value(1.0)

    with pytest.raises(ValueError, match=r"^cannot save: an entry cannot be called __metadata__$"):
        save(model, path)


def test_rows_of_different_lengths_are_no_tensor(path):
    with pytest.raises(
        ValueError, match=r"^cannot save: rows has rows of different lengths and is no tensor: save"
    ):
        save(Ragged(), path)
    assert not path.exists()


def test_rows_of_different_lengths_are_saved_as_json(tmp_path):
    model = seeded(Ragged())
    save(model, tmp_path / "model.json")

    assert load(tmp_path / "model.json", into=Ragged()).state_dict() == model.state_dict()


def test_a_parameter_that_is_not_finite_is_not_saved(path):
    model = Linear(1, 1)
    model.weight[0][0].data = math.nan

    with pytest.raises(ValueError, match=r"^cannot save: w0_0 is nan$"):
        save(model, path)


@pytest.mark.parametrize("action", [lambda path: save(MLP(1, [1]), path), load])
def test_without_the_package_the_error_says_what_to_install(action, tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"")
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)

    with pytest.raises(ImportError, match=r"pip install 'chainrule\[safetensors\]'$"):
        action(path)


# ---- files that are not what they should be ----


@pytest.mark.parametrize("into", [None, MLP(1, [1])], ids=["anew", "into"])
def test_every_flipped_bit_is_noticed(into, path):
    save(seeded(MLP(1, [1])), path)
    whole = path.read_bytes()

    unnoticed = []
    with open(path, "r+b", buffering=0) as file:
        for i, byte in enumerate(whole):
            for bit in range(8):
                file.seek(i)
                file.write(bytes([byte ^ 1 << bit]))
                try:
                    load(path, into)
                except ValueError:
                    continue
                unnoticed.append((i, bit))
            file.seek(i)
            file.write(bytes([byte]))

    assert unnoticed == []


@pytest.mark.parametrize("into", [None, MLP(1, [1])], ids=["anew", "into"])
def test_every_truncated_file_is_noticed(into, path):
    save(MLP(1, [1]), path)
    whole = path.read_bytes()

    for n in range(len(whole)):
        path.write_bytes(whole[:n])
        with pytest.raises(ValueError, match=r"^cannot load "):
            load(path, into)


def test_bytes_put_behind_the_tensors_are_noticed(path):
    save(MLP(1, [1]), path)
    path.write_bytes(path.read_bytes() + b"\0")

    with pytest.raises(ValueError, match=r": it is no safetensors file, or damaged: "):
        load(path, into=MLP(1, [1]))


STATE = {"weight": [[1.0, 2.0]], "bias": [3.0]}
LINEAR = {"kind": "Linear", "in_features": 2, "out_features": 1, "bias": True}
TEXTS = {
    "format": "chainrule",
    "version": "1",
    "model": json.dumps(LINEAR),
    "training": "true",
    "notes": "{}",
}


def foreign(path, header, data=b""):
    """A file as another program may write it."""
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def tensor(shape, start, end, dtype="F64"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


FORGED = [
    ({"version": "2"}, "it has version '2' of the format, this is version 1"),
    ({"format": "pt"}, "it is not of the format 'chainrule'"),
    ({"more": "1"}, "its metadata has ['checksum', 'format', 'model', 'more', 'notes', 'tra"),
    ({"notes": "[]"}, "its notes are no dict but []"),
    ({"training": "1"}, "training is True or False, got 1"),
    ({"training": "nan"}, "it is no JSON"),
    ({"model": "null"}, "its model is None"),
    ({"model": ""}, "it is no JSON"),
    ({"model": 100_000 * "["}, "it is nested too deep"),
    ({"model": json.dumps({"kind": "os.system"})}, "a part 'os.system' that is not known"),
    ({"model": json.dumps({**LINEAR, "in_features": 2_000_000_000})}, "2000000001 parameters"),
    ({"model": json.dumps({**LINEAR, "out_features": [0]})}, "out_features = [0], wanted a whole"),
    ({"model": json.dumps({**LINEAR, "activation": "os.system"})}, "wanted one of linear, relu"),
    ({"model": json.dumps({"kind": "Neuron", "nin": 2, "activation": "relu"})}, "does not fit"),
]


@pytest.mark.parametrize(("changes", "reason"), FORGED, ids=range(len(FORGED)))
def test_what_is_no_model_in_spite_of_its_checksum_is_refused(changes, reason, path):
    path.write_bytes(tensors.packed(STATE, {**TEXTS, **changes}))
    tracemalloc.start()

    with pytest.raises(ValueError, match=r"^cannot load .*model\.safetensors: ") as caught:
        load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reason in str(caught.value)
    assert peak < 2**21  # the text that is nested too deep has 0.1 MB itself


def test_notes_come_back(path):
    save(Linear(2, 1), path, {"classes": ["a", "b"]})

    assert load_notes(path) == {"classes": ["a", "b"]}


def test_a_file_of_ours_without_its_checksum_is_refused(path, safetensors):
    import numpy

    arrays = {name: numpy.array(x) for name, x in STATE.items()}
    path.write_bytes(safetensors.save(arrays, TEXTS))

    with pytest.raises(ValueError, match=r": its metadata has \['format', 'model', 'notes', 'tra"):
        load(path, into=Linear(2, 1))


def test_a_checksum_of_another_form_is_refused(path, safetensors):
    import numpy

    arrays = {name: numpy.array(x) for name, x in STATE.items()}
    path.write_bytes(safetensors.save(arrays, {**TEXTS, "checksum": "md5:0"}))

    with pytest.raises(ValueError, match=r"not as it was written: its checksum does not fit$"):
        load(path)


BYTES = struct.pack("<3d", 1.0, 2.0, 3.0)
WHOLE = {"weight": tensor([1, 2], 0, 16), "bias": tensor([1], 16, 24)}
NO_TENSOR = [
    ([], b"", "it is no safetensors file"),
    ({"__metadata__": 3}, b"", "it is no safetensors file"),
    ({"__metadata__": {"x": 3}}, b"", "it is no safetensors file"),
    ({"w": 3}, b"", "its entry 'w' is no tensor"),
    ({"w": {"dtype": "F64"}}, b"", "its entry 'w' is no tensor"),
    ({"w": tensor([1], 0, 2, "F16")}, bytes(2), "w is a tensor of 'F16', wanted F64 or F32"),
    ({"w": tensor([1], 0, 2, "BF16")}, bytes(2), "w is a tensor of 'BF16', wanted F64 or F32"),
    ({"w": tensor([1], 0, 8, "I64")}, bytes(8), "w is a tensor of 'I64', wanted F64 or F32"),
    ({"w": tensor([1], 0, 8, ["F64"])}, bytes(8), "w is a tensor of ['F64'], wanted"),
    ({"w": tensor([10**9, 0], 0, 0)}, b"", "w has the shape [1000000000, 0], wanted sizes of"),
    ({"w": tensor([-1, -1], 0, 8)}, bytes(8), "w has the shape [-1, -1], wanted"),
    ({"w": tensor([1.0], 0, 8)}, bytes(8), "w has the shape [1.0], wanted"),
    ({"w": tensor([10**9], 0, 8)}, bytes(8), "it is no safetensors file, or damaged: "),
    ({"w": tensor(200 * [1], 0, 8)}, bytes(8), "w has the shape [1, 1, 1, 1, "),
    ({"w": tensor([1], 8, 16)}, bytes(16), "it is no safetensors file, or damaged: "),
    ({**WHOLE, "more": tensor([1], 0, 8)}, BYTES, "it is no safetensors file, or damaged: "),
    ({"weight": WHOLE["weight"]}, BYTES[:16], "state dict does not fit: missing bias"),
    ({**WHOLE, "x": tensor([1], 24, 32)}, BYTES + bytes(8), "does not fit: unexpected x"),
    (
        {"weight": tensor([2, 1], 0, 16), "bias": WHOLE["bias"]},
        BYTES,
        "does not fit: weight: expected a list of 1, got 2",
    ),
    (WHOLE, BYTES[:16] + struct.pack("<d", math.nan), "bias has nan where a finite float is"),
    (WHOLE, BYTES[:16] + struct.pack("<d", -math.inf), "bias has -inf where a finite float is"),
]


@pytest.mark.parametrize(("header", "data", "reason"), NO_TENSOR, ids=range(len(NO_TENSOR)))
def test_what_does_not_fit_is_refused_and_the_model_left_alone(header, data, reason, path):
    foreign(path, header, data)
    model = Linear(2, 1)
    before = model.state_dict()
    tracemalloc.start()

    with pytest.raises(ValueError, match=r"^cannot load .*model\.safetensors: ") as caught:
        load(path, into=model)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reason in str(caught.value)
    assert model.state_dict() == before
    assert peak < 2**20


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 a zip file of PyTorch's", b"\xff" * 100, b'{"format": 1}' * 9]
)
def test_another_format_is_refused(content, path):
    path.write_bytes(content)

    with pytest.raises(ValueError, match=r": it is no safetensors file, or not all of it$"):
        load(path)


@pytest.mark.parametrize(("module", "limit"), [(json_file, "LARGEST"), (strictjson, "PARTS")])
def test_limits_are_those_of_json(module, limit, path, monkeypatch):
    save(MLP(1, [1]), path)
    monkeypatch.setattr(module, limit, 10)

    with pytest.raises(ValueError, match=r"^cannot load .*: it has .*more than"):
        load(path)
    with pytest.raises(ValueError, match=r"^cannot save: it has .*more than"):
        save(MLP(1, [1]), path)


def test_as_many_numbers_as_json_may_have_are_read(path, monkeypatch):
    foreign(path, {"weight": tensor([1, 99], 0, 792)}, bytes(792))
    monkeypatch.setattr(strictjson, "PARTS", 98)

    with pytest.raises(ValueError, match=r": it has 99 parts, more than the 98 that are read$"):
        load(path, into=Linear(99, 1, bias=False))


# ---- other programs' files ----


@pytest.mark.parametrize("metadata", [{}, {"__metadata__": {"format": "pt"}}], ids=["no", "pt"])
def test_another_programs_file_is_loaded_into_a_model_of_its_names_and_shapes(metadata, path):
    foreign(path, {**metadata, **WHOLE}, BYTES)

    assert load(path, into=Linear(2, 1)).state_dict() == STATE


def test_float32_is_taken_exactly(path):
    foreign(path, {"weight": tensor([1, 1], 0, 4, "F32")}, struct.pack("<f", 0.1))
    (number,) = struct.unpack("<f", struct.pack("<f", 0.1))

    assert load(path, into=Linear(1, 1, bias=False)).state_dict() == {"weight": [[number]]}


def test_another_programs_file_says_nothing_of_the_model(path):
    foreign(path, WHOLE, BYTES)

    with pytest.raises(ValueError, match=r": it is another program's: say load\(path, into=\.\.\."):
        load(path)
