"""Saving: a model in a file of text, exact to the last bit, and nothing in it that could run.

The file is JSON: the format and its version, what is needed to make the model again, the shape of
each entry of its state_dict, the state_dict itself (Python writes a float so that it reads back the
same), and a SHA-256 checksum of all that. A file that is not, to the last bit, as it was written is
refused. A checkpoint is such a file too: the states of all that takes part in a training run.
"""

from __future__ import annotations

import json
import math
import os
from hashlib import sha256
from pathlib import Path

from engine.files import write_file
from nn import activations, layers
from nn.mlp import ACTIVATIONS, MLP, Layer, Neuron, name_of
from nn.module import Module, count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

FORMAT, CHECKPOINT, VERSION = "chainrule", "chainrule checkpoint", 1
LARGEST = 256 * 2**20  # bytes; ten million parameters


def save(model: Module, path: str | os.PathLike[str], notes: Any = None) -> None:
    """Write the model to path: whole or, whatever interrupts, not at all.

    Raises ValueError if a parameter is not finite, and TypeError if the model has an activation
    that is no function of the engine. A module of your own is saved too: see `load`.
    """
    state = model.state_dict()
    for name, value in model.named_parameters():
        if not math.isfinite(value.data):
            raise ValueError(f"cannot save: {name} is {value.data}")
    content = {
        "format": FORMAT,
        "version": VERSION,
        "model": description(model),
        "notes": notes or {},
        "shapes": {name: shape(numbers) for name, numbers in state.items()},
        "state_dict": state,
    }
    write_file(path, text(content))


def load(path: str | os.PathLike[str], into: Module | None = None) -> Module:
    """The model saved at path, made anew, or `into`, which takes over its parameters.

    A module of your own is loaded into one that you made. Raises ValueError, with the reason, for a
    file that is no such model, is not as it was written, or does not fit; `into` is then as
    it was. Nothing in the file is run.
    """
    try:
        content = checked(Path(path))
        if into is None:
            into = built(content["model"], content["state_dict"])
        into.load_state_dict(content["state_dict"])
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise ValueError(f"cannot load {path}: {reason_of(error)}") from None
    return into


def load_notes(path: str | os.PathLike[str]) -> Any:
    return checked(Path(path))["notes"]


def save_checkpoint(path: str | os.PathLike[str], states: dict[str, Any]) -> None:
    """Write states, such as {"model": model.state_dict()}, to path, whole or not at all.

    Raises ValueError or TypeError for what JSON has no word for, such as nan.
    """
    write_file(path, text({"format": CHECKPOINT, "version": VERSION, "states": states}))


def load_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The states of a checkpoint, tuples as lists. Raises ValueError as `load` does."""
    try:
        states: dict[str, Any] = read(Path(path), CHECKPOINT, ["states"])["states"]
    except (TypeError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise ValueError(f"cannot load {path}: {reason_of(error)}") from None
    return states


def reason_of(error: BaseException) -> str:
    return "it is nested too deep" if isinstance(error, RecursionError) else str(error)


# ---- the file ----


def text(content: dict[str, Any]) -> str:
    """The content as it stands in a file, with its checksum."""
    body = json.dumps(content, indent=1, allow_nan=False)
    return json.dumps({**content, "checksum": checksum(body)}, indent=1, allow_nan=False) + "\n"


def checksum(body: str) -> str:
    return "sha256:" + sha256(body.encode()).hexdigest()


def checked(path: Path) -> dict[str, Any]:
    """The content of a model's file. Raises ValueError unless its numbers are those of a model."""
    content = read(path, FORMAT, ["model", "notes", "shapes", "state_dict"])
    check_numbers(content["state_dict"])
    if {name: shape(x) for name, x in content["state_dict"].items()} != content["shapes"]:
        raise ValueError("the shapes it states are not those of its numbers")
    return content


def read(path: Path, kind: str, entries: list[str]) -> dict[str, Any]:
    """The content of a file. Raises ValueError unless it is whole, ours and as it was written."""
    size = path.stat().st_size
    if size > LARGEST:
        raise ValueError(f"it has {size} bytes, more than the {LARGEST} that are read")
    raw = path.read_bytes()
    try:
        found = json.loads(raw, object_pairs_hook=without_twins, parse_constant=refused)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON, or not all of it: {error}") from None
    if not isinstance(found, dict) or found.get("format") != kind:
        raise ValueError(f"it is not of the format {kind!r}")
    version = found.get("version")
    if version != VERSION or isinstance(version, bool):
        raise ValueError(f"it has version {version!r:.60} of the format, this is version {VERSION}")
    wanted = ["format", "version", *entries, "checksum"]
    if list(found) != wanted:
        raise ValueError(f"it has {list(found)!r:.200}, wanted {wanted}")
    content = {name: found[name] for name in wanted[:-1]}
    if text(content).encode() != raw:
        raise ValueError("it is not as it was written: its checksum does not fit")
    return content


def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a name comes twice")
    return dict(pairs)


def refused(constant: str) -> None:
    raise ValueError(f"{constant} is no number of a model")


