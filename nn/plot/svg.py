"""A plot as SVG whose texts are text, so that whoever shows it draws them in fonts of its own."""

from __future__ import annotations

import io

from nn.plot.fonts import FAMILIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from matplotlib.figure import Figure


def svg_of(figure: Figure) -> bytes:
    """The same bytes each time for the same figure."""
    from matplotlib import rc_context, rcParams

    settings: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": "chainrule",
        "font.sans-serif": [*rcParams["font.sans-serif"], *FAMILIES],
    }
    file = io.BytesIO()
    with rc_context(settings):
        figure.savefig(file, format="svg", metadata={"Date": None})
    # A viewer would make one space of several.
    return file.getvalue().replace(b"<svg ", b'<svg xml:space="preserve" ', 1)
