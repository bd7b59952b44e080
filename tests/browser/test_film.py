"""The page of a film in a browser: it plays, steps, takes keys, and asks nobody for anything."""

import os
import random
import re
import shutil
from contextlib import contextmanager

import pytest

from nn import MLP, SGD, Film, data, fit

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright from PyPI")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("needs chromium on the path, or its place in CHROMIUM", allow_module_level=True)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def opened(browser, path, **options):
    """The page in a window, which must see no error, and no request but that for the page."""
    options.setdefault("reduced_motion", "reduce")
    window = browser.new_page(**options)
    troubles, requests = [], []
    window.on("console", lambda message: troubles.append(message.text))
    window.on("pageerror", lambda error: troubles.append(str(error)))
    window.on("request", lambda request: requests.append(request.url))
    try:
        window.goto(path.as_uri())
        yield window
        assert troubles == []
        assert [url for url in requests if not url.startswith(("data:", "about:"))] == [
            path.as_uri()
        ]
    finally:
        window.close()


def xor_film(title="xor", **options):
    """A training of 40 steps."""
    model = MLP(2, [4, 1], activation="tanh", rng=random.Random(0))
    made = Film(model, *data.xor(), title=title, threshold=0.5, resolution=10, **options)
    optimizer = SGD(model.parameters(), lr=0.2)
    fit(model, data.xor(), optimizer=optimizer, epochs=40, callbacks=made, progress=False)
    return made


@pytest.fixture(scope="module")
def xor(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "xor.html"
    xor_film().save(path)
    return path


def pixels(window, canvas):
    return window.evaluate(f"document.getElementById('{canvas}').toDataURL()")


def test_buttons_keys_and_slider_step_through_the_frames(browser, xor):
    with opened(browser, xor) as window:

        def status():
            return window.inner_text("#status").split(",")[0]

        seen = [status()]
        window.click("#next")
        seen.append(status())
        window.keyboard.press("ArrowRight")
        seen.append(status())
        window.click("#previous")
        seen.append(status())
        window.keyboard.press("End")
        seen.append(status())
        window.keyboard.press("Home")
        seen.append(status())
        window.locator("#slider").fill("7")
        seen.append(status())

    assert seen == [
        "step 0 of 40: before the training",
        "step 1 of 40",
        "step 2 of 40",
        "step 1 of 40",
        "step 40 of 40",
        "step 0 of 40: before the training",
        "step 7 of 40",
    ]


def test_a_step_draws_both_pictures_anew(browser, xor):
    with opened(browser, xor) as window:
        before = [pixels(window, canvas) for canvas in ("surface", "loss")]
        window.keyboard.press("End")
        after = [pixels(window, canvas) for canvas in ("surface", "loss")]

    assert before[0] != after[0]
    assert before[1] != after[1]


def test_the_regions_have_the_colours_of_the_classes_that_win(browser, tmp_path):
    Film(lambda x: x[1] - 0.5, *data.xor(), resolution=4).save(tmp_path / "film.html")
    column = """(parts) => {
        const { width, height } = document.getElementById("surface");
        const context = document.getElementById("surface").getContext("2d");
        const { data } = context.getImageData(width / 4, 0, 1, height);
        return parts.map((v) => 4 * Math.round(v * height)).map((i) => [...data.slice(i, i + 4)]);
    }"""
    with opened(browser, tmp_path / "film.html") as window:
        above, below = window.evaluate(column, [0.05, 0.6])

    assert above[:3] == pytest.approx((230, 159, 0), abs=3)  # COLORS[1], more or less opaque
    assert below[:3] == pytest.approx((0, 114, 178), abs=3)  # COLORS[0]
    assert 50 < below[3] < above[3] < 255  # further from the border


def test_it_plays_by_itself_and_stops_at_the_end(browser, xor):
    with opened(browser, xor, reduced_motion="no-preference") as window:
        assert window.inner_text("#play") == "Pause"
        assert window.get_attribute("#status", "aria-live") == "off"
        playwright.expect(window.locator("#play")).to_have_text("Play", timeout=60_000)
        assert window.inner_text("#status").startswith("step 40 of 40, loss ")
        assert window.get_attribute("#status", "aria-live") == "polite"


def test_with_reduced_motion_it_waits_and_the_space_bar_plays(browser, xor):
    with opened(browser, xor) as window:
        assert window.inner_text("#play") == "Play"
        window.keyboard.press("Space")
        assert window.inner_text("#play") == "Pause"
        window.keyboard.press("Space")
        assert window.inner_text("#play") == "Play"


def test_the_space_bar_presses_a_button_once(browser, xor):
    with opened(browser, xor) as window:
        window.focus("#play")
        window.keyboard.press("Space")
        assert window.inner_text("#play") == "Pause"


def test_focus_goes_through_the_controls_in_order_and_is_seen(browser, xor):
    with opened(browser, xor) as window:
        window.keyboard.press("ArrowRight")  # at the first frame, "Previous" is off
        found = []
        for _ in range(4):
            window.keyboard.press("Tab")
            found.append(window.evaluate("document.activeElement.id"))
            style = "getComputedStyle(document.activeElement).outlineStyle"
            assert window.evaluate(style) == "solid"

    assert found == ["previous", "play", "next", "slider"]


def test_pictures_and_slider_say_what_they_show(browser, xor):
    with opened(browser, xor) as window:
        window.keyboard.press("End")
        said = [window.get_attribute(f"#{x}", "aria-label") for x in ("surface", "loss")]
        value = window.get_attribute("#slider", "aria-valuetext")

    assert "target 0.5 or less, target above 0.5, and the data: step 40 of 40" in said[0]
    assert said[1].startswith("loss at each step: step 40 of 40, loss ")
    assert re.fullmatch(r"step 40 of 40, loss [\d.]+", value)


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 720)])
def test_a_phone_and_a_projector_show_all_without_scrolling(browser, xor, width, height):
    with opened(browser, xor, viewport={"width": width, "height": height}) as window:
        size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        assert window.evaluate(size) == [width, height]


