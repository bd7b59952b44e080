"""The boxes: the Values of a graph that a picture shows, with fused operations unfolded."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.op import Op
from engine.sourceline import SourceLine
from engine.unfolding import unfolded, unfolds
from engine.value import Value, topological_order


@dataclass(eq=False)
class Box:
    """A Value as it is drawn.

    `cut` says that the Value was computed by an op that is not drawn. `inputs` are boxes, groups
    and constants; `numbers` are the numbers that they stand for.
    """

    label: str
    data: float
    grad: float
    op: Op | None = None
    inputs: list[Any] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    cut: bool = False
    leaf: str = "input"  # its kind, if it is a leaf
    name: str = ""
    source_line: SourceLine | None = None

    @property
    def kind(self) -> str:
        """What the Value is to the graph, one of colors.KINDS."""
        return "computed" if self.op is not None or self.cut or self.inputs else self.leaf


def boxed(
    outputs: Sequence[Value],
    depth: int | None = None,
    around: Value | None = None,
    fused: bool = False,
    max_nodes: int | None = None,
) -> dict[Value, Box]:
    """A Box for each Value to draw, inputs first, and for each Value that a fused op unfolds to.

    Raises ValueError for more than max_nodes boxes, and if `around` is not in the graph.
    """
    order = topological_order(*outputs)
    whole = near(order, outputs, depth) if around is None else about(order, around, depth or 1)
    kept = {*whole, *(outputs if around is None else [around])}
    kept.update([x for v in whole for x in v.inputs if isinstance(x, Value)])
    drawn = [v for v in order if v in kept]
    apart = {v for v in whole if unfolds(v) and not fused}
    total = sum(len(v.inputs) - 1 if v in apart else 1 for v in drawn)
    if max_nodes is not None and total > max_nodes:
        raise ValueError(
            f"the graph has {total:,} values to draw, more than max_nodes={max_nodes}: fold what "
            "repeats with collapse=True, draw the last steps with depth=3, keep dot products whole "
            "with fused=True, or draw it all with max_nodes=None"
        )
    box_of: dict[Value, Box] = {}
    for v in drawn:
        if v in apart:
            unfold(v, box_of)
        elif v in whole:
            box_of[v] = box(v, box_of)
        else:
            box_of[v] = Box(v.label, v.data, v.grad, cut=v.op is not None)
            box_of[v].source_line = v.source_line
    return box_of


def box(v: Value, box_of: dict[Value, Any]) -> Box:
    """The Box of v, joined to the boxes of its inputs."""
    inputs = [box_of[x] if isinstance(x, Value) else x for x in v.inputs]
    numbers = [x.data if isinstance(x, Value) else x for x in v.inputs]
    return Box(v.label, v.data, v.grad, v.op, inputs, numbers, source_line=v.source_line)


def near(order: list[Value], outputs: Sequence[Value], depth: int | None) -> set[Value]:
    """The nodes fewer than depth operations back from the nearest output; all for None."""
    if depth is None:
        return set(order)
    distance = dict.fromkeys(outputs, 0)
    for v in reversed(order):
        for x in v.inputs if v in distance else ():
            if isinstance(x, Value):
                distance[x] = min(distance.get(x, len(order)), distance[v] + 1)
    return {v for v, n in distance.items() if n < depth}


def about(order: list[Value], center: Value, depth: int) -> set[Value]:
    """The nodes up to depth operations after center, and fewer than that before it."""
    if center not in set(order):
        raise ValueError(f"around is a Value of the graph, got {center!r:.60}, which is not in it")
    users = {center: 0}
    for v in order:
        steps = [users[x] for x in v.inputs if isinstance(x, Value) and x in users]
        if steps and min(steps) < depth:
            users[v] = min(steps) + 1
    users[center] = 0
    return {*users, *near(order, [center], depth)}


def unfold(v: Value, box_of: dict[Value, Box]) -> None:
    """Add a box for each simpler op of a fused op, with the gradient it would have had."""
    z, original = unfolded(v)
    z.backward(v.grad)
    inner: dict[Any, Box] = {c: box_of[x] for c, x in original.items() if isinstance(x, Value)}
    for u in topological_order(z):
        if u not in inner:
            inner[u] = box(u, inner)
            inner[u].source_line = v.source_line
            box_of[v if u is z else u] = inner[u]
    inner[z].label, inner[z].data = v.label, v.data
