"""The wheel and the source distribution hold every file of every room."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
SOURCES_OF_C = {".h", ".pxd", ".pyx"}

pytestmark = pytest.mark.skipif(
    not (ROOT / "setup.py").exists(), reason="needs a checkout, which has setup.py"
)


def files_of_the_tree():
    """All files of engine and nn, but for what builds and Python leave there."""
    left = {".so", ".pyd", ".pyc"}
    return {
        path.relative_to(ROOT).as_posix()
        for package in ("engine", "nn")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in left and path.name != "pure.txt"
    }


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """The names in a wheel of the pure build, and in a source distribution."""
    pytest.importorskip("setuptools", minversion="77")
    folder = tmp_path_factory.mktemp("tree")
    left = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__", "pure.txt")
    for name in ("engine", "nn"):
        shutil.copytree(ROOT / name, folder / name, ignore=left)
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(ROOT / name, folder)
    command = [sys.executable, "setup.py", "-q", "sdist", "bdist_wheel"]
    environment = {**os.environ, "CHAINRULE_PURE": "1"}
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    (wheel,), (archive,) = (folder / "dist").glob("*.whl"), (folder / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        sources = {member.name.partition("/")[2] for member in tar if member.isfile()}
    with ZipFile(wheel) as zipped:
        return set(zipped.namelist()), sources, wheel.stat().st_size


def in_packages(names):
    return {name for name in names if name.split("/")[0] in ("engine", "nn")}


def test_the_wheel_has_every_file_but_what_c_is_made_of(distributions):
    wheel, _, _ = distributions
    wanted = {name for name in files_of_the_tree() if Path(name).suffix not in SOURCES_OF_C}

    assert in_packages(wheel) == wanted | {"engine/pure.txt"}


def test_the_source_distribution_has_every_file(distributions):
    _, sources, _ = distributions

    assert in_packages(sources) == files_of_the_tree()


def test_the_wheel_is_smaller_than_a_megabyte(distributions):
    assert distributions[2] < 1_000_000


def test_every_folder_with_python_is_a_package():
    folders = {Path(name).parent for name in files_of_the_tree() if name.endswith(".py")}

    assert [folder for folder in folders if not (ROOT / folder / "__init__.py").exists()] == []


def test_files_that_the_c_and_its_build_name_are_there():
    texts = [ROOT / "setup.py", *(ROOT / "engine" / "native").glob("*.py")]
    texts += [path for path in (ROOT / "engine").rglob("*") if path.suffix in SOURCES_OF_C]
    named = {
        name
        for path in texts
        for name in re.findall(r"\b(?:engine|nn|tests)/[\w/]+\.\w+", path.read_text("utf-8"))
    }

    assert "engine/ops.py" in named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_header_that_is_included_is_there_or_made_by_the_build():
    made = {"rows.h", "many.h", "vectors.h", "powers.h"}
    headers = {path.name for path in (ROOT / "engine").rglob("*.h")}
    # setup.py also adds a line of its own to the C, with the room of the header.
    files = [path for path in (ROOT / "engine").rglob("*") if path.suffix in SOURCES_OF_C]
    includes = re.compile(r'(?:#include|extern from) "(?:\w+/)?(\w+\.h)"')
    included = {
        name
        for path in [ROOT / "setup.py", *files]
        for name in includes.findall(path.read_text("utf-8"))
    }

    assert included - {"Python.h"} == headers | made
    assert all(f'"{name}"' in (ROOT / "setup.py").read_text("utf-8") for name in made)
