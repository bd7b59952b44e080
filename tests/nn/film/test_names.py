"""Names in films: they are text in the page and in the animation, whatever signs they have."""

import warnings
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formulas.escapes import one_line
from nn import Film
from nn.film.page import page
from tests.nn.film.films import XOR, content, still

ANY = st.text(st.characters() | st.sampled_from("$\\^_%{}<>&'\"\0\n\r\ud800晴"), max_size=9)


def film_of(title, names, class_names):
    film = Film(still(), *XOR, title=title, names=names, class_names=class_names, resolution=2)
    film.record(0.5)
    return film


class Title(HTMLParser):
    """The title of a page, and its heading."""

    def __init__(self, text):
        super().__init__()
        self.found, self.inside = {"title": "", "h1": ""}, ""
        self.feed(text)

    def handle_starttag(self, tag, _):
        self.inside = tag

    def handle_data(self, text):
        if self.inside in self.found:
            self.found[self.inside] += text

    def handle_endtag(self, _):
        self.inside = ""


@given(ANY, st.tuples(ANY, ANY), st.tuples(ANY, ANY))
@settings(max_examples=60)
def test_the_page_of_a_film_has_names_of_any_text(title, names, class_names):
    text = page(film_of(title, names, class_names))
    found = content(text.encode("utf-8").decode("utf-8"))

    assert found["title"] == one_line(title)
    assert found["names"] == list(map(one_line, names))
    assert found["labels"] == list(map(one_line, class_names))
    assert Title(text).found == {"title": one_line(title), "h1": one_line(title)}


HARD = [
    ("$\\foo$", ("$x$", "\\frac"), ("{x^_%}$$", "_x")),
    ("a\0b\nc", ("\\", "$"), ("", "_")),
    ("晴" * 200, ("x " * 300, "温度"), ("😀", "y" * 999)),
]


@pytest.mark.parametrize("suffix", ["gif", "png"])
@pytest.mark.parametrize("words", HARD, ids=["TeX", "controls", "long"])
def test_an_animation_has_names_that_others_would_read(words, suffix, tmp_path):
    pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
    from nn.plot.names import MissingLetters

    path = tmp_path / f"film.{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MissingLetters)
        film_of(*words).save(path)

    assert path.stat().st_size > 1000


def test_the_legend_of_an_animation_has_each_class_whatever_it_is_called(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
    from matplotlib.axes import Axes

    legends = []
    legend = Axes.legend

    def noted(ax, *arguments, **look):
        legends.append(legend(ax, *arguments, **look))
        return legends[-1]

    monkeypatch.setattr(Axes, "legend", noted)
    film_of("", ("a", "b"), ("_x", "$y$")).save(tmp_path / "film.gif")

    assert [[text.get_text() for text in made.get_texts()] for made in legends] == [["_x", "$y$"]]
