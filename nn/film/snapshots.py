"""Snapshots: the outputs of a model at earlier moments of its training."""

from __future__ import annotations

from array import array
from contextlib import contextmanager

from nn.evaluation import is_straight, program_of
from nn.module import Module, in_eval_mode
from nn.plot.answers import answers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from engine import Value


class Snapshots:
    """The outputs of a model for these samples, as they are now, kept to be asked for later.

    `state()` is a snapshot of the model, and `outputs(state)` gives its outputs at that moment. The
    snapshot of a Module is its parameters, and nothing is computed before `outputs`; other
    attributes of the Module are taken as they are then. The snapshot of another function is its
    outputs.
    """

    def __init__(self, model: Callable[[Any], Any], samples: Sequence[Any]) -> None:
        self.model, self.samples = model, samples
        self.module: Any = model if isinstance(model, Module) else None
        self.program: Any = False  # not yet asked for; None where there is none

    def state(self) -> Any:
        """A snapshot of the model as it is now."""
        if self.module is not None:
            return array("d", [p.data for p in Module.parameters(self.module)])
        return answers(self.model, self.samples)

    def outputs(self, state: Any) -> list[list[float]]:
        """The outputs of the model in that state, for each sample.

        Raises ValueError for a number that is not finite, and if the number of the model's
        parameters has changed since.
        """
        if self.module is None:
            found: list[list[float]] = state
            return found
        if self.program is False:
            self.program = None  # such as of a model that may decide by its inputs
            if is_straight(self.module):
                with in_eval_mode(self.module):
                    self.program = program_of(self.module, self.samples[0])
        with holding(Module.parameters(self.module), state):
            return answers(self.model, self.samples, self.program)


@contextmanager
def holding(parameters: list[Value], numbers: Sequence[float]) -> Iterator[None]:
    """A block in which the parameters have these numbers."""
    if len(parameters) != len(numbers):
        raise ValueError(f"the model had {len(numbers)} parameters, and has {len(parameters)} now")
    now = [p.data for p in parameters]
    try:
        for p, x in zip(parameters, numbers):
            p.data = x
        yield
    finally:
        for p, x in zip(parameters, now):
            p.data = x
