"""Pages in the cells of a notebook: their room, their light and their keys, or no scripts."""

import random
import shutil

import pytest

from engine import Value, draw, explore, tanh
from nn import MLP, Film, data, mse_loss

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, of PyPI")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs the browser chromium")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
OPTIONS += ["--disable-component-update", "--disable-sync"]

SCREENS = [(1920, 1080), (1366, 768), (1280, 720), (1024, 600)]
# The room that JupyterLab leaves: menus above, a line below, the files at the left.
NOTEBOOK = """<!doctype html><style>
body { margin: 0; background: var(--back); font: 14px monospace }
[data-jp-theme-light=true] { --back: #fff } [data-jp-theme-light=false] { --back: #111 }
#cells { position: absolute; inset: 92px 40px 26px 291px; overflow: auto; padding: 5px }
.jp-Cell { padding: 5px; outline: none } pre { margin: 0; line-height: 18px; padding: 8px 0 }
.out { overflow: auto; margin: 5px 20px 5px 80px } iframe { vertical-align: top }
</style><body data-jp-theme-light="THEME"><div id="cells">CELLS</div>"""
CELL = '<div class="jp-Cell" tabindex="-1"><pre>CODE</pre><div class="out">OUTPUT</div></div>'


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def notebook(browser):
    """Opens a notebook with these outputs; errors of its pages fail the test."""
    contexts, noticed = [], []

    def opened(*outputs, screen=(1366, 768), theme="true", lines=3, around=NOTEBOOK, **options):
        options = {"reduced_motion": "reduce", "color_scheme": "light"} | options
        contexts.append(
            browser.new_context(viewport=dict(zip(["width", "height"], screen)), **options)
        )
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: noticed.append(str(error)))
        code = "\n".join(["x = 1"] * lines)
        shown = [output._repr_mimebundle_()["text/html"] for output in outputs]
        cells = [CELL.replace("CODE", code).replace("OUTPUT", html) for html in shown]
        page.set_content(around.replace("THEME", theme).replace("CELLS", "".join(cells)))
        return page

    yield opened
    assert noticed == []
    for context in contexts:
        context.close()


def neuron():
    w, x, b = Value(2.0, label="w"), Value(-0.5, label="x"), Value(1.5, label="b")
    return explore(tanh(w * x + b))


def xor():
    model = MLP(2, [4, 1], activation="tanh", rng=random.Random(0))
    return explore(mse_loss([model([1.0, 0.0])], [1.0]), model=model)


def film():
    made = Film(lambda x: 2 * x[0] - x[1], *data.xor(), resolution=4)
    for step in range(1, 6):
        made.record(1.0 / step)
    return made


def frame_of(page, i=0):
    frame = page.frame_locator("iframe[srcdoc]").nth(i)
    frame.locator(".cx-next, #status:not(:empty)").wait_for()  # what its script has made
    return frame


def step_of(frame):
    return int(frame.locator(".cx-count").inner_text().split(" / ")[0])


def comes_to(frame, step):
    """Wait until an explorer is at this step: keys come there by messages."""
    frame.locator(f'[data-step="{step}"]').wait_for()


# ---- room ----


@pytest.mark.parametrize("make", [neuron, xor])
@pytest.mark.parametrize("lines", [1, 6])
@pytest.mark.parametrize("screen", SCREENS)
def test_the_buttons_are_in_view_below_the_code(notebook, screen, lines, make):
    page = notebook(make(), screen=screen, lines=lines)
    frame = frame_of(page)

    for button in frame.locator(".cx-controls button").all():
        box = button.bounding_box()
        assert 92 <= box["y"] <= box["y"] + box["height"] <= screen[1] - 26
        assert 291 <= box["x"] <= box["x"] + box["width"] <= screen[0] - 40


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_cut_off(notebook, screen):
    page = notebook(xor(), screen=screen)
    frame = frame_of(page)

    overflow = frame.locator("html").evaluate(
        "e => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight]"
    )
    assert overflow == [0, 0]
    assert page.evaluate("document.querySelector('.out').scrollWidth") <= screen[0] - 331


