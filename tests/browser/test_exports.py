"""What nbconvert makes of a notebook: LaTeX and HTML, with every picture."""

import base64
import re
import shutil

import pytest

from engine import Value, draw, explore, tanh
from nn import Film, data

nbformat = pytest.importorskip("nbformat", reason="needs nbformat, which comes with jupyterlab")
nbconvert = pytest.importorskip("nbconvert", reason="needs nbconvert, which comes with jupyterlab")


def neuron():
    return tanh(Value(2.0, label="w") * Value(-0.5, label="输入") + 1.5)


SHOWS = {
    "pdf": [
        lambda: draw(neuron()),
        lambda: draw(neuron(), program="builtin"),
        lambda: explore(neuron()),
    ],
    "png": [lambda: Film(lambda x: 2 * x[0] - x[1], *data.xor(), resolution=4)],
}


def notebook(make):
    shown = nbformat.v4.new_output("display_data", data=make()._repr_mimebundle_())
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("shown", outputs=[shown])])


@pytest.fixture
def no_inkscape(monkeypatch):
    """nbconvert would make a page of an SVG with Inkscape, and stop where that is missing."""
    from nbconvert.preprocessors import SVG2PDFPreprocessor

    def refuse(*_):
        raise AssertionError("Inkscape was asked for")

    monkeypatch.setattr(SVG2PDFPreprocessor, "convert_figure", refuse)


@pytest.mark.parametrize(("kind", "make"), [(k, make) for k in SHOWS for make in SHOWS[k]])
def test_latex_takes_each_picture_as_it_is(no_inkscape, kind, make):
    text, resources = nbconvert.LatexExporter().from_notebook_node(notebook(make))

    ((name, held),) = [x for x in resources["outputs"].items() if f"{{{x[0]}}}" in text]
    assert name.endswith(f".{kind}")
    assert held.startswith({"pdf": b"%PDF", "png": b"\x89PNG"}[kind])


@pytest.mark.parametrize("make", [make for makes in SHOWS.values() for make in makes])
def test_html_shows_each_picture_as_an_image_first(make):
    text, _ = nbconvert.HTMLExporter(template_name="basic").from_notebook_node(notebook(make))

    kind, held = re.search(r'<img [^>]*src="data:([^;]*);base64,([^"]*)"', text).groups()
    assert kind in ("image/svg+xml", "image/png")
    assert base64.b64decode(held)[:5] in (b"<?xml", b"<svg ", b"\x89PNG\r")


def test_html_steps_through_the_explorer(tmp_path):
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, of PyPI")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs the browser chromium")
    text, _ = nbconvert.HTMLExporter(template_name="basic").from_notebook_node(
        notebook(lambda: explore(neuron()))
    )
    path = tmp_path / "steps.html"
    path.write_text(text, "utf-8")

    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(path.as_uri())
        explorer = page.frame_locator("iframe")
        explorer.locator(".cx-last").click()
        slopes = explorer.locator(".cx-slope").all_inner_texts()
        browser.close()
    assert slopes == ["grad -0.3932", "grad 1.573"]
