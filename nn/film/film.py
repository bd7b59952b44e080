"""The film of a training: what a model makes of its inputs, and its loss, frame by frame.

A Film is a callback of `fit`, or is told of each step by hand. It is saved as a page that plays it,
or as an animated picture.
"""

from __future__ import annotations

from base64 import b64encode
from html import escape
from pathlib import Path

from engine.saving.files import write_file
from engine.saving.page import framed
from nn.film.animation import animation
from nn.film.page import page, words
from nn.film.recording import Recording
from nn.film.still import still

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any

FORMATS = (".html", ".gif", ".apng", ".png")
HEIGHT = 544  # of the page in a notebook, in pixels, where there is room for it


class Film(Recording):
    """A recording of a training that can be shown: how a model sees its data, step by step.

    While a Module learns, only its parameters are kept; it is asked again when the film is shown.

    >>> from random import Random
    >>> from nn import MLP, SGD, data, fit
    >>> model = MLP(2, [4, 1], activation="tanh", rng=Random(0))
    >>> film = Film(model, *data.xor(), threshold=0.5)
    >>> optimizer = SGD(model.parameters(), lr=0.2)
    >>> history = fit(
    ...     model, data.xor(), optimizer=optimizer, epochs=400, callbacks=film, progress=False
    ... )
    >>> film.save("xor.html")  # doctest: +SKIP
    """

    __module__ = "nn"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the film to a file: .html is a page that needs nothing else, .png is an APNG too.

        The last frame shows the model as it is when this is called. Raises ValueError for an ending
        other than .html, .gif, .apng and .png, OSError, and ImportError for an animation without
        matplotlib.
        """
        check_film(path)
        if Path(path).suffix.lower() == ".html":
            write_file(path, page(self))
        else:
            write_file(path, animation(self, gif=Path(path).suffix.lower() == ".gif"))

    def _repr_html_(self) -> str:
        """The page in a frame of its own, whose script runs in a notebook; or the last frame."""
        return self._repr_mimebundle_()["text/html"]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the page, or the last frame where it runs no script."""
        last = self.frame(self.now())
        picture = b64encode(still(self, last)).decode()
        said = escape(f"{self.title}: step {last.step}, loss {words(last.loss)}")
        image = f'<div><p>{said}</p><img src="data:image/png;base64,{picture}" alt="{said}"></div>'
        shown = {"text/html": framed(page(self), self.title, HEIGHT, image), "image/png": picture}
        return {
            kind: held
            for kind, held in shown.items()
            if kind in (include or shown) and kind not in (exclude or ())
        }


def check_film(path: str | os.PathLike[str]) -> None:
    """Raise ValueError or ImportError for a file that no film can be saved as."""
    ending = Path(path).suffix.lower()
    if ending not in FORMATS:
        raise ValueError(f"a film is saved as {', '.join(FORMATS)}, got {str(path)!r:.60}")
    if ending != ".html":
        try:
            import matplotlib.figure  # noqa: F401
        except ImportError as error:
            raise ImportError(
                f"a film as {ending} needs matplotlib: pip install 'chainrule[plot]'"
            ) from error
