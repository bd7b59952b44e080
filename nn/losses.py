"""The loss: what a network is asked to make small."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def mse_loss(predictions: Any, targets: Any) -> Any:
    """Mean squared error: the mean of (prediction - target)**2.

    predictions and targets: Values or numbers, one or (nested) lists of them in the same shape.
    A Value, or a float if all of them are plain numbers. Raises ValueError if the shapes differ
    or nothing is there to compare.

    >>> mse_loss([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    errors = [(prediction - target) ** 2 for prediction, target in matched(predictions, targets)]
    if not errors:
        raise ValueError("mse_loss takes at least 1 prediction, got 0")
    total = errors[0]
    for error in errors[1:]:
        total = total + error
    return total / len(errors)


def matched(predictions: Any, targets: Any) -> Iterator[tuple[Any, Any]]:
    """Each prediction with its target, through lists of the same shape."""
    for x in (predictions, targets):
        if isinstance(x, str):
            raise TypeError(f"expected numbers, got str {x!r:.60}")
    if hasattr(predictions, "__len__") != hasattr(targets, "__len__"):
        raise ValueError(
            "predictions and targets differ in shape: "
            f"{described(predictions)} and {described(targets)}"
        )
    if not hasattr(predictions, "__len__"):
        yield predictions, targets
        return
    if len(predictions) != len(targets):
        raise ValueError(
            f"as many predictions as targets are needed, got {len(predictions)} and {len(targets)}"
        )
    for prediction, target in zip(predictions, targets):
        yield from matched(prediction, target)


def described(x: Any) -> str:
    return f"a list of {len(x)}" if hasattr(x, "__len__") else f"the number {float(x):g}"
