"""The contents: a graph as the data that the explorer's page steps through.

The page shows each value as a card. The data of a card are its name, its operation in symbols, and
the rule by which it passes its gradient to each input. The numbers are the engine's; the page adds
up the gradients.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable
from typing import Any

from engine import ops
from engine.diagrams.boxes import Box, boxed
from engine.explorer.placement import placement
from engine.formulas.escapes import one_line
from engine.formulas.names import names, names_of_leaves
from engine.languages.python import Language, NoTranslationError
from engine.languages.words import Number
from engine.op import Op, number
from engine.unfolding import unfolds
from engine.value import Value, topological_order

MOST = 5_000  # cards: with more of them, a browser takes seconds for each step
MOST_TERMS = 250_000  # of slopes that name every input of an operation: some 10 MB of text


def boxes_of(value: Any, max_nodes: int | None = None) -> dict[Value, Box]:
    """A box for every value, inputs first, with dot products as products and sums.

    Raises TypeError if value is not a Value, and ValueError for more than max_nodes boxes, for more
    than a browser can step through, and for operations of very many inputs.
    """
    if not isinstance(value, Value):
        raise TypeError(f"explore takes a Value, got {type(value).__name__} {value!r:.60}")
    total = sum([len(v.inputs) - 1 if unfolds(v) else 1 for v in topological_order(value)])
    part = "explore a part of it, such as one neuron or the loss of one sample"
    if total > MOST:
        raise ValueError(
            f"the graph has {total:,} values to step through, more than the {MOST:,} that a "
            f"browser can hold: {part}, or draw(value, collapse=True), which folds what repeats, "
            "or draw(value, depth=3), the last steps"
        )
    if max_nodes is not None and total > max_nodes:
        raise ValueError(
            f"the graph has {total:,} values to step through, more than "
            f"max_nodes={max_nodes}: {part}, or all of it with max_nodes=None"
        )
    box_of = boxed([value])
    widest = max([len(box.inputs) for box in box_of.values()])
    if sum([len(box.inputs) ** 2 for box in box_of.values()]) > MOST_TERMS:
        raise ValueError(
            f"an operation of {widest:,} inputs has a slope for each, which names them all: more "
            f"than {MOST_TERMS:,} terms; write it as operations of fewer, or explore a part"
        )
    return box_of


def contents(box_of: dict[Value, Box], model: Any, lang: str, title: str) -> dict[str, Any]:
    """All that the page shows, as JSON has it. model: the model that names parameters, or None."""
    boxes, leaves = list(box_of.values()), [v for v in box_of if v.op is None]
    parameters = names_of_leaves(leaves, model)
    wanted = [printable(str(box.label) or parameters.get(v, ("",))[0]) for v, box in box_of.items()]
    wanted[-1] = wanted[-1] or "L"
    place = {box: i for i, box in enumerate(boxes)}
    called = names(wanted)
    nodes: list[dict[str, Any]] = []
    for (v, box), name in zip(box_of.items(), called):
        op = box.op
        inputs = [
            place[x] if isinstance(x, Box) else {"number": json_number(x)} for x in box.inputs
        ]
        shown = [called[place[x]] if isinstance(x, Box) else x for x in box.inputs]
        node: dict[str, Any] = {"name": name, "inputs": inputs, "op": None}
        if v in parameters:
            node["path"] = one_line(parameters[v][1])
        if box.source_line:
            node["line"] = [one_line(text) for text in box.source_line]
        if op is not None:
            infix = not op.symbol.isidentifier()
            node |= {"op": f"{op.name}/{len(inputs)}", "called": op.symbol, "infix": infix}
            node["own"] = ops.TABLE.get(op.name) is not op
            node["slopes"] = [
                slope_in_symbols(op, i, name, shown)
                if isinstance(x, Box) and op.passes(i)
                else None
                for i, x in enumerate(box.inputs)
            ]
        nodes.append(node)
    inputs_of = [node["inputs"] for node in nodes]
    return {
        "title": printable(title) or called[-1],
        "lang": lang,
        "nodes": nodes,
        "numbers": data_and_slopes(boxes),
        "placements": {"wide": placement(inputs_of, "LR"), "tall": placement(inputs_of, "TB")},
    }


def data_and_slopes(boxes: Iterable[Box]) -> dict[str, Any]:
    """data: the number of each box; slopes: of each box, the slope by each of its inputs."""
    boxes = list(boxes)
    slopes: list[list[Any]] = []
    for box in boxes:
        op = box.op
        if op is None:
            slopes.append([])
            continue
        taken = [x.data if isinstance(x, Box) else x for x in box.inputs]
        wanted = [isinstance(x, Box) and op.passes(i) for i, x in enumerate(box.inputs)]
        found = op.slopes(box.data, taken, wanted)
        slopes.append([json_number(number(s)) if w else None for s, w in zip(found, wanted)])
    return {"data": [json_number(box.data) for box in boxes], "slopes": slopes}


def json_number(x: float) -> float | str:
    """A number for JSON, which knows neither infinity nor nan: these become texts."""
    return x if math.isfinite(x) else repr(x)


def printable(text: str) -> str:
    """Text in one line, without characters that nothing shows."""
    kept = "".join([c if c.isprintable() else "\ufffd" for c in " ".join(text.split())])
    return kept if len(kept) <= 24 else f"{kept[:23]}…"


# ---- slopes in symbols ----


class Textbook(Language):
    """Slopes as a textbook writes them, without the terms that the table adds at single points.

    The text comes from the table's own row, because it has to hold wherever the sliders go.
    `explain` needs a slope at one point only, and simplifies it there.
    """

    name = "formula"

    def digits(self, x: float) -> str:
        return f"{x:g}"

    def truth(self, test: str) -> str:
        return f"[{test}]"

    def power(self, x: str, y: str) -> str:
        if isinstance(y, Number) and y.value == 1:
            return x
        return "**".join(
            [part if re.fullmatch(r"[\w.]+", part) else f"({part})" for part in (x, y)]
        )

    def spell(self, tree: ast.expr, names: dict[str, str]) -> tuple[str, int]:
        match tree:  # x + equal(x, 0), y - 1 + origin(x, y): a step aside where x is 0
            case ast.BinOp(
                left=left, op=ast.Add(), right=ast.Call(func=ast.Name(id="equal" | "origin"))
            ):
                return self.spell(left, names)
        return super().spell(tree, names)


def slope_in_symbols(op: Op, i: int, name: str, inputs: list[str | float]) -> str:
    """dz / d input number i, as a factor: "y" for x * y."""
    stand_ins = [f"X{j}_" for j in range(len(inputs))]
    for j, x in enumerate(inputs):
        if not isinstance(x, str):
            stand_ins[j] = f"({x:g})" if x < 0 else Number(f"{x:g}", x)
    try:
        text = Textbook().factor(op, i, "Z_", stand_ins)
    except NoTranslationError:
        return f"d{name}/d{inputs[i]}"
    return re.sub(
        r"\b(?:X(\d+)|Z)_(?!\w)", lambda m: str(inputs[int(m[1])]) if m[1] else name, text
    )
