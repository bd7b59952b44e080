"""The page inside a page: data that a script reads, and a frame that a notebook shows."""

from __future__ import annotations

import json
from html import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def embedded(data: Any) -> str:
    """Data as JSON that can stand in a script element, which no text in it can end."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def framed(page: str, title: str, height: str) -> str:
    """A page in a frame of its own, which runs its scripts and reaches nothing around it."""
    return (
        f'<iframe srcdoc="{escape(page)}" sandbox="allow-scripts" title="{escape(title)}" '
        f'style="width: 100%; height: {height}; border: 0"></iframe>'
    )
