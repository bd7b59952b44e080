"""The derivation: the rows of an explanation, each first in symbols and then in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from engine.explanations.paths import Graph, Path, Use, Uses, adjoints_of
from engine.formulas.writing import POWER, Text, computed, slope
from engine.value import Value

SHOWN = 12  # at most so many terms in a row, or rows of a kind; the middle is left out


Item = TypeVar("Item")


class Row(NamedTuple):
    """The left side of an equation, and what it equals, step by step."""

    head: str
    steps: list[str]


class Derivation:
    """The rows for one graph, in one notation."""

    def __init__(self, graph: Graph, uses: Uses, names: dict[Value, str], notation: Text) -> None:
        self.graph, self.uses, self.names, self.notation = graph, uses, names, notation

    def definitions(self) -> list[Row]:
        """How each Value on the paths is computed: `v3 = w * x = 2 * 0.5 = 1`."""
        rows = []
        for v in shortened(list(reversed(self.uses))):
            rows.append(Row(self.notation.dots, []) if v is None else self.definition(v))
        return rows

    def definition(self, v: Value) -> Row:
        op, inputs = self.graph[v]
        steps = []
        if op is not None and len(inputs) <= SHOWN:
            named = [self.names[x] if isinstance(x, Value) else x for x in inputs]
            symbols = computed(op, named, self.notation)
            steps = [symbols, computed(op, list(map(float, inputs)), self.notation)]
        return Row(self.is_equal(self.name(v)), distinct([*steps, self.notation.number(v.data)]))

    def path(self, path: Path) -> Row:
        """The product along a path, from the output back."""
        notation, dots = self.notation, self.notation.dots
        uses = shortened(path.uses[::-1])
        rule = [self.derivative(u.head, u.tail) if u else dots for u in uses]
        slopes = [self.slope(u, len(uses) > 1) if u else dots for u in uses]
        numbers = [notation.number(u.derivative) if u else dots for u in uses]
        steps = [notation.times.join(rule)]
        if all(slopes):
            steps.append(notation.times.join(slopes))
        steps += [notation.factors(numbers), notation.number(path.product)]
        return Row(notation.route.format(self.way(path)), distinct(steps))

    def way(self, path: Path) -> str:
        """The names along a path; two uses of the same value by the same op have numbers."""
        text = self.name(path.nodes[0])
        for use in shortened(path.uses):
            if use is None:
                text += self.notation.arrow + self.notation.dots
                continue
            beside = [u for u in self.uses[use.head] if u.tail is use.tail]
            arrow = self.notation.numbered_arrow.format(use.place + 1)
            text += arrow if len(beside) > 1 else self.notation.arrow
            text += self.name(use.head)
        return text

    def total(self, output: Value, leaf: Value, paths: Sequence[Path], gradient: float) -> Row:
        """The sum of the products."""
        number = self.notation.number
        terms = [number(p.product) if p else self.notation.dots for p in shortened(paths)]
        steps = distinct([*([self.notation.terms(terms)] if terms else []), number(gradient)])
        return Row(self.is_equal(self.derivative(output, leaf)), steps)

    def sums(self, output: Value) -> list[Row]:
        """d output / d v for each Value on the paths, summed over its uses, as backward does."""
        adjoints = adjoints_of(self.uses, output)
        uses_of: dict[Value, list[Use]] = {v: [] for v in adjoints if v is not output}
        for into in self.uses.values():
            for use in into:
                uses_of[use.tail].append(use)
        rows = []
        for v in shortened(list(uses_of)):
            if v is None:
                rows.append(Row(self.notation.dots, []))
                continue
            uses = shortened(uses_of[v])
            symbols = [self.share(u, output) if u else self.notation.dots for u in uses]
            shares = [
                self.notation.number(adjoints[u.head] * u.derivative) if u else self.notation.dots
                for u in uses
            ]
            steps = [self.notation.terms(symbols)] if all(symbols) else []
            steps += [self.notation.terms(shares), self.notation.number(adjoints[v])]
            rows.append(Row(self.is_equal(self.derivative(output, v)), distinct(steps)))
        return rows

    def share(self, use: Use, output: Value) -> str:
        """What the gradient of a Value receives from one of its uses."""
        slope = self.slope(use, use.head is not output)
        if use.head is output or not slope:
            return slope
        return self.derivative(output, use.head) + self.notation.times + slope

    def slope(self, use: Use, factor: bool) -> str:
        """The derivative of a use in symbols, fit for a factor; empty if it is too long."""
        op, inputs = self.graph[use.head]
        if op is None:
            return ""
        xs = [(self.names[x], x.data) if isinstance(x, Value) else x for x in inputs]
        z = self.names[use.head], use.head.data
        text, tight = slope(op, use.place, z, xs, self.notation)
        return (
            text
            if tight >= POWER or not (text and factor)
            else self.notation.parentheses.format(text)
        )

    def name(self, v: Value) -> str:
        return self.notation.name(self.names[v])

    def derivative(self, output: Value, v: Value) -> str:
        return self.notation.derivative(self.name(output), self.name(v))

    def is_equal(self, left: str) -> str:
        return self.notation.equation.format(left)


def shortened(items: Sequence[Item]) -> list[Item | None]:
    """The items; if there are more than SHOWN, with None in place of the middle."""
    if len(items) <= SHOWN:
        return list(items)
    return [*items[: SHOWN // 2], None, *items[len(items) - SHOWN // 2 + 1 :]]


def distinct(steps: list[str]) -> list[str]:
    """The steps, without a step that only repeats the step before it."""
    return [step for i, step in enumerate(steps) if i == 0 or step != steps[i - 1]]
