"""The PyTorch modules of a model, in float64, with copies of its numbers."""

from __future__ import annotations

import functools

from engine import Value
from nn.sample import numbers_of
from nn.steps import Formula

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from engine import Op


def sequential_of(steps: list[Any]) -> Any:
    """The steps in a row. Raises ValueError for a step that PyTorch has no module for."""
    try:
        import torch
    except ImportError as error:
        raise ImportError(f"{error}: to_torch needs pip install 'chainrule[torch]'") from None
    modules = []
    for name, given in steps:
        if name not in MODULES:
            raise ValueError(f"PyTorch has no module for the activation {name!r}")
        modules.append(MODULES[name](torch, **given))
    return torch.nn.Sequential(*modules)


# ---- each step: (torch, numbers) -> module ----


def affine(torch: Any, weight: list[list[Any]], bias: list[Any] | None) -> Any:
    """A torch.nn.Linear. A number in it that is no parameter stays as it is."""
    nout, nin = len(weight), len(weight[0])
    module = torch.nn.utils.skip_init(
        torch.nn.Linear, nin, nout, bias=bias is not None, dtype=torch.float64
    )
    filled(torch, module, weight=weight, bias=bias)
    for name, rows in (("weight", weight), ("bias", bias)):
        if rows is not None and not all(learned(rows)):
            freeze(torch, module, name, rows)
    return module


def embedding(torch: Any, weight: list[list[Any]], padding_idx: int | None) -> Any:
    module = torch.nn.utils.skip_init(
        torch.nn.Embedding,
        len(weight),
        len(weight[0]),
        padding_idx=padding_idx,
        dtype=torch.float64,
    )
    return filled(torch, module, weight=weight)


def layer_norm(torch: Any, n: int, eps: float, **parameters: Any) -> Any:
    module = torch.nn.LayerNorm(
        n,
        eps,
        elementwise_affine=parameters["weight"] is not None,
        bias=parameters["bias"] is not None,
        dtype=torch.float64,
    )
    return filled(torch, module, **parameters)


def elementwise(torch: Any, f: Callable[..., Any], **operands: Any) -> Any:
    """PyTorch has no such module, so here is one; operands that are no parameters are buffers."""
    formula = Formula(f, operands)

    def computed(op: Op, inputs: list[Any]) -> Any:
        return FUNCTIONS[op.name](torch, *inputs)

    class Elementwise(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            for name, given in operands.items():
                numbers = torch.tensor(numbers_of(given), dtype=torch.float64)
                if all(learned(given)):
                    self.register_parameter(name, torch.nn.Parameter(numbers))
                else:
                    self.register_buffer(name, numbers)

        def forward(self, x: Any) -> Any:
            given = {name: getattr(self, name) for name in operands}
            return formula.written({"x": x, **given}, computed)

    for op in formula.operations:
        if op.name not in FUNCTIONS:
            raise ValueError(f"the operation {op.name!r} cannot be exported to PyTorch")
    return Elementwise()


def learned(tree: Any) -> list[bool]:
    """Whether each number of nested lists is a parameter."""
    if isinstance(tree, list | tuple):
        return [x for branch in tree for x in learned(branch)]
    return [isinstance(tree, Value) and tree.op is None]


def freeze(torch: Any, module: Any, name: str, rows: Any) -> None:
    """Keep the numbers of a parameter that are none of ours as they are, however it is trained."""

    class Kept(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            fixed = getattr(module, name).detach().clone()
            self.register_buffer("fixed", fixed)
            self.register_buffer("learned", torch.tensor(learned(rows)).reshape(fixed.shape))

        def forward(self, x: Any) -> Any:
            return torch.where(self.learned, x, self.fixed)

    torch.nn.utils.parametrize.register_parametrization(module, name, Kept())


def filled(torch: Any, module: Any, **parameters: Any) -> Any:
    """The module with these numbers in its parameters."""
    with torch.no_grad():
        for name, x in parameters.items():
            if x is not None:
                getattr(module, name).copy_(torch.tensor(numbers_of(x), dtype=torch.float64))
    return module


# PyTorch's threshold for softplus, 20, leaves an error of up to 2e-9; above 40 there is none.
MODULES: dict[str, Any] = {
    "affine": affine,
    "embedding": embedding,
    "layer_norm": layer_norm,
    "elementwise": elementwise,
    "module": lambda torch, module: module._torch_(torch),
    "dropout": lambda torch, p: torch.nn.Dropout(p),
    "flatten": lambda torch: torch.nn.Flatten(),
    "linear": lambda torch: torch.nn.Identity(),
    "relu": lambda torch: torch.nn.ReLU(),
    "leaky_relu": lambda torch, negative_slope=0.01: torch.nn.LeakyReLU(negative_slope),
    "elu": lambda torch, alpha=1.0: torch.nn.ELU(alpha),
    "gelu": lambda torch: torch.nn.GELU(),
    "silu": lambda torch: torch.nn.SiLU(),
    "softplus": lambda torch, beta=1.0: torch.nn.Softplus(beta, threshold=40),
    "sigmoid": lambda torch: torch.nn.Sigmoid(),
    "tanh": lambda torch: torch.nn.Tanh(),
    "softmax": lambda torch: torch.nn.Softmax(-1),  # a sample has one dimension
    "log_softmax": lambda torch: torch.nn.LogSoftmax(-1),
}

# The operations of the engine that a formula may have: (torch, tensors or numbers) -> tensor.
ALIKE = "abs exp expm1 log log1p sqrt sin cos tan asin acos atan sinh cosh tanh erf erfc sigmoid"
FUNCTIONS: dict[str, Any] = {
    **{name: lambda torch, x, name=name: getattr(torch, name)(x) for name in ALIKE.split()},
    "add": lambda torch, x, y: x + y,  # noqa: ARG005
    "sub": lambda torch, x, y: x - y,  # noqa: ARG005
    "mul": lambda torch, x, y: x * y,  # noqa: ARG005
    "div": lambda torch, x, y: x / y,  # noqa: ARG005
    "pow": lambda torch, x, y: x**y,  # noqa: ARG005
    "neg": lambda torch, x: -x,  # noqa: ARG005
    "sign": lambda torch, x: torch.sign(x),
    "relu": lambda torch, x: torch.relu(x),
    "leaky_relu": lambda torch, x, y: torch.where(x > 0, x, y * x),
    "elu": lambda torch, x, y: torch.where(x > 0, x, y * torch.expm1(-torch.relu(-x))),
    "gelu": lambda torch, x: torch.nn.functional.gelu(x),
    "silu": lambda torch, x: torch.nn.functional.silu(x),
    "softplus": lambda torch, x: torch.nn.functional.softplus(x, threshold=40),
    "logsigmoid": lambda torch, x: torch.nn.functional.logsigmoid(x),
    "maximum": lambda torch, *xs: functools.reduce(torch.maximum, tensors(torch, xs)),
    "minimum": lambda torch, *xs: functools.reduce(torch.minimum, tensors(torch, xs)),
    "stop_gradient": lambda torch, x: x.detach(),  # noqa: ARG005
}


def tensors(torch: Any, xs: tuple[Any, ...]) -> list[Any]:
    """The numbers among xs as tensors too."""
    return [torch.as_tensor(x, dtype=torch.float64) for x in xs]
