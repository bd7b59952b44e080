"""The ONNX graph of a model: every step in operators that onnxruntime has in double precision.

It has no double LeakyRelu, Elu, Softplus or Erf, and its LayerNormalization loses digits where the
mean is large (5e-12 at 50), so these are written out in arithmetic.
"""

from __future__ import annotations

import math

from nn.sample import numbers_of
from nn.steps import Formula

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from engine import Op

OPSET, IR_VERSION = 17, 8  # of 2022, so that readers need not be the newest


class Builder:
    """The nodes and constants so far. Calling it adds a node and gives the name of its output."""

    def __init__(self) -> None:
        try:
            import onnx
        except ImportError as error:
            raise ImportError(f"{error}: to_onnx needs pip install 'chainrule[onnx]'") from None
        self.onnx: Any = onnx
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def __call__(self, op: str, *inputs: str | float | list[Any], **attributes: Any) -> str:
        output = f"{op.lower()}_{len(self.nodes)}"
        names = [x if isinstance(x, str) else self.constant(x) for x in inputs]
        self.add_node(op, names, output, **attributes)
        return output

    def add_node(self, op: str, inputs: list[str], output: str, **attributes: Any) -> None:
        make_node = self.onnx.helper.make_node
        self.nodes.append(make_node(op, inputs, [output], name=output, **attributes))

    def constant(self, x: Any, kind: str = "float64") -> str:
        """A number or Value, a list of them, or a list of rows, under the name that it gets."""
        import numpy  # which onnx needs too

        name = f"constant_{len(self.constants)}"
        array = numpy.array(numbers_of(x) if kind == "float64" else x, kind)
        self.constants[name] = self.onnx.numpy_helper.from_array(array, name)
        return name


