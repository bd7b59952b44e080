"""The words in which languages differ. These are Python's; each other language has its own."""

from __future__ import annotations

import ast
import math

from engine.languages.syntax import table, undocumented

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Number(str):
    """The text of a number, and the number itself.

    Text is a number because it is of this kind, and never because of how it is spelled: a variable
    may be called Inf.
    """

    value: float

    def __new__(cls, text: str, value: float) -> Number:
        number = super().__new__(cls, text)
        number.value = value
        return number


class Words:
    """How a language writes a number, a choice, a function, and so on.

    `definitions` are the functions that the expressions written so far call, by their names, and
    `imports` what they use of the module math.
    """

    name = "python"
    comment = "#"
    end = ""
    declare = ""

    def __init__(self) -> None:
        self.definitions: dict[str, str] = {}
        self.imports: set[str] = set()

    def number(self, x: float) -> Number:
        return Number(self.digits(x), x)

    def digits(self, x: float) -> str:
        if math.isfinite(x):
            return repr(x)
        self.imports.add("nan" if x != x else "inf")
        return repr(x)

    def math(self, name: str, x: str) -> str:
        self.imports.add(name)
        return f"{name}({x})"

    def choice(self, test: str, yes: str, no: str) -> str:
        return f"({yes} if {test} else {no})"

    def both(self, tests: list[str]) -> str:
        return " and ".join(tests)

    def truth(self, test: str) -> str:
        """1.0 where a test holds, else 0.0."""
        return f"float({test})"

    def absolute(self, x: str) -> str:
        return f"abs({x})"

    def power(self, x: str, y: str) -> str:
        """x**y for numbers that have a real power, as they do where y is whole."""
        if is_whole(y):
            return f"{x if x.isidentifier() else f'({x})'} ** {y}"
        self.definitions["power"] = definition("real_power", "power")
        return f"power({x}, {y})"

    def function(self, name: str, inputs: Sequence[str], lines: Sequence[str], result: str) -> str:
        """The definition of a function: lines are (variable, expression)."""
        body = "".join([f"    {line}\n" for line in lines])
        return f"def {name}({', '.join(inputs)}):\n{body}    return {result}\n"

    def assignment(self, variable: str, value: str) -> str:
        return f"{variable} = {value}"

    def many(self, name: str, inputs: Sequence[str]) -> str:
        """An op of any number of inputs."""
        if name == "hypot":
            return self.math("hypot", ", ".join(inputs))
        for function in MANY[name]:
            self.definitions[function] = definition(function, function)
        self.imports.add("math")
        return f"{MANY[name][-1]}({', '.join(inputs)})"


def definition(known: str, name: str) -> str:
    """The text of a function of ops.py, under another name."""
    return ast.unparse(undocumented(table()[1][known], name)) + "\n"


def is_whole(text: str) -> bool:
    return isinstance(text, Number) and text.value.is_integer()


# The ops of any number of inputs, and the functions of ops.py that compute them, the op's own last.
MANY = {
    "maximum": ["largest"],
    "minimum": ["largest", "smallest"],
    "logsumexp": ["largest", "log_sum_exp"],
    "hypot": [],
}
