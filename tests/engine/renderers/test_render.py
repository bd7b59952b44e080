"""Rendering: what is written where, and what is there after an error."""

import os

import graphviz
import pytest

from engine import Diagram, draw
from engine.renderers.render import RendererNotFound
from tests.engine.pictures import PNG_SIGNATURE, RENDERERS, every_renderer, square, texts

pytestmark = pytest.mark.usefixtures("no_choice_of_renderer_and_a_folder_of_its_own")


def files():
    """The paths of all files below the current folder."""
    found = [os.path.join(d, name) for d, _, names in os.walk(".") for name in names]
    return sorted(os.path.relpath(path) for path in found)


CALLS = {
    "nothing": {},
    "filename": {"filename": "z.gv"},
    "filename without a suffix": {"filename": "z"},
    "filename in a folder": {"filename": "new/z.gv"},
    "directory": {"directory": "new/folder"},
    "filename and directory": {"filename": "z.gv", "directory": "new"},
    "format": {"format": "svg"},
    "cleanup": {"cleanup": True},
    "filename and cleanup": {"filename": "new/z", "cleanup": True},
    "outfile": {"outfile": "z.svg"},
    "outfile in a folder": {"outfile": "new/z.svg"},
    "outfile and cleanup": {"outfile": "z.svg", "cleanup": True},
    "outfile and filename": {"outfile": "z.svg", "filename": "source.gv"},
    "outfile and directory": {"outfile": "z.svg", "directory": "new"},
    "outfile, filename and directory": {"outfile": "z.svg", "filename": "s.gv", "directory": "new"},
}
# Where graphviz.Digraph("Diagram").render puts the source and the picture, and what it returns.
RESULTS = {
    "nothing": ("Diagram.gv.svg", ["Diagram.gv", "Diagram.gv.svg"]),
    "filename": ("z.gv.svg", ["z.gv", "z.gv.svg"]),
    "filename without a suffix": ("z.svg", ["z", "z.svg"]),
    "filename in a folder": ("new/z.gv.svg", ["new/z.gv", "new/z.gv.svg"]),
    "directory": (
        "new/folder/Diagram.gv.svg",
        ["new/folder/Diagram.gv", "new/folder/Diagram.gv.svg"],
    ),
    "filename and directory": ("new/z.gv.svg", ["new/z.gv", "new/z.gv.svg"]),
    "format": ("Diagram.gv.svg", ["Diagram.gv", "Diagram.gv.svg"]),
    "cleanup": ("Diagram.gv.svg", ["Diagram.gv.svg"]),
    "filename and cleanup": ("new/z.svg", ["new/z.svg"]),
    "outfile": ("z.svg", ["z.gv", "z.svg"]),
    "outfile in a folder": ("new/z.svg", ["new/z.gv", "new/z.svg"]),
    "outfile and cleanup": ("z.svg", ["z.svg"]),
    "outfile and filename": ("z.svg", ["source.gv", "z.svg"]),
    "outfile and directory": ("z.svg", ["new/z.gv", "z.svg"]),
    "outfile, filename and directory": ("z.svg", ["new/s.gv", "z.svg"]),
}
every_call = pytest.mark.parametrize("call", CALLS, ids=[k.replace(" ", "-") for k in CALLS])


@every_renderer
@every_call
def test_render_returns_the_path_of_the_picture(program, call):
    path = draw(square(), program=program).render(**CALLS[call])

    assert path == os.path.normpath(RESULTS[call][0])


@every_renderer
@every_call
def test_render_leaves_the_files_that_graphviz_does(program, call):
    draw(square(), program=program).render(**CALLS[call])

    assert files() == [os.path.normpath(path) for path in RESULTS[call][1]]


@every_renderer
@every_call
def test_render_writes_the_picture(program, call):
    path = draw(square(), program=program).render(**CALLS[call])

    with open(path, "rb") as file:
        assert "grad 6" in texts(file.read())


@every_renderer
def test_render_writes_the_source(program):
    diagram = draw(square(), program=program)

    diagram.render("z.gv")

    with open("z.gv", encoding="utf-8") as file:
        assert file.read() == diagram.source


@every_renderer
def test_render_takes_a_path_object(program, tmp_path):
    draw(square(), program=program).render(outfile=tmp_path / "z.svg")

    assert (tmp_path / "z.svg").exists()


@every_renderer
def test_render_takes_the_folder_of_the_diagram(program):
    diagram = Diagram("z", directory="new", format="svg", program=program)
    diagram.node("a")

    assert diagram.render() == os.path.join("new", "z.gv.svg")


@pytest.mark.parametrize("program", RENDERERS[:2])
def test_render_takes_the_format_from_the_outfile(program):
    path = draw(square(), program=program).render(outfile="z.png")

    with open(path, "rb") as file:
        assert file.read(8) == PNG_SIGNATURE


@pytest.mark.parametrize("program", RENDERERS[:2])
def test_render_takes_another_format(program):
    path = draw(square(), program=program).render("z", format="png")

    with open(path, "rb") as file:
        assert (path, file.read(8)) == ("z.png", PNG_SIGNATURE)


@every_renderer
def test_render_refuses_an_outfile_of_no_known_format(program):
    with pytest.raises(graphviz.RequiredArgumentError, match="cannot infer rendering format"):
        draw(square(), program=program).render(outfile="picture")


@every_renderer
def test_render_does_not_write_the_picture_over_its_source(program):
    with pytest.raises(ValueError, match="must be different from input file"):
        draw(square(), program=program).render(outfile="picture.gv")


@every_renderer
def test_render_spares_a_result_that_exists_on_request(program):
    with open("z.svg", "w") as file:
        file.write("old")

    with pytest.raises(FileExistsError):
        draw(square(), program=program).render("z", raise_if_result_exists=True)


@every_renderer
def test_render_below_a_file_is_an_oserror(program):
    with open("file", "w") as file:
        file.write("old")

    with pytest.raises(OSError, match="file"):
        draw(square(), program=program).render(outfile=os.path.join("file", "z.svg"))


def test_render_without_a_renderer_writes_an_svg(no_renderer):
    path = draw(square()).render("z")

    with open(path, "rb") as file:
        assert "grad 6" in texts(file.read())


def test_render_without_processes_writes_an_svg(no_processes):
    path = draw(square()).render("z")

    with open(path, "rb") as file:
        assert "grad 6" in texts(file.read())


def test_render_of_a_png_without_a_renderer_leaves_no_file(no_renderer):
    with pytest.raises(RendererNotFound):
        draw(square()).render("z", format="png")

    assert files() == []


def test_view_opens_the_picture(no_renderer, monkeypatch):
    opened = []
    monkeypatch.setattr(graphviz, "view", opened.append)

    draw(square()).view("z")

    assert opened == ["z.svg"]
