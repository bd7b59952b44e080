"""The calculus in C: the rows of the table, translated for the compiled build.

The functions in `ops.py` use little of Python: arithmetic, comparisons, conditional expressions,
assignments, and calls of functions of `math`, of ops and of each other. That much is put into C
word for word, so that C computes the same numbers to the last bit. Whatever lies beyond (loops, any
number of inputs) stays in Python.

C has no exceptions. So each function has one more argument, a flag, which it raises where
Python would raise an exception, and where C's own answer might not be Python's.
"""

from __future__ import annotations

import ast
import math

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

PRELUDE = """\
/* The rows of engine/ops.py, translated by engine/csource.py. */
#include <float.h>
#include <math.h>
#include <stddef.h>

/* A function of math: where its result is not finite, Python has the word, which may raise. */
static double regular(double z, int *flag) {
    if (!isfinite(z)) *flag = 1;
    return z;
}

static double quotient(double x, double y, int *flag) {
    if (y == 0) *flag = 1;
    return x / y;
}

/* As Python does it: the power of |x|, then the sign. */
static double power(double x, double y, int *flag) {
    double z;
    if (!isfinite(x) || !isfinite(y) || x == 0 || (x < 0 && y != floor(y))) {
        *flag = 1;
        return NAN;
    }
    z = pow(fabs(x), y);
    if (!isfinite(z) || z < DBL_MIN) *flag = 1;
    return x < 0 && fmod(fabs(y), 2) == 1 ? -z : z;
}

typedef struct {
    const char *name;
    double (*value)(double x, double y);
    double (*slopes[2])(double z, double x, double y);
} Row;

/* What a row points to: a translated function, with nan for an answer where the flag was raised. */
#define VALUE(name, call) \\
    static double name(double x, double y) { \\
        int f = 0, *flag = &f; \\
        double answer = call; \\
        return (void)x, (void)y, f ? NAN : answer; \\
    }
#define SLOPE(name, call) \\
    static double name(double z, double x, double y) { \\
        int f = 0, *flag = &f; \\
        double answer = call; \\
        return (void)z, (void)x, (void)y, f ? NAN : answer; \\
    }
"""


class BeyondCError(Exception):
    """A part of Python that is not translated."""


def c_source(calculus: str) -> str:
    """C for the table in `calculus`, the text of ops.py: an array ROWS, and its length.

    A row has its op's name, a function for its value and one for each of its partials, or NULL
    where Python's has no translation. They answer nan where only Python knows the answer.
    """
    return "".join([PRELUDE, *Translation(ast.parse(calculus)).texts()])


