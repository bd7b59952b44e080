"""Source: a tape written out as straight-line code, one line for each operation.

First the numbers, from the inputs to the output; then, in reverse, what a small change of each
number does to the output: the chain rule, one line for each input of each operation. A gradient is
just more lines.
"""

from __future__ import annotations

import keyword
import re

from engine import ops
from engine.languages.by_name import LANGUAGES
from engine.languages.python import Language, NoTranslationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from engine.programs.tape import Tape

TERMS = 6  # products in a line of a dot product
# Words of C and of JavaScript that Python would take for names.
RESERVED = (
    "arguments auto case catch char const debugger default delete do double enum eval export "
    "extends extern float function goto implements inline int interface let long new null package "
    "private protected public register restrict short signed sizeof static struct super switch "
    "this throw true false typedef typeof undefined union unsigned var void volatile"
)


def written(tape: Tape, language: str) -> str:
    """The tape as source in a language. Raises ValueError for one that is not known."""
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r:.60}: take one of {', '.join(LANGUAGES)}")
    with_gradient = len(tape.outputs) == 1 and language != "torch"
    lines = Lines(tape, LANGUAGES[language]())
    if language == "c":
        return in_c(lines, with_gradient)
    if language == "javascript":
        return in_javascript(lines, with_gradient)
    return in_python(lines, with_gradient)


def compiled(tape: Tape) -> dict[str, Callable[..., Any]]:
    """The functions of the Python source; an operation of one's own is called as it is."""
    lines = Lines(tape, LANGUAGES["python"](), own=True)
    source = in_python(lines, len(tape.outputs) == 1)
    namespace: dict[str, Any] = {f"own_{i}": op for i, op in enumerate(lines.own_ops)}
    exec(compile(source, "<chainrule program>", "exec"), namespace)
    return {name: namespace[name] for name in ("program", "gradient") if name in namespace}


class Lines:
    """The lines of a tape in a language, and the names that they use."""

    def __init__(self, tape: Tape, language: Language, own: bool = False) -> None:
        self.tape, self.language = tape, language
        self.own = own
        self.own_ops: list[Any] = []
        self.names = names(tape, language)
        self.values = self.forward()

    def forward(self) -> list[str]:
        """variable = operation, for each of them."""
        lines = []
        for k, (op, args) in enumerate(zip(self.tape.ops, self.tape.args)):
            slot = self.tape.first + k
            name, inputs = self.names[slot], [self.names[i] for i in args]
            label = self.tape.label(slot)
            note = f"  {self.language.comment} {one_line(label)}" if label else ""
            if op is ops.dot and len(args) // 2 > TERMS:
                lines += [line + self.language.end for line in self.long_dot(name, inputs)]
                lines[-1] += note
                continue
            lines.append(f"{self.let(name)} = {self.value(op, inputs)}{self.language.end}{note}")
        return lines

    def let(self, name: str) -> str:
        return self.language.declare + name

    def value(self, op: Any, inputs: list[str]) -> str:
        try:
            return self.language.value(op, inputs)
        except NoTranslationError:
            if not self.own:
                raise
        if op not in self.own_ops:
            self.own_ops.append(op)
        return f"own_{self.own_ops.index(op)}.evaluate({', '.join(inputs)})"

    def long_dot(self, name: str, inputs: list[str]) -> list[str]:
        """A sum of many products in lines of a few, in the same order."""
        n = len(inputs) // 2
        start = inputs[-1] if len(inputs) % 2 else self.language.number(0.0)
        products = [f"{w} * {x}" for w, x in zip(inputs[:n], inputs[n : 2 * n])]
        lines = []
        for i in range(0, n, TERMS):
            first = start if i == 0 else name
            target = self.let(name) if i == 0 else name
            lines.append(f"{target} = {' + '.join([first, *products[i : i + TERMS]])}")
        return lines

    def backward(self) -> list[str]:
        """The chain rule, from the output back to the leaves, in the order of Value.backward."""
        tape, language = self.tape, self.language
        leaves = len(tape.parameters) + len(tape.inputs)
        output = tape.outputs[0]
        begun = set(range(leaves)) | {output}
        grad = self.slope_name(output)
        lines = [f"{grad if output < leaves else self.let(grad)} = {self.seed()}"]
        for k in reversed(range(len(tape.ops))):
            slot, op, args = tape.first + k, tape.ops[k], tape.args[k]
            if not tape.reached[slot] or slot not in begun:
                continue
            inputs = [self.names[i] for i in args]
            for j, i in enumerate(args):
                if tape.nodes[i] is None or not op.passes(j):
                    continue
                share, sign = self.share(op, j, slot, inputs)
                grad = self.slope_name(i)
                if i in begun:
                    lines.append(f"{grad} {sign}= {share}")
                else:
                    lines.append(f"{self.let(grad)} = {share if sign == '+' else '-' + share}")
                    begun.add(i)
        return [line + language.end for line in lines]

    def seed(self) -> str:
        """The slope of the output with respect to itself: 1, of each sample."""
        if self.language.name == "numpy" and self.tape.inputs:
            return f"np.ones(np.shape({self.names[len(self.tape.parameters)]}))"
        return self.language.number(1.0)

    def share(self, op: Any, j: int, slot: int, inputs: list[str]) -> tuple[str, str]:
        """What input number j gets of an operation's gradient: that, times the slope."""
        language, grad = self.language, self.slope_name(slot)
        try:
            slope = language.factor(op, j, self.names[slot], inputs)
        except NoTranslationError:
            if not self.own:
                raise
            at = self.own_ops.index(op)
            slope = f"own_{at}.slopes({self.names[slot]}, [{', '.join(inputs)}], "
            slope += f"[True] * {len(inputs)})[{j}]"
        one = language.number(1.0)
        if slope == one:
            return grad, "+"
        if slope == "-" + one:
            return grad, "-"
        return f"{grad} * {slope}", "+"

    def slope_name(self, slot: int) -> str:
        return f"d_{self.names[slot]}"


