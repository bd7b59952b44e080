"""The rows and functions of `ops.py` as syntax trees, which the languages spell."""

from __future__ import annotations

import ast
from functools import cache
from pkgutil import get_data

from engine import ops
from engine.native.csource import rows_and_functions


@cache
def table() -> tuple[dict[str, ast.Call], dict[str, ast.FunctionDef]]:
    """The rows of ops.py by the variable that holds them, and its functions by their names."""
    source = get_data("engine.ops", "ops.py") or b""  # a path would not lead into a zip file
    return rows_and_functions(source.decode("utf-8"))


@cache
def variable_of(name: str) -> str:
    """The variable in ops.py that holds the op of that name: "power" holds "pow"."""
    return next(variable for variable, op in vars(ops).items() if op is ops.TABLE[name])


def undocumented(function: ast.FunctionDef, name: str) -> ast.FunctionDef:
    """The function under that name, without its docstring and its annotations."""
    body = function.body[1:] if isinstance(function.body[0], ast.Expr) else function.body
    arguments = function.args
    bare = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(a.arg) for a in arguments.args],
        vararg=ast.arg(arguments.vararg.arg) if arguments.vararg else None,
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    body = [
        ast.Assign([step.target], step.value)
        if isinstance(step, ast.AnnAssign) and step.value
        else step
        for step in body
    ]
    made = ast.FunctionDef(name, bare, body, [], None)
    return ast.fix_missing_locations(made)
