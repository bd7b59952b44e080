"""The gallery: one script makes it, and what docs holds is what it makes."""

import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
MAKER = DOCS / "make_gallery.py"
pytestmark = pytest.mark.skipif(not MAKER.exists(), reason="needs the folder docs of a checkout")


@pytest.fixture(scope="module")
def maker():
    spec = spec_from_file_location("make_gallery", MAKER)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(maker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    maker.gallery(folder)
    return folder


def contents(folder):
    pictures = sorted((folder / "gallery").iterdir())
    return {path.name: path.read_text("utf-8") for path in [folder / "gallery.md", *pictures]}


def test_the_gallery_in_docs_is_up_to_date(made):
    assert contents(made) == contents(DOCS)


def test_every_picture_of_the_page_is_there(maker, made):
    linked = re.findall(r"!\[.*\]\((.*)\)", (made / "gallery.md").read_text("utf-8"))

    assert len(linked) == len(maker.PICTURES)
    assert all((made / path).read_text("utf-8").startswith("<?xml") for path in linked)


def test_the_page_shows_the_code_of_each_picture(maker, made):
    page = (made / "gallery.md").read_text("utf-8")

    assert [code for *_, code in maker.PICTURES if f"```python\n{code}\n```" not in page] == []


def test_the_script_writes_the_gallery_beside_it_and_says_where(tmp_path):
    (tmp_path / "make_gallery.py").write_bytes(MAKER.read_bytes())

    done = subprocess.run(
        [sys.executable, str(tmp_path / "make_gallery.py")],
        capture_output=True,
        check=True,
        text=True,
    )

    assert done.stdout.strip() == str(tmp_path / "gallery.md")
    assert contents(tmp_path) == contents(DOCS)


def test_the_package_has_neither_the_gallery_nor_its_command(capsys):
    from nn.command.main import main

    with pytest.raises(SystemExit):
        main(["gallery", "docs"])
    assert "invalid choice: 'gallery'" in capsys.readouterr().err
    assert not list(DOCS.parent.glob("nn/**/gallery.py"))
