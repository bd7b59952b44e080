"""Which nodes of a graph are alike, so that a picture shows them as one box with a count."""

from collections.abc import Hashable, Mapping
from typing import Any

from engine import ops
from engine.diagrams.parts import Part
from engine.value import Value


def keys(
    order: list[Value], owner: dict[Value, Part], outputs: set[Value], kinds: Mapping[Value, str]
) -> dict[Value, Hashable]:
    """A key for each node; alike nodes have the same key, and are drawn as one box.

    - Two operations are alike if they apply the same op to alike inputs, and if alike operations
      use their results in the same place. In `tanh(x1) ** 2 + tanh(x2) ** 2` the two tanh are
      alike, and so are the two squares.
    - Two leaves are alike if alike operations use them, their labels differ in the last digits
      only, and they are of one kind, such as parameters.
    - Two sums are alike if they add up the same kinds of terms; the number of terms may differ.
    - The nodes of one part of a model are alike. An output is like no other node.
    """
    number: dict[Hashable, int] = {}  # of each structure, so that nodes compare quickly
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
            key[v] = (kinds.get(v), stem(v), used)
        else:
            later = [u for u, _ in users[v] if forward[u] == forward[v] and key[u] is not u]
            after = frozenset([(forward[u], place) for u, place in users[v]])
            key[v] = key[later[0]] if later else (forward[v], after)
    return key


def structure_of(
    v: Value, owner: dict[Value, Part], forward: dict[Value, int], terms: dict[Any, frozenset[Any]]
) -> Any:
    """A key for how v was computed. Of all numbers only an exponent counts: x**2 is not x**3."""
    if v in owner:
        return owner[v]
    if v.op is None:
        return stem(v)
    inputs = [forward[x] if isinstance(x, Value) else None for x in v.inputs]
    if v.op is ops.add:
        return v.op, frozenset().union(*[terms.get(n, {n}) for n in inputs])
    # A sum of terms of one kind counts as its terms, because a sum of one term has no + in it.
    inputs = [min(terms[n]) if len(terms.get(n, ())) == 1 else n for n in inputs]
    if v.op is ops.power:
        return v.op, *inputs, v.inputs[1] if inputs[1] is None else None
    if v.op.arity:
        return v.op, *inputs
    half = len(inputs) // 2
    factors = inputs[:half] + inputs[2 * half :] if v.op is ops.dot else inputs
    return v.op, frozenset(factors), frozenset(inputs[half : 2 * half] if v.op is ops.dot else ())


def stem(leaf: Value) -> str:
    """The label of a leaf without the digits at its end: "x" for x1 and for x2."""
    return str(leaf.label).rstrip(
        "0123456789\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089_"
    )
