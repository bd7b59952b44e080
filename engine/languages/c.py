"""C: one sample at a time, in double precision."""

from __future__ import annotations

import math

from engine.languages.python import Language, NoTranslationError
from engine.languages.words import is_whole
from engine.native.prelude import LARGEST, LOG_SUM_EXP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class C(Language):
    """Where Python raises, C has nan or an infinity."""

    name = "c"
    comment = "//"
    end = ";"
    declare = "double "

    def digits(self, x: float) -> str:
        if math.isfinite(x):
            return repr(x)
        return "NAN" if x != x else "INFINITY" if x > 0 else "-INFINITY"

    def math(self, name: str, x: str) -> str:
        return f"{name}({x})"

    def choice(self, test: str, yes: str, no: str) -> str:
        return f"({test} ? {yes} : {no})"

    def both(self, tests: list[str]) -> str:
        return " && ".join(tests)

    def truth(self, test: str) -> str:
        return f"(double)({test})"

    def absolute(self, x: str) -> str:
        return f"fabs({x})"

    def power(self, x: str, y: str) -> str:
        if is_whole(y):
            return f"pow({x}, {y})"
        self.definitions["power"] = POWER
        return f"power({x}, {y})"

    def function(self, name: str, inputs: Sequence[str], lines: Sequence[str], result: str) -> str:
        taken = ", ".join([f"double {x}" for x in inputs])
        body = "".join([f"    {line}\n" for line in lines])
        return f"static double {name}({taken}) {{\n{body}    return {result};\n}}\n"

    def assignment(self, variable: str, value: str) -> str:
        return f"double {variable} = {value};"

    def many(self, name: str, inputs: Sequence[str]) -> str:
        if name == "hypot":
            if len(inputs) != 2:
                raise NoTranslationError(f"C has hypot of 2 inputs, not of {len(inputs)}")
            return f"hypot({', '.join(inputs)})"
        self.definitions["largest"] = LARGEST
        if name == "logsumexp":
            self.definitions["log_sum_exp"] = LOG_SUM_EXP
        numbers = inputs if name != "minimum" else [f"-({x})" for x in inputs]
        sign = "-" if name == "minimum" else ""
        function = "log_sum_exp" if name == "logsumexp" else "largest"
        return f"{sign}{function}({len(inputs)}, (double[]){{{', '.join(numbers)}}})"


# As Python does it: the power of |x|, then the sign. The power in engine/native/prelude.py raises
# its flag where this one answers nan or an infinity.
POWER = """\
static double power(double x, double y) {
    if (!(x < 0) || !isfinite(x) || !isfinite(y)) return pow(x, y);
    if (y != floor(y)) return NAN;
    return fmod(fabs(y), 2) == 1 ? -pow(-x, y) : pow(-x, y);
}
"""
