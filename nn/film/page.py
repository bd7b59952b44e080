"""The page of a film: one HTML file that plays it, without a network or a library."""

from __future__ import annotations

import math
from base64 import b64encode
from html import escape
from string import Template

from engine.saving.files import text_beside
from engine.saving.page import standalone_page
from nn.film.recording import loss_curve, middle_lead
from nn.plot.axes import COLORS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from nn.film.recording import Recording


def page(film: Recording) -> str:
    """The film as HTML."""
    body, style, script = [
        text_beside(__name__, name) for name in ("film.html", "film.css", "film.js")
    ]
    held = f"<p>{escape(film.held)}</p>" if film.held else ""
    return standalone_page(
        title=film.title,
        body=Template(body).substitute(title=escape(film.title), held=held),
        style=style,
        script=script,
        data=content(film),
    )


def content(film: Recording) -> dict[str, Any]:
    """What the page knows, as JSON has it."""
    reel = film.reel()
    steps = [frame.step for frame in reel]
    if film.in_the_plane:
        scale = middle_lead(reel[-1].numbers)
        pictures: list[Any] = [
            b64encode(frame.winners + shades(frame.numbers, scale)).decode() for frame in reel
        ]
    else:
        pictures = [[shown(y) for y in frame.numbers] for frame in reel]
    return {
        "title": film.title,
        "names": film.names,
        "labels": film.labels,
        "colors": COLORS,
        "size": [len(film.xs), len(film.ys)],
        "x": [film.xs[0], film.xs[-1]],
        "y": [film.ys[0], film.ys[-1]],
        "points": film.points,
        "curve": [[step, shown(loss)] for step, loss in loss_curve(film, set(steps))],
        "frames": [
            {
                "step": frame.step,
                "loss": shown(frame.loss),
                "words": words(frame.loss),
                "picture": p,
            }
            for frame, p in zip(reel, pictures)
        ],
    }


def shades(numbers: Iterable[float], scale: float) -> bytes:
    """A byte for each number, from 0 towards 255 with a growing lead."""
    return bytes(round(255 * x / (x + scale)) for x in numbers)


def shown(x: float) -> float | None:
    """Six digits of a number; None for what JSON has no number for."""
    return float(f"{x:.6g}") if math.isfinite(x) else None


def words(loss: float) -> str:
    return f"{loss:.4g}"
