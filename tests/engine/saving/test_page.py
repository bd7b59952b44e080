"""Pages in one file: what they hold, and what their policy lets a browser do."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from engine import Value, explore
from engine.saving.page import framed, standalone_page
from nn import Film, data
from nn.film.page import page as film_page

HOSTILE = "</script><script>bad()</script></style><!-- \" ' & \u2028 ]]>"


class Reader(HTMLParser):
    """The elements of a page: tag, attributes and the text up to the next tag or end tag."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.inside = [], False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), ""])
        self.inside = True

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, text):
        if self.inside:
            self.elements[-1][2] += text


def made(**changed):
    parts = {"title": "t", "body": "<p>b</p>", "style": "p { top: 0 }\n", "script": "f();\n"}
    return standalone_page(**parts | {"data": {}} | changed)


def explorer_page():
    return explore(Value(2.0, label=HOSTILE) * 3.0, title=HOSTILE).html()


def page_of_a_film():
    return film_page(Film(lambda x: x[0], *data.xor(), resolution=4, title=HOSTILE))


@pytest.mark.parametrize("page", [made, explorer_page, page_of_a_film])
def test_the_policy_allows_the_script_and_the_style_of_the_page_and_nothing_else(page):
    elements = Reader(page()).elements

    (policy,) = [a["content"] for _, a, _ in elements if a.get("http-equiv")]
    sources = []
    for tag, kind in [("script", "module"), ("style", None)]:
        (text,) = [text for t, a, text in elements if t == tag and a.get("type") == kind]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        sources.append(f"{tag}-src 'sha256-{digest}'")
    rest = ["default-src 'none'", "base-uri 'none'", "form-action 'none'"]
    assert sorted(policy.split("; ")) == sorted(sources + rest)


@pytest.mark.parametrize("page", [explorer_page, page_of_a_film])
def test_no_element_carries_a_script_a_style_or_an_address(page):
    found = [name for _, attributes, _ in Reader(page()).elements for name in attributes]

    assert [name for name in found if re.match(r"on|src$|href$|style$", name)] == []


def test_data_come_back_as_they_were():
    elements = Reader(made(data={"a": [HOSTILE, 1.5]})).elements

    (text,) = [text for _, attributes, text in elements if attributes.get("id") == "data"]
    assert json.loads(text) == {"a": [HOSTILE, 1.5]}


def test_data_and_title_stay_text():
    tags = [tag for tag, *_ in Reader(made(data=HOSTILE, title=HOSTILE)).elements]

    assert tags.count("script") == 2
    assert tags.count("style") == 1


def test_a_number_that_json_has_no_text_for_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        made(data=float("nan"))


def test_the_language_is_that_of_the_page():
    assert '<html lang="zh">' in made(lang="zh")


def test_a_frame_runs_scripts_and_holds_the_page_as_text():
    page = made(data=HOSTILE)

    elements = Reader(framed(page, HOSTILE, 300, "<img>")).elements
    assert [tag for tag, _, _ in elements] == ["div", "img", "template", "iframe", "script"]
    attributes = elements[3][1]
    assert (attributes["sandbox"], attributes["title"]) == ("allow-scripts", HOSTILE)
    assert attributes["srcdoc"] == page


def test_the_script_around_a_frame_is_the_same_for_every_page():
    scripts = [Reader(framed(made(data=x), x, 300, "<img>")).elements[-1] for x in ("a", HOSTILE)]

    assert scripts[0] == scripts[1]
    assert "followLight" in scripts[0][2]
