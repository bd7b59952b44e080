"""The lesson: what an explanation says, row by row, in symbols and then in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from engine.explanations.paths import Edge, Edges, Graph, Path, adjoints_of
from engine.formulas.writing import POWER, Text, computed, slope
from engine.value import Value

SHOWN = 12  # parts of a row, or rows of a kind; of more, the middle is left out


Item = TypeVar("Item")


class Row(NamedTuple):
    """What is explained, and what it equals, step by step."""

    head: str
    steps: list[str]


class Lesson:
    """The rows for one graph, in one notation."""

    def __init__(self, graph: Graph, edges: Edges, names: dict[Value, str], notation: Text) -> None:
        self.graph, self.edges, self.names, self.notation = graph, edges, names, notation

    def definitions(self) -> list[Row]:
        """How each Value on the paths is computed: `v3 = w * x = 2 * 0.5 = 1`."""
        rows = []
        for v in shortened(list(reversed(self.edges))):
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
        edges = shortened(path.edges[::-1])
        rule = [self.derivative(e.head, e.tail) if e else dots for e in edges]
        slopes = [self.slope(e, len(edges) > 1) if e else dots for e in edges]
        numbers = [notation.number(e.derivative) if e else dots for e in edges]
        steps = [notation.times.join(rule)]
        if all(slopes):
            steps.append(notation.times.join(slopes))
        steps += [notation.factors(numbers), notation.number(path.product)]
        return Row(notation.route.format(self.way(path)), distinct(steps))

    def way(self, path: Path) -> str:
        """The names along a path; an edge beside others between the same two has its number."""
        text = self.name(path.nodes[0])
        for edge in shortened(path.edges):
            if edge is None:
                text += self.notation.arrow + self.notation.dots
                continue
            beside = [e for e in self.edges[edge.head] if e.tail is edge.tail]
            arrow = self.notation.numbered_arrow.format(edge.place + 1)
            text += arrow if len(beside) > 1 else self.notation.arrow
            text += self.name(edge.head)
        return text

    def total(self, output: Value, leaf: Value, paths: Sequence[Path], gradient: float) -> Row:
        """The sum of the products."""
        number = self.notation.number
        terms = [number(p.product) if p else self.notation.dots for p in shortened(paths)]
        steps = distinct([*([self.notation.terms(terms)] if terms else []), number(gradient)])
        return Row(self.is_equal(self.derivative(output, leaf)), steps)

    def sums(self, output: Value) -> list[Row]:
        """d output / d v for each Value on the paths, summed over its uses, as backward does."""
        adjoints = adjoints_of(self.edges, output)
        uses: dict[Value, list[Edge]] = {v: [] for v in adjoints if v is not output}
        for into in self.edges.values():
            for edge in into:
                uses[edge.tail].append(edge)
        rows = []
        for v in shortened(list(uses)):
            if v is None:
                rows.append(Row(self.notation.dots, []))
                continue
            edges = shortened(uses[v])
            symbols = [self.share(e, output) if e else self.notation.dots for e in edges]
            shares = [
                self.notation.number(adjoints[e.head] * e.derivative) if e else self.notation.dots
                for e in edges
            ]
            steps = [self.notation.terms(symbols)] if all(symbols) else []
            steps += [self.notation.terms(shares), self.notation.number(adjoints[v])]
            rows.append(Row(self.is_equal(self.derivative(output, v)), distinct(steps)))
        return rows

    def share(self, edge: Edge, output: Value) -> str:
        """What the gradient of a Value receives from one of its uses."""
        slope = self.slope(edge, edge.head is not output)
        if edge.head is output or not slope:
            return slope
        return self.derivative(output, edge.head) + self.notation.times + slope

    def slope(self, edge: Edge, factor: bool) -> str:
        """The derivative along an edge in symbols, fit for a factor; empty if it is too long."""
        op, inputs = self.graph[edge.head]
        if op is None:
            return ""
        xs = [(self.names[x], x.data) if isinstance(x, Value) else x for x in inputs]
        z = self.names[edge.head], edge.head.data
        text, tight = slope(op, edge.place, z, xs, self.notation)
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
    """The items, with None for the middle of more than SHOWN."""
    if len(items) <= SHOWN:
        return list(items)
    return [*items[: SHOWN // 2], None, *items[len(items) - SHOWN // 2 + 1 :]]


def distinct(steps: list[str]) -> list[str]:
    """The steps without those that only repeat the one before."""
    return [step for i, step in enumerate(steps) if i == 0 or step != steps[i - 1]]
