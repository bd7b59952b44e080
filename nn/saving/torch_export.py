"""The PyTorch modules of a model, in float64, with copies of its numbers."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def sequential_of(steps: list[Any]) -> Any:
    """The steps in a row. Raises ValueError for a step that PyTorch has no module for."""
    try:
        import torch
    except ImportError as error:
        raise ImportError(f"{error}: to_torch needs pip install 'chainrule[torch]'") from None
    modules = []
    for name, settings in steps:
        if name not in MODULES:
            raise ValueError(f"PyTorch has no module for the activation {name!r}")
        modules.append(MODULES[name](torch, **settings))
    return torch.nn.Sequential(*modules)


# ---- each step: (torch, numbers) -> module ----


def affine(torch: Any, weight: list[list[float]], bias: list[float] | None) -> Any:
    nout, nin = len(weight), len(weight[0])
    module = torch.nn.utils.skip_init(
        torch.nn.Linear, nin, nout, bias=bias is not None, dtype=torch.float64
    )
    return filled(torch, module, weight=weight, bias=bias)


def layer_norm(torch: Any, n: int, eps: float, **parameters: Any) -> Any:
    module = torch.nn.LayerNorm(
        n,
        eps,
        elementwise_affine=parameters["weight"] is not None,
        bias=parameters["bias"] is not None,
        dtype=torch.float64,
    )
    return filled(torch, module, **parameters)


def normalization(torch: Any, means: list[float], deviations: list[float], invert: bool) -> Any:
    """PyTorch has no such module, so here is one; its numbers are buffers, not parameters."""

    class Normalization(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("means", torch.tensor(means, dtype=torch.float64))
            self.register_buffer("deviations", torch.tensor(deviations, dtype=torch.float64))

        def forward(self, x: Any) -> Any:
            return (
                x * self.deviations + self.means if invert else (x - self.means) / self.deviations
            )

    return Normalization()


def filled(torch: Any, module: Any, **parameters: Any) -> Any:
    """The module with these numbers in its parameters."""
    with torch.no_grad():
        for name, x in parameters.items():
            if x is not None:
                getattr(module, name).copy_(torch.tensor(x, dtype=torch.float64))
    return module


# PyTorch's threshold for softplus, 20, leaves an error of up to 2e-9; above 40 there is none.
MODULES: dict[str, Any] = {
    "affine": affine,
    "layer_norm": layer_norm,
    "normalization": normalization,
    "dropout": lambda torch, p: torch.nn.Dropout(p),
    "flatten": lambda torch: torch.nn.Flatten(),
    "linear": lambda torch: torch.nn.Identity(),
    "relu": lambda torch: torch.nn.ReLU(),
    "leaky_relu": lambda torch, negative_slope: torch.nn.LeakyReLU(negative_slope),
    "elu": lambda torch, alpha: torch.nn.ELU(alpha),
    "gelu": lambda torch: torch.nn.GELU(),
    "silu": lambda torch: torch.nn.SiLU(),
    "softplus": lambda torch, beta: torch.nn.Softplus(beta, threshold=40),
    "sigmoid": lambda torch: torch.nn.Sigmoid(),
    "tanh": lambda torch: torch.nn.Tanh(),
    "softmax": lambda torch, dim: torch.nn.Softmax(-1),  # noqa: ARG005 - a sample has one
    "log_softmax": lambda torch, dim: torch.nn.LogSoftmax(-1),  # noqa: ARG005
}
