"""Pages: one file of HTML that holds all it needs, and the frame that a notebook shows it in."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from html import escape

from engine.saving.files import text_beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def standalone_page(
    *, title: str, body: str, style: str, script: str, data: Any, lang: str = "en"
) -> str:
    """A page of HTML that asks no network for anything, and may not.

    The page runs `script`, a module, which finds `data` as JSON in the element "data". `body` and
    `style` are HTML and CSS. The policy of the page names the script and the style by their
    hashes: the browser runs no other script and takes no other style, whatever the data say.
    The root has the class "dark" where a notebook around the page is dark, or the system is.
    """
    script, style = f"\n{text_beside(__name__, 'guest.js')}{script}", f"\n{style}"
    policy = (
        f"default-src 'none'; script-src {hashed(script)}; style-src {hashed(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return f"""\
<!doctype html>
<html lang="{escape(lang)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body>
{body}
<script type="application/json" id="data">{embedded(data)}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def hashed(text: str) -> str:
    """The source that a content security policy allows this script or style by."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def embedded(data: Any) -> str:
    """Data as JSON that can stand in a script element, which no text in it can end."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def framed(page: str, title: str, height: int, still: str) -> str:
    """A page in a frame of its own, which runs its scripts and reaches nothing around it.

    `still` is an element of HTML, such as an image: it is there first, and stays where a notebook
    runs no script because it is not trusted. Where the script runs, the frame takes its place, as
    high as there is room for, up to `height` pixels; it is light or dark as the notebook is; and
    the arrow keys step the page in sight, unless an editor has the focus.
    """
    frame = (
        f'<iframe srcdoc="{escape(page)}" sandbox="allow-scripts" title="{escape(title)}" '
        f'style="width: 100%; height: {height}px; border: 0; display: block"></iframe>'
    )
    return (
        f"<div data-chainrule>{still}<template>{frame}</template>\n"
        f"<script>{host_script()}</script></div>"
    )


@cache
def host_script() -> str:
    """What a notebook runs around a page."""
    return f"(() => {{\n{around_script()}\n{text_beside(__name__, 'host.js')}}})();\n"


@cache
def around_script() -> str:
    """Functions in JavaScript that find out what a notebook has around an element."""
    return text_beside(__name__, "around.js")
