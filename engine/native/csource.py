"""The calculus in C: the rows of the table, translated for the compiled build.

The functions in `ops.py` use little of Python: arithmetic, comparisons, conditional expressions,
assignments, and calls of functions of `math`, of ops and of each other. These are translated word
for word, so that C computes the same numbers to the last bit. Loops, and functions of any number of
inputs, are not translated.

C has no exceptions. So each function has one more argument, a flag. It raises the flag where Python
raises an exception, nowhere else, and where the answer of C might not be Python's.
"""

from __future__ import annotations

import ast
import math

from engine.native.prelude import LOOP_MACROS, PRELUDE, VECTORS
from engine.native.stages import staged_loops
from engine.native.words import BUILTINS, COMPARISONS, INFIX, MATH, BeyondCError, input_names

BY_HAND = {"d0_relu"}  # partials that LOOP_MACROS has


def c_source(calculus: str) -> str:
    """C for the table in `calculus`, the text of ops.py: an array ROWS, and its length.

    A row has its op's name, a function for its value and one for each of its partials, or NULL
    where Python's has no translation. They answer nan where only Python knows the answer.
    """
    return "".join([PRELUDE, *Translation(calculus).texts()])


def vector_source(calculus: str) -> str:
    """C for the same table as loops: an array NAME(LOOPS) of LOOP_COUNT rows.

    There is a row for each op of one or two inputs that is translated as a whole: its name, its
    number of inputs, the loop of its value, and one for each partial, NULL where that is None.
    """
    return "".join([VECTORS, LOOP_MACROS, *Translation(calculus).loops()])


def rows_and_functions(calculus: str) -> tuple[dict[str, ast.Call], dict[str, ast.FunctionDef]]:
    """The rows of ops.py by the variable that holds them, and its functions by their names."""
    rows: dict[str, ast.Call] = {}
    functions: dict[str, ast.FunctionDef] = {}
    for statement in ast.parse(calculus).body:
        match statement:
            case ast.FunctionDef(name=name):
                functions[name] = statement
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="Op")) as row
            ):
                rows[name] = row
    return rows, functions


class Translation:
    """The functions and rows of a module, each translated when another needs it."""

    def __init__(self, calculus: str) -> None:
        self.rows, self.functions = rows_and_functions(calculus)
        self.done: dict[str, str | None] = {}  # C by the name of its function; None: beyond C

    def texts(self) -> list[str]:
        rows = [self.row(name, row) for name, row in self.rows.items() if len(row.args) in (4, 5)]
        table = ["\nstatic const Row ROWS[] = {\n", *[entry for _, entry in rows], "};\n"]
        table += [f"static const int ROW_COUNT = {len(rows)};\n"]
        functions = [text for text in self.done.values() if text]  # each after all that it calls
        return [*functions, "\n", *[answers for answers, _ in rows], *table]

    def loops(self) -> list[str]:
        """The loops of the rows that are translated whole, and the array of them."""
        texts, entries = [], []
        for name, row in self.rows.items():
            partials = row.args[3:]
            if len(partials) not in (1, 2):
                continue
            at = ["x[s]", "y[s]"][: len(partials)]
            flat = [isinstance(p, ast.Constant) and p.value is None for p in partials]
            whole = self.translated(f"op_{name}", row.args[2], len(at))
            for i, partial in enumerate(partials):
                d = f"d{i}_{name}"
                there = flat[i] or d in BY_HAND
                whole = whole and (there or self.translated(d, partial, 1 + len(at)))
            if not whole:
                continue
            value = f"FORWARD({name}, op_{name}({', '.join(at)}, flag))\n"
            texts.append(self.in_stages(f"forward_{name}", row.args[2], at, value))
            pointers = ["NULL"] * len(at)
            for i in range(len(at)):
                if not flat[i]:
                    d = f"d{i}_{name}"
                    slope = f"NAME({d})" if d in BY_HAND else d
                    call = f"{slope}({', '.join(['z[s]', *at])}, flag)"
                    loop = f"BACKWARD({i}, {name}, {call})\n"
                    if d not in BY_HAND:
                        loop = self.in_stages(
                            f"backward{i}_{name}", partials[i], ["z[s]", *at], loop
                        )
                    texts.append(loop)
                    pointers[i] = f"NAME(backward{i}_{name})"
            called, slopes = ast.literal_eval(row.args[0]), ", ".join(pointers)
            entries.append(f'    {{"{called}", {len(at)}, NAME(forward_{name}), {{{slopes}}}}},\n')
        table = ["\nstatic const Loops NAME(LOOPS)[] = {\n", *entries, "};\n"]
        table += [f"#define LOOP_COUNT {len(entries)}\n"]
        table += ["#undef FORWARD\n#undef BACKWARD\n"]
        return [*texts, *table]

    def in_stages(self, name: str, function: ast.expr, at: list[str], loop: str) -> str:
        """The loop, and one in stages for those widths of vectors that have its functions."""
        stages = staged_loops(self.rows, self.functions, name, function, at)
        return f"#if WIDTH >= 4\n{stages}#else\n{loop}#endif\n" if stages else loop

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
                names, body = input_names(arguments), [ast.Return(result)]
            case ast.Name(id=known) if known in self.functions:
                names = input_names(self.functions[known].args)
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
                return f"regular({name}({numbers}), {numbers}, flag)"
            case ast.Name(id=name) if name in BUILTINS:
                return f"{BUILTINS[name]}({numbers})"
            case ast.Name(id=name) if name in self.functions:
                takes = len(input_names(self.functions[name].args))
                if takes == len(inputs) and self.translated(f"f_{name}", function, takes):
                    return f"f_{name}({numbers}, flag)"
            case ast.Name(id=name) if name in self.rows and (
                len(self.rows[name].args) == 3 + len(inputs) > 3
            ):
                if self.translated(f"op_{name}", self.rows[name].args[2], len(inputs)):
                    return f"op_{name}({numbers}, flag)"
        raise BeyondCError
