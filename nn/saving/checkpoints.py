"""Checkpoints: the states of all that takes part in a training run, in a file of JSON."""

from __future__ import annotations

from engine.saving.files import write_file
from nn.saving.json_file import REFUSED, VERSION, check_length, read, refusal, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nn.saving.json_file import Path

FORMAT = "chainrule checkpoint"


def save_checkpoint(path: Path, states: dict[str, Any]) -> None:
    """Write states, such as {"model": model.state_dict()}, to path, whole or not at all.

    Always as JSON. Raises ValueError or TypeError for what JSON has no word for, such as nan.
    """
    raw = text({"format": FORMAT, "version": VERSION, "states": states})
    check_length(len(raw))
    write_file(path, raw)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The states of a checkpoint, tuples as lists. Raises ValueError as `load` does."""
    try:
        states: dict[str, Any] = read(path, FORMAT, ["states"])["states"]
    except REFUSED as error:
        raise refusal(path, error) from None
    return states
