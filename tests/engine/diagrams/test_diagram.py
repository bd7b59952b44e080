"""A diagram is a graphviz.Digraph, and nothing else needs that package."""

import os
import subprocess
import sys

import graphviz
import pytest

from engine import Diagram, Value, draw
from tests.engine.pictures import (
    PNG_SIGNATURE,
    RENDERERS,
    chain,
    every_renderer,
    needs_dot,
    square,
    texts,
)

pytestmark = pytest.mark.usefixtures("no_choice_of_renderer_and_a_folder_of_its_own")


# ---- a Diagram is a graphviz.Digraph ----


def test_draw_returns_graphviz_own_object():
    assert isinstance(draw(Value(1.0)), graphviz.Digraph)


def test_the_format_is_svg():
    assert draw(Value(1.0)).format == "svg"


def test_a_diagram_is_shown_in_a_terminal_in_one_short_line():
    shown = repr(draw(chain(300)))

    assert "\n" not in shown and len(shown) < 80  # noqa: PT018 - short is one claim


@every_renderer
def test_a_notebook_shows_an_svg(program):
    bundle = draw(square(), program=program)._repr_mimebundle_()

    assert "grad 6" in texts(bundle["image/svg+xml"].encode())


def test_a_notebook_without_graphviz_shows_an_svg(no_renderer):
    bundle = draw(square())._repr_mimebundle_()

    assert "grad 6" in texts(bundle["image/svg+xml"].encode())


def test_a_notebook_without_processes_shows_an_svg(no_processes):
    bundle = draw(square())._repr_mimebundle_()

    assert "grad 6" in texts(bundle["image/svg+xml"].encode())


@every_renderer
def test_pipe_gives_bytes(program):
    assert type(draw(square(), program=program).pipe()) is bytes


@every_renderer
def test_pipe_gives_text_in_an_encoding(program):
    assert "损失" in draw(Value(1.0, "损失"), program=program).pipe(encoding="utf-8")


@every_renderer
def test_the_format_may_be_given_in_capitals(program):
    assert "grad 6" in texts(draw(square(), format="SVG", program=program).pipe())


@every_renderer
def test_pipe_takes_quiet(program):
    assert "grad 6" in texts(draw(square(), program=program).pipe(quiet=True))


@pytest.mark.parametrize("program", RENDERERS[:2])
def test_pipe_gives_a_png(program):
    assert draw(square(), program=program).pipe("png").startswith(PNG_SIGNATURE)


@pytest.mark.parametrize("program", RENDERERS[:2])
def test_the_format_of_the_diagram_is_what_pipe_gives(program):
    assert draw(square(), format="png", program=program).pipe().startswith(PNG_SIGNATURE)


@needs_dot
def test_pipe_gives_a_pdf():
    assert draw(square(), program="dot").pipe("pdf").startswith(b"%PDF")


@every_renderer
def test_an_unknown_format_is_refused_by_every_renderer(program):
    with pytest.raises(ValueError, match="unknown format: 'bmpp'"):
        draw(square(), program=program).pipe("bmpp")


@every_renderer
def test_an_unknown_engine_is_refused_by_every_renderer(program):
    with pytest.raises(ValueError, match="unknown engine: 'foo'"):
        draw(square(), program=program).pipe(engine="foo")


@every_renderer
def test_a_copy_has_the_same_source(program):
    diagram = draw(square(), program=program)

    assert diagram.copy().source == diagram.source


def test_a_copy_has_the_same_renderer():
    assert draw(square(), program="builtin").copy().program == "builtin"


def test_a_copy_is_a_diagram_of_its_own():
    diagram = draw(square())
    diagram.copy().node("note")

    assert "note" not in diagram.source


@every_renderer
def test_nodes_and_edges_can_be_added(program):
    diagram = draw(square(), program=program)
    diagram.node("note", "the input", shape="note")
    diagram.edge("note", "v0", style="dotted", label="see")

    assert {"the input", "see", "grad 6"} <= set(texts(diagram.pipe()))


@every_renderer
def test_a_subgraph_can_be_added(program):
    diagram = draw(square(), program=program)
    with diagram.subgraph(name="cluster_0") as part:
        part.attr(label="a part")
        part.node("note", "inside")

    assert {"inside", "grad 6"} <= set(texts(diagram.pipe()))


@every_renderer
def test_a_diagram_can_be_built_by_hand(program):
    diagram = Diagram(program=program)
    diagram.node("only", "one")

    assert texts(diagram.pipe("svg")) == ["one"]


# ---- the package graphviz ----


def test_importing_engine_does_not_import_graphviz():
    code = "import engine, sys; print('graphviz' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=True
    )

    assert result.stdout.split() == [b"False"]


def test_without_the_package_graphviz_the_error_says_what_to_install():
    code = "import sys; sys.modules['graphviz'] = None\nfrom engine import draw"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)

    assert b"pictures need the Python package graphviz: pip install graphviz" in result.stderr
