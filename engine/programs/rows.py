"""A plan as Python: a list for each row, and a line for each instruction.

This is what `engine.machine` does in C, for a build without C: one comprehension computes an
operation for all samples. Sums keep their order, and so their last bits.
"""

from __future__ import annotations

import math
from array import array

from engine import ops
from engine.languages.python import Language
from engine.machine.choices import bounds_of
from engine.programs.kinds import NoPlanError
from engine.programs.neurons import as_dots
from engine.programs.source import header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from engine.programs.plan import Plan

TERMS = 16  # products in a line of a neuron


class RowMachine:
    """A machine in Python. It has the `evaluate` of the machine in C."""

    def __init__(self, plan: Plan) -> None:
        """Raises NoPlanError for a sequential plan, which goes sample by sample."""
        self.plan = plan
        self.zeros = [0.0] * plan.parameters
        namespace: dict[str, Any] = {}
        exec(compile(row_source(plan), "<chainrule plan>", "exec"), namespace)
        self.step: Callable[..., Any] = namespace["gradient"]
        self.bounds = bounds_of([c[2] for c in (*plan.body, *plan.tail) if c[0] == "choose"])

    def evaluate(
        self,
        parameters: Sequence[float],
        rows: Sequence[float],
        classes: Any = None,
        *,
        seed: float = 1.0,
        start: Sequence[float] | None = None,
    ) -> tuple[float, Any] | None:
        """The loss and its gradient; None where only the graph has the answer.

        rows: the numbers of the first sample, then those of the second, and so on. seed: the
        gradient of the loss. start: the gradient of the parameters so far, which that of the loss
        is added to.
        """
        n = self.plan.inputs
        columns = [list(rows[i::n]) for i in range(n)]
        for column, count in self.bounds.items():
            if not all(0 <= x < count and x == int(x) for x in columns[column]):
                return None
        try:
            value, grads = self.step(columns, parameters, classes, seed, start or self.zeros)
        except (ArithmeticError, ValueError):
            return None
        some = classes is not None or self.bounds  # numbers that no choice and no sum takes
        if not math.isfinite(value) or (some and not all(map(math.isfinite, grads))):
            return None
        for i in self.plan.silent:
            grads[i] = start[i] if start else 0.0
        return value, array("d", grads)


def row_source(plan: Plan) -> str:
    """Python: gradient(columns, parameters, classes, seed, start) -> (the loss, [its gradient]).

    Raises NoPlanError for a sequential plan.
    """
    if plan.sequential:
        raise NoPlanError("a parameter has a part in several operations of a sample")
    return Writer(plan).text()


