"""The bundle: a picture in each of the formats that the viewers of notebooks look for.

A notebook that is opened for the first time is not trusted: JupyterLab then shows no SVG of its
own, but it shows an image in HTML. LaTeX takes neither, and takes PDF.
"""

import re
from base64 import b64encode
from html import escape

from engine.renderers.pdf import pdf

HTML, SVG, PDF = "text/html", "image/svg+xml", "application/pdf"


def bundle_of(svg: str, alt: str, page: bytes | None = None) -> dict[str, str]:
    """A picture in SVG as an image in HTML, as itself, and as the page of PDF, by their types.

    alt: the words for who cannot see it. page: the PDF, if another program has drawn it.
    """
    packed = b64encode(pdf(svg) if page is None else page).decode()
    return {HTML: image(svg, alt), SVG: svg, PDF: packed}


def image(svg: str, alt: str) -> str:
    """An element of HTML that shows a picture in SVG, and runs and loads nothing."""
    unseen = r"<!--.*?-->\s*|<title>[^<]*</title>\s*"  # an image shows no tooltips
    held = b64encode(re.sub(unseen, "", svg, flags=re.DOTALL).encode()).decode()
    return (
        f'<img src="data:image/svg+xml;base64,{held}" alt="{escape(alt)}" '
        'style="max-width: 100%; height: auto">'
    )


def chosen_types(
    bundle: dict[str, str], include: object = None, exclude: object = None
) -> dict[str, str]:
    """The part of a bundle that IPython asks for."""
    wanted = set(include) if isinstance(include, list | tuple | set | frozenset) else set(bundle)
    left = set(exclude) if isinstance(exclude, list | tuple | set | frozenset) else set()
    return {kind: held for kind, held in bundle.items() if kind in wanted - left}
