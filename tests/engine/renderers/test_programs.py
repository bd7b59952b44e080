"""Programs that render: which one is taken, what it is told, and where there is none."""

import os
import re
import shutil
import subprocess
import sys

import graphviz
import pytest

import engine
import engine.diagrams.colors
import engine.renderers.render
from engine import Value, draw
from engine.renderers.render import RendererNotFound
from tests.engine.pictures import PURE, every_renderer, needs_dot, needs_pure, posix, square, texts

pytestmark = pytest.mark.usefixtures("no_choice_of_renderer_and_a_folder_of_its_own")


def files():
    """The paths of all files below the current folder."""
    found = [os.path.join(d, name) for d, _, names in os.walk(".") for name in names]
    return sorted(os.path.relpath(path) for path in found)


# ---- which renderer ----


@needs_dot
def test_dot_comes_first():
    assert draw(square()).pipe() == draw(square(), program="dot").pipe()


@needs_pure
def test_graphviz_pure_comes_second(no_dot):
    assert draw(square()).pipe() == draw(square(), program="graphviz-pure").pipe()


def test_the_layout_of_our_own_comes_last(no_renderer):
    assert draw(square()).pipe() == draw(square(), program="builtin").pipe()


@needs_dot
@needs_pure
def test_the_three_renderers_write_three_pictures():
    pictures = [draw(square(), program=p).pipe() for p in ("dot", "graphviz-pure", "builtin")]

    assert len(set(pictures)) == 3


def test_the_layout_of_our_own_is_taken_where_no_program_starts(no_processes):
    assert draw(square()).pipe() == draw(square(), program="builtin").pipe()


@needs_pure
def test_graphviz_pure_is_found_beside_python(no_dot):
    assert os.path.dirname(engine.renderers.render.graphviz_pure()) == os.path.dirname(
        sys.executable
    )


@needs_pure
def test_graphviz_pure_is_found_on_path(tmp_path, monkeypatch):
    name = os.path.basename(PURE)
    shutil.copy(PURE, tmp_path / name)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert engine.renderers.render.graphviz_pure() == str(tmp_path / name)


