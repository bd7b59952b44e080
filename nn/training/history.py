"""The record of a training: its losses, step by step, and its figures, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any


EARLY = "early stopping"


class History(Mapping[str, "list[float]"]):
    """The record of a run of `fit`: a mapping from a figure's name to its number in each epoch.

    `losses`: the training loss of each step. `epochs`: for each epoch a dict such as
    {"loss": 0.2, "lr": 0.1, "val_loss": 0.3, "val_accuracy": 0.9}. `stopped`: what ended the run.
    `deviation`: how far the gradients of a fast run are off, as a share of the largest, or None.

    >>> history = History()
    >>> history.epochs += [{"loss": 0.5}, {"loss": 0.2}]
    >>> history["loss"]
    [0.5, 0.2]
    >>> dict(history)
    {'loss': [0.5, 0.2]}
    """

    __module__ = "nn"
    __eq__, __hash__ = object.__eq__, object.__hash__  # a record is itself, whatever is in it

    def __init__(self) -> None:
        self.losses: list[float] = []
        self._epochs: list[dict[str, float]] = []
        self._waiting: list[Any] = []  # behind _epochs: the figures of an epoch, or columns
        self._count = 0  # of the epochs that wait
        self.stopped = ""
        self.deviation: float | None = None

    @property
    def epochs(self) -> list[dict[str, float]]:
        """The figures of each epoch."""
        for epochs in self._waiting:
            self._epochs += epochs if isinstance(epochs, list) else dicts(epochs)
        self._waiting, self._count = [], 0
        return self._epochs

    @epochs.setter
    def epochs(self, epochs: list[dict[str, float]]) -> None:
        self._epochs, self._waiting, self._count = epochs, [], 0

    def add(self, figures: dict[str, float]) -> None:
        """Add an epoch."""
        self._waiting.append([figures])
        self._count += 1

    def add_many(self, columns: Mapping[str, Sequence[float]]) -> None:
        """Add epochs by columns: for each figure its number in each of these epochs.

        The dicts are made when somebody asks for `epochs`: a dict takes as long as a small step.
        """
        self._waiting.append(columns)
        self._count += len(columns["loss"])

    @property
    def epoch_count(self) -> int:
        """How many epochs were done."""
        return len(self._epochs) + self._count

    @property
    def latest(self) -> dict[str, float]:
        """The figures of the last epoch, none before there is one."""
        if self._waiting:
            last = self._waiting[-1]
            if isinstance(last, list):
                return last[-1]  # type: ignore[no-any-return]
            return {name: column[-1] for name, column in last.items()}
        return self._epochs[-1] if self._epochs else {}

    @property
    def steps(self) -> int:
        """How many steps were done."""
        return len(self.losses)

    def __getitem__(self, name: str) -> list[float]:
        """A figure of every epoch. Raises KeyError, with the figures there are."""
        try:
            return [figures[name] for figures in self.epochs]
        except KeyError:
            known = ", ".join(self)
            raise KeyError(f"no figure {name!r}; there are {known}") from None

    def __iter__(self) -> Iterator[str]:
        """The names of the figures that every epoch has."""
        first = self.epochs[0] if self.epochs else {}
        return iter([name for name in first if all(name in e for e in self.epochs)])

    def __len__(self) -> int:
        """How many figures there are."""
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return name in list(iter(self))

    def __bool__(self) -> bool:
        return True  # also before the first epoch

    def to_pandas(self) -> Any:
        """The figures as a DataFrame of pandas: a column for each figure, a row for each epoch.

        Epochs count from 1. Raises ModuleNotFoundError where pandas is not installed.
        """
        try:
            from pandas import DataFrame, RangeIndex
        except ModuleNotFoundError:
            raise ModuleNotFoundError("to_pandas needs pandas: pip install pandas") from None
        names = list(dict.fromkeys([name for figures in self.epochs for name in figures]))
        index = RangeIndex(1, len(self.epochs) + 1, name="epoch")
        return DataFrame(self.epochs, columns=names, index=index)

    def state_dict(self) -> dict[str, Any]:
        """The record as lists and dicts, ready for JSON; what ended it, if it is not to go on."""
        state: dict[str, Any] = {
            "losses": list(self.losses),
            "epochs": [dict(e) for e in self.epochs],
        }
        return {**state, "stopped": self.stopped} if self.stopped == EARLY else state

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over the record of another run, to go on with it."""
        losses = [float(x) for x in state_dict["losses"]]
        epochs = [{str(k): float(x) for k, x in e.items()} for e in state_dict["epochs"]]
        self.losses, self.epochs, self.stopped = losses, epochs, ""

    def __getstate__(self) -> dict[str, Any]:
        state = {name: x for name, x in vars(self).items() if not name.startswith("_")}
        return {**state, "epochs": self.epochs}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({name: x for name, x in state.items() if name != "epochs"})
        self.epochs = state["epochs"]

    def __repr__(self) -> str:
        parts = [f"{len(self.epochs)} epochs", f"{self.steps} steps"]
        if self.epochs:
            parts += [f"{name}={x:.4g}" for name, x in self.epochs[-1].items()]
        if self.stopped:
            parts.append(f"stopped: {self.stopped}")
        return f"History({', '.join(parts)})"


def dicts(columns: Mapping[str, Sequence[float]]) -> list[dict[str, float]]:
    """The figures of epochs, by their columns."""
    return [dict(zip(columns, row)) for row in zip(*columns.values())]