@pytest.mark.parametrize("screen", SCREENS)
def test_the_graph_of_a_neuron_is_whole(notebook, screen):
    frame = frame_of(notebook(neuron(), screen=screen))

    inside = frame.locator(".cx-stage").evaluate(
        "e => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight]"
    )
    assert inside == [0, 0]


@pytest.mark.parametrize("screen", SCREENS)
def test_numbers_and_names_of_inputs_are_whole(notebook, screen):
    w, x, b = (
        Value(-1.234e-05, label="w0_0_0"),
        Value(0.02255, label="x1"),
        Value(-1234.5, label="b"),
    )
    frame = frame_of(notebook(explore(tanh(w * x + b)), screen=screen))

    cut = frame.locator(".cx-leaf").evaluate_all(
        "all => all.flatMap(x => [...x.children]).filter(e => e.scrollWidth > e.clientWidth"
        " && (e.value ?? e.textContent).length <= 7).map(e => e.value ?? e.textContent)"
    )
    assert cut == []


@pytest.mark.parametrize("screen", SCREENS)
def test_what_a_step_says_is_in_view(notebook, screen):
    frame = frame_of(notebook(neuron(), screen=screen))
    last = int(frame.locator(".cx-count").inner_text().split(" / ")[1])

    hidden = []
    for _ in range(last):
        frame.locator(".cx-next").click()
        hidden.append(
            frame.locator(".cx-told").evaluate("e => e.scrollHeight - e.clientHeight > 4")
        )
    assert hidden == [False] * last


def test_a_frame_follows_the_size_of_the_window(notebook):
    page = notebook(neuron(), screen=(1366, 900))
    frame_of(page)
    heights = [page.locator("iframe").bounding_box()["height"]]
    page.set_viewport_size({"width": 1366, "height": 600})
    page.wait_for_function("() => document.querySelector('iframe').offsetHeight < 450")
    heights.append(page.locator("iframe").bounding_box()["height"])
    page.set_viewport_size({"width": 1366, "height": 900})
    page.wait_for_function(f"() => document.querySelector('iframe').offsetHeight == {heights[0]}")

    assert heights[0] == 640


def test_a_screen_with_room_has_the_page_of_a_file(notebook):
    frame = frame_of(notebook(neuron(), screen=(1920, 1080)))

    assert frame.locator(".cx").get_attribute("class").split() == ["cx"]


# ---- light ----


@pytest.mark.parametrize("make", [neuron, film])
@pytest.mark.parametrize(("theme", "other"), [("true", "false"), ("false", "true")])
def test_a_page_is_as_light_as_its_notebook(notebook, make, theme, other):
    page = notebook(make(), theme=theme)
    frame = frame_of(page)
    seen = [frame.locator("html").get_attribute("class") or ""]
    page.evaluate("x => { document.body.dataset.jpThemeLight = x; }", other)
    frame.locator("html.dark" if other == "false" else "html:not(.dark)").wait_for()
    seen.append(frame.locator("html").get_attribute("class") or "")

    assert seen == (["", "dark"] if theme == "true" else ["dark", ""])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_without_a_colour_around_it_is_as_the_system(notebook, scheme):
    page = notebook(neuron(), around="<!doctype html><body>CELLS", color_scheme=scheme)

    assert (frame_of(page).locator("html").get_attribute("class") or "") == scheme.strip("light")


def test_a_dark_page_has_dark_paper(notebook):
    frame = frame_of(notebook(neuron(), theme="false"))

    paper = frame.locator(".cx").evaluate("e => getComputedStyle(e).backgroundColor")
    assert paper == "rgb(16, 20, 28)"


# ---- keys ----


@pytest.mark.parametrize("focus", ["document.activeElement.blur()", "cell.focus()"])
def test_arrows_step_at_once(notebook, focus):
    page = notebook(neuron())
    frame = frame_of(page)
    page.evaluate(f"() => {{ const cell = document.querySelector('.jp-Cell'); {focus}; }}")

    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    comes_to(frame, 2)
    page.keyboard.press("ArrowLeft")
    comes_to(frame, 1)
    assert page.evaluate("document.activeElement.tagName") != "IFRAME"


