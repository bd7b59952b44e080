"""Pictures of large graphs: what repeats as one box with a count, and a model's parts by name.

No node remembers which module made it, so that building a graph costs nothing: parameters tell.
A node belongs to the part of which it takes a parameter; so does what lies between two such nodes,
and the activation behind them. All else is folded by structure: one op of alike inputs, used alike.
"""

import math
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine import ops
from engine.diagrams.boxes import Box, box
from engine.op import Op
from engine.value import Value, topological_order


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a model that is to be one box: its name, what it is, what it computes with.

    `last` are the ops of its activation, which follow the nodes that take its parameters.
    """

    name: str
    kind: str
    parameters: tuple[Value, ...]
    last: frozenset[Op] = frozenset()


@dataclass(eq=False)
class Group:
    """Values that are drawn as one box: those of a part, alike leaves, or alike operations."""

    members: list[Value]
    part: Part | None = None
    inputs: dict[Any, None] = field(default_factory=dict)
    name: str = ""

    @property
    def op(self) -> Op | None:
        return self.members[0].op

    @property
    def grad(self) -> float:
        """The largest gradient; nan, if any of them is."""
        return max([v.grad for v in self.members], key=lambda g: (math.isnan(g), abs(g)))

    @property
    def lines(self) -> list[str]:
        """What the box says, line by line."""
        n = len(self.members)
        if self.part:
            calls = self.calls
            return [
                *([self.part.name] if self.part.name else []),
                self.part.kind,
                *([f"\u00d7 {calls}"] if calls > 1 else []),
            ]
        if self.op:
            return [f"{self.op.symbol} \u00d7 {n}"]
        names = [str(v.label) for v in self.members if v.label]
        shown = names if len(names) <= 3 else [names[0], "\u2026", names[-1]]
        return [*([" ".join(shown)] if names else []), f"{n} leaves"]

    @property
    def calls(self) -> int:
        """How often the part was applied: how many of its nodes take its first parameter here."""
        taken = [x for v in self.members for x in set(v.inputs) if v.op and isinstance(x, Value)]
        parameters = [p for p in (self.part.parameters if self.part else ()) if p in set(taken)]
        return taken.count(parameters[0]) if parameters else 1

    @property
    def tip(self) -> str:
        """The range of the data and of the gradients."""
        data, grads = [v.data for v in self.members], [v.grad for v in self.members]
        return (
            f"{len(data):,} values, data {min(data):.4g} to {max(data):.4g}, "
            f"grad {min(grads):.4g} to {max(grads):.4g}"
        )


def parts_of(collapse: Any, level: Any) -> list[Part]:
    """The parts of a model, or none for True. Raises TypeError for anything else."""
    if collapse is True:
        if level is not None:
            raise ValueError(f"level={level!r} says which modules of a model: give collapse=model")
        return []
    if not hasattr(type(collapse), "_parts_"):
        got = f"{type(collapse).__name__} {collapse!r:.60}"
        raise TypeError(f"collapse takes True, False or a model, got {got}")
    parts: list[Part] = collapse._parts_(level)
    return parts


def collapsed(
    outputs: Sequence[Value], parts: list[Part], known: Collection[Value], max_nodes: int | None
) -> list[Box | Group]:
    """The boxes of Values that stand alone, and the groups of those that are alike, inputs first.

    Raises ValueError if there are more than max_nodes, or if the graph has no parameter of parts.
    """
    order = topological_order(*outputs)
    if parts and {p for part in parts for p in part.parameters}.isdisjoint(order):
        raise ValueError("the graph has no parameter of the model that it is collapsed by")
    owner = owners(order, parts) if parts else {}
    alike: dict[Hashable, Group] = {}
    key_of = keys(order, owner, set(outputs), known)
    # A part comes where it computes; the parameters themselves come earlier.
    for v in sorted(order, key=lambda v: v.op is None and v in owner):
        group = alike.setdefault(key_of[v], Group([], owner.get(v)))
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
        shown = Box(v.label, v.data, v.grad, v.op, parameter=v in known) if alone else group
        box_of.update(dict.fromkeys(group.members, shown))
    for v, shown in box_of.items():
        if isinstance(shown, Box):
            joined = box(v, box_of)
            shown.inputs, shown.numbers = joined.inputs, joined.numbers
        else:
            shown.inputs.update([(box_of[x], None) for x in v.inputs if isinstance(x, Value)])
            shown.inputs.pop(shown, None)  # what goes on inside
    drawn = list(dict.fromkeys(box_of.values()))
    # What a part puts out, if it is what was asked for, has a box of its own behind it.
    return drawn + [Box(v.label, v.data, v.grad, None, [box_of[v]]) for v in outputs if v in owner]


# ---- which part a node belongs to ----


def owners(order: list[Value], parts: list[Part]) -> dict[Value, Part]:
    """The part of each parameter, and of each node that computes with it."""
    owner = {p: part for part in reversed(parts) for p in part.parameters}
    computed: dict[Value, Part] = {}
    maybe: dict[Value, Part] = {}  # all that it takes is of one part: it may lie inside, or behind
    for v in order:
        inputs = [x for x in v.inputs if isinstance(x, Value)]
        taken = {owner[x] for x in inputs if x in owner}
        others = len(inputs) < len(v.inputs) and v.op is not ops.power
        if len(taken) == 1 and (others or any(x not in owner for x in inputs)):
            [computed[v]] = taken
            continue
        before = {computed.get(x) or maybe.get(x) for x in inputs}
        if len(before) == 1 and None not in before:
            [part] = before
            assert part
            if v.op in part.last and all(x in computed for x in inputs):
                computed[v] = part
            else:
                maybe[v] = part
    for v in reversed(order):  # what leads to a node of the same part lies inside it
        for x in v.inputs if v in computed else ():
            if isinstance(x, Value) and x in maybe and maybe[x] is computed[v]:
                computed[x] = maybe[x]
    return {**owner, **computed}


# ---- which nodes are alike ----


def keys(
    order: list[Value], owner: dict[Value, Part], outputs: set[Value], known: Collection[Value]
) -> dict[Value, Hashable]:
    """A key for each node, the same for those that are drawn as one.

    Operations are alike if they are the same op of alike inputs, and alike operations take them in
    the same place; leaves are alike if alike nodes take them. Two sums are alike that add up the
    same kinds of terms, however many.
    """
    number: dict[Hashable, int] = {}  # of each structure; nodes are compared by it
    forward: dict[Value, int] = {}
    terms: dict[Any, frozenset[Any]] = {}  # of each sum
    users: dict[Value, list[tuple[Value, int]]] = {v: [] for v in order}
    for v in order:
        structure = structure_of(v, owner, forward, terms)
        forward[v] = number.setdefault(structure, len(number))
        if v.op is ops.add and v not in owner:
            terms[forward[v]] = structure[1]
        half = len(v.inputs) // 2
        for i, x in enumerate(v.inputs):
            if isinstance(x, Value):
                place = 0 if v.op is ops.add else int(half <= i < 2 * half)
                users[x].append((v, place))
    key: dict[Value, Hashable] = {}
    for v in reversed(order):
        if v in owner:
            key[v] = owner[v]
        elif v in outputs:
            key[v] = v
        elif v.op is None:
            used = frozenset([(key[u], place) for u, place in users[v]])
            key[v] = (v in known, stem(v), used)
        else:
            later = [u for u, _ in users[v] if forward[u] == forward[v] and key[u] is not u]
            after = frozenset([(forward[u], place) for u, place in users[v]])
            key[v] = key[later[0]] if later else (forward[v], after)
    return key


def structure_of(
    v: Value, owner: dict[Value, Part], forward: dict[Value, int], terms: dict[Any, frozenset[Any]]
) -> Any:
    """A key for what v was computed by, in which an exponent is the only number."""
    if v in owner:
        return owner[v]
    if v.op is None:
        return stem(v)
    inputs = [forward[x] if isinstance(x, Value) else None for x in v.inputs]
    if v.op is ops.add:
        return v.op, frozenset().union(*[terms.get(n, {n}) for n in inputs])
    # A sum of one kind of terms stands for its terms, since that of one term has no + in it.
    inputs = [min(terms[n]) if len(terms.get(n, ())) == 1 else n for n in inputs]
    if v.op is ops.power:
        return v.op, *inputs, v.inputs[1] if inputs[1] is None else None
    if v.op.arity:
        return v.op, *inputs
    half = len(inputs) // 2
    factors = inputs[:half] + inputs[2 * half :] if v.op is ops.dot else inputs
    return v.op, frozenset(factors), frozenset(inputs[half : 2 * half] if v.op is ops.dot else ())


def stem(leaf: Value) -> str:
    """The label of a leaf without the digits at its end: x1 and x2 are alike."""
    return str(leaf.label).rstrip(
        "0123456789\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089_"
    )
