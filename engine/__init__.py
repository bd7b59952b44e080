"""A scalar autograd engine: values that remember how they were computed, and their gradients.

Read it in this order: op (an operation), ops (the calculus), value (the graph), calculus (gradients
as graphs), check (the judge), drawing (the picture). Each imports only from the ones before it.

`compiled` says whether op and value run as C, which they do where a C compiler was there when
chainrule was installed. CHAINRULE_PURE=1 in the environment has Python run all the same.
"""

from __future__ import annotations

import os

if os.environ.get("CHAINRULE_PURE", "0") not in ("", "0"):
    from engine.native import switch as switch

from engine import copying as copying
from engine.calculus import grad
from engine.check import GradientError, check_gradients
from engine.op import Op, compiled
from engine.ops import (
    acos,
    asin,
    atan,
    cos,
    cosh,
    elu,
    erf,
    erfc,
    exp,
    expm1,
    gelu,
    hypot,
    leaky_relu,
    log,
    log1p,
    logsigmoid,
    logsumexp,
    maximum,
    minimum,
    relu,
    sigmoid,
    silu,
    sin,
    sinh,
    softmax,
    softplus,
    sqrt,
    stop_gradient,
    tan,
    tanh,
)
from engine.recording import no_grad, source_lines
from engine.value import Value, dot, topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from engine.diagrams.diagram import Diagram as Diagram
    from engine.diagrams.drawing import draw as draw
    from engine.explanations.explanation import explain as explain
    from engine.explorer.explorer import Explorer as Explorer
    from engine.explorer.explorer import explore as explore
    from engine.programs.program import Program as Program
    from engine.programs.program import trace as trace

__distribution__ = "chainrule"
__version__ = "0.1.0"

__all__ = [  # all but draw, explore and what they return: `from engine import *` needs no graphviz
    "GradientError",
    "Op",
    "Program",
    "Value",
    "acos",
    "asin",
    "atan",
    "check_gradients",
    "compiled",
    "cos",
    "cosh",
    "dot",
    "elu",
    "erf",
    "erfc",
    "exp",
    "explain",
    "expm1",
    "gelu",
    "grad",
    "hypot",
    "leaky_relu",
    "log",
    "log1p",
    "logsigmoid",
    "logsumexp",
    "maximum",
    "minimum",
    "no_grad",
    "relu",
    "sigmoid",
    "silu",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "source_lines",
    "sqrt",
    "stop_gradient",
    "tan",
    "tanh",
    "topological_order",
    "trace",
]


LATER = {  # names whose files are imported when first asked for; draw and explore load graphviz
    "Diagram": "engine.diagrams.diagram",
    "draw": "engine.diagrams.drawing",
    "explain": "engine.explanations.explanation",
    "Explorer": "engine.explorer.explorer",
    "explore": "engine.explorer.explorer",
    "Program": "engine.programs.program",
    "trace": "engine.programs.program",
}


def __getattr__(name: str) -> Any:
    if name not in LATER:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(LATER[name]), name)