EDITORS = ["<textarea></textarea>", "<input>", "<div contenteditable>a</div>", "<button>a</button>"]


@pytest.mark.parametrize("editor", EDITORS)
def test_an_editor_keeps_its_keys(notebook, editor):
    page = notebook(neuron())
    frame = frame_of(page)
    page.evaluate("x => document.querySelector('pre').outerHTML = x + '<pre></pre>'", editor)
    page.locator(".jp-Cell").locator("xpath=./*[1]").focus()
    frame.locator(".cx-note").hover()

    for key in ("ArrowRight", "End", " "):
        page.keyboard.press(key)
    page.wait_for_timeout(200)
    assert step_of(frame) == 0
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    comes_to(frame, 1)


def test_home_end_and_space_are_the_notebooks_unless_the_pointer_is_over_the_page(notebook):
    page = notebook(neuron())
    frame = frame_of(page)
    page.keyboard.press("End")
    page.wait_for_timeout(200)
    before = step_of(frame)
    frame.locator(".cx-note").hover()
    page.wait_for_function("() => window.chainruleHearers[0].over")
    page.keyboard.press("End")
    comes_to(frame, 10)
    page.mouse.move(2, 2)
    page.wait_for_function("() => !window.chainruleHearers[0].over")
    page.keyboard.press("Home")
    page.wait_for_timeout(200)

    assert (before, step_of(frame)) == (0, 10)


def test_of_two_explorers_the_one_under_the_pointer_steps(notebook):
    page = notebook(neuron(), neuron(), screen=(1366, 1300))
    first, second = frame_of(page, 0), frame_of(page, 1)
    page.keyboard.press("ArrowRight")  # the last one that was shown
    comes_to(second, 1)
    first.locator(".cx-note").hover()
    page.wait_for_function("() => window.chainruleHearers[1].over")
    page.keyboard.press("ArrowRight")
    comes_to(first, 1)

    assert step_of(second) == 1


def test_keys_with_modifiers_and_letters_stay_in_the_notebook(notebook):
    page = notebook(neuron())
    frame = frame_of(page)
    page.evaluate(
        "() => { window.heard = []; addEventListener('keydown', (e) => heard.push(e.key)); }"
    )

    for key in ("Control+ArrowRight", "Shift+ArrowRight", "j", "Enter", "ArrowDown"):
        page.keyboard.press(key)
    page.keyboard.press("ArrowRight")
    comes_to(frame, 1)
    heard = [key for key in page.evaluate("heard") if key not in ("Control", "Shift")]
    assert heard == ["ArrowRight", "ArrowRight", "j", "Enter", "ArrowDown"]


def test_a_page_out_of_sight_hears_nothing(notebook):
    page = notebook(neuron(), lines=200)
    frame = frame_of(page)

    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(200)
    assert step_of(frame) == 0


def test_a_film_hears_the_arrows(notebook):
    page = notebook(film())
    frame = frame_of(page)
    slider = frame.locator("#slider")  # it stops the film, which may play
    slider.evaluate("e => { e.value = 2; e.dispatchEvent(new Event('input')); }")

    page.keyboard.press("ArrowRight")
    frame.get_by_text("step 3 of 5").wait_for()


# ---- without scripts ----


@pytest.mark.parametrize("make", [neuron, xor, film, lambda: draw(neuron().value)])
def test_a_notebook_without_scripts_shows_a_picture(notebook, make):
    page = notebook(make(), java_script_enabled=False)

    (image,) = page.locator("img").all()
    box = image.bounding_box()
    assert box["width"] > 100
    assert box["height"] > 60
    assert page.locator("iframe").count() == 0


def test_a_saved_page_without_scripts_shows_a_picture(browser, tmp_path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(neuron().save(tmp_path / "steps.html").as_uri())

    assert page.locator("svg").bounding_box()["height"] > 200
    assert "needs JavaScript" in page.inner_text("main")
    context.close()


def test_a_picture_makes_room_for_the_page_where_scripts_run(notebook):
    page = notebook(neuron())
    frame_of(page)

    assert [image.is_visible() for image in page.locator("img").all()] == [False]
