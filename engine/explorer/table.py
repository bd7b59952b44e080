"""The table of ops for the page: each op and its slopes, in JavaScript."""

from __future__ import annotations

from collections.abc import Iterable

from engine.diagrams.boxes import Box
from engine.languages.javascript import JavaScript
from engine.languages.python import NoTranslationError
from engine.op import Op


def table_of(boxes: Iterable[Box]) -> str:
    """The ops of the boxes, in JavaScript."""
    uses = [(box.op, len(box.inputs)) for box in boxes if box.op is not None]
    return op_table(dict.fromkeys(uses))


def op_table(uses: Iterable[tuple[Op, int]]) -> str:
    """The ops of a graph as an expression in JavaScript: {"mul/2": {value, slopes}, ...}.

    uses: ops, each with its number of inputs. `value` is a function of the inputs, `slopes` a
    function of (z, ...inputs) for each of them, null where an op passes no gradient on. An op of
    one's own is left out.
    """
    language = JavaScript()
    rows = {}
    for op, n in uses:
        inputs = [f"x{i}" for i in range(n)]
        try:
            value = language.value(op, inputs)
            slopes = [
                f"(z, {', '.join(inputs)}) => {language.slope(op, i, 'z', inputs)[0]}"
                if op.passes(i)
                else "null"
                for i in range(n)
            ]
        except NoTranslationError:
            continue
        listed = "".join([f"    {slope},\n" for slope in slopes])
        rows[f"{op.name}/{n}"] = (
            f"{{ value: ({', '.join(inputs)}) => {value}, slopes: [\n{listed}  ]}}"
        )
    body = "".join([f'  "{name}": {row},\n' for name, row in sorted(rows.items())])
    definitions = "".join(language.definitions.values())
    return f"(() => {{\n{definitions}return {{\n{body}}};\n}})()"
