"""The record of a training: its losses, step by step, and its figures, epoch by epoch."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class History:
    """The record of a run of `fit`.

    `losses`: the training loss of each step. `epochs`: for each epoch a dict such as
    {"loss": 0.2, "lr": 0.1, "val_loss": 0.3, "val_accuracy": 0.9}. `stopped`: what ended the run.
    `deviation`: how far the gradients of a fast run are off, as a share of the largest, or None.

    >>> history = History()
    >>> history.epochs += [{"loss": 0.5}, {"loss": 0.2}]
    >>> history["loss"]
    [0.5, 0.2]
    """

    __module__ = "nn"

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.epochs: list[dict[str, float]] = []
        self.stopped = ""
        self.deviation: float | None = None

    @property
    def steps(self) -> int:
        """How many steps were done."""
        return len(self.losses)

    def __getitem__(self, name: str) -> list[float]:
        """A figure of every epoch. Raises KeyError, with the figures there are."""
        try:
            return [figures[name] for figures in self.epochs]
        except KeyError:
            known = ", ".join(self.epochs[0])
            raise KeyError(f"no figure {name!r}; there are {known}") from None

    def state_dict(self) -> dict[str, Any]:
        """The record as lists and dicts, ready for JSON."""
        return {"losses": list(self.losses), "epochs": [dict(e) for e in self.epochs]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over the record of another run, to go on with it."""
        losses = [float(x) for x in state_dict["losses"]]
        epochs = [{str(k): float(x) for k, x in e.items()} for e in state_dict["epochs"]]
        self.losses, self.epochs, self.stopped = losses, epochs, ""

    def __repr__(self) -> str:
        parts = [f"{len(self.epochs)} epochs", f"{self.steps} steps"]
        if self.epochs:
            parts += [f"{name}={x:.4g}" for name, x in self.epochs[-1].items()]
        if self.stopped:
            parts.append(f"stopped: {self.stopped}")
        return f"History({', '.join(parts)})"
