"""The assets: the script, the words and the style of the explorer, of a page and of the widget."""

from __future__ import annotations

import json
from typing import Any

from engine.saving.files import text_beside
from engine.saving.page import around_script

FILES = ("steps", "elements", "graph", "explorer")  # each uses only the files before it


def script() -> str:
    """The module in JavaScript, with the words of every language in it.

    It exports `mount`, `page` and the functions of steps.js, and by default `{render}`, which is
    what anywidget asks for.
    """
    listed = json.dumps(words(), ensure_ascii=False, indent=1)
    files = [text_beside(__name__, f"{name}.js") for name in FILES]
    return "\n".join([f"const WORDS = {listed};\n", around_script(), *files])


def words() -> dict[str, Any]:
    """The texts in English and Chinese: by language, then by name."""
    found: dict[str, Any] = json.loads(text_beside(__name__, "words.json"))
    return found


def style() -> str:
    """The style sheet."""
    return text_beside(__name__, "explorer.css")
