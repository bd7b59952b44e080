"""Saving: a model in a file, exact to the last bit, and nothing in it that could run.

The file is JSON: the format and its version, what is needed to make the model again, the shape of
each entry of its state_dict, the state_dict itself (Python writes a float so that it reads back the
same), and a SHA-256 checksum of all that. A file that is not, to the last bit, as it was written is
refused.

Reading takes at most 600 MB of memory, whatever the file claims; the model comes on top. The bytes
of a file and its parts are limited, and a model is made only if the file has a number for each of
its parameters.
"""

from __future__ import annotations

import json
import math
import os

from engine.formulas.names import parameter_names
from engine.saving.files import write_file
from nn.module import Module
from nn.saving import tensors
from nn.saving.checkpoints import load_checkpoint as load_checkpoint  # nn.serialize had it
from nn.saving.checkpoints import save_checkpoint as save_checkpoint
from nn.saving.description import built, description
from nn.saving.json_file import (
    REFUSED,
    VERSION,
    check_length,
    check_version,
    content_of,
    read,
    refusal,
    text,
)
from nn.saving.strictjson import parsed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nn.saving.json_file import Path

FORMAT = "chainrule"


def save(model: Module, path: Path, notes: dict[str, Any] | None = None) -> None:
    """Write the model to path: whole or, whatever interrupts, not at all.

    notes: what else is to be remembered, such as the names of the classes, in words that JSON has;
    `load_notes` gives it back. A path that ends in .safetensors gets that format, with the same
    content. Raises ValueError if a parameter is not finite or the file would be too large to load,
    TypeError if the model has an activation that is none of nn's, and ImportError for .safetensors
    without the extra of that name. A module of your own is saved with its settings if its class
    says them (nn.settings), else with its parameters alone.
    """
    check_module("save", model)
    if notes is not None and not isinstance(notes, dict):
        raise TypeError(f"notes are a dict, got {type(notes).__name__} {notes!r:.60}")
    for value, (name, _) in parameter_names(model).items():
        if not math.isfinite(value.data):
            raise ValueError(f"cannot save: {name} is {value.data}")
    state = model.state_dict()
    try:
        about = {
            "model": description(model),
            "training": bool(model.training),
            "notes": notes or {},
        }
        if is_safetensors(path):
            texts = {name: json.dumps(x, allow_nan=False) for name, x in about.items()}
            head = {"format": FORMAT, "version": str(VERSION)}
            raw = tensors.packed(state, {**head, **texts})
        else:
            shapes = {name: shape(numbers) for name, numbers in state.items()}
            content = {"format": FORMAT, "version": VERSION, **about, "shapes": shapes}
            raw = text({**content, "state_dict": state})
        check_length(len(raw))
    except (TypeError, ValueError) as error:
        raise type(error)(f"cannot save: {error}") from None
    write_file(path, raw)


def load(path: Path, into: Module | None = None) -> Module:
    """The model saved at path, made anew, or `into`, which takes over its parameters.

    A module of your own whose class says its settings is made anew if the class is defined by then.
    Any other is loaded `into` one that you made. So is a .safetensors file of another program, such
    as PyTorch. It has F64 or F32 numbers, the same names and shapes as `into`, and no checksum
    guards it. A new model is in the mode, train or eval, that the saved model was in.

    Raises ValueError, with the reason, for a file that is no such model, is not as it was written,
    or does not fit; `into` is then as it was. Nothing that a file names is imported or run, but for
    the classes that say their settings.
    """
    if into is not None:
        check_module("load", into)
    try:
        content = content_of_model(path)
        state = content["state_dict"]
        if into is not None:
            take(into, state)
            return into
        if "model" not in content:
            raise ValueError("it is another program's: say load(path, into=...)")
        model = built(content["model"], sum([len(flat(tree)) for tree in state.values()]))
        model.load_state_dict(state)
        return model.train(content["training"])
    except REFUSED as error:
        raise refusal(path, error) from None


def load_notes(path: Path) -> dict[str, Any]:
    """The notes that a model was saved with. Raises ValueError as `load` does."""
    try:
        notes: dict[str, Any] = content_of_model(path).get("notes", {})
    except REFUSED as error:
        raise refusal(path, error) from None
    return notes


def content_of_model(path: Path) -> dict[str, Any]:
    return (of_tensors if is_safetensors(path) else of_json)(path)


def check_module(taker: str, model: Any) -> None:
    if not isinstance(model, Module):
        raise TypeError(f"{taker} takes a Module, got {type(model).__name__} {model!r:.60}")


def take(model: Module, state: dict[str, Any]) -> None:
    """Give the model these numbers. Raises ValueError, and leaves it as it was, for others."""
    before = model.state_dict()
    model.load_state_dict(state)
    if model.state_dict() != state:
        model.load_state_dict(before)
        raise ValueError("it has different numbers for a parameter that the model shares")


def is_safetensors(path: Path) -> bool:
    return os.fsdecode(path).endswith(".safetensors")


# ---- as JSON ----


def of_json(path: Path) -> dict[str, Any]:
    """The content of a model's file. Raises ValueError unless its numbers are those of a model."""
    content = read(path, FORMAT, ["model", "training", "notes", "shapes", "state_dict"])
    check_content(content)
    if {name: shape(x) for name, x in content["state_dict"].items()} != content["shapes"]:
        raise ValueError("the shapes it states are not those of its numbers")
    return content


def check_content(content: dict[str, Any]) -> None:
    """Raise ValueError unless the state_dict is a dict of finite floats in nested lists."""
    state = content["state_dict"]
    if not isinstance(state, dict):
        raise ValueError(f"its state_dict is no dict but {state!r:.60}")
    for name, tree in state.items():
        for x in flat(tree):
            if not isinstance(x, float) or not math.isfinite(x):
                raise ValueError(f"{name:.60} has {x!r:.60} where a finite float is wanted")
    if not isinstance(content.get("training", True), bool):
        raise ValueError(f"training is True or False, got {content['training']!r:.60}")
    if not isinstance(content.get("notes", {}), dict):
        raise ValueError(f"its notes are no dict but {content['notes']!r:.60}")


def flat(tree: Any) -> list[Any]:
    return [x for branch in tree for x in flat(branch)] if isinstance(tree, list) else [tree]


def shape(tree: Any) -> list[int]:
    """[] of a number, [n, m] of n lists of m numbers, [n] of n lists that differ in shape."""
    if not isinstance(tree, list):
        return []
    first, *others = [shape(branch) for branch in tree] or [[]]
    return [len(tree), *(first if all(other == first for other in others) else [])]


# ---- as safetensors ----


def of_tensors(path: Path) -> dict[str, Any]:
    """The content of a .safetensors file; of another program's, its state_dict alone."""
    raw = content_of(path)
    state, metadata = tensors.unpacked(raw)
    content: dict[str, Any] = {"state_dict": state}
    # A single damaged bit does not turn a file of ours into another program's: ours has both.
    if metadata.get("format") == FORMAT or metadata.get("checksum", "")[:7] == "sha256:":
        check_version(metadata, FORMAT, str(VERSION))
        if set(metadata) != {"format", "version", "model", "training", "notes", "checksum"}:
            raise ValueError(f"its metadata has {sorted(metadata)!r:.200}")
        if not tensors.as_written(raw, metadata["checksum"]):
            raise ValueError("it is not as it was written: its checksum does not fit")
        content |= {
            name: parsed(metadata[name].encode()) for name in ("model", "training", "notes")
        }
    check_content(content)
    return content
