"""A scalar autograd engine: values that remember how they were computed, and their gradients.

Read the shelf in this order: op (an operation), ops (the calculus: the table of all operations),
value (the graph), calculus (gradients as graphs), check (the judge). Each imports only from the
ones before it. The rooms beside the shelf draw, explain and run graphs: they import the shelf.

`compiled` says whether op and value run as C. They do if there was a C compiler when chainrule was
installed. With CHAINRULE_PURE=1 in the environment they run as Python.
"""

from __future__ import annotations

import os

if os.environ.get("CHAINRULE_PURE", "0") not in ("", "0"):
    from engine.native import switch as switch

from engine import copying as copying  # which gives Value its way to be copied
from engine import former as former
from engine.calculus import grad
from engine.check import GradientError, check_gradients
from engine.lazy import lazy_names
from engine.lostgradient import LostGradientWarning
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
    "LostGradientWarning",
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


if not TYPE_CHECKING:  # a type checker would take any name for granted
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "engine.diagrams.diagram": "Diagram",
            "engine.diagrams.drawing": "draw",
            "engine.explanations.explanation": "explain",
            "engine.explorer.explorer": "Explorer explore",
            "engine.programs.program": "Program trace",
        },
        needs=dict.fromkeys(["Diagram", "draw", "Explorer", "explore"], "graphviz"),
    )
