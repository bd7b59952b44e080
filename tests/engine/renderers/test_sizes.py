"""A graph that Graphviz would take long for is drawn by our own layout, unless somebody insists."""

import graphviz
import pytest

from engine import Diagram, Value, draw, tanh
from engine.renderers import render, sizes
from engine.renderers.sizes import too_large
from tests.engine.pictures import needs_dot, posix

LIMIT = 9_000  # 2 for each box, 1 for each rank that an edge crosses

pytestmark = pytest.mark.usefixtures("no_choice_of_renderer_and_a_folder_of_its_own")


def chain(boxes):
    """A diagram of so many boxes in a row."""
    diagram = Diagram()
    for i in range(boxes - 1):
        diagram.edge(f"v{i}", f"v{i + 1}")
    return diagram


@pytest.fixture
def a_dot_that_draws(tmp_path, monkeypatch):
    """A program dot that draws every graph alike, at once; and nothing else on PATH."""
    path = tmp_path / "bin" / "dot"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n/bin/cat > /dev/null\necho '<svg>by dot</svg>'\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(path.parent))
    monkeypatch.setattr(render, "said", set())


@pytest.fixture
def a_low_limit(monkeypatch):
    """A hundredth of the limit, which a chain of 31 boxes is above, so that the tests are fast."""
    monkeypatch.setattr(sizes, "MOST", LIMIT // 100)


# ---- what is too large ----


@pytest.mark.parametrize(
    ("source", "is_large"),
    [
        (chain(3_000).source, False),  # 6,000 and 2,999
        (chain(3_001).source, True),  # 6,002 and 3,000
        ("digraph { a -> b }", False),
        ("digraph { a -> a }", False),
        ("digraph { }", False),
        ("digraph { a -> b -> a [label=x] }", False),
        ("digraph {" + "; ".join([f"v{i}" for i in range(LIMIT // 2)]) + "}", False),
        ("digraph {" + "; ".join([f"v{i}" for i in range(LIMIT // 2 + 1)]) + "}", True),
    ],
    ids=["a chain", "a longer one", "an edge", "a loop", "nothing", "a cycle", "boxes", "one more"],
)
def test_boxes_and_the_ranks_of_edges_count(source, is_large):
    assert bool(too_large(source)) == is_large


def test_an_edge_counts_as_often_as_it_crosses_a_rank():
    diagram = chain(101)  # 202 and 100
    for _ in range((LIMIT - 302) // 100):
        diagram.edge("v0", "v100")

    assert too_large(diagram.source) == ""
    diagram.edge("v0", "v100")
    assert too_large(diagram.source) == (
        "Graphviz would take long for 101 boxes with edges over 8,800 ranks"
    )


def test_labels_of_edges_make_two_ranks_of_one():
    diagram = chain(1_501)

    assert too_large(diagram.source) == ""
    diagram.edge("v0", "v1", label="2.0")
    assert too_large(diagram.source) == "Graphviz would take long for 1,501 boxes"


def test_the_graph_of_a_long_computation_is_too_large():
    w = Value(0.5)
    total = sum([tanh(w * Value(float(i))) for i in range(600)])

    assert too_large(draw(total, max_nodes=None).source)
    assert too_large(draw(total, collapse=True).source) == ""


# ---- what draws it ----


@posix
@pytest.mark.usefixtures("a_dot_that_draws", "a_low_limit")
def test_our_own_layout_draws_it_and_a_line_says_so_once(capfd):
    picture = chain(31).pipe("svg")

    assert picture.count(b"<ellipse") == 31
    assert chain(31).pipe("svg") == picture
    assert capfd.readouterr().err == (
        "chainrule: Graphviz would take long for 31 boxes; our own layout draws the picture "
        "(CHAINRULE_DOT=dot insists on Graphviz)\n"
    )


@posix
@pytest.mark.usefixtures("a_dot_that_draws", "a_low_limit")
def test_graphviz_draws_what_is_not_too_large(capfd):
    assert b"by dot" in chain(30).pipe("svg")
    assert capfd.readouterr().err == ""


@posix
@pytest.mark.usefixtures("a_dot_that_draws", "a_low_limit")
def test_a_file_and_a_page_of_pdf_are_drawn_so_too(tmp_path):
    with open(chain(31).render(tmp_path / "large", format="svg")) as picture:
        assert picture.read().count("<ellipse") == 31
    assert chain(31).pipe("pdf").startswith(b"%PDF")


@posix
@pytest.mark.usefixtures("a_dot_that_draws", "a_low_limit")
def test_a_notebook_shows_it_without_a_line(capfd):
    shown = chain(31)._repr_mimebundle_()

    assert shown["image/svg+xml"].count("<ellipse") == 31
    assert shown.keys() == {"image/svg+xml", "text/html", "application/pdf"}
    assert capfd.readouterr().err == ""


@posix
@pytest.mark.usefixtures("a_dot_that_draws", "a_low_limit")
def test_who_is_quiet_hears_nothing(capfd):
    chain(31).pipe("svg", quiet=True)

    assert capfd.readouterr().err == ""


@posix
@pytest.mark.usefixtures("a_dot_that_draws", "a_low_limit")
@pytest.mark.parametrize("by", ["program", "CHAINRULE_DOT", "engine", "its engine", "a renderer"])
def test_who_insists_on_graphviz_gets_it(by, monkeypatch):
    diagram, asked = chain(31), {}
    if by == "program":
        diagram.program = "dot"
    elif by == "CHAINRULE_DOT":
        monkeypatch.setenv("CHAINRULE_DOT", "dot")
    elif by == "its engine":
        diagram.engine = "dot"
    else:
        asked = {"engine": "dot"} if by == "engine" else {"renderer": "svg"}

    assert b"by dot" in diagram.pipe("svg", **asked)


@posix
@pytest.mark.usefixtures("a_dot_that_draws", "a_low_limit")
def test_a_default_engine_of_the_package_is_a_choice_too():
    before = graphviz.set_default_engine("neato")
    try:
        assert b"by dot" in chain(31).pipe("svg")
    finally:
        graphviz.set_default_engine(before)


def test_without_a_program_no_line_is_needed(no_renderer, a_low_limit, capfd):
    assert chain(31).pipe("svg").count(b"<ellipse") == 31
    assert capfd.readouterr().err == ""


@needs_dot
def test_other_formats_are_left_to_graphviz(a_low_limit):
    large = chain(31)

    assert render.drawn_because_of_its_size(large.source, "png", True) is None
    assert render.drawn_because_of_its_size(large.source, "svg", True).count(b"<ellipse") == 31
