"""The explorer in JupyterLab: the page in a cell and the widget, stepped through in a browser."""

import json
import os
import shutil
import subprocess
import sys
import time
from textwrap import dedent

import nbformat
import pytest

from engine import Value, draw, explore, tanh
from nn import Film, data

pytest.importorskip("jupyterlab", reason="needs jupyterlab, of the extra notebook")
playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, of PyPI")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs the browser chromium")

CELLS = [  # the last value of each is explored: a page in a frame, and at the end the widget
    """
    import random
    from engine import Value, explore, tanh
    from nn import MLP, mse_loss
    w, x, b = Value(2.0, label="w"), Value(-0.5, label="x"), Value(1.5, label="b")
    neuron = tanh(w * x + b)
    explore(neuron)
    """,
    """
    model = MLP(2, [4, 1], activation="tanh", rng=random.Random(0))
    loss = mse_loss([model([1.0, 0.0])], [1.0])
    explore(loss, model=model)
    """,
    """
    a = Value(3.0, label="a")
    twice = a * a + a
    explore(twice)
    """,
    """
    explore(twice).widget()
    """,
]
TOLD = """
import json
from engine.formulas.names import parameter_names
neuron.backward(), loss.backward()
slopes = [{v.label: v.grad for v in (w, x, b)}]
slopes.append({name: v.grad for v, (name, path) in parameter_names(model).items()})
print(json.dumps({"slopes": slopes, "a": a.data, "of a": a.grad}))
"""
SECONDS = 30.0


def neuron():
    w, x, b = Value(2.0, label="w"), Value(-0.5, label="x"), Value(1.5, label="b")
    return tanh(w * x + b)


# What a notebook shows that comes from elsewhere, and that nobody has said to trust.
SHOWS = [
    lambda: draw(neuron()),
    lambda: explore(neuron()),
    lambda: Film(lambda x: 2 * x[0] - x[1], *data.xor(), resolution=4),
    lambda: explore(neuron()).widget(),
]


def with_outputs(makes, metadata):
    """A notebook with a cell for each of these things, and what is shown of it."""
    cells = []
    for make in makes:
        bundle = make()._repr_mimebundle_()
        bundle = bundle[0] if isinstance(bundle, tuple) else bundle
        shown = nbformat.v4.new_output("execute_result", data=bundle, execution_count=1)
        cells.append(nbformat.v4.new_code_cell("shown", outputs=[shown], execution_count=1))
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a JupyterLab that has the notebooks steps.ipynb and first.ipynb."""
    tmp_path = tmp_path_factory.mktemp("lab")
    cells = [nbformat.v4.new_code_cell(dedent(c).strip()) for c in CELLS]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), tmp_path / "steps.ipynb")
    nbformat.write(with_outputs(SHOWS, kernel), tmp_path / "first.ipynb")
    places = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "RUNTIME")}
    options = ["--no-browser", "--allow-root", "--expose-app-in-browser", "--ServerApp.port=0"]
    options += ["--LabApp.extension_manager=readonly", "--LabApp.news_url=None"]
    options.append("--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate")
    log = (tmp_path / "log").open("w")
    command = [sys.executable, "-m", "jupyterlab", *options]
    process = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, **places}, stdout=log, stderr=log
    )
    try:
        yield address(process, tmp_path)
    finally:
        process.kill()  # its kernels end by themselves once it is gone
        process.wait(SECONDS)
        log.close()


def address(process, folder):
    """Where the server is, once it has written that down."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        for found in (folder / "RUNTIME").glob("jpserver-*.json"):
            if text := found.read_text("utf-8"):
                known = json.loads(text)
                return known["url"], known["token"]
        time.sleep(0.1)
    raise RuntimeError((folder / "log").read_text("utf-8"))


def opened(page, address):
    """Open a notebook, and wait for its kernel."""
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_function("() => Boolean(window.jupyterapp)")
    page.get_by_text("(ipykernel) | Idle").wait_for()  # or it asks for a kernel


def execute(page, command, options=None):
    """Begin what a menu of JupyterLab does."""
    page.evaluate(
        "([name, options]) => { window.jupyterapp.commands.execute(name, options); }",
        [command, options or {}],
    )


def to_the_end(explorer):
    """Step through an explorer until there is no next step; how many there were."""
    step = explorer.locator(".cx-next")
    step.wait_for(timeout=SECONDS * 1e3)
    last = int(explorer.locator(".cx-count").inner_text().split(" / ")[1])
    for _ in range(last):
        step.click()
    assert explorer.locator(".cx-count").inner_text() == f"{last} / {last}"
    assert step.is_disabled()
    return last


