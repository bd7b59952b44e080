"""What notebooks show of a graph where no script runs: pictures, in HTML and in PDF."""

import base64
import math
import random
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import graphviz
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import (
    Diagram,
    Op,
    Value,
    draw,
    explore,
    log,
    relu,
    stop_gradient,
    tanh,
    topological_order,
)
from engine.explorer.still import gradients, short
from nn import MLP, Film, data, mse_loss

SVG = "data:image/svg+xml;base64,"
DROPPED = ("script", "style", "template", "iframe", "noscript")  # with all that is in them


@pytest.fixture(autouse=True, scope="module")
def own_layout():
    """Our own layout in place of Graphviz's, which would be started for each of many graphs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_DOT", "builtin")
        yield


class Sanitized(HTMLParser):
    """The images that are left of HTML where neither scripts nor frames are shown."""

    def __init__(self, html):
        super().__init__()
        self.images, self.inside = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag in DROPPED:
            self.inside.append(tag)
        if tag == "img" and not self.inside:
            self.images.append(dict(attributes))

    def handle_endtag(self, tag):
        if tag in self.inside:
            self.inside.remove(tag)


def shown(html):
    """The texts of the one picture that is left of HTML, in their order."""
    (attributes,) = Sanitized(html).images
    assert attributes["alt"]
    assert attributes["src"].startswith(SVG)
    svg = base64.b64decode(attributes["src"].removeprefix(SVG))
    return ["".join(x.itertext()) for x in ElementTree.fromstring(svg).iter() if "text" in x.tag]


def neuron():
    w, x, b = Value(2.0, label="w"), Value(-0.5, label="x"), Value(1.5, label="b")
    return tanh(w * x + b)


@st.composite
def graphs(draw_one):
    """A graph of any shape, whose labels may be any text."""
    numbers = st.floats(-3, 3)
    known = [
        Value(draw_one(numbers), label=draw_one(st.text(max_size=12)))
        for _ in range(draw_one(st.integers(1, 3)))
    ]
    for _ in range(draw_one(st.integers(1, 6))):
        a, b = draw_one(st.sampled_from(known)), draw_one(st.sampled_from(known))
        made = draw_one(st.sampled_from([a + b, a * b, a - 2, relu(a), tanh(b), stop_gradient(a)]))
        known.append(made)
    return known[-1]


@given(graphs())
@settings(max_examples=40, deadline=None)
def test_every_graph_shows_without_scripts_in_html_and_pdf(value):
    explorer, diagram = explore(value), draw(value, program="builtin")

    cards = len(explorer.contents["nodes"])
    assert shown(explorer._repr_html_()).count("data") >= cards
    for bundle in (explorer._repr_mimebundle_(), diagram._repr_mimebundle_()):
        assert shown(bundle["text/html"])
        assert base64.b64decode(bundle["application/pdf"]).startswith(b"%PDF-1.4")


@given(graphs())
@settings(max_examples=40, deadline=None)
def test_the_still_has_the_numbers_and_the_grads_of_every_card(value):
    explorer = explore(value)
    value.backward()

    texts = shown(explorer._repr_html_())
    contents = explorer.contents
    found = gradients(contents["nodes"], contents["numbers"]["slopes"])
    leaves = [v for v in topological_order(value) if v.op is None]
    cards = [i for i, node in enumerate(contents["nodes"]) if node["op"] is None]
    assert [found[i] for i in cards] == [v.grad for v in leaves]
    assert {short(x) for x in [*found, *contents["numbers"]["data"]]} <= set(texts)


def test_the_still_says_the_names_the_numbers_and_the_operations():
    texts = shown(explore(neuron())._repr_html_())

    assert texts[:6] == ["w", "x", "v1", "b", "v2", "L"]
    assert texts[-16:] == [
        *["2.0", "-0.5", "-1.0", "1.5", "0.5", "0.4621"],
        *["-0.3932", "1.573", "0.7864", "0.7864", "0.7864", "1.0"],
        *["×", "+", "f", "tanh"],
    ]


def test_a_gradient_that_does_not_arrive_adds_nothing():
    x = Value(0.5, label="x")
    contents = explore(stop_gradient(log(x)) * x + x).contents
    nodes, slopes = contents["nodes"], contents["numbers"]["slopes"]

    assert gradients(nodes, slopes)[0] == 1.0 + math.log(0.5)


def test_an_op_of_ones_own_is_named():
    cube = Op("cube", "cube", lambda x: x**3, lambda z, x: 3 * x**2)

    assert shown(explore(cube(Value(2.0)))._repr_html_())[-2:] == ["f", "cube"]


def test_the_saved_page_shows_the_still_where_no_script_runs():
    page = explore(neuron()).html()

    (inside,) = re.findall(r"<noscript>(.*?)</noscript>", page, re.DOTALL)
    assert "<svg" in inside
    assert "-0.3932" in inside


def test_a_bundle_has_what_is_asked_for():
    for shows in (explore(neuron()), draw(neuron(), program="builtin")):
        assert set(shows._repr_mimebundle_(include=["text/html"])) == {"text/html"}
        assert "text/html" not in shows._repr_mimebundle_(exclude=["text/html"])


def test_the_picture_in_html_is_the_picture_of_the_diagram():
    bundle = draw(neuron(), program="builtin")._repr_mimebundle_()

    assert set(bundle) == {"text/html", "image/svg+xml", "application/pdf"}
    svg = ElementTree.fromstring(bundle["image/svg+xml"])
    texts = ["".join(x.itertext()) for x in svg.iter() if x.tag.endswith("text")]
    assert shown(bundle["text/html"]) == texts


def test_a_diagram_in_another_format_shows_that_format(monkeypatch):
    monkeypatch.setattr(Diagram, "pipe", lambda *_, **__: b"png")
    before = graphviz.set_jupyter_format("png")
    try:
        bundle = draw(neuron())._repr_mimebundle_()
    finally:
        graphviz.set_jupyter_format(before)

    assert bundle == {"image/png": b"png"}


def test_the_pictures_for_other_viewers_are_small():
    model = MLP(2, [4, 1], activation="tanh", rng=random.Random(0))
    loss = mse_loss([model([1.0, 0.0])], [1.0])
    diagram, explorer = draw(loss, program="builtin"), explore(loss, model=model)

    def size(bundle):
        return len(bundle["application/pdf"] + Sanitized(bundle["text/html"]).images[0]["src"])

    assert size(diagram._repr_mimebundle_()) < 1.7 * len(diagram.pipe("svg"))
    assert size(explorer._repr_mimebundle_()) < 0.5 * len(explorer._repr_html_())


def test_a_widget_keeps_the_page_for_a_notebook_that_is_opened_again():
    pytest.importorskip("anywidget", reason="needs anywidget, of the extra widget")
    explorer = explore(neuron())

    shown_now, _ = explorer.widget()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in shown_now
    assert shown_now["text/html"] == explorer._repr_html_()
    assert shown(shown_now["text/html"])[0] == "w"


@pytest.mark.parametrize("width", [1, 2])
def test_a_film_shows_its_last_frame_without_scripts(width):
    rows = data.xor()[0] if width == 2 else [[0.0], [1.0], [2.0]]
    model = MLP(width, [2, 1], activation="tanh", rng=random.Random(0))
    film = Film(model, rows, [0.0, 1.0, 1.0, 0.0][: len(rows)], title="a <b> & c", resolution=4)

    bundle = film._repr_mimebundle_()
    (image,) = Sanitized(film._repr_html_()).images
    assert image["src"] == f"data:image/png;base64,{bundle['image/png']}"
    assert image["alt"] == "a <b> & c: step 0, loss nan"
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG\r\n\x1a\n")
