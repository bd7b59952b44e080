"""Lines: a tape as lines of a language, one for each operation.

First come the numbers, from the inputs to the output. Then, in reverse order, comes what a small
change of each number does to the output. That is the chain rule: one line for each input of each
operation. So a gradient is just more lines.
"""

from __future__ import annotations

import re

from engine import ops
from engine.languages.python import NoTranslationError
from engine.languages.reserved import is_keyword, is_reserved
from engine.languages.words import Number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from engine.languages.python import Language
    from engine.programs.tape import Tape

TERMS = 6  # products in a line of a dot product


class Lines:
    """The lines of a tape in a language, and the names that they use."""

    def __init__(self, tape: Tape, language: Language, own: bool = False) -> None:
        self.tape, self.language = tape, language
        self.own = own
        self.own_ops: list[Any] = []
        self.names = variables(tape, language)
        self.values = self.forward()

    def forward(self) -> list[str]:
        """A line "variable = operation" for each operation."""
        lines = []
        for k, (op, args) in enumerate(zip(self.tape.ops, self.tape.args)):
            slot = self.tape.first + k
            name, inputs = self.names[slot], [self.names[i] for i in args]
            label = self.tape.label(slot)
            note = f"  {self.language.comment} {brief(label)}" if label else ""
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
        if tape.nodes[output] is None:
            return []  # a constant: every gradient is 0
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
                    lines.append(self.added(i, sign, share))
                else:
                    lines.append(f"{self.let(grad)} = {share if sign == '+' else '-' + share}")
                    begun.add(i)
        return [line + language.end for line in lines]

    def seed(self) -> str:
        """The slope of the output with respect to itself, which is 1 for each sample."""
        if self.language.name == "numpy" and self.tape.inputs:
            return f"np.ones(np.shape({self.names[len(self.tape.parameters)]}))"
        return self.language.number(1.0)

    def share(self, op: Any, j: int, slot: int, inputs: list[str]) -> tuple[str, str]:
        """What an operation adds to the gradient of its input number j, and with which sign."""
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

    def added(self, slot: int, sign: str, share: str) -> str:
        """The line that adds a share to a gradient.

        An array is not changed in place: `d_v3 = d_v5` makes two names for one array. The gradient
        of a leaf is an array of its own, because it starts as a number.
        """
        grad, leaves = self.slope_name(slot), len(self.tape.parameters) + len(self.tape.inputs)
        if self.language.name == "numpy" and slot >= leaves:
            return f"{grad} = {grad} {sign} {share}"
        return f"{grad} {sign}= {share}"

    def slope_name(self, slot: int) -> str:
        return f"d_{self.names[slot]}"


def variables(tape: Tape, language: Language) -> list[str]:
    """A variable for each slot: its label if that is a free name, otherwise its number, as in v3.

    A constant is written as its digits.
    """
    leaves = len(tape.parameters) + len(tape.inputs)
    constants = range(leaves, tape.first)
    found: list[str] = []
    used: set[str] = set()
    for slot in range(len(tape.nodes)):
        if slot in constants:
            x = tape.constants[slot - leaves]
            number = language.number(x)
            found.append(Number(f"({number})", x) if number.startswith("-") else number)
            continue
        label = re.sub(r"\W+", "_", tape.label(slot), flags=re.ASCII).strip("_")
        kind = "p" if slot < len(tape.parameters) else "x" if slot < leaves else "v"
        named = is_variable(label) and slot < leaves
        name = label if named else f"{kind}{slot}"
        tried = 0
        while name in used or (named and is_reserved(name)):
            tried += 1  # many leaves of one label have its place in their names, and no longer ones
            name = f"{name}_" if tried != 4 else f"{label}_{slot}"
        used.add(name)
        found.append(name)
    return found


def is_variable(text: str) -> bool:
    """Whether that can be a variable in all the languages, and is none of v0, v1, ..., or d_x."""
    return (
        bool(re.fullmatch(r"[A-Za-z]\w{0,30}", text, re.ASCII))
        and not is_keyword(text)
        and not re.match(r"(v|p|x)\d+$|d_|own_", text)
    )


def brief(label: str) -> str:
    """A label as a comment, in one line that ends where it seems to end.

    In C a line that ends in a backslash, or in the three signs that once stood for one, goes on.
    """
    kept = " ".join(label.split())[:60]
    text = "".join([c if c.isprintable() else ascii(c)[1:-1] for c in kept])
    return f"{text} ." if text.endswith(("\\", "??/")) else text
