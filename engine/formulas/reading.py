"""Formulas as text: "tanh(w*x + b)" read into a graph, without ever running it as Python."""

import ast
import math
import re
from collections.abc import Mapping
from typing import Any

from engine import ops
from engine.op import Op
from engine.sourceline import cut
from engine.value import Value

INFIX: dict[type[ast.AST], Op] = {
    ast.Add: ops.add,
    ast.Sub: ops.sub,
    ast.Mult: ops.mul,
    ast.Div: ops.div,
    ast.Pow: ops.power,
}
CONSTANTS = {"pi": math.pi, "e": math.e}
FUNCTIONS = {
    name: op for name, op in ops.TABLE.items() if op.symbol.isidentifier() and op is not ops.dot
}


def expression(text: str, variables: Mapping[str, Value]) -> Value:
    """The Value of a formula: numbers, the variables, pi and e, + - * / ** and the ops by name.

    The part of the text that each node stands for is its source_line.
    Raises ValueError that quotes the part that is not understood, and what evaluating the
    formula raises.
    """
    try:
        text = text.strip()
        result = evaluated(ast.parse(text, mode="eval").body, variables, text)
    except SyntaxError as error:
        place = f" at column {error.offset}" if error.offset else ""
        if error.msg == "invalid decimal literal":  # what Python says of 2x
            place += "; a product is written with *, as in 2*x"
        raise ValueError(f"{short(text)!r} is not a formula: {error.msg}{place}") from None
    except (RecursionError, MemoryError):
        raise ValueError(f"{short(text)!r} is nested too deep") from None
    return result if isinstance(result, Value) else Value(result)


def names_in(text: str) -> list[str]:
    """The variables of a formula, in order; an empty list if the text is no formula."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, RecursionError, MemoryError):
        return []
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node not in called]
    found.sort(key=lambda node: (node.lineno, node.col_offset))
    return [name for name in dict.fromkeys([x.id for x in found]) if name not in CONSTANTS]


def evaluated(tree: ast.expr, variables: Mapping[str, Value], text: str) -> Any:
    """A Value, or a float for a part without variables."""
    match tree:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            try:
                return float(value)
            except OverflowError:
                raise ValueError(f"{short(ast.unparse(tree))!r} is too large a number") from None
        case ast.Name(id=name):
            if name not in variables and name not in CONSTANTS:
                known = short(name)
                raise ValueError(f"{known} has no value: give it one, as in {known}=1")
            return variables.get(name, CONSTANTS.get(name))
        case ast.UnaryOp(op=ast.USub(), operand=x):
            return placed(-evaluated(x, variables, text), text, tree)
        case ast.UnaryOp(op=ast.UAdd(), operand=x):
            return evaluated(x, variables, text)
        case ast.BinOp(left=x, op=sign, right=y) if type(sign) in INFIX:
            inputs = evaluated(x, variables, text), evaluated(y, variables, text)
            return placed(INFIX[type(sign)](*inputs), text, tree)
        case ast.BinOp(op=ast.BitXor()):
            raise ValueError(f"{ast.unparse(tree)!r}: a power is written **, not ^")
        case ast.Call(func=ast.Name(id=name), args=inputs, keywords=[]):
            if name not in FUNCTIONS:
                raise ValueError(
                    f"unknown function {short(name)}: take one of {', '.join(FUNCTIONS)}"
                )
            found = FUNCTIONS[name](*[evaluated(x, variables, text) for x in inputs])
            return placed(found, text, tree)
    raise ValueError(f"{short(ast.unparse(tree))!r} has no place in a formula")


def placed(result: Any, text: str, tree: ast.expr) -> Any:
    """The result of an operation, which knows its part of the text if it is a Value."""
    if isinstance(result, Value):
        lines = re.split("\r\n?|\n", text)[tree.lineno - 1 : tree.end_lineno]
        result.source_line = cut("", lines, tree.col_offset, tree.end_col_offset or 0)
    return result


def short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
