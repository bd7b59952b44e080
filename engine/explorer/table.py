"""The table of ops for the page: each op and its slopes, in JavaScript."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from math import inf

from engine.diagrams.boxes import Box
from engine.languages.javascript import JavaScript
from engine.languages.python import NoTranslationError
from engine.op import Op


def table_of(boxes: Iterable[Box]) -> str:
    """The ops of the boxes, in JavaScript."""
    uses = [(box.op, len(box.inputs)) for box in boxes if box.op is not None]
    return op_table(dict.fromkeys(uses))


def op_table(uses: Iterable[tuple[Op, int]]) -> str:
    """The ops of a graph as an expression in JavaScript: {"mul/2": {value, slopes, ...}, ...}.

    uses: ops, each with its number of inputs. `value` is a function of the inputs, `slopes` a
    function of (z, ...inputs) for each of them, null where an op passes no gradient on. `goesOn`
    and `divisors` say where Python raises, since JavaScript never does. An op of one's own is left
    out.
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
            f"{{ value: ({', '.join(inputs)}) => {value}, slopes: [\n{listed}  ],\n"
            f"    goesOn: {str(goes_on(op, n)).lower()}, divisors: {divisors(op, n)} }}"
        )
    body = "".join([f'  "{name}": {row},\n' for name, row in sorted(rows.items())])
    definitions = "".join(language.definitions.values())
    return f"(() => {{\n{definitions}return {{\n{body}}};\n}})()"


def goes_on(op: Op, n: int) -> bool:
    """Whether large numbers never raise: true of x + y, which becomes inf, false of exp(x)."""
    large = (1e308, -1e308, inf, -inf)
    points = product(large, repeat=n) if n <= 2 else [(x,) * n for x in large]
    return all(failure(op, xs) is None for xs in points)


def divisors(op: Op, n: int) -> list[int]:
    """The places of the inputs that Python may not divide by if they are 0: [1] for x / y."""
    points = [[float(k != i) for k in range(n)] for i in range(n)]
    return [i for i, xs in enumerate(points) if isinstance(failure(op, xs), ZeroDivisionError)]


def failure(op: Op, xs: Iterable[float]) -> Exception | None:
    """What the op raises for these numbers."""
    try:
        op.f(*xs)
    except (ArithmeticError, ValueError) as error:
        return error
    return None
