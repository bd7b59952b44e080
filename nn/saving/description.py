"""A model described as data, and made again: kinds and settings that nn knows, nothing that runs.

    {"kind": "Sequential", "modules": [{"kind": "Linear", "in_features": 2, ...}, {"kind": "Tanh"}]}

A description may come from a file that anyone wrote, so every setting is held to its rule, and the
parameters are counted, before a module is made.
"""

from __future__ import annotations

import math
import random

from nn import activations, layers
from nn.activations import ACTIVATIONS, name_of
from nn.checks import count
from nn.mlp import MLP, Layer, Neuron
from nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

OWN = "module of your own"

# ---- what a setting may be, by its name ----


def whole(x: Any) -> bool:
    return type(x) is int and 1 <= x <= 2**31


def flag(x: Any) -> bool:
    return isinstance(x, bool)


def finite(x: Any) -> bool:
    return isinstance(x, float) and math.isfinite(x)


def sizes(x: Any) -> bool:
    return isinstance(x, list) and bool(x) and all(map(whole, x))


def finites(x: Any) -> bool:
    return isinstance(x, list) and bool(x) and all(map(finite, x))


def positives(x: Any) -> bool:
    return finites(x) and min(x) > 0


Rule = tuple[str, "Callable[[Any], bool]"]
SIZE: Rule = ("a whole number from 1 to 2**31", whole)
FLAG: Rule = ("True or False", flag)
NUMBER: Rule = ("a finite float", finite)
RULES: dict[str, Rule] = {
    **dict.fromkeys(["nin", "nout", "in_features", "out_features", "normalized_shape"], SIZE),
    **dict.fromkeys(["bias", "elementwise_affine", "invert"], FLAG),
    **dict.fromkeys(["eps", "p", "negative_slope", "alpha", "beta"], NUMBER),
    "nouts": ("a list of whole numbers from 1 to 2**31", sizes),
    "activation": (
        f"one of {', '.join(ACTIVATIONS)}",
        lambda x: isinstance(x, str) and x in ACTIVATIONS,
    ),
    "dim": ("None, -1 or 0", lambda x: x is None or (type(x) is int and x in (-1, 0))),
    "means": ("a list of finite floats", finites),
    "deviations": ("a list of finite floats above 0", positives),
    "modules": ("a list of descriptions", lambda x: isinstance(x, list)),
}

# ---- the settings of a module ----


def activation(*neurons: Neuron) -> str:
    """The name of the activation that neurons share. Raises TypeError if it is none of nn's."""
    odd = next((type(neuron) for neuron in neurons if type(neuron) is not Neuron), None)
    if odd is not None:
        raise TypeError(f"a layer with a neuron of the class {odd.__name__}")
    names = {name_of(neuron.activation) for neuron in neurons}
    if len(names) > 1:
        raise TypeError(f"a layer of several activations: {', '.join(sorted(names))}")
    (name,) = names
    if any(neuron.activation is not ACTIVATIONS.get(name) for neuron in neurons):
        raise TypeError(f"the activation {name!r:.60} is none of {', '.join(ACTIVATIONS)}")
    return name


def settings_of_neuron(m: Neuron) -> dict[str, Any]:
    return {"nin": len(m.weights), "activation": activation(m)}


def settings_of_layer(m: Layer) -> dict[str, Any]:
    nin = len(m.neurons[0].weights)
    return {"nin": nin, "nout": len(m.neurons), "activation": activation(*m.neurons)}


def settings_of_mlp(m: MLP) -> dict[str, Any]:
    changed = TypeError("an MLP whose layers were changed: put them in a Sequential")
    if any(type(layer) is not Layer for layer in m.layers):
        raise changed
    *hidden, last = [settings_of_layer(layer) for layer in m.layers]
    names = {layer["activation"] for layer in hidden} or {"relu"}
    if len(names) > 1 or last["activation"] != "linear":
        raise changed
    nouts = [layer["nout"] for layer in (*hidden, last)]
    return {"nin": (*hidden, last)[0]["nin"], "nouts": nouts, "activation": names.pop()}


