"""Stages: loops of rows that call exp, expm1, log1p or tanh, which are done for many lanes at once.

A loop such as `z[s] = x[s] * logistic(x[s])` becomes two loops over a block of lanes. The first,
in elementary.h, puts exp of all -abs(x[s]) into t0. The second computes the row, and takes t0[s]
for each call of exp. So the functions that a row calls are inlined here, down to these calls. A
call in a branch that a lane does not take is computed too, but nothing looks at the result there.
"""

from __future__ import annotations

import ast
import math
from typing import NamedTuple

from engine.native.words import COMPARISONS, INFIX, MATH, BeyondCError, input_names

MANY = {"exp", "expm1", "log1p", "tanh"}  # those that elementary.h has
BOUNDED = "tanh"  # the one of them whose result is finite, whatever it is given
BLOCK = 64  # lanes


FORWARD = """\
TARGET static int NAME({name})(ptrdiff_t n, double *RESTRICT z, const double *x, const double *y) {{
    double {temporaries};
    int f = 0, *flag = &f;
    for (ptrdiff_t length; n > 0; n -= length, z += length, x += length, y += length) {{
        length = n < {block} ? n : {block};
        {stages}
        for (ptrdiff_t s = 0; s < length; s++) z[s] = {row};
    }}
    return f;
}}
"""
WHOLE = """\
TARGET static int NAME({name})(ptrdiff_t n, double *RESTRICT z, const double *x, const double *y) {{
    (void)y;
    NAME({function}_of)(n, z, x);
    return 0;
}}
"""
BACKWARD = """\
TARGET static int NAME({name})(ptrdiff_t n, int first, const double *gz, const double *z,
                               const double *x, const double *y, double *RESTRICT g) {{
    double {temporaries};
    int f = 0, *flag = &f;
    for (ptrdiff_t length; n > 0;
         n -= length, z += length, x += length, y += length, gz += length, g += length) {{
        length = n < {block} ? n : {block};
        {stages}
        if (first)
            for (ptrdiff_t s = 0; s < length; s++) g[s] = 0.0 + gz[s] * {row};
        else
            for (ptrdiff_t s = 0; s < length; s++) g[s] += gz[s] * {row};
    }}
    return f & UNKNOWN;
}}
"""


def staged_loops(
    rows: dict[str, ast.Call],
    functions: dict[str, ast.FunctionDef],
    name: str,
    function: ast.expr,
    inputs: list[str],
) -> str:
    """The loop of that name in stages; empty if the function calls none of MANY, or is beyond C.

    rows, functions: those of ops.py. inputs: where the loop finds them; z[s], first, if it is the
    loop of a partial.
    """
    stages = Stages(rows, functions)
    try:
        row = stages.applied(function, [C(x, x) for x in inputs])
    except BeyondCError:
        return ""
    if not stages.temporaries:
        return ""
    if row.flagged == "t0[s]" and [*stages.temporaries] == [(BOUNDED, "x[s]")]:
        return WHOLE.format(name=name, function=BOUNDED)
    return (BACKWARD if inputs[0] == "z[s]" else FORWARD).format(
        name=name,
        row=row.flagged,
        block=BLOCK,
        temporaries=", ".join([f"{t}[{BLOCK}]" for t in stages.temporaries.values()]),
        stages="\n        ".join(stages.texts()),
    )


class C(NamedTuple):
    """An expression twice: as the row's loop has it, and without the flags that it may raise."""

    flagged: str
    plain: str


