"""Early stopping: ending a training when its loss on held-out data stops getting better.

A network that learns its training data by heart gets worse on data it has not seen. Ending the
training when that begins is a regulariser that costs nothing (Prechelt 1998; Goodfellow et al.
2016, section 7.8).
"""

from __future__ import annotations

import math

from nn.checks import whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from engine import Value


class EarlyStopping:
    """Stops once a figure has not improved for `patience` epochs, and puts the best weights back.

    `monitor` is a figure of `History.epochs`; in mode "min" lower is better, in mode "max" higher.
    An epoch improves on the best so far by more than `min_delta`. The first `start_from_epoch`
    epochs, such as the warm-up of a schedule, are never waited for.

    >>> stopping = EarlyStopping(patience=2)
    >>> [stopping.update({"val_loss": loss}, []) for loss in (0.5, 0.4, 0.45, 0.41)]
    [False, False, False, True]
    """

    __module__ = "nn"
    start_from_epoch = 0  # of one that was pickled before there was such a setting

    def __init__(
        self,
        *,
        monitor: str = "val_loss",
        patience: int = 10,
        min_delta: float = 0.0,
        mode: str = "min",
        restore_best: bool = True,
        start_from_epoch: int = 0,
    ) -> None:
        """Raises ValueError if patience is below 1, min_delta below 0, or mode neither."""
        patience = whole("patience", patience)
        self.start_from_epoch = whole("start_from_epoch", start_from_epoch, least=0)
        if not 0 <= min_delta < math.inf:
            raise ValueError(f"min_delta is a number, at least 0, got {min_delta!r}")
        if mode not in ("min", "max"):
            raise ValueError(f"mode is 'min' or 'max', got {mode!r}")
        self.monitor, self.patience, self.min_delta = monitor, patience, float(min_delta)
        self.mode, self.restore_best = mode, restore_best
        self.restart()

    def restart(self) -> None:
        """Forget the epochs seen."""
        self.best = math.inf if self.mode == "min" else -math.inf
        self.best_weights: list[float] = []
        self.waited = -self.start_from_epoch  # below 0, no epoch is waited for

    def update(self, figures: Mapping[str, float], parameters: Sequence[Value]) -> bool:
        """Take note of an epoch; True if it is time to stop. Raises KeyError for no such figure."""
        if self.is_better(figures):
            self.best_weights = [p.data for p in parameters]
        return self.over

    def is_better(self, figures: Mapping[str, float]) -> bool:
        """Take note of the figures of an epoch; whether it is the best so far."""
        if self.monitor not in figures:
            known = ", ".join(figures)
            raise KeyError(f"early stopping monitors {self.monitor!r}, but there are {known}")
        figure = figures[self.monitor]
        gain = self.best - figure if self.mode == "min" else figure - self.best
        self.waited += 1
        if gain > self.min_delta or (math.isinf(self.best) and math.isfinite(figure)):
            self.best, self.waited = figure, min(self.waited, 0)
            return True
        return False

    @property
    def over(self) -> bool:
        """Whether the epochs seen, also those of a state_dict, are enough to stop."""
        return self.waited >= self.patience

    def restore(self, parameters: Sequence[Value]) -> None:
        """Give the parameters the weights of the best epoch, if restore_best is True."""
        if self.restore_best and self.best_weights:
            if len(parameters) != len(self.best_weights):
                n = len(self.best_weights)
                raise ValueError(f"the best weights are {n}, got {len(parameters)} parameters")
            for p, data in zip(parameters, self.best_weights):
                p.data = data

    def state_dict(self) -> dict[str, Any]:
        """What a later `load_state_dict` needs to go on, ready for JSON, which has no infinity."""
        return {
            "best": self.best if math.isfinite(self.best) else None,
            "best_weights": list(self.best_weights),
            "waited": self.waited,
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from the state_dict of an EarlyStopping with the same settings."""
        best, waited = state_dict["best"], int(state_dict["waited"])
        weights = [float(x) for x in state_dict["best_weights"]]
        self.restart()
        self.best = self.best if best is None else float(best)
        self.best_weights, self.waited = weights, waited
