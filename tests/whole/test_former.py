"""Files and paths from before the modules moved into rooms: pickles, models, checkpoints, imports.

former/objects.py made the files, with the code of then, pure and compiled.
"""

import base64
import importlib
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import nn
from engine.former import FORMER
from tests.whole.former import objects

HERE = Path(__file__).parent / "former"


PICKLES = {
    f"{name}, {build}": found
    for build in ("pure", "compiled")
    for name, found in json.loads((HERE / f"pickles.{build}.json").read_text("utf-8")).items()
}
NUMBERS = json.loads((HERE / "numbers.json").read_text("utf-8"))
PATHS = (HERE / "paths.txt").read_text("utf-8").splitlines()


def as_json(tree):
    return json.loads(json.dumps(tree))


@pytest.mark.parametrize("name", PICKLES)
def test_a_pickle_from_before_loads_with_its_numbers(name):
    found = pickle.loads(base64.b64decode(PICKLES[name]["pickle"]))

    assert as_json(objects.numbers(found)) == PICKLES[name]["numbers"]


def test_the_pickles_from_before_are_of_all_that_is_pickled_today():
    assert {name.partition(",")[0] for name in PICKLES} == set(objects.objects())


def test_a_pickle_of_today_names_no_room():
    for name, found in objects.objects().items():
        for room in ("nn.optim", "nn.layers", "nn.schedules", "nn.training", "nn.data"):
            assert room.encode() not in pickle.dumps(found), name


def test_an_optimizer_from_before_goes_on_as_one_of_today():
    model, optimizer = pickle.loads(base64.b64decode(PICKLES["Adam, pure"]["pickle"]))
    mine, own = objects.an_optimizer(nn.Adam, lr=0.1)
    for m, o in ((model, optimizer), (mine, own)):
        objects.step(m, o)
        o.step()

    assert [p.data for p in model.parameters()] == [p.data for p in mine.parameters()]


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_a_model_saved_before_loads_with_its_numbers(name):
    if name.endswith("safetensors"):
        pytest.importorskip("safetensors", reason="needs the extra safetensors")

    assert as_json(objects.numbers(nn.load(HERE / name))) == NUMBERS["model"]
    assert nn.load_notes(HERE / name) == {"made": "before the move"}


def test_a_checkpoint_from_before_goes_on_to_the_same_last_bit(tmp_path):
    checkpoint = tmp_path / "training.json"
    checkpoint.write_bytes((HERE / "training.checkpoint.json").read_bytes())
    model, history, _ = objects.training(checkpoint, resume=True)

    assert as_json(objects.numbers(model)) == NUMBERS["model"]
    assert as_json(objects.numbers(history)) == NUMBERS["history"]


@pytest.mark.parametrize("path", PATHS)
def test_a_public_path_from_before_is_found(path):
    module, _, name = path.partition(" ")
    if name.startswith(("plot_", "Chainrule")):
        pytest.importorskip("matplotlib" if name.startswith("plot_") else "sklearn")
    found = importlib.import_module(module)

    assert not name or hasattr(found, name)


def test_a_public_path_from_before_leads_to_what_the_face_has():
    for path in PATHS:
        module, _, name = path.partition(" ")
        face = importlib.import_module(module.partition(".")[0])
        if name and name in dir(face) and module not in ("nn.init", "nn.metrics"):
            assert getattr(importlib.import_module(module), name) is getattr(face, name)


@pytest.mark.parametrize("former", FORMER)
def test_a_former_module_is_the_one_of_today(former):
    assert importlib.import_module(former) is importlib.import_module(FORMER[former])


def test_a_module_that_never_was_is_not_found():
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'nn.adaptiv'$"):
        importlib.import_module("nn.adaptiv")


def test_importing_nn_looks_for_no_former_module():
    code = "import sys, nn, engine; print({*engine.former.FORMER} & {*sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert found.stdout == "set()\n"


def test_the_function_fit_stays_when_its_former_module_is_imported():
    code = "import nn, nn.fit; from nn.fit import fit; print(nn.fit is fit, callable(fit))"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert found.stdout == "True True\n"


def printed(code):
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout


def test_a_former_module_is_a_name_of_nn_as_it_was():
    assert printed("import nn; print('adaptive' in dir(nn), nn.adaptive.Adam is nn.Adam)") == (
        "False True\n"
    )


def test_a_former_module_keeps_its_spec_and_can_be_reloaded():
    found = printed(
        "import importlib, nn.adaptive, nn.loader, nn.tables; print(nn.adaptive.__spec__.name, "
        "nn.tables.__spec__.name, importlib.reload(nn.adaptive) is nn.adaptive)"
    )

    assert found == "nn.optim.adaptive nn.data True\n"


def test_a_command_that_was_installed_before_still_starts():
    found = printed("from nn.cli import main; main(['--version'])")

    assert found.startswith("chainrule ")


def test_threads_that_import_a_former_module_all_get_the_one_of_today():
    code = """
import sys, threading
sys.setswitchinterval(1e-6)
found, start = [], threading.Barrier(12)
def work():
    start.wait()
    from nn.adaptive import Adam
    found.append(Adam)
threads = [threading.Thread(target=work) for _ in range(12)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
import nn
print(found == [nn.Adam] * 12)
"""
    assert printed(code) == "True\n"
