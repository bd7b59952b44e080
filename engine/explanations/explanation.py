"""The explanation: a gradient as the sum over all paths, the way the chain rule is taught."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine.explanations.derivation import Derivation, Row
from engine.explanations.paths import (
    Graph,
    Path,
    Uses,
    adjoints_of,
    counted,
    paths_along,
    spelled_out,
    uses_between,
    walls,
)
from engine.formulas.escapes import in_code, one_line
from engine.formulas.names import names, names_of_leaves
from engine.formulas.writing import Latex, Text
from engine.value import Value, topological_order

WIDTH = 88  # of a line of text; a row that is longer takes a line for each step


def explain(
    output: Value, leaf: Value, limit: int | None = 20, *, model: Any = None
) -> Explanation:
    """d output / d leaf as the sum over all paths from leaf to output, to print or to show.

    leaf may be any Value that output depends on. If there are more than limit paths (None: no
    limit), the explanation does not list them; it shows the sum at each node, which is how
    backward computes. Parameters of a model are named by their place in it, such as w0_1_0, the
    weight of input 0 in neuron 1 of layer 0. model: the model; None: the one they belong to. Raises
    TypeError if output or leaf is not a Value, limit not an int or model not a model, and
    ValueError for a limit below 0.

    >>> a = Value(3.0, label="a")
    >>> explain(a * a + a, a).gradient
    7.0
    """
    for v in (output, leaf):
        if not isinstance(v, Value):
            raise TypeError(f"explain takes Values, got {type(v).__name__} {v!r:.60}")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool)):
        raise TypeError(f"limit is a whole number of paths or None, got {limit!r:.60}")
    if limit is not None and limit < 0:
        raise ValueError(f"limit is at least 0, got {limit}")
    graph = spelled_out(output)
    leaves = [v for v in topological_order(output) if v.op is None]
    parameters = {v: name for v, (name, _) in names_of_leaves(leaves, model).items()}
    uses = uses_between(graph, leaf, output)
    count = counted(uses, leaf, output)
    if limit is not None and count > limit:
        gradient = adjoints_of(uses, output)[leaf]
        return Explanation(output, leaf, count, None, gradient, limit, graph, uses, parameters)
    paths = tuple(paths_along(uses, leaf, output)) if count else ()
    gradient = 0.0
    for path in paths:
        gradient += path.product
    return Explanation(output, leaf, count, paths, gradient, limit, graph, uses, parameters)


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """What explain found: print it, let a notebook show it, or read its numbers.

    `count` is the number of paths, `paths` holds them (None if there are more than limit), and
    `gradient` is the sum of their products.
    """

    output: Value
    leaf: Value
    count: int
    paths: tuple[Path, ...] | None
    gradient: float
    limit: int | None
    graph: Graph
    uses: Uses
    parameters: dict[Value, str]

    def text(self) -> str:
        """The explanation as plain text."""
        return "\n".join([*self.sentences(str), *map(in_lines, self.rows(Text()))])

    def latex(self) -> str:
        """The formulas as LaTeX, to put between `$$` or `\\[` and `\\]`; they need amsmath."""
        rows = [head + " = ".join(steps) for head, steps in self.rows(Latex())]
        return "\n".join([r"\begin{aligned}", " \\\\\n".join(rows), r"\end{aligned}"])

    def markdown(self) -> str:
        """The explanation as Markdown, its formulas as LaTeX."""
        return "\n\n".join([*self.sentences(in_code), f"$$\n{self.latex()}\n$$\n"])

    def __repr__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$"

    @cached_property
    def names(self) -> dict[Value, str]:
        """A name for each Value: its label, its name in the model, or v1, v2, ..."""
        values = list(dict.fromkeys([*self.graph, self.leaf]))
        return dict(zip(values, names([v.label or self.parameters.get(v, "") for v in values])))

    def sentences(self, quoted: Callable[[str], str]) -> list[str]:
        """The explanation in words; `quoted` puts names and formulas in quotes."""
        called, text = self.names, Text()
        y, x = called[self.output], called[self.leaf]
        gradient = quoted(text.derivative(text.name(y), text.name(x)))
        said = f"{gradient} at {quoted(f'{x} = {text.number(self.leaf.data)}')}"
        passed = walls(self.graph, self.leaf, self.output)
        kept = f"no gradient passes {', '.join(map(quoted, map(one_line, passed)))}"
        if self.leaf is self.output:
            return [f"{said}: 1 path, without a step, and the product of no factors is 1"]
        if self.leaf not in self.graph:
            return [f"{said}: no path, {quoted(y)} was not computed from {quoted(x)}"]
        if not self.count:
            return [f"{said}: no path, {kept}"]
        sentences = [f"{said}: {in_digits(self.count)} path{'s' if self.count > 1 else ''}"]
        if self.paths is None:
            products = sum(map(len, self.uses.values()))
            sentences[0] += f", more than limit={self.limit}"
            sentences.append(
                "Backward takes none of them alone: it sums at each value, from the output back, "
                f"{products:,} products in all."
            )
        if passed:
            sentences.append(f"There are others, but {kept}.")
        if any(
            math.isnan(p.product) and not any(map(math.isnan, p.derivatives))
            for p in self.paths or ()
        ):
            sentences.append("A product of inf and 0 has no value: it is nan.")
        return sentences

    def rows(self, notation: Text) -> list[Row]:
        """The formulas: how values are computed, the product of each path, and the sum."""
        derivation = Derivation(self.graph, self.uses, self.names, notation)
        if self.paths is None:
            return [*derivation.definitions(), *derivation.sums(self.output)]
        total = derivation.total(self.output, self.leaf, self.paths, self.gradient)
        paths = map(derivation.path, [path for path in self.paths if path.uses])
        return [*derivation.definitions(), *paths, total]


def in_lines(row: Row) -> str:
    line = f"  {row.head}{' = '.join(row.steps)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"  {row.head.rstrip(' =')}", *[f"    = {step}" for step in row.steps]])


def in_digits(count: int) -> str:
    """A count with all its digits, up to 100 of them; else its size, such as "about 10**120"."""
    return f"{count:,}" if count < 10**100 else f"about 10**{math.log10(count):.0f}"
