"""Earlier: what a model made of many samples when its parameters were what they are no more."""

from __future__ import annotations

from array import array
from contextlib import contextmanager

from engine import Op, Program, Value
from engine.recording import tracing
from engine.value import number_of
from nn.activations import linear
from nn.mlp import Neuron
from nn.module import Module
from nn.plot.decisions import in_eval_mode, outputs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any


class Earlier:
    """The outputs of a model for these samples, to be asked for later.

    `state()` is what has to be kept of now, and `outputs(state)` what the model gave then. Of a
    Module the parameters are kept, and nothing is computed until it is asked for; whatever else
    of it changes is not. Of another function the outputs are.
    """

    def __init__(self, model: Callable[[Any], Any], samples: Sequence[Any]) -> None:
        self.model, self.samples = model, samples
        self.module: Any = model if isinstance(model, Module) else None
        self.program: Any = False  # not yet asked for; None where there is none

    def state(self) -> Any:
        if self.module is not None:
            return array("d", [p.data for p in Module.parameters(self.module)])
        return outputs(self.model, self.samples)

    def outputs(self, state: Any) -> list[list[float]]:
        """The numbers for each sample. Raises ValueError for one that is not finite, and if the
        model has other parameters by now.
        """
        if self.module is None:
            found: list[list[float]] = state
            return found
        if self.program is False:
            self.program = program_of(self.module, self.samples[0])
        with holding(Module.parameters(self.module), state):
            return outputs(self.model, self.samples, self.program)


@contextmanager
def holding(parameters: list[Value], numbers: Sequence[float]) -> Iterator[None]:
    """A block in which the parameters are these numbers."""
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


def program_of(model: Any, sample: Any) -> Program | None:
    """The model as a program of a sample; None for one that may choose by what it is given.

    That is one with a part of another's making: what Python decides there is not recorded.
    """
    modules = Module.modules(model)
    if not all(type(m).__module__.startswith("nn.") for m in modules):
        return None
    activations = [m.activation for m in modules if isinstance(m, Neuron)]
    if not all(isinstance(f, Op) or f is linear for f in activations):
        return None
    bare = not hasattr(sample, "__len__")
    leaves = [Value(number_of(x)) for x in ([sample] if bare else sample)]
    try:
        with in_eval_mode(model), tracing():
            made = model(leaves[0] if bare else leaves)
        return Program(made, leaves, Module.parameters(model))
    except (ArithmeticError, TypeError, ValueError):  # it is asked itself, and says what is wrong
        return None