def names(tape: Tape, language: Language) -> list[str]:
    """A variable for each slot: its label, if that is a name and no other slot's; else its number.

    A constant is its digits.
    """
    leaves = len(tape.parameters) + len(tape.inputs)
    constants = range(leaves, tape.first)
    found, used = [], {"inputs", "parameters", "program", "gradient", "np", "torch", "math"}
    used |= {*ops.TABLE, "own", "inf", "nan", "isfinite", "power", "double", "int"}
    used |= {"Math", "Number", "NaN", "Infinity", "largest", "smallest", "log_sum_exp"}
    for slot in range(len(tape.nodes)):
        if slot in constants:
            x = tape.constants[slot - leaves]
            text = language.number(x)
            found.append(f"({text})" if text.startswith("-") else text)
            continue
        label = re.sub(r"\W+", "_", tape.label(slot), flags=re.ASCII).strip("_")
        kind = "p" if slot < len(tape.parameters) else "x" if slot < leaves else "v"
        name = label if plain_name(label) and slot < leaves else f"{kind}{slot}"
        while name in used:
            name += "_"
        used.add(name)
        found.append(name)
    return found


def plain_name(text: str) -> bool:
    """Whether that names a variable in all the languages, and is not one of v0, v1, ..., or d_x."""
    return (
        bool(re.fullmatch(r"[A-Za-z]\w{0,30}", text, re.ASCII))
        and not keyword.iskeyword(text)
        and not re.match(r"(v|p|x)\d+$|d_|own_", text)
        and text not in RESERVED.split()
    )


def one_line(label: str) -> str:
    return " ".join(label.split())[:60]


# ---- the whole text ----


def in_python(lines: Lines, with_gradient: bool) -> str:
    """Python, NumPy or PyTorch."""
    tape, language = lines.tape, lines.language
    leaves = len(tape.parameters)
    parameters = lines.names[:leaves]
    inputs = lines.names[leaves : leaves + len(tape.inputs)]
    unpack = []
    for name, group in (("inputs", inputs), ("parameters", parameters)):
        for i in range(0, len(group), 8):
            part = group[i : i + 8]
            source = name if len(group) <= 8 else f"{name}[{i}:{i + len(part)}]"
            unpack.append(f"[{', '.join(part)}] = {source}")
    outputs = ", ".join([lines.names[slot] for slot in tape.outputs])
    body = [*unpack, *lines.values]
    functions = [function("program", [*body, f"return [{outputs}]"])]
    if with_gradient:
        grads = [f"d_{name}" for name in (*inputs, *parameters)]
        zeros = [f"{' = '.join(grads[i : i + 8])} = 0.0" for i in range(0, len(grads), 8)]
        summed = [f"np.sum({g})" for g in grads] if language.name == "numpy" else grads
        listed = [f"    {', '.join(summed[i : i + 8])}," for i in range(0, len(summed), 8)]
        result = ["return " + lines.names[tape.outputs[0]] + ", [", *listed, "]"]
        functions.append(function("gradient", [*body, *zeros, *lines.backward(), *result]))
    return header(language) + "\n\n".join(functions)


