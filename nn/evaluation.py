"""Evaluation: what a model gives for many samples, as plain numbers and without a graph.

The model is called for each sample. Where its operations are the same for every sample, it is
called once, for a program; the program then computes all samples in the machine, to the same bits.
"""

from __future__ import annotations

from array import array
from contextvars import Context
from itertools import chain

from engine import Value, compiled, no_grad
from engine.programs.program import trace
from engine.recording import tracing
from nn.activation_names import ACTIVATIONS
from nn.module import Module
from nn.sample import numbers_of
from nn.steps import has_steps, steps_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from engine import Program

MANY = 32  # samples: for fewer a recording costs more than it saves


def outputs_of(model: Callable[[Any], Any], inputs: Sequence[Any]) -> list[Any]:
    """The output of a model for each of the inputs: a float, or a list of floats.

    The model stays in the mode it is in, train or eval.

    >>> outputs_of(lambda x: [2 * x, x + 1], [1.0, 2.0])
    [[2.0, 2.0], [4.0, 3.0]]
    """
    module: Any = model
    if compiled and len(inputs) >= MANY and is_straight(module) and not is_drawing(module):
        found = outputs_of_program(program_of(model, inputs[0]), inputs)
        if found is not None:
            return found
    return outputs_one_by_one(model, inputs)


def outputs_one_by_one(model: Callable[[Any], Any], inputs: Sequence[Any]) -> list[Any]:
    """The same, where the model is called for each of the inputs."""
    inputs = inputs.tolist() if hasattr(inputs, "tolist") else inputs
    with no_grad():
        return [numbers_of(model(x)) for x in inputs]


def outputs_side_by_side(model: Callable[[Any], Any], inputs: Sequence[Any]) -> Any:
    """The outputs of a model of lists as an array of floats, [n * outputs], sample by sample.

    NumPy takes it over without a list. inputs: [n][features].

    >>> outputs_side_by_side(lambda x: [2 * x[0], x[0] + 1], [[1.0], [2.0]])
    array('d', [2.0, 2.0, 4.0, 3.0])
    """
    module: Any = model
    if compiled and len(inputs) >= MANY and is_straight(module) and not is_drawing(module):
        program = program_of(model, inputs[0])
        if program is not None:
            try:
                return program.side_by_side(inputs)
            except (ArithmeticError, LookupError, TypeError, ValueError):
                pass  # the model itself raises it again
    return array("d", chain.from_iterable(rows_of_outputs(model, inputs)))


def rows_of_outputs(model: Callable[[Any], Any], inputs: Sequence[Any]) -> list[list[float]]:
    """The output of a model for each of the inputs as a list, also where it is one number.

    >>> rows_of_outputs(lambda x: 2 * x, [1.0, 2.0])
    [[2.0], [4.0]]
    """
    return [y if isinstance(y, list) else [y] for y in outputs_of(model, inputs)]


# ---- many samples at once ----


def is_drawing(model: Module) -> bool:
    """Whether Dropout draws other numbers for each sample, as it does while it is trained."""
    steps = [(m, name) for m in Module.modules(model) if m.training for name, _ in steps_of(m)]
    return any(name == "dropout" for _, name in steps)


def is_straight(model: Any) -> bool:
    """Whether the operations of a model are surely the same for every sample.

    Its modules are classes of nn, and its activations functions of nn: there is no `if` in them.
    """
    if not isinstance(model, Module):
        return False
    for module in Module.modules(model):
        if type(module).__module__ != "nn" or not has_steps(type(module)):
            return False
        for name, given in steps_of(module):
            if name == "activation" and isinstance(given, dict):
                known = ACTIVATIONS.values()
                if not all(any(f is g for g in known) for f in given["functions"]):
                    return False
    return True


def program_of(model: Any, x: Any) -> Program | None:
    """The program of a model in the mode it is in, recorded with the sample x, or None."""

    def record() -> Any:
        with tracing():
            return model(leaves if hasattr(x, "__len__") else leaves[0])

    try:
        leaves = [Value(v) for v in (x if hasattr(x, "__len__") else [x])]
        made = Context().run(record)  # also in a block of no_grad
        return trace(made, leaves, Module.parameters(model))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None  # whatever it is, the model itself raises it again


def outputs_of_program(program: Program | None, inputs: Sequence[Any]) -> list[Any] | None:
    """What a program gives for each of the inputs; None where the model has to be asked."""
    if program is None:
        return None
    bare = not hasattr(inputs[0], "__len__")
    try:
        found: list[Any] = program([[x] for x in inputs] if bare else inputs)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None
    return found
