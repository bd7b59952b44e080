"""Pages: one file of HTML that holds all it needs, and the frame that a notebook shows it in."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape

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
    """
    script, style = f"\n{script}", f"\n{style}"
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


def framed(page: str, title: str, height: str) -> str:
    """A page in a frame of its own, which runs its scripts and reaches nothing around it."""
    return (
        f'<iframe srcdoc="{escape(page)}" sandbox="allow-scripts" title="{escape(title)}" '
        f'style="width: 100%; height: {height}; border: 0"></iframe>'
    )