def test_a_dark_page_has_other_colours(browser, xor):
    backs = []
    for scheme in ("light", "dark"):
        with opened(browser, xor, color_scheme=scheme) as window:
            backs.append(window.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert backs == ["rgb(255, 255, 255)", "rgb(20, 23, 28)"]


def test_hostile_words_are_shown_and_do_not_run(browser, tmp_path):
    words = "</script><img src=x onerror='window.bad = 1'><script>window.bad = 1</script>"
    xor_film(title=words, names=[words] * 2, class_names=[words] * 2).save(tmp_path / "film.html")
    with opened(browser, tmp_path / "film.html") as window:
        assert window.evaluate("window.bad") is None
        assert window.inner_text("h1") == window.title() == words
        assert words in window.inner_text("#legend")


def test_the_element_of_a_notebook_plays(browser, tmp_path):
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html>{xor_film()._repr_html_()}", encoding="utf-8")
    with opened(browser, path) as window:
        inner = window.frame_locator("iframe")
        inner.locator("#slider").fill("7")  # also stops it, if it plays
        inner.locator("#next").click()
        assert inner.locator("#status").inner_text().startswith("step 8 of 40, loss ")


def test_a_curve_of_one_input_and_a_loss_of_nan_are_drawn(browser, tmp_path):
    made = Film(lambda x: 2 * x, [0.0, 1.0], [0.0, 2.0])
    made.record(float("nan"))
    made.save(tmp_path / "film.html")
    with opened(browser, tmp_path / "film.html") as window:
        window.keyboard.press("End")
        assert window.inner_text("#status") == "step 1 of 1, loss nan"


def test_a_film_of_one_frame_is_a_picture(browser, tmp_path):
    Film(lambda x: 2 * x, [0.0, 1.0], [0.0, 2.0]).save(tmp_path / "film.html")
    with opened(browser, tmp_path / "film.html", reduced_motion="no-preference") as window:
        assert window.inner_text("#status") == "before the training"
        assert window.inner_text("#play") == "Play"