def slopes_of(explorer):
    """The gradients of the leaves, by name, as the explorer shows them."""
    shown = explorer.locator("[data-leaf]").evaluate_all(
        "all => all.map(x => [x.querySelector('.cx-name').textContent,"
        " Number(x.querySelector('.cx-slope').dataset.grad)])"
    )
    return dict(shown)


def printed(page, code):
    """What a new last cell prints."""
    execute(page, "notebook:insert-cell-below")
    page.keyboard.press("Enter")
    page.keyboard.insert_text(code)
    execute(page, "notebook:run-cell")
    return page.locator(".jp-OutputArea-output pre").last.inner_text()


def test_cells_step_to_the_engines_gradients_and_a_slider_writes_back(server):
    url, token = server
    strangers, errors = [], []
    with playwright.sync_playwright() as p:
        options = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
        browser = p.chromium.launch(executable_path=CHROMIUM, args=options)
        page = browser.new_page(viewport={"width": 1400, "height": 3600})
        page.set_default_timeout(SECONDS * 1e3)
        own = (url, url.replace("http", "ws", 1), "data:", "blob:", "about:")
        page.on("request", lambda r: None if r.url.startswith(own) else strangers.append(r.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        opened(page, f"{url}lab/tree/steps.ipynb?reset&token={token}")
        execute(page, "notebook:run-all-cells")

        pages = [page.frame_locator("iframe[srcdoc]").nth(i) for i in range(3)]
        lengths = [to_the_end(explorer) for explorer in pages]
        slopes = [slopes_of(explorer) for explorer in pages]
        widget = page.locator(".jp-OutputArea-output").filter(has=page.locator(".cx-next"))
        lengths.append(to_the_end(widget))
        widget.locator("[data-leaf] input[type=range]").press("ArrowRight")
        told = json.loads(printed(page, TOLD))  # the kernel hears of the slider before of this
        moved = widget.locator("[data-leaf] input:not([type=range])").input_value()
        shown = widget.locator(".cx").evaluate("e => getComputedStyle(e).display")
        browser.close()

    assert shown == "grid"  # as the style sheet has it
    assert lengths[2] == lengths[3] > 3
    assert slopes == [*told["slopes"], {"a": 7.0}]
    assert told["a"] == float(moved) > 3.0
    assert told["of a"] == 2 * told["a"] + 1
    assert strangers == []
    assert errors == []


def test_a_notebook_that_nobody_trusts_shows_every_picture(server):
    url, token = server
    with playwright.sync_playwright() as p:
        options = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
        browser = p.chromium.launch(executable_path=CHROMIUM, args=options)
        page = browser.new_page(viewport={"width": 1400, "height": 3600})
        page.set_default_timeout(SECONDS * 1e3)
        opened(page, f"{url}lab/tree/first.ipynb?reset&token={token}")
        page.wait_for_function(
            "n => document.querySelectorAll('.jp-OutputArea-output img').length === n",
            arg=len(SHOWS),
        )
        trusted = page.evaluate(
            "[...jupyterapp.shell.currentWidget.content.model.cells].map(x => x.trusted)"
        )
        sizes = page.locator(".jp-OutputArea-output img").evaluate_all(
            "all => Promise.all(all.map(x => x.decode().then(() => [x.width, x.naturalWidth])))"
        )
        scripts = page.locator(".jp-OutputArea-output :is(iframe, script)").count()
        browser.close()

    assert trusted == [False] * len(SHOWS)
    assert all(min(size) > 100 for size in sizes)
    assert scripts == 0


@pytest.mark.parametrize("screen", [(1366, 768), (1024, 600)])
def test_an_explorer_has_its_buttons_in_view_and_hears_the_arrows_at_once(server, screen):
    url, token = server
    with playwright.sync_playwright() as p:
        options = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
        browser = p.chromium.launch(executable_path=CHROMIUM, args=options)
        page = browser.new_page(viewport=dict(zip(["width", "height"], screen)))
        page.set_default_timeout(SECONDS * 1e3)
        opened(page, f"{url}lab/tree/steps.ipynb?reset&token={token}")
        execute(page, "notebook:run-cell")
        explorer = page.frame_locator("iframe[srcdoc]").first
        explorer.locator(".cx-next").wait_for()
        box = explorer.locator(".cx-next").bounding_box()
        page.keyboard.press("ArrowRight")
        explorer.locator('[data-step="1"]').wait_for()
        execute(page, "apputils:change-theme", {"theme": "JupyterLab Dark"})
        explorer.locator("html.dark").wait_for()
        execute(page, "apputils:change-theme", {"theme": "JupyterLab Light"})
        explorer.locator("html:not(.dark)").wait_for()
        page.locator(".jp-Cell.jp-mod-active .cm-content").click()
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(200)
        step = explorer.locator(".cx-count").inner_text()
        browser.close()

    assert box["y"] + box["height"] < screen[1]
    assert step.startswith("1 / ")
