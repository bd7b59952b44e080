"""The dialects: what NumPy, PyTorch and C write otherwise than Python; all languages by name."""

from __future__ import annotations

import math

from engine.languages.javascript import JavaScript
from engine.languages.python import Language, NoTranslationError, is_number, is_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence
    from typing import ClassVar


class NumPy(Language):
    """Arrays of one number for each sample; the last bits of functions are NumPy's own."""

    name = "numpy"
    module = "np"
    RENAMED: ClassVar[dict[str, str]] = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}
    # What NumPy does not have: math's, one number at a time.
    WITHOUT: ClassVar[set[str]] = {"erf", "erfc"}

    def number(self, x: float) -> str:
        if math.isfinite(x):
            return repr(x)
        return f"{'-' if x < 0 else ''}{self.module}.{abs(x)!r}"

    def math(self, name: str, x: str) -> str:
        if name in self.WITHOUT:
            self.imports.add(name)
            self.definitions[f"{name}_"] = f"{name}_ = np.vectorize({name}, otypes=[float])\n"
            return f"{name}_({x})"
        return f"{self.module}.{self.RENAMED.get(name, name)}({x})"

    def choice(self, test: str, yes: str, no: str) -> str:
        return f"{self.module}.where({test}, {yes}, {no})"

    def both(self, tests: list[str]) -> str:
        return tests[0] if len(tests) == 1 else " & ".join([f"({test})" for test in tests])

    def truth(self, test: str) -> str:
        return f"1.0 * ({test})"

    def absolute(self, x: str) -> str:
        return f"{self.module}.abs({x})"

    def power(self, x: str, y: str) -> str:
        return f"{self.module}.power({x}, {y})"

    def many(self, name: str, inputs: Sequence[str]) -> str:
        function = {"logsumexp": "logaddexp"}.get(name, name)
        text = inputs[0] if len(inputs) > 1 else f"{self.module}.asarray({inputs[0]})"
        for x in inputs[1:]:
            text = f"{self.module}.{function}({text}, {x})"
        return text


class Torch(NumPy):
    """Tensors: the forward pass alone, since PyTorch differentiates it by itself."""

    name = "torch"
    module = "torch"
    RENAMED: ClassVar = {}
    WITHOUT: ClassVar = set()

    def called(self, name: str, function: ast.expr, inputs: Sequence[str]) -> str:
        return super().called(name, function, [tensor(x) for x in inputs])

    def power(self, x: str, y: str) -> str:
        return f"torch.pow({x}, {y})"

    def many(self, name: str, inputs: Sequence[str]) -> str:
        numbers = ", ".join(map(tensor, inputs))
        stacked = f"torch.stack(torch.broadcast_tensors({numbers}))"
        if name in ("maximum", "minimum"):
            return f"torch.{'amax' if name == 'maximum' else 'amin'}({stacked}, 0)"
        if name == "hypot":
            return f"torch.linalg.vector_norm({stacked}, dim=0)"
        return f"torch.{name}({stacked}, 0)"


def tensor(x: str) -> str:
    """A number is no tensor yet."""
    plain = is_number(x.strip("()"))
    return f"torch.tensor({x}, dtype=torch.float64)" if plain else x


class C(Language):
    """One sample at a time, in double precision; where Python raises, C has nan or an infinity."""

    name = "c"
    comment = "//"
    end = ";"
    declare = "double "

    def number(self, x: float) -> str:
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
        self.definitions["power"] = C_POWER
        return f"power({x}, {y})"

    def function(self, name: str, inputs: Sequence[str], lines: Sequence[str], result: str) -> str:
        taken = ", ".join([f"double {x}" for x in inputs])
        body = "".join([f"    {line}\n" for line in lines])
        return f"static double {name}({taken}) {{\n{body}    return {result};\n}}\n"

    def assignment(self, variable: str, value: str) -> str:
        return f"double {variable} = {value};"

    def many(self, name: str, inputs: Sequence[str]) -> str:
        self.definitions["largest"] = C_LARGEST
        if name == "hypot":
            if len(inputs) != 2:
                raise NoTranslationError(f"C has hypot of 2 inputs, not of {len(inputs)}")
            return f"hypot({', '.join(inputs)})"
        if name == "logsumexp":
            self.definitions["log_sum_exp"] = C_LOG_SUM_EXP
        numbers = inputs if name != "minimum" else [f"-({x})" for x in inputs]
        sign = "-" if name == "minimum" else ""
        function = "log_sum_exp" if name == "logsumexp" else "largest"
        return f"{sign}{function}({len(inputs)}, (double[]){{{', '.join(numbers)}}})"


# As Python does it: the power of |x|, then the sign.
C_POWER = """\
static double power(double x, double y) {
    if (!(x < 0) || !isfinite(x) || !isfinite(y)) return pow(x, y);
    if (y != floor(y)) return NAN;
    return fmod(fabs(y), 2) == 1 ? -pow(-x, y) : pow(-x, y);
}
"""
C_LARGEST = """\
static double largest(int n, const double *x) {
    double z = x[0];
    for (int i = 0; i < n; i++)
        if (x[i] > z || x[i] != x[i]) z = x[i];
    return z;
}
"""
C_LOG_SUM_EXP = """\
static double log_sum_exp(int n, const double *x) {
    double m = largest(n, x), others = 0.0;
    int at = 0;
    if (isinf(m)) return m;
    while (x[at] != m && at < n - 1) at++;
    for (int i = 0; i < n; i++)
        if (i != at) others += exp(x[i] - m);
    return m + log1p(others);
}
"""

LANGUAGES: dict[str, type[Language]] = {
    "python": Language,
    "numpy": NumPy,
    "c": C,
    "torch": Torch,
    "javascript": JavaScript,
}
