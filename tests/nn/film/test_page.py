"""Films as pages and pictures: what is in them, and which files are written."""

import math
import os
import re
import sys
from base64 import b64decode
from html import unescape

import pytest

from engine.formulas.escapes import one_line
from nn import (
    Film,
)
from nn.film.page import page
from tests.nn.film.films import XOR, content, filmed, still, trained

# ---- more inputs than two ----


ROWS = [[0.0, 1.0, 10.0, 4.0], [1.0, 3.0, 30.0, 4.0], [2.0, 5.0, 80.0, 4.0]]


def test_two_of_many_inputs_are_shown_and_the_others_held_at_their_mean():
    asked = []
    film = Film(lambda x: asked.append(x) or x[2], ROWS, [0, 1, 1], shown=(2, 0), resolution=2)

    assert film.names == ["input 2", "input 0"]
    assert film.points == [(10.0, 0.0, 0), (30.0, 1.0, 1), (80.0, 2.0, 1)]
    low, high = film.xs
    assert (low, high) == (10.0 - 70 / 4, 80.0 + 70 / 4)
    assert asked == [[y, 3.0, x, 4.0] for y in (-0.5, 2.5) for x in (low, high)]


def test_a_film_says_which_inputs_are_held_where():
    film = Film(still(), ROWS, [0, 1, 1], names=["a", "b<", "c", "d"], resolution=2)
    words = "held at the mean of the data: c = 40, d = 4; the points are off this plane"

    assert film.names == ["a", "b<"]
    assert film.held == words
    assert f"<p>{words}</p>" in page(film)
    assert "<p>held" not in page(filmed())


def test_hostile_names_of_held_inputs_stay_words():
    film = Film(still(), ROWS, [0, 1, 1], names=["a", "b", HOSTILE, "d"], resolution=2)

    assert "alert(1)</script>" not in page(film)
    assert one_line(HOSTILE) in unescape(page(film))


def test_of_very_many_held_inputs_the_number_is_said():
    film = Film(still(), [[float(i) for i in range(9)]] * 2, [0, 1], resolution=2)

    assert film.held.startswith("held at the mean of the data: 7 other inputs; ")


def test_the_picture_says_it_too(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
    from matplotlib.axes import Axes

    titles, set_title = [], Axes.set_title
    monkeypatch.setattr(
        Axes, "set_title", lambda ax, text, **x: titles.append(text) or set_title(ax, text, **x)
    )
    film = Film(still(), ROWS, [0, 1, 1], names=["a", "b", "$c", "d"], resolution=2)
    film.save(tmp_path / "film.gif")

    assert film.held in " ".join(" ".join(titles).split())


# ---- the page ----


def test_the_page_has_a_picture_a_step_and_a_loss_for_each_frame():
    found = content(page(filmed(2)))

    assert [frame["step"] for frame in found["frames"]] == [0, 1, 2]
    assert [frame["loss"] for frame in found["frames"]] == [None, 1.0, 0.5]
    assert found["curve"] == [[1, 1.0], [2, 0.5]]
    assert b64decode(found["frames"][0]["picture"]) == b"\0" * 8


def test_the_lead_of_a_class_is_a_byte():
    film = Film(lambda x: [0.0, 3.0], *XOR, resolution=2)

    # A lead as large as that in the middle is half of the whole scale.
    assert b64decode(content(page(film))["frames"][0]["picture"]) == b"\1" * 4 + b"\x80" * 4


def test_the_page_of_a_long_training_draws_a_part_of_its_losses_with_those_of_all_frames():
    found = content(page(filmed(10_000)))
    known = {step for step, _ in found["curve"]}

    assert len(known) < 700
    assert {frame["step"] for frame in found["frames"]} - {0} <= known


def test_a_loss_that_is_not_finite_is_written_and_not_drawn():
    film = filmed(1)
    film.record(math.nan)
    film.record(math.inf)
    found = content(page(film))

    assert [frame["words"] for frame in found["frames"]] == ["nan", "1", "nan", "inf"]
    assert found["curve"] == [[1, 1.0], [2, None], [3, None]]


HOSTILE = "</script><script>alert(1)</script><!-- \" ' & ${data} $title \u2028"


def test_hostile_words_stay_words():
    options = {"names": [HOSTILE] * 2, "class_names": [HOSTILE] * 2}
    text = page(filmed(1, title=HOSTILE, **options))
    found = content(text)

    assert "alert(1)</script>" not in text
    assert len(re.findall("<script", text)) == 2
    assert [unescape(x) for x in re.findall("<title>(.*)</title>", text)] == [one_line(HOSTILE)]
    assert found["title"] == found["names"][0] == found["labels"][1] == one_line(HOSTILE)


def test_a_title_and_names_may_be_numbers():
    found = content(page(filmed(1, title=7, names=[1, 2])))

    assert (found["title"], found["names"]) == ("7", ["1", "2"])


def test_the_page_asks_for_nothing_from_elsewhere():
    text = page(filmed(1))

    assert "default-src 'none'" in text
    assert re.findall(r'(?:src|href)="([^"]*)"', text) == []
    assert re.findall(r"https?://[\w./]+", text) == ["http://www.w3.org/2000/svg"]  # a name


def test_a_notebook_shows_the_page_in_a_frame_of_its_own():
    film = filmed(1, title=HOSTILE)
    (srcdoc,) = re.findall(r'<template><iframe srcdoc="([^"]*)"', film._repr_html_())

    assert unescape(srcdoc) == page(film)


# ---- files ----


def test_a_page_is_a_file_of_its_own(tmp_path):
    filmed(1).save(tmp_path / "film.HTML")

    assert (tmp_path / "film.HTML").read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(("ending", "kind"), [(".gif", "GIF"), (".apng", "PNG"), (".png", "PNG")])
def test_a_picture_moves_through_all_frames(ending, kind, tmp_path):
    pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
    from PIL import Image

    _, film = trained(epochs=4)
    film.save(tmp_path / ("film" + ending))
    with Image.open(tmp_path / ("film" + ending)) as image:
        image.load()
        assert (image.format, image.n_frames, image.info["loop"]) == (kind, 5, 0)

    film.save(tmp_path / ("again" + ending))
    assert (tmp_path / ("film" + ending)).read_bytes() == (
        tmp_path / ("again" + ending)
    ).read_bytes()


def test_the_picture_of_a_frame_shows_who_wins_where():
    numpy = pytest.importorskip("numpy", reason="needs numpy, which matplotlib brings")
    pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
    from matplotlib.colors import to_rgb

    from nn.film.animation import regions
    from nn.plot.axes import COLORS

    film = Film(lambda x: x[0] - 0.5, *XOR, resolution=4)
    colors = regions(film, film.reel()[0], 1.0)

    assert numpy.allclose(colors[:, :99, :3], to_rgb(COLORS[0]))
    assert numpy.allclose(colors[:, 101:, :3], to_rgb(COLORS[1]))
    assert colors[0, 0, 3] > colors[0, 99, 3]  # paler towards the border


def test_a_curve_without_losses_makes_a_picture_too(tmp_path):
    pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
    Film(lambda x: x[0], [[0.0], [1.0]], [0.0, 1.0], title=r"$\no").save(tmp_path / "film.gif")

    assert (tmp_path / "film.gif").read_bytes().startswith(b"GIF89a")


def test_without_matplotlib_a_picture_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(ImportError, match=re.escape("pip install 'chainrule[plot]'")):
        filmed(1).save(tmp_path / "film.gif")
    filmed(1).save(tmp_path / "film.html")
    assert os.listdir(tmp_path) == ["film.html"]
