"""The explorer as a widget of Jupyter: a slider that moves writes back to the Value."""

from __future__ import annotations

from typing import Any

from engine.explorer.assets import script, style
from engine.explorer.contents import boxes_of, data_and_slopes
from engine.value import Value, topological_order

try:
    import anywidget
    import traitlets
except ImportError as error:
    message = "the widget needs the package anywidget: pip install 'chainrule[widget]'"
    raise ImportError(message) from error


class Widget(anywidget.AnyWidget):
    """An explorer whose numbers Python computes: they have the engine's bits, for ops of yours too.

    When a slider moves a leaf, the leaf gets the new data, all that depends on it is computed
    again, and every grad becomes what `value.backward()` alone would give. If an op raises for the
    new number, the page shows the op's message, and the graph stays as it was.

    A notebook file keeps no widget: without the kernel, viewers show what was kept beside it, the
    page that computes by itself. (A trusted JupyterLab says "model not found" until the cell runs.)
    """

    _esm, _css = script(), style()
    contents = traitlets.Dict().tag(sync=True)
    numbers = traitlets.Dict().tag(sync=True)
    moved: Any = traitlets.List().tag(sync=True)  # [card, number as text, how many moves so far]

    def __init__(
        self, value: Value, contents: dict[str, Any], kept: dict[str, str] | None = None
    ) -> None:
        """kept: what else a notebook keeps of the explorer, by the types of its texts."""
        super().__init__(contents=contents, numbers=contents["numbers"])
        leaves = [v for v in topological_order(value) if v.op is None]
        cards = [i for i, node in enumerate(contents["nodes"]) if node["op"] is None]
        self.value = value
        self.leaf_of = dict(zip(cards, leaves))
        self.kept = dict(kept or {})

    def _repr_mimebundle_(self, **options: Any) -> Any:
        shown: Any = super()._repr_mimebundle_(**options)
        return ({**self.kept, **shown[0]}, *shown[1:])

    @traitlets.observe("moved")
    def move(self, change: Any) -> None:
        card, text, turn = change["new"]
        error = None
        try:
            move_leaf(self.value, self.leaf_of[card], float(text))
        except (ArithmeticError, ValueError) as reason:
            error = {"node": card, "message": str(reason), "kept": True}
        found = data_and_slopes(boxes_of(self.value).values())
        self.numbers = {**found, "error": error, "turn": turn}


def move_leaf(value: Value, leaf: Value, x: float) -> None:
    """Give the leaf new data, compute value again, and its gradient.

    Raises what an op raises, with nothing changed.
    """
    found = {leaf: x}
    for v in topological_order(value):
        if v.op is not None:
            inputs = [found.get(u, u.data) if isinstance(u, Value) else u for u in v.inputs]
            found[v] = v.op.evaluate(*inputs)
    for v, data in found.items():
        v.data = data
    value.zero_grad()
    value.backward()
