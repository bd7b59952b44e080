"""A file asks for classes by name: those that are there and say their settings, and no others."""

import json
import sys

import pytest

from nn import Module, load, save
from nn.saving import json_file, strictjson
from nn.settings import SIZE
from tests.nn.layers.own_layers import PReLU, Snake


def forged(path, model, state=None):
    """A file with a right checksum that asks for this model."""
    save(Snake(), path)
    content = json.loads(path.read_text())
    del content["checksum"]
    shapes = {name: [len(x)] for name, x in (state or {}).items()}
    content |= {"model": model, "state_dict": state or {}, "shapes": shapes}
    path.write_bytes(json_file.text(content))


class Unsaid(Module):
    """It does not say its settings."""


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ({"kind": "Unsaid"}, "'Unsaid' that is not known: if it is a class of your own that says"),
        ({"kind": "Speech"}, "'Speech' that is not known: .*, import or define it first$"),
        ({"kind": "this"}, "'this' that is not known"),
        ({"kind": "PReLU", "n": 2**31}, "its model may have 2147483648 parameters, more than the"),
        ({"kind": "PReLU", "n": 2}, "its model has 2 parameters, its numbers are 0$"),
        ({"kind": "PReLU"}, "PReLU has other settings: none$"),
        ({"kind": "Diagonal", "n": 1, "rng": 0}, "Diagonal has rng = 0, wanted nothing of that na"),
        ({"kind": "Dense", "inner": [], "by": 1.0}, "Dense has inner = .*, wanted a description$"),
        ({"kind": "Dense", "inner": {}, "by": 1.0}, "its model has a part None that is not known"),
        ({"kind": "Snake", "a": "1"}, "Snake has a = '1', wanted a finite float$"),
    ],
)
def test_what_a_file_may_not_ask_for_is_refused_before_it_is_made(model, reason, tmp_path):
    path = tmp_path / "model.json"
    forged(path, model)

    with pytest.raises(ValueError, match=f"^cannot load .*model.json: .*{reason}"):
        load(path)


def test_loading_imports_nothing_that_a_file_names(tmp_path):
    forged(tmp_path / "model.json", {"kind": "antigravity"})
    with pytest.raises(ValueError, match="'antigravity' that is not known"):
        load(tmp_path / "model.json")

    assert "antigravity" not in sys.modules


def test_a_class_may_say_how_many_parameters_it_has_before_it_is_made(tmp_path):
    class Counted(PReLU):
        settings = {"n": SIZE}

        @classmethod
        def parameter_count(cls, n):
            return n

    save(Counted(3), tmp_path / "model.json")
    assert load(tmp_path / "model.json").n == 3

    forged(tmp_path / "model.json", {"kind": "Counted", "n": 5}, {"weight": [1.0]})
    with pytest.raises(ValueError, match=r"its model has 5 parameters, its numbers are 1$"):
        load(tmp_path / "model.json")


def test_sizes_that_could_not_be_loaded_are_not_saved(tmp_path, monkeypatch):
    monkeypatch.setattr(strictjson, "PARTS", 3)

    with pytest.raises(
        ValueError, match=r"^cannot save: its model may have 4 parameters, more tha"
    ):
        save(PReLU(4), tmp_path / "model.json")
