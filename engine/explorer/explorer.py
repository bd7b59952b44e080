"""The explorer: a page that steps forward through a computation and backward by the chain rule."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from engine.explorer.assets import script, style
from engine.explorer.contents import boxes_of, contents
from engine.explorer.still import still
from engine.explorer.table import table_of
from engine.renderers.notebook import HTML, PDF, bundle_of, chosen_types, image
from engine.saving.files import write_file
from engine.saving.page import framed, standalone_page
from engine.value import Value

LANGUAGES = ("en", "zh")
NEEDS = "This page needs JavaScript, and nothing else."
WHOLE_WINDOW = """\
html, body { margin: 0; height: 100%; background: #f7f8fb; }
.dark, .dark body { background: #10141c; }
#explorer { height: 100vh; height: 100dvh; }
noscript svg { display: block; max-width: 100%; height: auto; background: #fff; }
"""
HEIGHT = 640


def explore(
    value: Value,
    *,
    model: Any = None,
    lang: str = "en",
    title: str = "",
    max_nodes: int | None = 300,
) -> Explorer:
    """A page that shows, step by step, how value was computed and how its gradient comes about.

    A notebook shows the page in the cell; `save("steps.html")` writes it to a file that needs
    nothing else. Each step has its rule in symbols and in numbers. Sliders move the leaves, and
    the page computes everything again. The page does not change the graph or the grads in it; its
    gradients are the gradients of value alone. It shows a dot product as products and sums.

    Parameters of a model are named by their place in it, such as w0_1_0, the weight of input 0 in
    neuron 1 of layer 0. model: the model; None: the one they belong to. lang: the language at
    first, "en" or "zh"; the page has a button for the other. Raises ValueError for another
    language, for more than max_nodes values, and for more than 5,000 whatever max_nodes is, which a
    browser cannot hold; TypeError if value is not a Value, or model not a model.
    """
    if lang not in LANGUAGES:
        raise ValueError(f"unknown lang {lang!r:.60}: take one of {', '.join(LANGUAGES)}")
    box_of = boxes_of(value, max_nodes)
    shown = contents(box_of, model, lang, title)
    return Explorer(value, shown, table_of(box_of.values()))


class Explorer:
    """A page that steps through the graph behind `value`, forward and backward.

    `contents` is what the page shows, as data; `table` holds the ops of the graph, in JavaScript.
    """

    __module__ = "engine"

    def __init__(self, value: Value, contents: dict[str, Any], table: str) -> None:
        self.value, self.contents, self.table = value, contents, table

    def html(self) -> str:
        """The page: one file, which asks no network for anything, and may not.

        Where no script runs, it shows the still.
        """
        return self.page(f"<p>{NEEDS}</p>{self.still()}")

    def page(self, without_script: str) -> str:
        """The page, with the HTML that it shows where no script runs."""
        run = (
            f"const OPS = {self.table};\n"
            'page(document.getElementById("explorer"), '
            'JSON.parse(document.getElementById("data").textContent), OPS);\n'
        )
        return standalone_page(
            title=self.contents["title"],
            body=f'<main id="explorer"><noscript>{without_script}</noscript></main>',
            style=WHOLE_WINDOW + style(),
            script=script() + run,
            data=self.contents,
            lang=self.contents["lang"],
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to path, whole or not at all, and return the path. Raises OSError."""
        write_file(path, self.html())
        return Path(path)

    def still(self) -> str:
        """The graph with its numbers and gradients, as a picture in SVG that needs no script."""
        return still(self.contents)

    def _repr_html_(self) -> str:
        """The page in a frame, which can reach nothing of the notebook around it; or the still."""
        title = self.contents["title"]
        return framed(self.page(NEEDS), title, HEIGHT, image(self.still(), f"graph of {title}"))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the page, or the still where it runs no script, or is LaTeX."""
        bundle = {HTML: self._repr_html_(), PDF: bundle_of(self.still(), "")[PDF]}
        return chosen_types(bundle, include, exclude)

    def widget(self) -> Any:
        """The explorer as a widget of Jupyter, whose sliders write back to the Values.

        See `Widget`. Raises ImportError without the package anywidget (extra widget).
        """
        from engine.explorer.widget import Widget

        return Widget(self.value, self.contents, self._repr_mimebundle_())

    def __repr__(self) -> str:
        return f"<Explorer of {len(self.contents['nodes'])} values>"