class Translation:
    """The functions and rows of a module, each translated when another needs it."""

    def __init__(self, module: ast.Module) -> None:
        self.functions = {f.name: f for f in module.body if isinstance(f, ast.FunctionDef)}
        self.rows: dict[str, ast.Call] = {}
        for statement in module.body:
            match statement:
                case ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="Op")) as row
                ):
                    self.rows[name] = row
        self.done: dict[str, str | None] = {}  # C by the name of its function; None: beyond C

    def texts(self) -> list[str]:
        rows = [self.row(name, row) for name, row in self.rows.items() if len(row.args) in (4, 5)]
        table = ["\nstatic const Row ROWS[] = {\n", *[entry for _, entry in rows], "};\n"]
        table += [f"static const int ROW_COUNT = {len(rows)};\n"]
        functions = [text for text in self.done.values() if text]  # each after all that it calls
        return [*functions, "\n", *[answers for answers, _ in rows], *table]

    def row(self, name: str, row: ast.Call) -> tuple[str, str]:
        """The functions that a row points to, and its entry in the array."""
        f, *partials = row.args[2:]
        inputs = ["x", "y"][: len(partials)]
        taken = ", ".join(inputs)
        answers, pointers = "", []
        if self.translated(f"op_{name}", f, len(inputs)):
            answers += f"VALUE(value_{name}, op_{name}({taken}, flag))\n"
            pointers.append(f"value_{name}")
        else:
            pointers.append("NULL")
        for i, partial in enumerate(partials):
            if self.translated(f"d{i}_{name}", partial, 1 + len(inputs)):
                answers += f"SLOPE(slope{i}_{name}, d{i}_{name}(z, {taken}, flag))\n"
                pointers.append(f"slope{i}_{name}")
            else:
                pointers.append("NULL")
        value, *slopes = pointers
        called = ast.literal_eval(row.args[0])
        return answers, f'    {{"{called}", {value}, {{{", ".join(slopes)}}}}},\n'

    def translated(self, name: str, function: ast.expr, inputs: int) -> bool:
        """Whether the function is in C now, under that name."""
        if name not in self.done:
            try:
                text = self.function(name, function, inputs)
            except BeyondCError:
                text = None
            self.done[name] = text
        return self.done[name] is not None

    def function(self, name: str, function: ast.expr, inputs: int) -> str:
        body: list[ast.stmt]
        match function:
            case ast.Lambda(args=arguments, body=result):
                names, body = parameters(arguments), [ast.Return(result)]
            case ast.Name(id=known) if known in self.functions:
                names = parameters(self.functions[known].args)
                body = self.functions[known].body
            case ast.Name() | ast.Attribute():
                names = ["x", "y"][:inputs]
                body = [ast.Return(ast.Call(function, [ast.Name(n) for n in names], []))]
            case _:
                raise BeyondCError
        if len(names) != inputs:
            raise BeyondCError
        taken = ", ".join([f"double {n}" for n in names])
        lines = "".join(self.block(body, set(names)))
        return f"\nstatic double {name}({taken}, int *flag) {{\n{lines}}}\n"

    def block(self, statements: list[ast.stmt], names: set[str]) -> list[str]:
        """C for statements that may use the names, to which it adds those that they assign."""
        lines = []
        for statement in statements:
            match statement:
                case ast.Return(value=ast.expr() as value):
                    lines.append(f"    return {self.expression(value, names)};\n")
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ) if name not in names:
                    lines.append(f"    double {name} = {self.expression(value, names)};\n")
                    names.add(name)
                case ast.If(test=test, body=body, orelse=[]):
                    lines.append(f"    if ({self.expression(test, names)}) {{\n")
                    lines += [*self.block(body, set(names)), "    }\n"]
                case ast.Raise():
                    lines.append("    *flag = 1;\n    return NAN;\n")
                case ast.Expr(value=ast.Constant(value=str())):
                    pass  # a docstring
                case _:
                    raise BeyondCError
        return lines

    def expression(self, tree: ast.expr, names: set[str]) -> str:
        def c(x: ast.expr) -> str:
            return self.expression(x, names)

        match tree:
            case ast.Constant(value=int() | float() as value):
                return repr(float(value))
            case ast.Name(id=name) if name in names:
                return name
            case ast.Attribute(value=ast.Name(id="math"), attr="pi"):
                return repr(math.pi)
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return f"(-{c(x)})"
            case ast.BinOp(left=x, op=sign, right=y) if type(sign) in INFIX:
                return f"({c(x)} {INFIX[type(sign)]} {c(y)})"
            case ast.BinOp(left=x, op=ast.Div(), right=y):
                return f"quotient({c(x)}, {c(y)}, flag)"
            case ast.BinOp(left=x, op=ast.Pow(), right=y):
                return f"power({c(x)}, {c(y)}, flag)"
            case ast.IfExp(test=test, body=yes, orelse=no):
                return f"({c(test)} ? {c(yes)} : {c(no)})"
            case ast.Compare(left=first, ops=signs, comparators=rest) if COMPARISONS.keys() >= {
                *map(type, signs)
            }:
                sides = [c(x) for x in (first, *rest)]
                pairs = zip(sides, signs, sides[1:])
                return f"({' && '.join([f'{x} {COMPARISONS[type(s)]} {y}' for x, s, y in pairs])})"
            case ast.Call(func=ast.Name(id="isinstance")):
                return "0"  # whether a power is complex: C has raised the flag already
            case ast.Call(func=function, args=inputs, keywords=[]):
                return self.call(function, [c(x) for x in inputs])
        raise BeyondCError

    def call(self, function: ast.expr, inputs: list[str]) -> str:
        numbers = ", ".join(inputs)
        match function:
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if name in MATH:
                return f"regular({name}({numbers}), flag)"
            case ast.Name(id=name) if name in BUILTINS:
                return f"{BUILTINS[name]}({numbers})"
            case ast.Name(id=name) if name in self.functions:
                takes = len(parameters(self.functions[name].args))
                if takes == len(inputs) and self.translated(f"f_{name}", function, takes):
                    return f"f_{name}({numbers}, flag)"
            case ast.Name(id=name) if name in self.rows and (
                len(self.rows[name].args) == 3 + len(inputs) > 3
            ):
                if self.translated(f"op_{name}", self.rows[name].args[2], len(inputs)):
                    return f"op_{name}({numbers}, flag)"
        raise BeyondCError


def parameters(arguments: ast.arguments) -> list[str]:
    """The names of a function's inputs, which must be a fixed number."""
    if arguments.vararg or arguments.kwonlyargs or arguments.kwarg:
        raise BeyondCError
    return [a.arg for a in arguments.args]
