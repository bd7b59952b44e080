"""The words: what the functions and signs of Python that the table uses are called in C."""

from __future__ import annotations

import ast

# The functions of math that are C's own, given a number for which their result is finite.
MATH = {"exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan"}
MATH |= {"sinh", "cosh", "tanh", "erf", "erfc"}
BUILTINS = {"abs": "fabs", "float": "(double)"}
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
INFIX: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}


class BeyondCError(Exception):
    """A part of Python that is not translated."""


def input_names(arguments: ast.arguments) -> list[str]:
    """The names of a function's inputs, which must be a fixed number."""
    if arguments.vararg or arguments.kwonlyargs or arguments.kwarg:
        raise BeyondCError
    return [a.arg for a in arguments.args]