def test_graphviz_pure_may_be_missing(no_dot, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    assert engine.renderers.render.graphviz_pure() is None


@every_renderer
def test_the_environment_names_the_renderer(program, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", program)

    assert draw(square()).pipe() == draw(square(), program=program).pipe()


@every_renderer
def test_render_heeds_the_environment(program, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", program)

    path = draw(square()).render("z")

    with open(path, "rb") as file:
        assert texts(file.read()) == texts(draw(square(), program=program).pipe())


def test_an_argument_comes_before_the_environment(monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", "/no/such/program")

    assert "grad 6" in texts(draw(square(), program="builtin").pipe())


def test_an_empty_environment_variable_names_nothing(no_renderer, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", "")

    assert "grad 6" in texts(draw(square()).pipe())


@posix
def test_a_program_is_taken_by_its_path(program):
    path = program('echo "$@"', "/bin/cat")
    diagram = draw(square(), program=path)

    assert diagram.pipe("png").decode() == f"-Kdot -Tpng\n{diagram.source}"


@posix
def test_a_program_named_by_the_environment_is_taken(program, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", program("echo drawn"))

    assert draw(square()).pipe() == b"drawn\n"


@posix
def test_render_takes_a_program_by_its_path(program):
    path = draw(square(), program=program("echo drawn")).render("z", format="pdf")

    with open(path, "rb") as file:
        assert (path, file.read()) == ("z.pdf", b"drawn\n")


@posix
def test_a_program_is_told_the_layout_engine(program):
    diagram = draw(square(), program=program('echo "$@"'))

    assert diagram.pipe(engine="neato") == b"-Kneato -Tsvg\n"


@needs_dot
def test_the_path_of_dot_does_as_dot():
    path = shutil.which("dot")

    assert draw(square(), program=path).pipe() == draw(square(), program="dot").pipe()


# ---- where nothing renders ----


MISSING = (
    "nothing here draws {}: looked for dot on PATH, graphviz-pure on PATH and beside Python. "
    "Install Graphviz (Debian: apt install graphviz; macOS: brew install graphviz; "
    "Windows: winget install graphviz) or graphviz-pure (pip install graphviz-pure). "
    "SVG needs none of them: format='svg'"
)


def test_a_png_without_a_renderer_is_an_error_that_says_what_to_do(no_renderer):
    with pytest.raises(RendererNotFound) as caught:
        draw(square(), format="png").pipe()

    assert str(caught.value) == MISSING.format("PNG")


@pytest.mark.parametrize("format", ["png", "pdf", "jpg", "ps"])
def test_without_a_renderer_only_svg_is_drawn(no_renderer, format):
    with pytest.raises(RendererNotFound, match=f"nothing here draws {format.upper()}: "):
        draw(square()).pipe(format)


@needs_pure
def test_a_pdf_without_dot_is_an_error_that_names_graphviz(no_dot):
    with pytest.raises(RendererNotFound, match=r"nothing here draws PDF: .*Install Graphviz"):
        draw(square()).pipe("pdf")


def test_a_png_without_processes_is_an_error_that_says_what_to_do(no_processes):
    with pytest.raises(RendererNotFound, match="nothing here draws PNG"):
        draw(square()).pipe("png")


def test_the_error_is_one_that_users_of_graphviz_catch(no_renderer):
    with pytest.raises(graphviz.ExecutableNotFound):
        draw(square()).pipe("png")


def test_the_layout_of_our_own_draws_no_png_when_asked_for_by_name():
    with pytest.raises(RendererNotFound, match=r"nothing here draws PNG: .*SVG needs none of them"):
        draw(square(), program="builtin").pipe("png")


def test_dot_asked_for_by_name_is_missed(no_dot):
    with pytest.raises(graphviz.ExecutableNotFound, match="dot"):
        draw(square(), program="dot").pipe()


def test_render_misses_dot_asked_for_by_name(no_dot):
    with pytest.raises(graphviz.ExecutableNotFound, match="dot"):
        draw(square(), program="dot").render("z")


def test_graphviz_pure_asked_for_by_name_is_missed(no_renderer):
    with pytest.raises(
        RendererNotFound, match="looked for graphviz-pure on PATH and beside Python"
    ):
        draw(square(), program="graphviz-pure").pipe()


def test_a_program_that_does_not_exist_is_named():
    with pytest.raises(RendererNotFound, match="looked for /no/such/program"):
        draw(square(), program="/no/such/program").pipe()


def test_a_program_of_the_environment_that_does_not_exist_is_named(monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", "/no/such/program")

    with pytest.raises(RendererNotFound, match="looked for /no/such/program"):
        draw(square()).render("z")


def test_a_program_that_is_no_program_is_named(tmp_path):
    (tmp_path / "text").write_text("not a program")

    with pytest.raises(RendererNotFound, match=f"looked for {re.escape(str(tmp_path / 'text'))}"):
        draw(square(), program=str(tmp_path / "text")).pipe()


@posix
def test_a_program_that_fails_is_an_error(program):
    with pytest.raises(subprocess.CalledProcessError):
        draw(square(), program=program("exit 3")).pipe()


@posix
def test_a_program_that_fails_is_quoted(program):
    diagram = draw(square(), program=program("echo out of paper >&2", "exit 3"))

    with pytest.raises(subprocess.CalledProcessError, match="out of paper"):
        diagram.pipe()


@posix
def test_render_with_a_program_that_fails_leaves_no_picture(program):
    diagram = draw(square(), program=program("echo half", "exit 3"))

    with pytest.raises(subprocess.CalledProcessError):
        diagram.render("z")

    assert files() == ["renderer"]


@needs_dot
def test_source_that_dot_refuses_is_an_error():
    diagram = draw(square(), program="dot")
    diagram.body.append("]")

    with pytest.raises(subprocess.CalledProcessError, match="syntax error"):
        diagram.pipe(quiet=True)


# ---- graphs that a layout takes long for ----


def reused(n):
    """x**n by multiplication: a leaf with an edge to each of n ranks."""
    z = x = Value(1.0, "x")
    for _ in range(n - 1):
        z = z * x
    return z


@every_renderer
def test_a_leaf_used_on_fifty_ranks_is_drawn(program):
    assert texts(draw(reused(50), program=program).pipe()).count("*") == 49


def test_graphviz_is_told_to_end_its_search_for_the_best_ranks():
    assert re.search(r"\bnslimit=\d", draw(Value(1.0)).source)
