"""Python, and how every language spells the rows of the table.

The functions in `ops.py` are read as syntax trees. Each part is spelled in another language:
arithmetic, comparisons, choices, and calls of `math`, of ops and of each other. So a program that
is printed computes what the graph computed, and the calculus is written once. One thing is not
translated: functions of any number of inputs have loops, and C and JavaScript have them by hand.
"""

from __future__ import annotations

import ast
import math

from engine import ops
from engine.languages.syntax import table, undocumented, variable_of
from engine.languages.words import MANY, Number, Words
from engine.native import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.op import Op

INFIX = {**words.INFIX, ast.Div: "/"}  # which C is given a function for, with its flag
SUM, PRODUCT, MINUS, ATOM = range(4)  # how tightly an expression holds together
TIGHTNESS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT}


class NoTranslationError(ValueError):
    """An operation that a language has no words for."""


class Language(Words):
    """Python; a class of another language has other words.

    An expression is a text and how tightly it holds together.
    """

    def value(self, op: Op, inputs: Sequence[str]) -> str:
        """op of the inputs. Raises NoTranslationError for an op of one's own."""
        self.check(op)
        if op.name == "dot":
            return self.dot(inputs)
        if op.name in MANY:
            return self.many(op.name, inputs)
        row = table()[0][variable_of(op.name)]
        if not op.symbol.isidentifier() and op is not ops.power:
            return self.applied(row.args[2], inputs)[0]
        return self.called(op.name, row.args[2], inputs)

    def slope(self, op: Op, i: int, z: str, inputs: Sequence[str]) -> tuple[str, int]:
        """dz / d input number i, and how tightly it holds together."""
        self.check(op)
        if op.name == "dot":
            n = len(inputs) // 2
            return ([*inputs[n : 2 * n], *inputs[:n], self.number(1.0)])[i], ATOM
        if op.name in MANY:
            return self.slope_of_many(op.name, i, z, inputs), ATOM
        row = table()[0][variable_of(op.name)]
        return self.applied(row.args[3 + i], [z, *inputs])

    def factor(self, op: Op, i: int, z: str, inputs: Sequence[str]) -> str:
        """The slope as it stands behind a "*", in brackets if need be."""
        slope, tightness = self.slope(op, i, z, inputs)
        return slope if tightness >= MINUS else f"({slope})"

    def check(self, op: Op) -> None:
        if ops.TABLE.get(op.name) is not op:
            raise NoTranslationError(f"no {self.name} for {op.name!r}, an operation of your own")

    def dot(self, inputs: Sequence[str]) -> str:
        n = len(inputs) // 2
        start = inputs[-1] if len(inputs) % 2 else self.number(0.0)
        return " + ".join([start, *[f"{w} * {x}" for w, x in zip(inputs[:n], inputs[n : 2 * n])]])

    def slope_of_many(self, name: str, i: int, z: str, inputs: Sequence[str]) -> str:
        x = inputs[i]
        if name == "logsumexp":
            return self.math("exp", f"{x} - {z}")
        if name == "hypot":
            return f"({x} / ({z} + {self.truth(f'{z} == 0')}))"
        ties = " + ".join([self.truth(f"{other} == {z}") for other in inputs])
        return f"({self.truth(f'{x} == {z}')} / ({ties}))"

    def applied(self, function: ast.expr, inputs: Sequence[str]) -> tuple[str, int]:
        """The body of a lambda, with the inputs for its parameters."""
        if not isinstance(function, ast.Lambda):
            raise NoTranslationError(f"no {self.name} for {ast.unparse(function)}")
        names = [a.arg for a in function.args.args]
        return self.spell(function.body, dict(zip(names, inputs)))

    def called(self, name: str, function: ast.expr, inputs: Sequence[str]) -> str:
        """A call of the function of a row, which is defined if the language has none of its own."""
        match function:
            case ast.Attribute(value=ast.Name(id="math"), attr=attr):
                return self.math(attr, ", ".join(inputs))
            case ast.Name(id="abs"):
                return self.absolute(inputs[0])
            case ast.Name(id="real_power"):
                return self.power(*inputs)
        self.define(name, function)
        return f"{name}({', '.join(inputs)})"

    def define(self, name: str, function: ast.expr) -> None:
        """See that there is a function of that name."""
        if name in self.definitions:
            return
        functions = table()[1]
        steps: list[ast.stmt] = []
        match function:
            case ast.Lambda(args=arguments, body=result):
                pass
            case ast.Name(id=known):
                arguments = functions[known].args
                *steps, last = undocumented(functions[known], name).body
                if not isinstance(last, ast.Return) or last.value is None:
                    raise NoTranslationError(f"no {self.name} for {name}")
                result = last.value
            case _:
                raise NoTranslationError(f"no {self.name} for {name}")
        inputs = [a.arg for a in arguments.args]
        scope, lines = dict(zip(inputs, inputs)), []
        for step in steps:
            match step:
                case ast.Assign(targets=[ast.Name(id=variable)], value=value):
                    lines.append(self.assignment(variable, self.spell(value, scope)[0]))
                    scope[variable] = variable
                case _:
                    raise NoTranslationError(f"no {self.name} for {name}")
        text = self.function(name, inputs, lines, self.spell(result, scope)[0])
        self.definitions[name] = text  # after those that it calls

    def spell(self, tree: ast.expr, names: dict[str, str]) -> tuple[str, int]:
        """An expression, and how tightly it holds together."""
        match tree:
            case ast.Constant(value=int() | float() as value):
                return self.number(float(value)), ATOM
            case ast.Name(id=name) if name in names:
                return names[name], ATOM
            case ast.Attribute(value=ast.Name(id="math"), attr="pi"):
                return self.number(math.pi), ATOM
            case ast.UnaryOp(op=ast.USub(), operand=x):
                text = self.within(x, names, MINUS)
                if isinstance(text, Number):
                    return self.number(-text.value), MINUS
                return "-" + text, MINUS
            case ast.BinOp(left=x, op=ast.Pow(), right=y):
                return self.power(self.spell(x, names)[0], self.spell(y, names)[0]), ATOM
            case ast.BinOp(left=x, op=sign, right=y) if type(sign) in INFIX:
                first, second = [self.spell(side, names)[0] for side in (x, y)]
                if isinstance(first, Number) and isinstance(second, Number):
                    return self.number(folded(type(sign), first.value, second.value)), ATOM
                symbol = INFIX[type(sign)]
                tightness = TIGHTNESS[symbol]
                left, right = self.within(x, names, tightness), self.within(y, names, tightness + 1)
                return f"{left} {symbol} {right}", tightness
            case ast.IfExp(test=test, body=yes, orelse=no):
                sides = [self.spell(part, names)[0] for part in (test, yes, no)]
                return self.choice(*sides), ATOM
            case ast.Compare(left=first, ops=signs, comparators=rest):
                sides = [self.within(x, names, SUM) for x in (first, *rest)]
                tests = [
                    f"{x} {words.COMPARISONS[type(s)]} {y}"
                    for x, s, y in zip(sides, signs, sides[1:])
                ]
                return self.both(tests), SUM
            case ast.Call(func=ast.Name(id="float"), args=[test]):
                return self.truth(self.spell(test, names)[0]), ATOM
            case ast.Call(func=function, args=inputs):
                return self.call(function, [self.spell(x, names)[0] for x in inputs]), ATOM
        raise NoTranslationError(f"no {self.name} for {ast.unparse(tree)}")

    def within(self, tree: ast.expr, names: dict[str, str], least: int) -> str:
        """An expression, in brackets if it holds together less tightly than that."""
        text, tightness = self.spell(tree, names)
        return f"({text})" if tightness < least else text

    def call(self, function: ast.expr, inputs: list[str]) -> str:
        rows, functions = table()
        last = inputs[-1]
        match function:
            case ast.Attribute(value=ast.Name(id="math"), attr="sqrt") if isinstance(last, Number):
                return self.number(math.sqrt(last.value))
            case ast.Attribute(value=ast.Name(id="math"), attr=name):
                return self.math(name, ", ".join(inputs))
            case ast.Name(id="abs"):
                return self.absolute(inputs[0])
            case ast.Name(id="origin") if isinstance(last, Number) and last.value:
                return self.number(0.0)
            case ast.Name(id=name) if name in rows:
                return self.called(ast.literal_eval(rows[name].args[0]), rows[name].args[2], inputs)
            case ast.Name(id=name) if name in functions:
                return self.called(name, function, inputs)
        raise NoTranslationError(f"no {self.name} for {ast.unparse(function)}")


def folded(sign: type[ast.operator], x: float, y: float) -> float:
    """What two numbers give, so that a program need not compute it."""
    if sign is ast.Add:
        return x + y
    if sign is ast.Sub:
        return x - y
    return x * y if sign is ast.Mult else x / y