def function(name: str, body: list[str]) -> str:
    return f"def {name}(inputs, parameters):\n" + "".join([f"    {line}\n" for line in body])


def header(language: Language) -> str:
    """The imports, and the functions that are not the language's own."""
    lines = []
    if language.name == "numpy":
        lines.append("import numpy as np\n")
    if language.name == "torch":
        lines.append("import torch\n")
    names = sorted(language.imports - {"math"})
    if "math" in language.imports:
        lines.append("import math\n")
    if names:
        lines.append(f"from math import {', '.join(names)}\n")
    text = "".join(lines) + ("\n\n" if lines else "")
    return text + "".join([f"{definition}\n\n" for definition in language.definitions.values()])


def leaves(lines: Lines, kind: str) -> tuple[list[str], list[str]]:
    """The lines that take inputs and parameters from arrays, as variables of that kind.

    And the names of their gradients, in the same order.
    """
    first = len(lines.tape.parameters)
    parameters = lines.names[:first]
    inputs = lines.names[first : first + len(lines.tape.inputs)]
    unpack = [f"{kind} {name} = inputs[{i}];" for i, name in enumerate(inputs)]
    unpack += [f"{kind} {name} = parameters[{i}];" for i, name in enumerate(parameters)]
    return unpack, [f"d_{name}" for name in (*inputs, *parameters)]


def in_c(lines: Lines, with_gradient: bool) -> str:
    """A function of the inputs and parameters; gradients, where wanted, of both."""
    tape = lines.tape
    unpack, grads = leaves(lines, "double")
    outputs = [f"outputs[{i}] = {lines.names[slot]};" for i, slot in enumerate(tape.outputs)]
    taken = "const double *inputs, const double *parameters, double *outputs"
    texts = [f"void program({taken}) {{\n" + indented([*unpack, *lines.values, *outputs]) + "}\n"]
    if with_gradient:
        zeros = [f"double {g} = 0.0;" for g in grads]
        given = [f"grads[{i}] = {g};" for i, g in enumerate(grads)]
        body = [*unpack, *lines.values, *zeros, *lines.backward(), *outputs, *given]
        texts.append(
            "// grads: of the inputs, then of the parameters\n"
            f"void gradient({taken}, double *grads) {{\n{indented(body)}}}\n"
        )
    definitions = [f"{text}\n" for text in lines.language.definitions.values()]
    note = "// The bits of the graph need -ffp-contract=off.\n"
    return note + "#include <math.h>\n\n" + "".join(definitions) + "\n".join(texts)


def in_javascript(lines: Lines, with_gradient: bool) -> str:
    """Functions of the inputs and the parameters, arrays both."""
    tape = lines.tape
    unpack, grads = leaves(lines, "let")
    outputs = ", ".join([lines.names[slot] for slot in tape.outputs])
    taken = "(inputs, parameters)"
    body = [*unpack, *lines.values, f"return [{outputs}];"]
    texts = [f"function program{taken} {{\n{indented(body)}}}\n"]
    if with_gradient:
        zeros = [f"let {g} = 0.0;" for g in grads]
        result = f"return [{outputs}, [{', '.join(grads)}]];"
        body = [*unpack, *lines.values, *zeros, *lines.backward(), result]
        note = "// The value, and its gradient: of the inputs, then of the parameters.\n"
        texts.append(f"{note}function gradient{taken} {{\n{indented(body)}}}\n")
    definitions = [f"{text}\n" for text in lines.language.definitions.values()]
    return "".join(definitions) + "\n".join(texts)


def indented(lines: list[str]) -> str:
    return "".join([f"    {line}\n" for line in lines])
