"""The package nn: its names, some of which are imported only when they are asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

import nn

ROOT = Path(__file__).parents[2]
HEAVY = ["numpy", "onnx", "safetensors", "sklearn", "torch"]


def loaded_by(code, modules):
    """Which of the modules a new process has loaded after the code."""
    code += f"; import sys; print([name for name in {modules!r} if name in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return found.stdout.strip()


def test_every_public_name_exists():
    assert [name for name in nn.__all__ if not hasattr(nn, name)] == []


def test_every_public_name_is_listed():
    assert set(nn.__all__) - set(dir(nn)) == set()


def test_a_name_that_does_not_exist_is_an_attribute_error_naming_it():
    with pytest.raises(AttributeError, match=r"^module 'nn' has no attribute 'safe'$"):
        nn.safe


def test_importing_nn_leaves_saving_and_exporting_for_later():
    assert (
        loaded_by("import nn", ["nn.saving.models", "nn.saving.export", "json", "hashlib"]) == "[]"
    )


def test_importing_all_of_nn_loads_no_package_that_is_optional():
    assert loaded_by("from nn import *; save, to_onnx, to_torch", HEAVY) == "[]"


def test_the_estimators_are_listed_only_where_scikit_learn_is(monkeypatch):
    pytest.importorskip("sklearn", reason="needs scikit-learn, of the extra data")
    estimators = {"ChainruleClassifier", "ChainruleRegressor"}
    assert estimators <= set(dir(nn))
    monkeypatch.setitem(sys.modules, "sklearn", None)
    for name in estimators:  # as long as nobody has asked for them
        monkeypatch.delitem(vars(nn), name, raising=False)

    assert estimators & set(dir(nn)) == set()
