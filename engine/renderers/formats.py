"""The formats: the formats of Graphviz, and the two texts that we write ourselves."""

import graphviz

from engine.renderers.mermaid import mermaid
from engine.renderers.tikz import tikz

# Each format by its name, and by the usual ending of its files.
WRITERS = {"mermaid": mermaid, "mmd": mermaid, "tikz": tikz, "tex": tikz}


def verify_format(format: str) -> None:
    """Raise ValueError for an unknown format; the message lists all formats."""
    known = graphviz.FORMATS | WRITERS.keys()
    if format.lower() not in known:
        raise ValueError(f"unknown format: {format!r} (must be one of {', '.join(sorted(known))})")
