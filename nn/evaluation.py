"""Evaluation: what a model gives for many samples, as plain numbers and without a graph."""

from __future__ import annotations

from engine import no_grad
from nn.sample import numbers_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


def outputs_of(model: Callable[[Any], Any], inputs: Sequence[Any]) -> list[Any]:
    """The output of a model for each of the inputs: a float, or a list of floats.

    The model stays in the mode it is in, train or eval.

    >>> outputs_of(lambda x: [2 * x, x + 1], [1.0, 2.0])
    [[2.0, 2.0], [4.0, 3.0]]
    """
    with no_grad():
        return [numbers_of(model(x)) for x in inputs]


def rows_of_outputs(model: Callable[[Any], Any], inputs: Sequence[Any]) -> list[list[float]]:
    """The output of a model for each of the inputs as a list, also where it is one number.

    >>> rows_of_outputs(lambda x: 2 * x, [1.0, 2.0])
    [[2.0], [4.0]]
    """
    return [y if isinstance(y, list) else [y] for y in outputs_of(model, inputs)]
