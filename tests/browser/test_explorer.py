"""The explorer in a browser: steps, sliders, keys, and labels that would rather be code."""

import random
import shutil

import pytest

from engine import (
    Op,
    Value,
    explore,
    log,
    source_lines,
    sqrt,
    stop_gradient,
    tanh,
    topological_order,
)
from engine.explorer.assets import script, style
from nn import MLP, mse_loss

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, of PyPI")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs the browser chromium")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
OPTIONS += ["--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def tab(browser):
    """A page that fails the test for each message, error, or request but for files."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 720}, reduced_motion="reduce", color_scheme="light"
    )
    page = context.new_page()
    noticed = []
    page.on("console", lambda message: noticed.append(message.text))
    page.on("pageerror", lambda error: noticed.append(str(error)))
    page.on("request", lambda request: noticed.append(request.url))
    yield page
    assert [x for x in noticed if not x.startswith(("file://", "data:"))] == []
    context.close()


def opened(tab, tmp_path, value, **options):
    tab.goto(explore(value, **options).save(tmp_path / "steps.html").as_uri())
    return tab


def steps(tab):
    """How far the explorer is, and how many steps there are."""
    return tuple(map(int, tab.inner_text(".cx-count").split(" / ")))


def shown(tab, kind="grad"):
    """A number of every card, as written in full; each card as short as it is drawn."""
    cards = tab.locator("[data-node]")
    texts = cards.evaluate_all(
        f"all => all.map(g => [g.dataset.{kind}, g.querySelector('.cx-number.{kind}').textContent])"
    )
    for full, short in texts:
        assert full == "" or float(short) == pytest.approx(float(full), rel=1e-3, nan_ok=True)
    return [float(full) for full, _ in texts]


def neuron(**moved):
    numbers = {"w": 2.0, "x": -0.5, "b": 1.5, **moved}
    w, x, b = [Value(number, label=name) for name, number in numbers.items()]
    return tanh(w * x + b), [w, x, b]


def xor(**moved):
    model = MLP(2, [4, 1], activation="tanh", rng=random.Random(0))
    inputs = [Value(1.0), Value(0.0)]
    leaves = [*inputs, *model.parameters()]
    for i, leaf in enumerate(leaves):
        leaf.label = f"p{i}"
        leaf.data = moved.get(leaf.label, leaf.data)
    return mse_loss([model(inputs)], [1.0]), leaves


def shared(a=3.0):
    a = Value(a, label="a")
    return a * a + a, [a]


def leaf_grads(tab):
    return dict(
        tab.locator("[data-leaf]").evaluate_all(
            "all => all.map(x => [x.querySelector('.cx-name').textContent,"
            " Number(x.querySelector('.cx-slope').dataset.grad)])"
        )
    )


@pytest.mark.parametrize("make", [neuron, xor, shared])
def test_the_last_step_has_the_gradients_of_the_engine(make, tab, tmp_path):
    value, leaves = make()
    opened(tab, tmp_path, value)
    value.backward()

    _, last = steps(tab)
    counts = tab.evaluate(
        """last => Array.from({ length: last }, () => {
          document.querySelector(".cx-next").click();
          return document.querySelector(".cx-count").textContent;
        })""",
        last,
    )

    assert counts == [f"{i + 1} / {last}" for i in range(last)]
    assert tab.is_disabled(".cx-next")
    assert leaf_grads(tab) == {x.label: x.grad for x in leaves}
    shown(tab)


def test_every_card_of_a_graph_without_dots_has_the_grad_of_its_value(tab, tmp_path):
    x, y = Value(0.7, label="x"), Value(-1.2, label="y")
    z = tanh(x * y) + x / (y * y + 1) - stop_gradient(x) * y
    opened(tab, tmp_path, z)
    tab.keyboard.press("End")

    z.backward()
    order = topological_order(z)
    assert shown(tab, "data") == [v.data for v in order]
    assert shown(tab) == [v.grad for v in order]


def test_a_step_tells_the_rule_in_symbols_and_in_numbers(tab, tmp_path):
    opened(tab, tmp_path, neuron()[0])

    tab.click(".cx-next")
    assert tab.inner_text(".cx-rule") == "v1 = w * x"
    assert tab.inner_text(".cx-sum") == "2.0 * (-0.5) = -1.0"
    assert "dv1/dw = x = -0.5" in tab.inner_text(".cx-note")
    tab.keyboard.press("End")
    tab.keyboard.press("ArrowLeft")
    assert tab.inner_text(".cx-rule") == "dL/dx += dL/dv1 * w"
    assert tab.inner_text(".cx-sum") == "0.7864 * 2.0 = 1.573"


def test_a_shared_node_says_what_has_arrived_and_what_is_missing(tab, tmp_path):
    opened(tab, tmp_path, shared()[0])
    tab.keyboard.press("End")
    for _ in range(3):
        tab.keyboard.press("ArrowLeft")

    notes = []
    for _ in range(3):
        full = tab.locator(".cx-pip.full").count()
        notes.append((full, tab.inner_text(".cx-note")))
        tab.keyboard.press("ArrowRight")

    assert notes == [
        (1, "a is used 3 times: 1 of 3 contributions has arrived, 2 missing. So far 1.0."),
        (2, "a is used 3 times: 2 of 3 contributions have arrived, 1 missing. So far 4.0."),
        (3, "a is used 3 times: all 3 contributions have arrived. dL/da = 1.0 + 3.0 + 3.0 = 7.0"),
    ]


@pytest.mark.parametrize("make", [neuron, xor, shared])
def test_a_slider_gives_the_numbers_of_the_engine(make, tab, tmp_path):
    value, leaves = make()
    opened(tab, tmp_path, value)
    tab.keyboard.press("End")
    names = [x.label for x in leaves[:3]]

    for name in names:
        slider = tab.locator(f"[data-leaf]:has(.cx-name:text-is('{name}')) input[type=range]")
        slider.evaluate("(x, y) => { x.value = y; x.dispatchEvent(new Event('input')); }", 0.8125)

    expected, moved = make(**dict.fromkeys(names, 0.8125))
    expected.backward()
    data = float(tab.locator("[data-node]").last.get_attribute("data-data"))
    assert data != value.data
    assert data == pytest.approx(expected.data, rel=1e-12)
    wanted = {x.label: pytest.approx(x.grad, rel=1e-12, abs=1e-12) for x in moved}
    assert leaf_grads(tab) == wanted


def test_a_number_is_typed(tab, tmp_path):
    opened(tab, tmp_path, shared()[0])
    tab.keyboard.press("End")
    field = tab.locator("[data-leaf] input[type=text]")

    field.fill("-0.25")
    field.press("Enter")
    assert leaf_grads(tab) == {"a": 0.5}
    field.fill("minus one")
    field.press("Enter")
    assert tab.inner_text(".cx-note") == "This is not a number."
    assert field.get_attribute("aria-invalid") is not None
    field.fill("inf")
    field.press("Enter")
    assert shown(tab, "data")[-1] == float("inf")
    field.fill("nan")
    field.press("Enter")
    assert tab.locator(".cx-number.data").last.inner_html() == "nan"


def test_outside_the_domain_the_page_says_so_and_goes_on_after_it(tab, tmp_path):
    x = Value(2.0, label="x")
    opened(tab, tmp_path, log(x * 1.0) * sqrt(x + 1.0))
    tab.keyboard.press("End")
    end = steps(tab)
    field = tab.locator("[data-leaf] input[type=text]")

    field.fill("-1")
    field.press("Enter")
    assert tab.inner_text(".cx-sum") == "log(-1.0): math domain error"
    assert "log(-1.0)" in tab.locator(".cx-card.broken").get_attribute("aria-label")
    assert steps(tab) == (2, 2)
    field.fill("2")
    field.press("Enter")
    assert steps(tab) == end
    assert tab.locator(".cx-card.broken").count() == 0


def test_all_can_be_done_with_keys(tab, tmp_path):
    opened(tab, tmp_path, neuron()[0])
    _, last = steps(tab)
    at = [steps(tab)[0]]
    for key in ["ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home"]:
        tab.keyboard.press(key)
        at.append(steps(tab)[0])

    assert at == [0, 1, 2, 1, last, 0]
    tab.keyboard.press("Space")
    assert tab.get_attribute(".cx-play", "aria-label") == "Pause"
    tab.keyboard.press("Space")
    assert tab.get_attribute(".cx-play", "aria-label") == "Play"
    tab.focus('[data-node="4"]')
    assert "v2 = v1 + b" in tab.inner_text(".cx-about")
    tab.keyboard.press("Enter")
    assert tab.inner_text(".cx-rule") == "v2 = v1 + b"
    tab.keyboard.press("Enter")
    assert tab.inner_text(".cx-rule") == "dL/dv2 += dL/dL * (1 - L * L)"
    order = tab.evaluate(
        "[...document.querySelectorAll('button, input, [tabindex]')].map(x => x.className.baseVal"
        " || x.className || x.type).filter((x, i, all) => x !== all[i - 1])"
    )
    assert order[0] == "cx-language"
    assert tab.evaluate("[...document.querySelectorAll('[tabindex]')].every(x => x.tabIndex === 0)")


def test_a_screen_reader_hears_the_rule(tab, tmp_path):
    opened(tab, tmp_path, neuron()[0])
    tab.click(".cx-next")

    assert tab.get_attribute("[aria-live]", "aria-live") == "polite"
    assert tab.text_content("[aria-live]").startswith("Forward. v1 = w * x = 2.0 * (-0.5) = -1.0. ")
    assert tab.get_attribute(".cx-position", "aria-valuetext") == "1 / 10: v1 = w * x"
    unnamed = "button:not([aria-label]), input:not([aria-label]), [role=button]:not([aria-label])"
    assert tab.locator(unnamed).count() == 0


def test_nothing_moves_where_motion_is_not_wanted(tab, tmp_path):
    opened(tab, tmp_path, neuron()[0])
    tab.click(".cx-next")

    assert tab.evaluate("document.getAnimations().length") == 0
    tab.emulate_media(reduced_motion="no-preference")
    assert tab.evaluate("document.getAnimations().length") > 0


def test_the_page_speaks_chinese(tab, tmp_path):
    opened(tab, tmp_path, shared()[0], lang="zh")
    assert tab.inner_text(".cx-leaves h2") == "输入"
    assert tab.get_attribute("html", "lang") == "zh"

    tab.click(".cx-language")

    assert tab.inner_text(".cx-leaves h2") == "Inputs"
    assert tab.get_attribute("html", "lang") == "en"


def test_hostile_labels_are_shown_and_run_nothing(tab, tmp_path):
    labels = [
        "</script><script>window.hacked=1</script>",
        "<img src=x onerror=hacked=1>",
        "<svg onload=hacked=1>",
        '"];a->b;x[label="',
        "javascript:hacked=1",
        "${hacked=1}",
        "__proto__",
        "'-(hacked=1)-'",
    ]
    values = [Value(1.0 + i, label=label) for i, label in enumerate(labels)]
    value = values[0]
    for x in values[1:]:
        value = value * x
    opened(tab, tmp_path, value, title=labels[1])
    _, last = steps(tab)

    for _ in range(last):
        tab.keyboard.press("ArrowRight")
    for i in range(len(labels)):
        tab.focus(f'[data-node="{i}"]')

    assert tab.evaluate("typeof window.hacked") == "undefined"
    assert tab.locator("img").count() == 0
    assert tab.locator(".cx-name").all_inner_texts()[2] == "<svg onload=hacked=1>"
    assert tab.inner_text("h1") == "<img src=x onerror=hack…"


def test_a_card_shows_the_line_that_made_it(tab, tmp_path):
    with source_lines():
        w, x = Value(2.0, label="w"), Value(3.0, label="x")
        y = tanh(w * x)
    opened(tab, tmp_path, y)

    assert tab.inner_text(".cx-told .cx-line") == ""
    tab.keyboard.press("ArrowRight")
    assert tab.inner_text(".cx-told .cx-line code") == "y = tanh(w * x)"
    assert tab.inner_text(".cx-told .cx-line mark") == "w * x"
    assert tab.inner_text(".cx-told .cx-place").startswith("test_explorer.py:")
    tab.hover('[data-node="3"] rect')
    assert tab.inner_text(".cx-about mark") == "tanh(w * x)"
    tab.focus('[data-node="0"]')
    assert tab.inner_text(".cx-about mark") == 'Value(2.0, label="w")'


def test_a_parameter_tells_its_place_in_the_model(tab, tmp_path):
    model = MLP(1, [2, 1], activation="tanh", rng=random.Random(0))
    opened(tab, tmp_path, model([1.0]), model=model)

    assert tab.locator(".cx-name").all_inner_texts()[:2] == ["w1_0_0", "w1_0_1"]
    tab.focus('[data-node="1"]')
    assert tab.locator(".cx-about span").nth(3).inner_text() == "layers.1.neurons.0.weights.1"


def test_no_line_takes_no_room(tab, tmp_path):
    opened(tab, tmp_path, neuron()[0])
    tab.keyboard.press("ArrowRight")

    tab.focus('[data-node="2"]')
    assert tab.locator(".cx-about span").count() == 3
    assert tab.evaluate("document.querySelector('.cx-told [hidden]').offsetHeight") == 0


def test_hostile_lines_are_shown_and_run_nothing(tab, tmp_path):
    code = (
        "y = x * 2  # </script><script>window.hacked=1</script><img src=x onerror=hacked=1>\u202e"
    )
    path = tmp_path / "<img src=x onerror=hacked=1>.py"
    path.write_text(code, "utf-8")
    names = {"x": Value(1.0)}
    with source_lines():
        exec(compile(code, path, "exec"), names)
    opened(tab, tmp_path, names["y"])

    tab.keyboard.press("ArrowRight")
    tab.focus('[data-node="1"]')

    shown = code.replace("\u202e", "\\u202e")
    assert tab.locator(".cx-line code").all_inner_texts() == [shown, shown]
    assert tab.locator(".cx-place").all_inner_texts() == [f"{path.name}:1"] * 2
    assert tab.evaluate("typeof window.hacked") == "undefined"
    assert tab.locator("img").count() == 0


def test_the_frame_of_a_notebook_steps(tab):
    value, leaves = shared()
    tab.set_content(f"<p>cell</p>{explore(value)._repr_html_()}")
    frame = tab.frame_locator("iframe")
    frame.locator(".cx-last").click()
    value.backward()

    assert float(frame.locator(".cx-slope").get_attribute("data-grad")) == leaves[0].grad


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844), (820, 640)])
def test_nothing_sticks_out_of_the_page(width, height, tab, tmp_path):
    tab.set_viewport_size({"width": width, "height": height})
    opened(tab, tmp_path, xor()[0])
    tab.keyboard.press("End")

    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    if width > 800:
        assert tab.evaluate("document.documentElement.scrollHeight") <= height


def test_the_card_of_a_step_is_in_sight(tab, tmp_path):
    opened(tab, tmp_path, xor()[0])
    _, last = steps(tab)

    seen = tab.evaluate(
        """last => Array.from({ length: last - 1 }, () => {
          document.querySelector(".cx-next").click();
          const active = document.querySelectorAll(".cx-card.active-data, .cx-card.active-grad");
          const card = active[0].getBoundingClientRect();
          const stage = document.querySelector(".cx-stage").getBoundingClientRect();
          return active.length === 1 && card.left >= stage.left && card.right <= stage.right
            && card.top >= stage.top && card.bottom <= stage.bottom;
        })""",
        last,
    )

    assert seen == [True] * (last - 1)


def test_an_op_of_ones_own_is_stepped_through_and_not_moved(tab, tmp_path):
    cube = Op("cube", "cube", lambda x: x**3, lambda z, x: 3 * x**2)
    opened(tab, tmp_path, cube(Value(2.0, label="x")))
    tab.keyboard.press("End")

    assert leaf_grads(tab) == {"x": 12.0}
    assert tab.is_disabled("[data-leaf] input[type=range]")
    assert "cannot compute cube, an operation of your own" in tab.inner_text(".cx-hint")


def test_the_widget_asks_python_for_numbers(tab):
    contents = explore(shared()[0]).contents
    module = script().replace("export default", "window.explorer =")
    tab.set_content("<div id=cell></div>")
    tab.add_style_tag(content=style())
    tab.add_script_tag(content=module, type="module")
    tab.wait_for_function("window.explorer")
    tab.evaluate(
        """contents => {
          const state = { contents, numbers: contents.numbers }, heard = [];
          window.sent = [];
          window.model = { get: (key) => state[key], set: (key, x) => { state[key] = x; },
            save_changes: () => window.sent.push(state.moved), on: (_, f) => heard.push(f),
            off: () => {},
            answer: (numbers) => { state.numbers = numbers; heard.forEach((f) => f()); } };
          window.explorer.render({ model: window.model, el: document.getElementById("cell") });
        }""",
        contents,
    )
    field = tab.locator("[data-leaf] input[type=text]")
    field.fill("0.5")
    field.press("Enter")

    assert tab.evaluate("window.sent") == [[0, "0.5", 1]]
    numbers = {"data": [0.5, 0.25, 0.75], "slopes": [[], [0.5, 0.5], [1.0, 1.0]]}
    tab.evaluate("x => window.model.answer(x)", numbers)
    tab.click(".cx-last")
    assert leaf_grads(tab) == {"a": 2.0}
    refused = {"node": 0, "message": "log(-1.0): math domain error", "kept": True}
    tab.evaluate("x => window.model.answer(x)", {**numbers, "error": refused})
    assert tab.inner_text(".cx-note").startswith("log(-1.0): math domain error. That change was")
    assert field.input_value() == "0.5"


CHANGED = """key => new Promise((done) => {
  const seen = new Set();
  const look = new MutationObserver((all) => all.forEach((m) => {
    const element = m.target.nodeType === 1 ? m.target : m.target.parentElement;
    seen.add(element.closest("[data-node]")?.dataset.node ?? element.getAttribute("d"));
  }));
  const all = { subtree: true, attributes: true, childList: true, characterData: true };
  look.observe(document.querySelector(".cx-stage svg"), all);
  document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  setTimeout(() => done(seen.size));
})"""


def test_a_step_in_a_large_graph_touches_few_of_its_elements(tab, tmp_path):
    x = Value(0.5, label="x")
    y = x
    for _ in range(400):
        y = tanh(y)
    opened(tab, tmp_path, y, max_nodes=None)

    assert tab.evaluate(CHANGED, "ArrowRight") < 10  # a card, an edge, and the pill
    assert tab.evaluate(CHANGED, "End") > 700  # all cards and edges have their gradients
    assert tab.evaluate(CHANGED, "ArrowLeft") < 10
    assert steps(tab) == (801, 802)
    assert float(tab.locator("[data-node='0']").get_attribute("data-grad")) != 0.0
