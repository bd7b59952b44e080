"""The formats: those of Graphviz, and those that are text which we write ourselves."""

import graphviz

from engine.renderers.mermaid import mermaid
from engine.renderers.tikz import tikz

# Each under its name and under the usual ending of its files.
WRITERS = {"mermaid": mermaid, "mmd": mermaid, "tikz": tikz, "tex": tikz}


def verify_format(format: str) -> None:
    """Raise ValueError, with all formats there are, if format is none of them."""
    known = graphviz.FORMATS | WRITERS.keys()
    if format.lower() not in known:
        raise ValueError(f"unknown format: {format!r} (must be one of {', '.join(sorted(known))})")
