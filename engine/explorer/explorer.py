"""The explorer: a page that steps forward through a computation and backward by the chain rule."""

from __future__ import annotations

import base64
import hashlib
import html
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.diagrams.boxes import Box
from engine.explorer.contents import boxes_of, film
from engine.languages.javascript import op_table
from engine.saving.files import write_file
from engine.saving.page import embedded, framed
from engine.value import Value

LANGUAGES = ("en", "zh")
SCRIPT = Path(__file__).with_name("explorer.js")


def explore(
    value: Value,
    *,
    model: Any = None,
    lang: str = "en",
    title: str = "",
    max_nodes: int | None = 300,
) -> Explorer:
    """A film of how value was computed, and of how its gradient comes about.

    It shows itself in a notebook; `save("film.html")` writes a page that needs nothing else. Each
    step has its rule in symbols and in numbers; sliders move the leaves, and the page computes
    again. The graph, and the grads in it, stay as they are: gradients are those of value alone.
    A dot product is shown as its products and sums.

    model: one whose parameters are called by their place in it, such as w0_1_0, the weight of
    input 0 in neuron 1 of layer 0. lang: "en" or "zh", which the page can change. Raises ValueError
    for another, and for more than max_nodes values (None: no limit); TypeError for what is no
    Value, or no model.
    """
    if lang not in LANGUAGES:
        raise ValueError(f"unknown lang {lang!r:.60}: take one of {', '.join(LANGUAGES)}")
    box_of = boxes_of(value, max_nodes)
    return Explorer(value, film(box_of, model, lang, title), table_of(box_of.values()))


class Explorer:
    """A film, as a page. `film` is what it shows, as data, and `value` where it ends.

    `table` are its ops, in JavaScript.
    """

    __module__ = "engine"

    def __init__(self, value: Value, film: dict[str, Any], table: str) -> None:
        self.value, self.film, self.table = value, film, table

    def html(self) -> str:
        """The page: one file, which asks no network for anything, and may not."""
        script = (
            f"{SCRIPT.read_text('utf-8')}\n"
            f"const OPS = {self.table};\n"
            'page(document.getElementById("explorer"), '
            'JSON.parse(document.getElementById("film").textContent), OPS);\n'
        )
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy = (
            f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
            "base-uri 'none'; form-action 'none'"
        )
        return PAGE.format(
            lang=self.film["lang"],
            policy=policy,
            title=html.escape(self.film["title"]),
            data=embedded(self.film),
            script=script,
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to path, whole or not at all, and return the path. Raises OSError."""
        write_file(path, self.html())
        return Path(path)

    def _repr_html_(self) -> str:
        """The page in a frame, which can reach nothing of the notebook around it."""
        return framed(self.html(), self.film["title"], "640px")

    def widget(self) -> Any:
        """The film as a widget of Jupyter, whose sliders write back to the Values (extra widget).

        See `Widget`. Raises ImportError where the package anywidget is missing.
        """
        from engine.explorer.widget import Widget

        return Widget(self.value, self.film)

    def __repr__(self) -> str:
        return f"<Explorer of {len(self.film['nodes'])} values>"


def table_of(boxes: Iterable[Box]) -> str:
    """The ops of the boxes, in JavaScript."""
    uses = [(box.op, len(box.inputs)) for box in boxes if box.op is not None]
    return op_table(dict.fromkeys(uses))


PAGE = """\
<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
html, body {{ margin: 0; height: 100%; background: #f7f8fb; }}
@media (prefers-color-scheme: dark) {{ html, body {{ background: #10141c; }} }}
#explorer {{ height: 100vh; height: 100dvh; }}
</style>
</head>
<body>
<main id="explorer"><noscript>This page needs JavaScript, and nothing else.</noscript></main>
<script type="application/json" id="film">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""
