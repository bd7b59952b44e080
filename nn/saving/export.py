"""Taking it further: a model as an ONNX graph or as PyTorch's modules, with the same outputs.

Both take a batch of flat rows: inputs [n][nin] give outputs [n][nout], also where nout is 1.
"""

from __future__ import annotations

import os

from engine.saving.files import write_file
from nn import activations, layers
from nn.mlp import MLP, Layer, Neuron
from nn.module import Module
from nn.saving.description import OWN, activation, described
from nn.saving.onnx_export import graph_of
from nn.saving.torch_export import sequential_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Step = tuple[str, dict[str, Any]]  # ("affine", {"weight": [out][in], "bias": [out] or None})


def to_onnx(model: Module, path: str | os.PathLike[str] | None = None) -> Any:
    """The model as an `onnx.ModelProto` in double precision, written to path if there is one.

    Its input is called "input", its output "output", and any number of rows may go through. It
    predicts as in eval mode: Dropout does nothing. Raises TypeError for a Module or an activation
    of your own, ValueError for parts that do not fit together, and ImportError without the extra
    `onnx`.
    """
    found = steps("to_onnx", model)
    graph = graph_of(found, *widths(found))
    if path is not None:
        write_file(path, graph.SerializeToString())
    return graph


def to_torch(model: Module) -> Any:
    """The model as a `torch.nn.Sequential` of modules in float64, in the mode that model is in.

    Its numbers are copies. torch's random stream is left alone. Raises as `to_onnx` does, also
    ValueError for the activation sin, which PyTorch has no module for, and ImportError without the
    extra `torch`.
    """
    found = steps("to_torch", model)
    widths(found)
    return sequential_of(found).train(model.training)


NAMES: dict[str, str] = {
    cls.__name__: name
    for name, cls in {
        "relu": activations.ReLU,
        "leaky_relu": activations.LeakyReLU,
        "elu": activations.ELU,
        "gelu": activations.GELU,
        "silu": activations.SiLU,
        "softplus": activations.Softplus,
        "sigmoid": activations.Sigmoid,
        "tanh": activations.Tanh,
        "softmax": activations.Softmax,
        "log_softmax": activations.LogSoftmax,
        "linear": layers.Identity,
        "flatten": layers.Flatten,
        "dropout": layers.Dropout,
        "normalization": layers.Normalization,
    }.items()
}
DEFAULTS = {  # of an activation that is given by its name
    "leaky_relu": {"negative_slope": 0.01},
    "elu": {"alpha": 1.0},
    "softplus": {"beta": 1.0},
}


def steps(taker: str, model: Module) -> list[Step]:
    """What the model does, one after another: the name of each step, and its numbers."""
    if not isinstance(model, Module):
        raise TypeError(f"{taker} takes a Module, got {type(model).__name__} {model!r:.60}")
    return steps_of(model, "the model")


def steps_of(module: Any, where: str) -> list[Step]:
    if type(module) is layers.Sequential:
        parts = [steps_of(m, f"{where}, module {i}") for i, m in enumerate(module)]
        return [step for part in parts for step in part]
    if type(module) is MLP:
        parts = [steps_of(m, f"{where}, layer {i}") for i, m in enumerate(module.layers)]
        return [step for part in parts for step in part]
    if type(module) is Layer:
        return neurons_in(module.neurons, where)
    if type(module) is Neuron:
        return neurons_in([module], where)
    if type(module) is layers.Linear:
        weight = [[w.data for w in row] for row in module.weight]
        return [("affine", {"weight": weight, "bias": numbers(module.bias)})]
    found = described(module)
    kind = found.pop("kind")
    if kind == OWN:
        raise TypeError(
            f"only nn's own modules can be exported: {where} is of the class "
            f"{type(module).__name__}"
        )
    if kind == "LayerNorm":
        parameters = {"weight": numbers(module.weight), "bias": numbers(module.bias)}
        return [("layer_norm", {"eps": found["eps"], "n": found["normalized_shape"], **parameters})]
    return [(NAMES[kind], found)]


def neurons_in(neurons: list[Neuron], where: str) -> list[Step]:
    """Neurons that look at the same inputs, and their activation."""
    try:
        name = activation(*neurons)
    except TypeError as error:
        raise TypeError(f"{where} cannot be exported: {error}") from None
    weight = [numbers(neuron.weights) for neuron in neurons]
    affine = ("affine", {"weight": weight, "bias": [neuron.bias.data for neuron in neurons]})
    return [affine] if name == "linear" else [affine, (name, DEFAULTS.get(name, {}))]


def numbers(values: Any) -> list[float] | None:
    return None if values is None else [v.data for v in values]


def widths(found: list[Step]) -> tuple[int | None, int | None]:
    """How many numbers go in and come out; None for any.

    Raises ValueError if a step takes another number of them than it is given.
    """
    first = width = None
    for name, settings in found:
        n = None
        if name == "affine":
            n = len(settings["weight"][0])
        elif name == "layer_norm":
            n = settings["n"]
        elif name == "normalization":
            n = len(settings["means"])
        if n is not None:
            if width is not None and width != n:
                raise ValueError(f"the model has a part that takes {n} inputs and is given {width}")
            first = n if first is None else first
            width = len(settings["weight"]) if name == "affine" else n
    return first, width