class Stages:
    """A function of the table with what it calls inlined, down to the calls of MANY.

    temporaries: the calls in the order in which they are computed, as (function, argument in C),
    and the array of the results of each.
    """

    def __init__(self, rows: dict[str, ast.Call], functions: dict[str, ast.FunctionDef]) -> None:
        self.rows, self.functions = rows, functions
        self.temporaries: dict[tuple[str, str], str] = {}

    def texts(self) -> list[str]:
        """C for the loops that compute the temporaries."""
        texts = []
        for (name, argument), temporary in self.temporaries.items():
            given = argument.removesuffix("[s]")
            if not given.isidentifier():  # no array as it stands
                given = temporary
                texts.append(f"for (ptrdiff_t s = 0; s < length; s++) {given}[s] = {argument};")
            texts.append(f"NAME({name}_of)(length, {temporary}, {given});")
        return texts

    def applied(self, function: ast.expr, inputs: list[C]) -> C:
        """The function at these numbers."""
        match function:
            case ast.Lambda(args=arguments, body=result):
                return self.expression(result, dict(zip(input_names(arguments), inputs)))
            case ast.Name(id=name) if name in self.functions:
                definition = self.functions[name]
                names = input_names(definition.args)
                if len(names) != len(inputs):
                    raise BeyondCError
                return self.block(definition.body, dict(zip(names, inputs)))
            case ast.Name(id=name) if name in self.rows:
                return self.applied(self.rows[name].args[2], inputs)
            case ast.Attribute(value=ast.Name(id="math"), attr=name):
                return self.call_of_math(name, inputs)
        raise BeyondCError

    def block(self, statements: list[ast.stmt], names: dict[str, C]) -> C:
        match statements:
            case [ast.Expr(value=ast.Constant(value=str())), *rest]:  # a docstring
                return self.block(rest, names)
            case [ast.Return(value=ast.expr() as value)]:
                return self.expression(value, names)
            case [ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value), *rest]:
                return self.block(rest, names | {name: self.expression(value, names)})
            case [ast.If(test=test, body=body, orelse=[]), *rest]:
                yes, no = self.block(body, names), self.block(rest, names)
                return self.chosen(self.expression(test, names), yes, no)
        raise BeyondCError

    def chosen(self, test: C, yes: C, no: C) -> C:
        return C(*[f"({t} ? {y} : {n})" for t, y, n in zip(test, yes, no)])

    def expression(self, tree: ast.expr, names: dict[str, C]) -> C:
        def c(x: ast.expr) -> C:
            return self.expression(x, names)

        match tree:
            case ast.Constant(value=int() | float() as value):
                return C(repr(float(value)), repr(float(value)))
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.Attribute(value=ast.Name(id="math"), attr="pi"):
                return C(repr(math.pi), repr(math.pi))
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return C(*[f"(-{text})" for text in c(x)])
            case ast.BinOp(left=x, op=sign, right=y) if type(sign) in INFIX:
                return C(*[f"({a} {INFIX[type(sign)]} {b})" for a, b in zip(c(x), c(y))])
            case ast.BinOp(left=x, op=ast.Div(), right=y):
                a, b = c(x), c(y)
                return C(f"quotient({a.flagged}, {b.flagged}, flag)", f"({a.plain} / {b.plain})")
            case ast.IfExp(test=test, body=yes, orelse=no):
                return self.chosen(c(test), c(yes), c(no))
            case ast.Compare(left=x, ops=[sign], comparators=[y]) if type(sign) in COMPARISONS:
                return C(*[f"({a} {COMPARISONS[type(sign)]} {b})" for a, b in zip(c(x), c(y))])
            case ast.Call(func=ast.Name(id="abs"), args=[x]):
                return C(*[f"fabs({without_sign(text)})" for text in c(x)])
            case ast.Call(func=function, args=inputs, keywords=[]):
                return self.applied(function, [c(x) for x in inputs])
        raise BeyondCError

    def call_of_math(self, name: str, inputs: list[C]) -> C:
        if name not in MATH:
            raise BeyondCError
        (x,) = inputs
        if name not in MANY:
            return C(f"regular({name}({x.flagged}), {x.flagged}, flag)", f"{name}({x.plain})")
        key = (name, x.plain)
        temporary = self.temporaries.setdefault(key, f"t{len(self.temporaries)}")
        if name == BOUNDED:
            return C(f"{temporary}[s]", f"{temporary}[s]")
        return C(f"regular({temporary}[s], {x.flagged}, flag)", f"{temporary}[s]")


def without_sign(text: str) -> str:
    """The number whose negative the text is, if it is one: fabs makes no difference of them."""
    return text[2:-1] if text.startswith("(-") else text
