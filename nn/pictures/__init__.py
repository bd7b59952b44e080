"""Pictures of models: their parts as boxes, their neurons as circles.

`parts_of` and `diagram_of` are what `engine.draw` asks of a model: they load what they need then.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from engine.diagrams.diagram import Diagram
    from engine.diagrams.parts import Part
    from nn.module import Module


def parts_of(model: Module, level: int | str | type | None) -> list[Part]:
    """What `draw(loss, collapse=model)` makes one box each."""
    from nn.pictures import parts

    return parts.parts_of(model, level)


def diagram_of(model: Module, **options: Any) -> Diagram:
    """What `draw(model)` shows."""
    from nn.pictures.network import picture

    return picture(model, **options)
