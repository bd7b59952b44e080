"""The gallery: one command makes it, and what docs holds is what it makes."""

import re
from pathlib import Path

import pytest

from nn.command.gallery import PICTURES, gallery
from nn.command.main import main

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    gallery(folder)
    return folder


def contents(folder):
    pictures = sorted((folder / "gallery").iterdir())
    return {path.name: path.read_text("utf-8") for path in [folder / "gallery.md", *pictures]}


@pytest.mark.skipif(not DOCS.exists(), reason="needs the folder docs of a checkout")
def test_the_gallery_in_docs_is_up_to_date(made):
    assert contents(made) == contents(DOCS)


def test_every_picture_of_the_page_is_there(made):
    linked = re.findall(r"!\[.*\]\((.*)\)", (made / "gallery.md").read_text("utf-8"))

    assert len(linked) == len(PICTURES)
    assert all((made / path).read_text("utf-8").startswith("<?xml") for path in linked)


def test_the_page_shows_the_code_of_each_picture(made):
    page = (made / "gallery.md").read_text("utf-8")

    assert [code for *_, code in PICTURES if f"```python\n{code}\n```" not in page] == []


def test_the_command_writes_the_gallery_and_says_where(tmp_path, capsys):
    assert main(["gallery", str(tmp_path / "new")]) == 0

    assert capsys.readouterr().out.strip() == str(tmp_path / "new" / "gallery.md")
    assert (tmp_path / "new" / "gallery" / "a-network.svg").exists()


def test_a_gallery_below_a_file_is_one_line_on_stderr(tmp_path, capsys):
    (tmp_path / "file").write_text("old")

    assert main(["gallery", str(tmp_path / "file")]) == 2
    assert re.fullmatch(r"chainrule: cannot write .*\n", capsys.readouterr().err)
