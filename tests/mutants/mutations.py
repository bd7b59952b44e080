"""The mutants of a file: its text with one small fault put in, of the kinds that people make."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

OPERATORS = {"Add": "Sub", "Sub": "Add", "Mult": "Div", "Div": "Mult", "FloorDiv": "Mult"}
OPERATORS |= {"Mod": "Mult", "Pow": "Mult", "BitOr": "BitAnd", "BitAnd": "BitOr"}
COMPARISONS = {"Lt": "LtE", "LtE": "Lt", "Gt": "GtE", "GtE": "Gt", "Eq": "NotEq", "NotEq": "Eq"}
COMPARISONS |= {"Is": "IsNot", "IsNot": "Is", "In": "NotIn", "NotIn": "In", "And": "Or"}
COMPARISONS |= {"Or": "And"}
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}
# Functions whose last argument may be left out; of others that is an error at once.
OPTIONAL = ("enumerate", "get", "getattr", "next", "pop", "range", "round", "setdefault")
SKIPPED = (ast.JoinedStr, ast.arguments, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)


class Mutant(NamedTuple):
    """`text` is the whole file; the rest says what was changed, and where."""

    line: int
    was: str
    now: str
    text: str

    def __str__(self) -> str:
        return f"{self.line}: {self.was} -> {self.now}"


def mutants_of(text: str) -> list[Mutant]:
    """Every mutant of a Python file, in the order of its lines.

    Left alone: what runs nowhere (annotations, docstrings, what is for type checkers) and the
    wording of errors and docs, which other tests match where it matters.
    """
    found, starts = [], [0]
    data = text.encode()
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node, now in faults(ast.parse(text)):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        new = (data[:start] + now.encode() + data[end:]).decode()
        was = " ".join(data[start:end].decode().split())
        found.append(Mutant(node.lineno, was, now, new))
    return sorted(set(found), key=lambda mutant: (mutant.line, mutant.was, mutant.now))


def faults(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Each place below a node that could be otherwise, with what could stand there."""
    for field, child in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for part in child if isinstance(child, list) else [child]:
            if not isinstance(part, ast.AST) or unread(part):
                continue
            for now in others(part):
                yield part, now
            yield from faults(part)
    tests = [node.test] if isinstance(node, ast.If | ast.While) else getattr(node, "ifs", [])
    for test in tests:
        if isinstance(test, ast.Name | ast.Attribute | ast.Subscript | ast.Call) and not unread(
            node
        ):
            yield test, f"(not {ast.unparse(test)})"
    if isinstance(node, ast.FunctionDef):
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                yield from ((default, now) for now in others(default))
                yield from faults(default)


def unread(node: ast.AST) -> bool:
    """Whether a fault there would be none: text for readers, or for type checkers."""
    if isinstance(node, ast.Lambda):
        return False
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return True
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TYPE_CHECKING":
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.keyword) and node.arg == "doc":
        return True
    return isinstance(node, (*SKIPPED, ast.Raise))


def others(node: ast.AST) -> Iterator[str]:
    """What could stand in a node's place."""
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.Compare | ast.UnaryOp):
        yield from (f"({ast.unparse(other)})" for other in operations(node))
    elif isinstance(node, ast.Constant):
        yield from constants(node.value)
    elif isinstance(node, ast.Break | ast.Continue):
        yield "continue" if isinstance(node, ast.Break) else "break"
    elif isinstance(node, ast.Return) and node.value and ast.unparse(node.value) != "None":
        yield "return None"
    elif isinstance(node, ast.AugAssign):
        yield "pass"
        op = OPERATORS.get(type(node.op).__name__)
        if op:
            yield ast.unparse(ast.AugAssign(node.target, getattr(ast, op)(), node.value))
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "pass"
    elif isinstance(node, ast.IfExp):
        test = ast.UnaryOp(ast.Not(), node.test)
        yield f"({ast.unparse(ast.IfExp(test, node.body, node.orelse))})"
    elif isinstance(node, ast.Call):
        yield from calls(node)


def operations(node: ast.AST) -> Iterator[ast.AST]:
    """An operation with another operator, or without it."""
    if isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.Not | ast.USub):
            yield node.operand
    elif isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            changed = getattr(ast, COMPARISONS[type(op).__name__])()
            yield ast.Compare(
                node.left, [*node.ops[:i], changed, *node.ops[i + 1 :]], node.comparators
            )
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(getattr(ast, COMPARISONS[type(node.op).__name__])(), node.values)
    elif type(node.op).__name__ in OPERATORS:
        yield ast.BinOp(node.left, getattr(ast, OPERATORS[type(node.op).__name__])(), node.right)


def constants(value: object) -> Iterator[str]:
    if isinstance(value, bool):
        yield repr(not value)
    elif isinstance(value, int | float):
        yield repr(value + 1)
        if value == 1:
            yield repr(value - 1)
    elif isinstance(value, str):
        yield repr(value + "?")


def calls(node: ast.Call) -> Iterator[str]:
    """A call of the opposite function, or without an argument that may have a default."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in SWAPPED:
        func = ast.parse(
            ast.unparse(node.func).removesuffix(name) + SWAPPED[name], mode="eval"
        ).body
        yield ast.unparse(ast.Call(func, node.args, node.keywords))
    if name == "reversed":
        yield ast.unparse(node.args[0])
    for i, keyword in enumerate(node.keywords):
        if keyword.arg and keyword.arg != "doc":
            yield ast.unparse(
                ast.Call(node.func, node.args, node.keywords[:i] + node.keywords[i + 1 :])
            )
    if name in OPTIONAL and len(node.args) > 1 and not node.keywords:
        yield ast.unparse(ast.Call(node.func, node.args[:-1], []))
