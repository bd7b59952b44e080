"""NumPy and PyTorch: Python whose numbers are arrays, one number for each sample."""

from __future__ import annotations

import math

from engine.languages.python import Language
from engine.languages.words import Number

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

    def digits(self, x: float) -> str:
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
    # What PyTorch would differentiate otherwise than the table does: at 0, and where a branch that
    # is not taken is infinite.
    OWN: ClassVar = {
        "stop_gradient": "{}.detach()",
        "sign": "torch.where(torch.isnan({0}), {0}, torch.sign({0}))",
        "sigmoid": "torch.sigmoid({})",
        "logsigmoid": "torch.nn.functional.logsigmoid({})",
        "softplus": "-torch.nn.functional.logsigmoid(-{})",
        "elu": "torch.where({0} > 0, {0}, {1} * torch.expm1(torch.clamp({0}, max=0.0)))",
    }
    RENAMED: ClassVar = {}
    WITHOUT: ClassVar = set()

    def called(self, name: str, function: ast.expr, inputs: Sequence[str]) -> str:
        tensors = [tensor(x) for x in inputs]
        if name in self.OWN:
            return self.OWN[name].format(*tensors)
        return super().called(name, function, tensors)

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
    return f"torch.tensor({x}, dtype=torch.float64)" if isinstance(x, Number) else x
