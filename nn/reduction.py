"""Reduction: each prediction beside its target, and one loss made of the losses of all.

Whatever differs in shape is refused, with the place where it does.
"""

from __future__ import annotations

from nn.sample import added

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

REDUCTIONS = ("mean", "sum", "none")


def reduced(losses: Any, reduction: str, known: tuple[str, ...] = REDUCTIONS) -> Any:
    """The mean or the sum of one loss or of nested lists of losses, or these as they are."""
    if reduction not in known:
        raise ValueError(f"reduction is one of {', '.join(known)}, got {reduction!r:.60}")
    if reduction == "none":
        return losses
    flat = flattened(losses)
    return added(flat) / len(flat) if reduction == "mean" else added(flat)


def flattened(tree: Any) -> list[Any]:
    if not isinstance(tree, list):
        return [tree]
    return [x for branch in tree for x in flattened(branch)]


def each_pair(
    name: str, f: Callable[[Any, Any], Any], input: Any, target: Any, at: tuple[int, ...] = ()
) -> Any:
    """f of each prediction and its target, in lists of the shape that both must have."""
    for x in (input, target):
        if isinstance(x, str):
            raise TypeError(f"expected numbers, got str {x!r:.60}")
    if hasattr(input, "__len__") != hasattr(target, "__len__"):
        raise ValueError(
            "predictions and targets differ in shape: "
            f"{in_words(input)} and {in_words(target)}{where(at)}"
        )
    if not hasattr(input, "__len__"):
        check_no_nan(name, target, at)
        return f(input, target)
    check_lengths(name, input, target, at)
    return [each_pair(name, f, x, t, (*at, i)) for i, (x, t) in enumerate(zip(input, target))]


def each_sample(name: str, f: Callable[[Any, Any], Any], input: Any, target: Any) -> Any:
    """f of each sample's numbers and its target; of the one sample, if it is no batch."""
    if isinstance(input, str) or not hasattr(input, "__len__"):
        raise TypeError(f"{name} takes a list of numbers for each sample, got {input!r:.60}")
    if not len(input):
        raise ValueError(f"{name} takes at least 1 prediction, got 0")
    if not hasattr(input[0], "__len__"):
        return f(input, target)
    if not hasattr(target, "__len__"):
        raise ValueError(f"{name} takes a target for each of {len(input)} samples, got {target!r}")
    check_lengths(name, input, target, ())
    losses = []
    for i, (x, t) in enumerate(zip(input, target)):
        if not hasattr(x, "__len__") or len(x) != len(input[0]):
            raise ValueError(
                f"{name} takes {len(input[0])} numbers for each sample, "
                f"got {in_words(x)} for sample {i}"
            )
        try:
            losses.append(f(x, t))
        except (TypeError, ValueError) as error:
            error.args = (f"sample {i}: {error}",)
            raise
    return losses


def check_lengths(name: str, input: Any, target: Any, at: tuple[int, ...]) -> None:
    if len(input) != len(target):
        raise ValueError(
            f"as many predictions as targets are needed, got {len(input)} and {len(target)}"
            + where(at)
        )
    if not len(input):
        raise ValueError(f"{name} takes at least 1 prediction, got 0{where(at)}")


def check_no_nan(name: str, target: Any, at: tuple[int, ...]) -> None:
    """Raise ValueError for a target that is nan: a mistake in the data. A nan that a network
    predicts is carried, as everywhere.
    """
    if target != target:
        raise ValueError(f"{name} got a target that is nan{where(at)}")


def where(at: tuple[int, ...]) -> str:
    return f", at {''.join([f'[{i}]' for i in at])}" if at else ""


def in_words(x: Any) -> str:
    return f"a list of {len(x)}" if hasattr(x, "__len__") else f"the number {float(x):g}"
