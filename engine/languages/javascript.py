"""The calculus in JavaScript: for programs that are printed, and for the page of the explorer."""

from __future__ import annotations

import math

from engine.languages.python import Language

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class JavaScript(Language):
    """One sample at a time, where Python raises, JavaScript has NaN or an infinity.

    The browser or Node decides the last bits of functions such as exp.
    """

    name = "javascript"
    comment = "//"
    end = ";"
    declare = "let "

    def digits(self, x: float) -> str:
        if math.isfinite(x):
            return repr(x)
        return "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"

    def math(self, name: str, x: str) -> str:
        if name in ("erf", "erfc"):  # of which JavaScript has neither
            self.definitions["erf"] = ERF
            return f"{name}({x})"
        return f"Math.{name}({x})"

    def choice(self, test: str, yes: str, no: str) -> str:
        return f"({test} ? {yes} : {no})"

    def both(self, tests: list[str]) -> str:
        return " && ".join(tests)

    def truth(self, test: str) -> str:
        return f"Number({test})"

    def absolute(self, x: str) -> str:
        return f"Math.abs({x})"

    def power(self, x: str, y: str) -> str:
        self.definitions["power"] = POWER
        return f"power({x}, {y})"

    def function(self, name: str, inputs: Sequence[str], lines: Sequence[str], result: str) -> str:
        body = "".join([f"    {line}\n" for line in lines])
        return f"function {name}({', '.join(inputs)}) {{\n{body}    return {result};\n}}\n"

    def assignment(self, variable: str, value: str) -> str:
        return f"let {variable} = {value};"

    def many(self, name: str, inputs: Sequence[str]) -> str:
        if name == "hypot":
            return self.math("hypot", ", ".join(inputs))
        self.definitions["largest"] = LARGEST
        if name == "minimum":
            return f"-largest({', '.join([f'-({x})' for x in inputs])})"
        if name == "maximum":
            return f"largest({', '.join(inputs)})"
        self.definitions["log_sum_exp"] = LOG_SUM_EXP
        return f"log_sum_exp({', '.join(inputs)})"


# A power of 1, and an infinite power of -1, are 1 as in C; JavaScript has NaN there.
POWER = """\
function power(x, y) {
    if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
    return Math.pow(x, y);
}
"""
# As in ops.py, by hand, since loops are not translated. A test compares both bit for bit.
LARGEST = """\
function largest(...xs) {
    let z = xs[0];
    for (const x of xs) if (x > z || x !== x) z = x;
    return z;
}
"""
LOG_SUM_EXP = """\
function log_sum_exp(...xs) {
    const m = largest(...xs), at = xs.indexOf(m);
    if (!Number.isFinite(m)) return m;
    let others = 0;
    xs.forEach((x, i) => { if (i !== at) others += Math.exp(x - m); });
    return m + Math.log1p(others);
}
"""
# Abramowitz & Stegun 1964: the series 7.1.6, whose terms are positive, and the fraction 7.1.14.
ERF = """\
function erf(x) {
    if (!(Math.abs(x) < 2)) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
    let term = x, sum = x;
    for (let n = 1; n < 60; n++) {
        term *= 2 * x * x / (2 * n + 1);
        sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}
function erfc(x) {
    if (x !== x) return x;
    if (x < 2) return x < -2 ? 2 - erfc(-x) : 1 - erf(x);
    if (x > 28) return 0;
    let below = x;
    for (let n = 100; n > 0; n--) below = x + n / 2 / below;
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / below;
}
"""
