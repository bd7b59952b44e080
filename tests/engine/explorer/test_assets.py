"""The assets of the explorer: its words in each language, and what is made into one script."""

import re

from engine.explorer.assets import script, style, words
from engine.explorer.explorer import LANGUAGES


def places(text):
    return sorted(set(re.findall(r"\{(\w+)\}", text)))


def test_every_language_has_all_words_and_none_is_empty():
    by_language = words()

    assert tuple(by_language) == LANGUAGES
    assert [list(texts) for texts in by_language.values()] == [list(by_language["en"])] * 2
    assert all(text for texts in by_language.values() for text in texts.values())


def test_a_text_has_places_for_the_same_values_in_every_language():
    english, chinese = words().values()

    assert [places(text) for text in english.values()] == [places(t) for t in chinese.values()]
    assert places(english["some"]) == ["k", "missing", "n", "name", "sum"]


def test_the_script_asks_for_no_word_that_there_is_not():
    asked = set(re.findall(r"\bwords\.(?!json\b)(\w+)", script()))

    assert asked - set(words()["en"]) == set()
    assert {"given", "unread", "someOne"} <= asked


def test_the_style_sheet_styles_the_explorer_and_nothing_around_it():
    text = re.sub(r"/\*.*?\*/", "", style(), flags=re.DOTALL)
    rules = re.findall(r"([^{};]+)\{", re.sub(r"@keyframes [^}]*\}\s*\}", "", text))

    lists = [re.split(r",(?![^(]*\))", rule) for rule in rules if "@" not in rule]
    selectors = [selector.strip() for found in lists for selector in found]
    assert len(selectors) > 80
    assert [selector for selector in selectors if not selector.startswith(".cx")] == []