class Writer:
    """Writes the lines of a plan. An operand is row r3, number t1 of the tail, or a scalar.

    What the tail may choose stands in a list, as c[4]. Row 7 that is chosen there is c[k7].
    """

    def __init__(self, plan: Plan) -> None:
        self.plan, self.language = plan, Language()
        self.begun: set[str] = set()  # the gradients that have a first part
        self.choices = {c[1]: c[2] for c in plan.body if c[0] == "choose"}
        self.choices_once = {c[1]: c[2] for c in plan.tail if c[0] == "choose"}
        found = dict.fromkeys([x for c in self.choices_once.values() for x in c[1:]])
        self.place = {x: i for i, x in enumerate(found)}  # of what the tail may choose, in c
        if any(min(c[1:]) < 0 for c in self.choices.values()):
            raise NoPlanError("a parameter is chosen in each sample")

    def text(self) -> str:
        plan = self.plan
        columns = "".join([f"r{i}, " for i in range(plan.inputs)])
        names = "".join([f"{self.name('t', ~i)}, " for i in range(plan.parameters)])
        lines = [f"{columns.rstrip()} = columns"] if columns else []
        lines += self.listed()
        lines += [f"{names.rstrip()} = parameters"] if names else []
        for instruction in plan.body:
            lines += self.forward("r", instruction)
        for _, out, rows in plan.sums:
            lines += self.summed(out, rows)
        for instruction in plan.tail:
            lines += self.forward("t", instruction)
        if self.place:
            lines.append(f"d_c = [0.0] * {len(self.place)}")
            self.begun.update([f"d_c[{i}]" for i in self.place.values()])
        slopes = [f"d_{self.name('t', ~i)}" for i in range(plan.parameters)]
        lines += [f"{slope} = start[{i}]" for i, slope in enumerate(slopes)]
        lines += self.backward()
        grads = "".join([f"{slope}, " for slope in slopes])
        lines.append(f"return {self.name('t', plan.output)}, [{grads}]")
        body = "".join([f"    {line}\n" for line in lines])
        taken = "columns, parameters, classes, seed, start"
        return f"{header(self.language)}def gradient({taken}):\n{body}"

    # ---- operands ----

    def listed(self) -> list[str]:
        """The list of what the tail may choose, with its constants, and what is chosen."""
        if not self.place:
            return []
        start = [
            self.language.number(self.plan.constants[~x - self.plan.parameters])
            if ~x >= self.plan.parameters
            else "0.0"
            for x in self.place
        ]
        lines = [f"c = [{', '.join(start)}]"]
        for row, (column, *candidates) in self.choices_once.items():
            places = ", ".join([str(self.place[x]) for x in candidates])
            lines.append(f"k{row} = ({places},)[int(r{column}[0])]")
        return lines

    def name(self, kind: str, operand: int) -> str:
        """r3 or t3 for a row; p3 or the digits of a constant for a scalar; c[3] for a candidate."""
        if operand in self.place and (kind == "t" or operand < 0):
            return f"c[{self.place[operand]}]"
        if kind == "t" and operand in self.choices_once:
            return f"c[k{operand}]"
        if operand >= 0:
            return f"{kind}{operand}"
        k = ~operand
        if k < self.plan.parameters:
            return f"p{k}"
        return f"({self.language.number(self.plan.constants[k - self.plan.parameters])})"

    def each(self, names: Sequence[str], expression: str) -> str:
        """A list: the expression for each sample, where x0, x1, ... are numbers of these rows."""
        if len(names) == 1:
            return f"[{expression} for x0 in {names[0]}]"
        variables = ", ".join([f"x{i}" for i in range(len(names))])
        return f"[{expression} for {variables} in zip({', '.join(names)})]"

    def spelled(self, kind: str, operands: Sequence[int]) -> tuple[list[str], list[str]]:
        """The rows among the operands, and what each operand is called in a line."""
        rows = list(dict.fromkeys([f"r{x}" for x in operands if kind == "r" and x >= 0]))
        words = []
        for x in operands:
            name = self.name(kind, x)
            words.append(f"x{rows.index(name)}" if name in rows else name)
        return rows, words

    # ---- forward ----

    def forward(self, kind: str, instruction: tuple[Any, ...]) -> list[str]:
        if instruction[0] == "layer":
            return [line for dot in as_dots(instruction) for line in self.forward(kind, dot)]
        name, out, operands, *_ = instruction
        if name == "choose":
            return self.chosen(out, operands) if kind == "r" else []
        op, target = ops.TABLE[name], self.name(kind, out)
        if op is ops.dot and len(operands) // 2 > TERMS:
            return self.long_dot(kind, target, operands)
        rows, words = self.spelled(kind, operands)
        value = self.language.value(op, words)
        return [f"{target} = {self.of_all(kind, rows, value)}"]

    def of_all(self, kind: str, rows: Sequence[str], value: str) -> str:
        """An expression of these rows, or of numbers alone: a list in the body, one number else."""
        if rows:
            return self.each(rows, value)
        return f"[{value}] * {self.plan.lanes}" if kind == "r" else value

    def chosen(self, out: int, operands: Sequence[int]) -> list[str]:
        """The row of the candidate that each sample chooses."""
        column, *candidates = operands
        rows = ", ".join([f"r{row}" for row in candidates])
        return [f"r{out} = [({rows},)[int(k)][i] for i, k in enumerate(r{column})]"]

    def long_dot(self, kind: str, target: str, operands: Sequence[int]) -> list[str]:
        n = len(operands) // 2
        start = self.name(kind, operands[-1]) if len(operands) % 2 else "0.0"
        if start.startswith("r"):
            raise NoPlanError("a bias is not the same for all samples")
        lines = []
        for i in range(0, n, TERMS):
            part = [*operands[i : min(i + TERMS, n)], *operands[n + i : n + min(i + TERMS, n)]]
            rows, words = self.spelled(kind, part)
            half = len(words) // 2
            products = [f"{w} * {x}" for w, x in zip(words[:half], words[half:])]
            if i and (rows or kind == "r"):
                rows, products = [*rows, target], [f"x{len(rows)}", *products]
            else:
                products = [target if i else start, *products]
            total = " + ".join(products)
            lines.append(f"{target} = {self.of_all(kind, rows, total)}")
        return lines

    def summed(self, out: int, rows: Sequence[int]) -> list[str]:
        """The sum over the samples, from the first to the last."""
        numbers = f"r{rows[0]}"
        if len(rows) > 1:
            choices = ", ".join([f"r{row}" for row in rows])
            numbers = f"[({choices})[k][i] for i, k in enumerate(classes)]"
        total = self.name("t", out)
        return [f"s = {numbers}", f"{total} = s[0]", f"for x in s[1:]: {total} += x"]

    # ---- backward ----

    def backward(self) -> list[str]:
        plan = self.plan
        output = f"d_{self.name('t', plan.output)}"
        lines = [f"{output} = seed"]
        self.begun.add(output)
        for instruction in reversed(plan.tail):
            lines += self.slopes("t", instruction)
        for _, out, rows in reversed(plan.sums):
            if f"d_{self.name('t', out)}" in self.begun:
                lines += self.spread(out, rows)
        for instruction in reversed(plan.body):
            for dot in reversed(as_dots(instruction)):
                lines += self.slopes("r", dot)
        return lines

    def spread(self, out: int, rows: Sequence[int]) -> list[str]:
        """The lines in which a sum passes its gradient on: to the row of each sample's class."""
        lines = []
        for row in dict.fromkeys(rows):
            slope = f"d_{self.name('t', out)}"
            grad = f"[{slope}] * {self.plan.lanes}"
            if len(rows) > 1:
                mine = [k for k, other in enumerate(rows) if other == row]
                grad = f"[{slope} if k in {mine} else 0.0 for k in classes]"
            lines += self.added(f"d_r{row}", grad)
        return lines

    def added(self, grad: str, numbers: str) -> list[str]:
        """Add a list of numbers to the gradients of a row."""
        if grad in self.begun:
            return [f"{grad} = [x + y for x, y in zip({grad}, {numbers})]"]
        self.begun.add(grad)
        return [f"{grad} = {numbers}"]

    def slopes(self, kind: str, instruction: tuple[Any, ...]) -> list[str]:
        """The lines in which an operation passes its gradient on to its operands."""
        name, out, operands, *wanted = instruction
        mine = f"d_{self.name(kind, out)}"
        if wanted == [False] or mine not in self.begun or name == "choose":
            return []
        op, lines = ops.TABLE[name], []
        for i, x in enumerate(operands):
            constant = x < 0 and ~x >= self.plan.parameters
            if constant or not op.passes(i) or (kind == "r" and 0 <= x < self.plan.inputs):
                continue
            lines += self.slope(kind, op, i, out, operands)
        return lines

    def slope(self, kind: str, op: Any, i: int, out: int, operands: Sequence[int]) -> list[str]:
        mine, x = f"d_{self.name(kind, out)}", operands[i]
        if kind == "t":
            words = [self.name(kind, operand) for operand in operands]
            share = f"{mine} * {self.language.factor(op, i, self.name(kind, out), words)}"
            grad = f"d_{self.name(kind, x)}"
            if grad in self.begun or x < 0 or x in self.choices_once:
                return [f"{grad} += {share}"]
            self.begun.add(grad)
            return [f"{grad} = {share}"]
        if op is ops.dot:  # only two of its many operands matter
            n = len(operands) // 2
            other = None if i == 2 * n else operands[i + n if i < n else i - n]
            rows, words = self.spelled(kind, [] if other is None else [other])
            share = f"g * {words[0]}" if words else "g"
        else:
            rows, words = self.spelled(kind, [out, *operands])
            slope = self.language.factor(op, i, words[0], words[1:])
            share = "g" if slope == "1.0" else f"g * {slope}"
        variables = ", ".join(["g", *[f"x{j}" for j in range(len(rows))]])
        sources = ", ".join([mine, *rows])
        if x < 0:  # a parameter: the last sample first
            backwards = ", ".join([f"reversed({s})" for s in (mine, *rows)])
            loop = f"zip({backwards})" if rows else backwards
            return [f"for {variables} in {loop}: d_{self.name(kind, x)} += {share}"]
        numbers = f"zip({sources})" if rows else sources
        if x in self.choices:
            return self.passed_on(x, f"[{share} for {variables} in {numbers}]")
        return self.added(f"d_r{x}", f"[{share} for {variables} in {numbers}]")

    def passed_on(self, row: int, numbers: str) -> list[str]:
        """Add a list of numbers to the gradients of the candidates that the samples choose."""
        column, *candidates = self.choices[row]
        grads = [f"d_r{x}" for x in candidates if x >= self.plan.inputs]
        lines = [f"{g} = [0.0] * {self.plan.lanes}" for g in grads if g not in self.begun]
        self.begun.update(grads)
        rows = ", ".join([f"d_r{x}" if x >= self.plan.inputs else "s" for x in candidates])
        lines.append(f"s = {numbers}")
        return [*lines, f"for i, k in enumerate(r{column}): ({rows},)[int(k)][i] += s[i]"]