def graph_of(steps: list[Any], width_in: int | None, width_out: int | None) -> Any:
    """The model whose steps these are. Raises ValueError for a step it has no operators for."""
    build = Builder()
    helper, double = build.onnx.helper, build.onnx.TensorProto.DOUBLE
    x = "input"
    for name, given in steps:
        if name not in STEPS:
            raise ValueError(f"the activation {name!r} cannot be exported to ONNX")
        x = STEPS[name](build, x, **given)
    build.add_node("Identity", [x], "output")
    source = helper.make_tensor_value_info("input", double, ["batch", width_in or "n_in"])
    target = helper.make_tensor_value_info("output", double, ["batch", width_out or "n_out"])
    constants = list(build.constants.values())
    model = helper.make_model(
        helper.make_graph(build.nodes, "chainrule", [source], [target], constants),
        producer_name="chainrule",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    build.onnx.checker.check_model(model)
    return model


# ---- each step: (builder, name of its input, numbers) -> name of its output ----


def affine(build: Builder, x: str, weight: list[list[Any]], bias: list[Any] | None) -> str:
    inputs = [x, weight] if bias is None else [x, weight, bias]
    return build("Gemm", *inputs, transB=1)


def elementwise(build: Builder, x: str, f: Callable[..., Any], **operands: Any) -> str:
    """The operations of f, a node for each."""
    constants: dict[int, str] = {}

    def name_of(x: Any) -> Any:
        if isinstance(x, str | float):
            return x
        if id(x) not in constants:
            constants[id(x)] = build.constant(x)
        return constants[id(x)]

    def node(op: Op, inputs: list[Any]) -> Any:
        if op.name not in OPERATORS:
            raise ValueError(f"the operation {op.name!r} cannot be exported to ONNX")
        return OPERATORS[op.name](build, *map(name_of, inputs))

    made: str = Formula(f, operands).written({"x": x, **operands}, node)
    return made


def embedding(build: Builder, x: str, weight: list[list[Any]], **_: int | None) -> str:
    """The rows of the tokens side by side, as a row is flat."""
    tokens = build("Cast", x, to=build.onnx.TensorProto.INT64)
    rows = build("Gather", build.constant(weight), tokens, axis=0)
    return build("Reshape", rows, build.constant([0, -1], "int64"))


def layer_norm(
    build: Builder,
    x: str,
    eps: float,
    weight: list[Any] | None,
    bias: list[Any] | None,
    **_: int,
) -> str:
    deviations = build("Sub", x, build("ReduceMean", x, axes=[-1]))
    variance = build("ReduceMean", build("Mul", deviations, deviations), axes=[-1])
    y = build("Div", deviations, build("Sqrt", build("Add", variance, float(eps))))
    if weight is not None:
        y = build("Mul", y, weight)
    return y if bias is None else build("Add", y, bias)


def leaky_relu(build: Builder, x: str, negative_slope: Any = 0.01) -> str:
    below = build("Min", x, 0.0)
    return build("Add", build("Relu", x), build("Mul", below, negative_slope))


def elu(build: Builder, x: str, alpha: Any = 1.0) -> str:
    """relu(x) + alpha * (e**y - 1) for y = min(x, 0), as 2t / (1 - t) for t = tanh(y / 2)."""
    t = build("Tanh", build("Mul", build("Min", x, 0.0), 0.5))
    expm1 = build("Div", build("Add", t, t), build("Sub", 1.0, t))
    return build("Add", build("Relu", x), build("Mul", expm1, alpha))


def softplus(build: Builder, x: str, beta: float = 1.0) -> str:
    """(max(y, 0) + log1p(u)) / beta for y = beta * x and u = e**-|y|.

    log1p(u) = log(w) * u / (w - 1) for w = 1 + u as rounded, and u where w is 1: the error of the
    rounding cancels (Goldberg 1991, theorem 4).
    """
    y = build("Mul", x, float(beta))
    u = build("Exp", build("Neg", build("Abs", y)))
    w = build("Add", u, 1.0)
    lost = build("Equal", w, 1.0)
    denominator = build("Where", lost, 1.0, build("Sub", w, 1.0))
    quotient = build("Div", build("Mul", build("Log", w), u), denominator)
    log1p = build("Where", lost, u, quotient)
    return build("Div", build("Add", build("Relu", y), log1p), float(beta))


def gelu(build: Builder, x: str) -> str:
    """x * P(X <= x) for a standard normal X.

    With z = x / sqrt(2), P = sigmoid(2 pi z / h) - (h z / pi) e**-z**2 S, where S is the sum of
    e**-t**2 / (t**2 + z**2) over t = h/2, 3h/2, 5h/2, ...: erfc's integral by the midpoint rule,
    and what the pole at t = iz adds (Hunter & Regan 1972). An error of e**-(pi / h)**2 is left,
    7e-18 for h = 1/2.
    """
    h = 0.5
    squares = [((k + 0.5) * h) ** 2 for k in range(13)]
    z = build("Mul", x, math.sqrt(0.5))
    z_squared = build("Mul", z, z)
    last = build.constant([-1], "int64")
    terms = build("Reciprocal", build("Add", build("Unsqueeze", z_squared, last), squares))
    series = build("MatMul", terms, [h / math.pi * math.exp(-t) for t in squares])
    damped = build("Mul", build("Mul", z, build("Exp", build("Neg", z_squared))), series)
    pole = build("Sigmoid", build("Mul", z, 2 * math.pi / h))
    return build("Mul", x, build("Sub", pole, damped))


STEPS: dict[str, Any] = {
    "affine": affine,
    "embedding": embedding,
    "layer_norm": layer_norm,
    "elementwise": elementwise,
    "module": lambda build, x, module: module._onnx_(build, x),
    "dropout": lambda build, x, p: x,  # noqa: ARG005 - it drops in training only
    "flatten": lambda build, x: x,  # noqa: ARG005 - a row is flat
    "linear": lambda build, x: x,  # noqa: ARG005
    "relu": lambda build, x: build("Relu", x),
    "leaky_relu": leaky_relu,
    "elu": elu,
    "gelu": gelu,
    "silu": lambda build, x: build("Mul", x, build("Sigmoid", x)),
    "softplus": softplus,
    "sigmoid": lambda build, x: build("Sigmoid", x),
    "tanh": lambda build, x: build("Tanh", x),
    "sin": lambda build, x: build("Sin", x),
    "softmax": lambda build, x: build("Softmax", x, axis=-1),
    "log_softmax": lambda build, x: build("LogSoftmax", x, axis=-1),
}

# The operations of the engine that a formula may have: (builder, names or numbers) -> name.
OPERATORS: dict[str, Any] = {
    **{name: STEPS[name] for name in ("relu", "leaky_relu", "elu", "gelu", "silu")},
    **{name: STEPS[name] for name in ("softplus", "sigmoid", "tanh", "sin")},
    "add": lambda build, x, y: build("Add", x, y),
    "sub": lambda build, x, y: build("Sub", x, y),
    "mul": lambda build, x, y: build("Mul", x, y),
    "div": lambda build, x, y: build("Div", x, y),
    "pow": lambda build, x, y: build("Pow", x, y),
    "neg": lambda build, x: build("Neg", x),
    "abs": lambda build, x: build("Abs", x),
    "exp": lambda build, x: build("Exp", x),
    "log": lambda build, x: build("Log", x),
    "sqrt": lambda build, x: build("Sqrt", x),
    "cos": lambda build, x: build("Cos", x),
    "sign": lambda build, x: build("Sign", x),
    "logsigmoid": lambda build, x: build("Neg", softplus(build, build("Neg", x))),
    "maximum": lambda build, *xs: build("Max", *xs),
    "minimum": lambda build, *xs: build("Min", *xs),
    "stop_gradient": lambda build, x: x,  # noqa: ARG005
}
