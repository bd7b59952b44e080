"""Folding: the picture of a large graph, in which one box with a count stands for what repeats.

The nodes of a part of a model are one box (parts.py); all other nodes are folded if they are alike
(alike.py).
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.diagrams.alike import keys
from engine.diagrams.boxes import Box, box
from engine.diagrams.numbers import written_range
from engine.diagrams.parts import Part, owners
from engine.op import Op
from engine.value import Value, topological_order


@dataclass(eq=False)
class Group:
    """Values that one box stands for: the nodes of a part, alike leaves, or alike operations."""

    members: list[Value]
    part: Part | None = None
    inputs: dict[Any, None] = field(default_factory=dict)
    leaf: str = ""  # the kind of the leaves that it stands for, if it is known
    names: dict[Value, str] = field(default_factory=dict)  # of leaves that have no label
    name: str = ""

    @property
    def op(self) -> Op | None:
        return self.members[0].op

    @property
    def kind(self) -> str:
        """What the Values are to the graph, one of colors.KINDS."""
        return "module" if self.part else "operation" if self.op else self.leaf or "input"

    @property
    def grad(self) -> float:
        """The largest gradient; nan, if any gradient is."""
        return max([v.grad for v in self.members], key=lambda g: (math.isnan(g), abs(g)))

    @property
    def lines(self) -> list[str]:
        """What the box says, line by line."""
        n = len(self.members)
        if self.part:
            name, calls = self.part.name, self.calls
            count = f"{calls:,} times" if calls > 1 else ""
            return list(filter(None, [name, self.part.kind, count]))
        if self.op:
            return [f"{n:,} times {self.op.symbol}"]
        names = [str(v.label or self.names.get(v, "")) for v in self.members]
        names = list(dict.fromkeys(filter(None, names)))
        shown = names if len(names) <= 3 else [names[0], "\u2026", names[-1]]
        kind = f"{self.leaf}s" if self.leaf else "leaves"
        return list(filter(None, [" ".join(shown), f"{n:,} {kind}"]))

    @property
    def ranges(self) -> list[str]:
        """The range of the data, and of the gradients."""
        data, grads = [v.data for v in self.members], [v.grad for v in self.members]
        return [f"data {written_range(data)}", f"grad {written_range(grads)}"]

    @property
    def calls(self) -> int:
        """How often the part was applied: how many nodes here take its first parameter."""
        taken = [x for v in self.members for x in set(v.inputs) if v.op and isinstance(x, Value)]
        parameters = [p for p in (self.part.parameters if self.part else ()) if p in set(taken)]
        return taken.count(parameters[0]) if parameters else 1

    @property
    def tip(self) -> str:
        return ", ".join([f"{len(self.members):,} values", *self.ranges])


def collapsed(
    outputs: Sequence[Value],
    parts: list[Part],
    kinds: Mapping[Value, str],
    names: dict[Value, str],
    max_nodes: int | None,
) -> list[Box | Group]:
    """A box for each Value that is like no other, and a group for all that are alike, inputs first.

    kinds: of leaves that are no inputs; names: of leaves that have no label.

    Raises ValueError if there are more than max_nodes, or if the graph has no parameter of parts.
    """
    order = topological_order(*outputs)
    if parts and {p for part in parts for p in part.parameters}.isdisjoint(order):
        raise ValueError("the graph has no parameter of the model that it is collapsed by")
    owner = owners(order, parts) if parts else {}
    alike: dict[Hashable, Group] = {}
    key_of = keys(order, owner, set(outputs), kinds)
    # A part comes where its nodes compute; its parameters are met earlier.
    for v in sorted(order, key=lambda v: v.op is None and v in owner):
        group = alike.setdefault(key_of[v], Group([], owner.get(v)))
        group.leaf, group.names = kinds.get(v, "input" if kinds else ""), names
        group.members.append(v)
    if max_nodes is not None and len(alike) > max_nodes:
        raise ValueError(
            f"the collapsed graph has {len(alike):,} boxes, more than max_nodes={max_nodes}: "
            "collapse by a model, with a level nearer to 0, or draw it all with max_nodes=None"
        )
    box_of: dict[Value, Box | Group] = {}
    for group in alike.values():
        v, *others = group.members
        alone = not others and not group.part
        label = v.label or names.get(v, "")
        shown = Box(label, v.data, v.grad, v.op, leaf=group.leaf or "input") if alone else group
        box_of.update(dict.fromkeys(group.members, shown))
    for v, shown in box_of.items():
        if isinstance(shown, Box):
            joined = box(v, box_of)
            shown.inputs, shown.numbers = joined.inputs, joined.numbers
        else:
            shown.inputs.update([(box_of[x], None) for x in v.inputs if isinstance(x, Value)])
            shown.inputs.pop(shown, None)  # an edge inside the group
    drawn = list(dict.fromkeys(box_of.values()))
    # An output that a part computed has a box of its own, after the box of the part.
    return drawn + [Box(v.label, v.data, v.grad, None, [box_of[v]]) for v in outputs if v in owner]
