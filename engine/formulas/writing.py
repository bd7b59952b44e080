"""Writing: what an operation computes, and its derivatives, in symbols and in numbers."""

from __future__ import annotations

import math
from contextvars import Context

from engine import ops
from engine.formulas.escapes import in_formula, one_line
from engine.value import Value, topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from engine.op import Op

# How tightly a formula binds: it gets parentheses where something tighter is wanted.
SUM, NEGATIVE, PRODUCT, POWER, ATOM = range(1, 6)

LONGEST = 12  # a derivative of more operations is shown as a number only


class Text:
    """Formulas as Python writes them."""

    times, arrow, numbered_arrow, dots = " * ", " -> ", " -(input {})-> ", "..."
    parentheses, equation, route = "({})", "{} = ", "{}: "
    # How an op is written, how tightly it binds, and how tightly each operand has to bind.
    templates: Mapping[Op, tuple[Any, ...]] = {
        ops.add: ("{} + {}", SUM, SUM, PRODUCT),
        ops.sub: ("{} - {}", SUM, SUM, PRODUCT),
        ops.mul: ("{} * {}", PRODUCT, NEGATIVE, POWER),
        ops.div: ("{} / {}", PRODUCT, NEGATIVE, POWER),
        ops.power: ("{}**{}", POWER, ATOM, POWER),
        ops.neg: ("-{}", NEGATIVE, POWER),
    }

    def name(self, name: str) -> str:
        return name if name.isidentifier() else f"({name})"

    def number(self, x: float) -> str:
        return f"{x:.4g}"

    def function(self, op: Op) -> str:
        return one_line(op.name)

    def derivative(self, of: str, by: str) -> str:
        return f"d{of}/d{by}"

    def factors(self, numbers: Sequence[str]) -> str:
        """The product of numbers."""
        return self.times.join([*numbers[:1], *map(self.operand, numbers[1:])])

    def terms(self, terms: Sequence[str]) -> str:
        """The sum of numbers or products."""
        return " + ".join([*terms[:1], *map(self.operand, terms[1:])])

    def operand(self, number: str) -> str:
        return self.parentheses.format(number) if number.startswith("-") else number

    def apply(self, op: Op, operands: Sequence[tuple[str, int] | float]) -> tuple[str, int]:
        """The formula of an op, and how tightly it binds.

        An operand is such a pair, too, or a number.
        """
        bound = [self.bound(x) if isinstance(x, float) else x for x in operands]
        if op not in self.templates:
            inside = ", ".join([text for text, _ in bound])
            return self.function(op) + self.parentheses.format(inside), ATOM
        template, binding, *needs = self.templates[op]
        held = [
            text if tight >= need else self.parentheses.format(text)
            for (text, tight), need in zip(bound, needs)
        ]
        return template.format(*held), binding

    def bound(self, x: float) -> tuple[str, int]:
        text = self.number(x)
        return text, NEGATIVE if text.startswith("-") else ATOM


class Latex(Text):
    """Formulas as LaTeX, MathJax and KaTeX read them."""

    times, arrow, numbered_arrow = r" \cdot ", r" \to ", r" \xrightarrow{{{}}} "
    dots, parentheses = r"\cdots", r"\left({}\right)"
    equation, route = "{} &= ", r"{}\colon\quad & "
    templates: Mapping[Op, tuple[Any, ...]] = {
        **Text.templates,
        ops.mul: (r"{} \cdot {}", PRODUCT, NEGATIVE, POWER),
        ops.div: (r"\frac{{{}}}{{{}}}", POWER, SUM, SUM),
        ops.power: ("{}^{{{}}}", POWER, ATOM, SUM),
        ops.absolute: (r"\left|{}\right|", ATOM, SUM),
        ops.sqrt: (r"\sqrt{{{}}}", ATOM, SUM),
    }
    functions = (ops.sin, ops.cos, ops.tan, ops.sinh, ops.cosh, ops.tanh, ops.exp, ops.log)

    def name(self, name: str) -> str:
        return in_formula(name)

    def number(self, x: float) -> str:
        if not math.isfinite(x):
            return r"\mathrm{nan}" if x != x else r"\infty" if x > 0 else r"-\infty"
        digits, _, exponent = f"{x:.4g}".partition("e")
        return rf"{digits} \cdot 10^{{{int(exponent)}}}" if exponent else digits

    def bound(self, x: float) -> tuple[str, int]:
        text = self.number(x)
        return text, NEGATIVE if text[0] == "-" else PRODUCT if "cdot" in text else ATOM

    def function(self, op: Op) -> str:
        if op in self.functions:
            return f"\\{op.name}"
        return in_formula(one_line(op.name)).replace(r"\mathrm", r"\operatorname")

    def derivative(self, of: str, by: str) -> str:
        return rf"\frac{{\partial {of}}}{{\partial {by}}}"


def computed(op: Op, operands: Sequence[str | float], notation: Text) -> str:
    """What op computes, as a formula of operands, which are names or numbers: `w * x`."""
    named = [x if isinstance(x, float) else (notation.name(x), ATOM) for x in operands]
    return notation.apply(op, named)[0]


def slope(
    op: Op, i: int, z: tuple[str, float], xs: Sequence[tuple[str, float] | float], notation: Text
) -> tuple[str, int]:
    """dz/dx for x = xs[i] in symbols, and how tightly it binds; no text if it is too long.

    z and xs are names with their numbers; a constant is a number alone. The formula comes from the
    op's own row: it computes the slope of Values, the result is a graph, and the graph is written.
    """
    copies = [x if isinstance(x, float) else Value(x[1], x[0]) for x in xs]
    result = Value(z[1], z[0])
    wanted = [k == i for k in range(len(copies))]
    slopes = Context().run(op.slopes, result, copies, wanted)  # recorded under no_grad too
    return formula_of(slopes[i], {x for x in [result, *copies] if isinstance(x, Value)}, notation)


def formula_of(slope: Any, named: set[Value], notation: Text) -> tuple[str, int]:
    """The graph of a slope as a formula, in which the values of `named` go by their names."""
    if not isinstance(slope, Value):
        return notation.bound(float(slope))
    known: dict[Value, tuple[str, int] | float] = {}
    operations = 0
    for v in topological_order(slope):
        if v in named:
            known[v] = notation.name(v.label), ATOM
        elif v.op is None:
            known[v] = v.data
        else:
            operands = [known[x] if isinstance(x, Value) else x for x in v.inputs]
            part = simplified(v, operands)
            if part is None:
                part = notation.apply(v.op, operands)
                operations += 1
            known[v] = part
            if operations > LONGEST:
                return "", ATOM
    whole = known[slope]
    return notation.bound(whole) if isinstance(whole, float) else whole


def simplified(v: Value, operands: Sequence[Any]) -> Any:
    """What a reader would write instead: a number for 2 * 3, x for x + 0; None for no change."""
    if v.op in (ops.equal, ops.origin) or all(isinstance(x, float) for x in operands):
        return v.data  # those two are how the table tells cases apart
    neutral = {ops.add: 0.0, ops.sub: 0.0, ops.mul: 1.0, ops.div: 1.0, ops.power: 1.0}
    if v.op in neutral:
        x, y = operands
        if y == neutral[v.op]:
            return x
        if x == neutral[v.op] and v.op in (ops.add, ops.mul):
            return y
    return None