# For each kind of module: the class, its settings, and how many parameters it has with them.
Kind = tuple["type[Module]", "Callable[[Any], dict[str, Any]]", "Callable[..., int]"]
KINDS: dict[str, Kind] = {
    "Neuron": (Neuron, settings_of_neuron, lambda nin, activation: nin + 1),
    "Layer": (Layer, settings_of_layer, lambda nin, nout, activation: nout * (nin + 1)),
    "MLP": (
        MLP,
        settings_of_mlp,
        lambda nin, nouts, activation: sum(
            [(n + 1) * m for n, m in zip([nin, *nouts], nouts)],
        ),
    ),
    "Sequential": (
        layers.Sequential,
        lambda m: {"modules": [described(part) for part in m]},
        lambda modules: sum([parameters(part) for part in modules]),
    ),
    "Linear": (
        layers.Linear,
        lambda m: {
            "in_features": int(m.in_features),
            "out_features": int(m.out_features),
            "bias": m.bias is not None,
        },
        lambda in_features, out_features, bias: out_features * (in_features + bias),
    ),
    "LayerNorm": (
        layers.LayerNorm,
        lambda m: {
            "normalized_shape": int(m.normalized_shape),
            "eps": m.eps,
            "elementwise_affine": m.weight is not None,
            "bias": m.bias is not None,
        },
        lambda normalized_shape, eps, elementwise_affine, bias: (
            normalized_shape * elementwise_affine * (1 + bias)
        ),
    ),
    "Normalization": (
        layers.Normalization,
        lambda m: {"means": m.means, "deviations": m.deviations, "invert": m.invert},
        lambda means, deviations, invert: 0,
    ),
    "Dropout": (layers.Dropout, lambda m: {"p": m.p}, lambda p: 0),
    "LeakyReLU": (
        activations.LeakyReLU,
        lambda m: {"negative_slope": m.negative_slope},
        lambda negative_slope: 0,
    ),
    "ELU": (activations.ELU, lambda m: {"alpha": m.alpha}, lambda alpha: 0),
    "Softplus": (activations.Softplus, lambda m: {"beta": m.beta}, lambda beta: 0),
    "Softmax": (activations.Softmax, lambda m: {"dim": m.dim}, lambda dim: 0),
    "LogSoftmax": (activations.LogSoftmax, lambda m: {"dim": m.dim}, lambda dim: 0),
}
for _plain in (
    *(activations.ReLU, activations.GELU, activations.SiLU, activations.Sigmoid),
    *(activations.Tanh, layers.Flatten, layers.Identity),
):
    KINDS[_plain.__name__] = (_plain, lambda m: {}, lambda: 0)
DRAWN = (Neuron, Layer, MLP, layers.Linear)  # which start from random numbers

# ---- a model as data ----


def description(model: Module) -> dict[str, Any]:
    """What `built` needs to make the model; {"kind": "module of your own"} where it cannot be.

    Raises TypeError for an activation of your own, and ValueError for a setting that breaks its
    rule, such as a slope of nan.
    """
    found = described(model)
    if has_own(found):
        return found
    # Parts that share parameters, or have more than their class: no settings say so.
    return found if parameters(found) == len(model.parameters()) else {"kind": OWN}


def described(model: Module) -> dict[str, Any]:
    name = type(model).__name__
    kind, settings, _ = KINDS.get(name, (None, None, None))
    if kind is not type(model) or settings is None:
        return {"kind": OWN}
    return {"kind": name, **settings(model)}


def has_own(model: dict[str, Any]) -> bool:
    return model["kind"] == OWN or any(map(has_own, model.get("modules", [])))


# ---- and back ----


def built(model: Any, numbers: int) -> Module:
    """The model of a description, if it has as many parameters as there are numbers for it.

    Its random start is drawn apart from the module random. Raises ValueError.
    """
    wanted = parameters(model)
    if wanted != numbers:
        raise ValueError(f"its model has {count(wanted, 'parameter')}, its numbers are {numbers}")
    return made(model)


def parameters(model: Any) -> int:
    """How many parameters a description asks for. Raises ValueError if it is none."""
    if not isinstance(model, dict):
        raise ValueError(f"its model is {model!r:.60}")
    settings = {name: x for name, x in model.items() if name != "kind"}
    kind = model.get("kind")
    if kind == OWN and not settings:
        raise ValueError("its model is a module of your own: say load(path, into=...)")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"its model has a part {kind!r:.60} that is not known")
    for name, x in settings.items():
        wanted, fits = RULES.get(name, ("nothing of that name", lambda x: False))
        if not fits(x):
            raise ValueError(f"{kind} has {name:.60} = {x!r:.60}, wanted {wanted}")
    try:
        return KINDS[kind][2](**settings)
    except TypeError:  # from the call: the settings themselves have passed
        raise ValueError(f"{kind} has other settings: {', '.join(settings) or 'none'}") from None


def made(model: dict[str, Any]) -> Module:
    settings = {name: x for name, x in model.items() if name != "kind"}
    kind = KINDS[model["kind"]][0]
    if kind is layers.Sequential:
        return layers.Sequential(*[made(part) for part in settings["modules"]])
    if kind in DRAWN:
        settings["rng"] = random.Random(0)
    return kind(**settings)