def check_numbers(state: Any) -> None:
    """Raise ValueError unless that is a dict of finite floats in nested lists."""
    if not isinstance(state, dict):
        raise ValueError(f"its state_dict is no dict but {state!r:.60}")
    for name, tree in state.items():
        for x in flat(tree):
            if not isinstance(x, float) or not math.isfinite(x):
                raise ValueError(f"{name} has {x!r:.60} where a finite float is wanted")


def flat(tree: Any) -> list[Any]:
    return [x for branch in tree for x in flat(branch)] if isinstance(tree, list) else [tree]


def shape(tree: Any) -> list[int]:
    """[] of a number, [n] of a list, [n, m] of a list of lists that are as long as the first."""
    return [len(tree), *shape(tree[0])] if isinstance(tree, list) and tree else []


# ---- the model ----


def activation(*neurons: Neuron) -> str:
    """The name of the activation that neurons share, which must be one that a file can name."""
    names = {name_of(neuron.activation) for neuron in neurons}
    if len(names) > 1:
        raise TypeError(f"cannot save a layer of several activations: {sorted(names)}")
    (name,) = names
    if any(neuron.activation is not ACTIVATIONS.get(name) for neuron in neurons):
        raise TypeError(f"cannot save the activation {name!r}: it is none of {list(ACTIVATIONS)}")
    return name


def settings_of_neuron(m: Neuron) -> dict[str, Any]:
    return {"nin": len(m.weights), "activation": activation(m)}


def settings_of_layer(m: Layer) -> dict[str, Any]:
    nin = len(m.neurons[0].weights)
    return {"nin": nin, "nout": len(m.neurons), "activation": activation(*m.neurons)}


def settings_of_mlp(m: MLP) -> dict[str, Any]:
    *hidden, last = [settings_of_layer(layer) for layer in m.layers]
    names = {layer["activation"] for layer in hidden} or {"relu"}
    if len(names) > 1 or last["activation"] != "linear":
        raise TypeError("cannot save an MLP whose layers were changed: save them in a Sequential")
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
    "Linear": (
        layers.Linear,
        lambda m: {
            "in_features": m.in_features,
            "out_features": m.out_features,
            "bias": m.bias is not None,
        },
        lambda in_features, out_features, bias: out_features * (in_features + bias),
    ),
    "LayerNorm": (
        layers.LayerNorm,
        lambda m: {
            "normalized_shape": m.normalized_shape,
            "eps": m.eps,
            "elementwise_affine": m.weight is not None,
            "bias": m.bias is not None,
        },
        lambda normalized_shape, eps, elementwise_affine, bias: (
            normalized_shape * (elementwise_affine + bias)
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
}
for _plain in (
    *(activations.ReLU, activations.GELU, activations.SiLU, activations.Sigmoid),
    *(activations.Tanh, layers.Flatten, layers.Identity),
):
    KINDS[_plain.__name__] = (_plain, lambda m: {}, lambda: 0)


def description(model: Module) -> dict[str, Any]:
    """What `built` needs to make the model; {"kind": "module of your own"} if it cannot be."""
    if type(model) is layers.Sequential:
        return {"kind": "Sequential", "modules": [description(m) for m in model]}
    kind, settings, _ = KINDS.get(type(model).__name__, (None, None, None))
    if kind is not type(model) or settings is None:
        return {"kind": "module of your own"}
    return {"kind": type(model).__name__, **settings(model)}


def built(model: Any, state: dict[str, Any]) -> Module:
    """The model of a description, if it has as many parameters as there are numbers for it."""
    wanted, given = parameters(model), sum([len(flat(tree)) for tree in state.values()])
    if wanted != given:
        raise ValueError(f"its model has {count(wanted, 'parameter')}, its numbers are {given}")
    return made(model)


def parameters(model: Any) -> int:
    """How many parameters a description asks for. Raises ValueError if it is none."""
    if not isinstance(model, dict):
        raise ValueError(f"its model is {model!r:.60}")
    settings = {name: x for name, x in model.items() if name != "kind"}
    kind = model.get("kind")
    if kind == "module of your own" and not settings:
        raise ValueError("its model is a module of your own: say load(path, into=...)")
    if kind == "Sequential" and isinstance(settings.get("modules"), list) and len(settings) == 1:
        return sum([parameters(m) for m in settings["modules"]])
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"its model has a part {kind!r:.60} that is not known")
    try:
        size = KINDS[kind][2](**settings)
        number_of = size if isinstance(size, int) and size >= 0 else None
    except TypeError:
        number_of = None
    if number_of is None:
        raise ValueError(f"{kind} has settings {settings!r:.60} that make no sense")
    return number_of


def made(model: dict[str, Any]) -> Module:
    settings = {name: x for name, x in model.items() if name != "kind"}
    if model["kind"] == "Sequential":
        return layers.Sequential(*[made(m) for m in settings["modules"]])
    if "activation" in settings and settings["activation"] not in ACTIVATIONS:
        raise ValueError(f"the activation {settings['activation']!r:.60} is not known")
    return KINDS[model["kind"]][0](**settings)
