"""The losses: what a network is asked to make small, under PyTorch's names.

Predictions and targets are one number or nested lists of numbers in the same shape; of Values a
loss is a Value, of plain numbers a float. `reduction` says what becomes of the losses of the
single numbers (of the samples, for a classification): their "mean", their "sum", or "none", which
leaves them as they are, in lists.
"""

from __future__ import annotations

import math

from engine import log, logsigmoid, logsumexp, maximum, minimum, relu, stop_gradient
from engine.op import number
from engine.recording import open_trace
from engine.value import number_of
from nn.sample import added

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# ---- of numbers ----


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Mean squared error: (x - t)**2.

    Raises ValueError if the shapes differ or nothing is there to compare, and so do the others.

    >>> mse_loss([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    return reduced(paired("mse_loss", squared_error, input, target), reduction)


def squared_error(x: Any, t: Any) -> Any:
    d = x - t
    return d * d  # d**2 would call pow, forward and backward


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Mean absolute error: |x - t|, which far-off targets pull on no harder than near ones."""
    return reduced(paired("l1_loss", lambda x, t: abs(x - t), input, target), reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """d**2 / 2 up to a distance d = |x - t| of delta, and on from there as a line (Huber 1964).

    With c = min(d, delta) that is c * (d - c / 2). Raises ValueError if delta is not positive.
    """
    delta = number(delta)
    if not delta > 0:
        raise ValueError(f"delta is a positive number, got {delta}")

    def loss(x: Any, t: Any) -> Any:
        d = abs(x - t)
        c = minimum(d, delta)
        return c * (d - 0.5 * c)

    return reduced(paired("huber_loss", loss, input, target), reduction)


def hinge_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """max(0, 1 - t * x) for targets -1 and 1: micrograd's max-margin loss (Vapnik 1995)."""

    def loss(x: Any, t: Any) -> Any:
        if float(t) not in (-1.0, 1.0):
            raise ValueError(f"hinge_loss has targets -1 and 1, got {t!r}")
        return relu(1 - t * x)

    return reduced(paired("hinge_loss", loss, input, target), reduction)


# ---- of the probability of a yes ----


def binary_cross_entropy(input: Any, target: Any, reduction: str = "mean") -> Any:
    """-t * log(p) - (1 - t) * log(1 - p), for probabilities p and targets t from 0 to 1.

    A logarithm below -100 counts as -100, as in PyTorch, and has slope 0 there: with sigmoid in
    front, binary_cross_entropy_with_logits does better. Raises ValueError for what is no
    probability.
    """

    def loss(p: Any, t: Any) -> Any:
        probability("binary_cross_entropy", "an input", p)
        probability("binary_cross_entropy", "a target", t)
        return -t * clamped_log(p) - (1 - t) * clamped_log(1 - p)

    return reduced(paired("binary_cross_entropy", loss, input, target), reduction)


def binary_cross_entropy_with_logits(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Binary cross-entropy of sigmoid(x), without overflow: (1 - t) * x - log(sigmoid(x)).

    Raises ValueError for a target that is no probability.

    >>> binary_cross_entropy_with_logits(1000.0, 1.0)
    0.0
    """

    def loss(x: Any, t: Any) -> Any:
        probability("binary_cross_entropy_with_logits", "a target", t)
        return (1 - t) * x - logsigmoid(x)

    return reduced(paired("binary_cross_entropy_with_logits", loss, input, target), reduction)


# ---- of one class among several ----


def cross_entropy(
    input: Any, target: Any, reduction: str = "mean", label_smoothing: float = 0.0
) -> Any:
    """-log of the probability that softmax(logits) gives to the class: logsumexp(x) - x[class].

    input: [classes] or [n][classes] of logits. target: a class, 0 to classes - 1, or [classes] of
    probabilities, for each sample. With label_smoothing e a share e of the target is spread over
    all classes alike (Szegedy et al. 2016, section 7). The mean is that over the samples. Raises
    TypeError for a class that is no whole number, ValueError for one that does not exist and for
    probabilities that do not sum to 1.

    >>> print(f"{cross_entropy([2.0, 1.0, 0.0], 0):.4f}")
    0.4076
    """
    smoothing = number(label_smoothing)
    if not 0 <= smoothing <= 1:
        raise ValueError(f"label_smoothing is between 0 and 1, got {smoothing}")

    def loss(logits: Any, t: Any) -> Any:
        largest = largest_of(logits)  # taken out, it takes no digits with it
        shifted = [x - largest for x in logits]
        whole = logsumexp(*shifted)
        losses = [whole - x for x in shifted]  # of each class, if it were the target
        if hasattr(t, "__len__"):
            chosen = weighted(distribution("cross_entropy", t, len(logits)), losses)
        else:
            chosen = losses[class_of("cross_entropy", t, len(logits))]
        if not smoothing:
            return chosen
        return smoothing / len(logits) * added(losses) + (1 - smoothing) * chosen

    return reduced(each_sample("cross_entropy", loss, input, target), reduction)


def largest_of(logits: Any) -> Any:
    """The largest as a number, which no gradient passes; in a graph that is traced, as a node."""
    if open_trace.get() is not None:
        return stop_gradient(maximum(*logits))
    return max([float(x) for x in logits])


def nll_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """-x[class]: the negative log-likelihood, of log-probabilities such as LogSoftmax gives.

    input: [classes] or [n][classes], target: a class for each sample. Errors as of cross_entropy.
    """

    def loss(log_probabilities: Any, t: Any) -> Any:
        return -log_probabilities[class_of("nll_loss", t, len(log_probabilities))]

    return reduced(each_sample("nll_loss", loss, input, target), reduction)


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """t * (log(t) - x): how far the log-probabilities x are from the probabilities t.

    Summed over the classes that is the divergence of Kullback & Leibler (1951), so that reduction
    "batchmean", the sum divided by the number of samples, is the mathematical one; "mean", as in
    PyTorch, divides by the number of numbers. With log_target t is given as its logarithm.
    """

    def loss(x: Any, t: Any) -> Any:
        if log_target:
            return math.exp(t) * (t - x)
        if not t >= 0:
            raise ValueError(f"kl_div has probabilities for targets, got {t!r}")
        return t * (math.log(t) - x) if t > 0 else 0.0 * x

    losses = paired("kl_div", loss, input, target)
    if reduction == "batchmean":
        return reduced(losses, "sum") / (len(losses) if isinstance(losses, list) else 1)
    return reduced(losses, reduction, ("mean", "batchmean", "sum", "none"))


# ---- what they share ----

REDUCTIONS = ("mean", "sum", "none")


def reduced(losses: Any, reduction: str, known: tuple[str, ...] = REDUCTIONS) -> Any:
    """One loss or nested lists of them, brought to their mean or sum, or left alone."""
    if reduction not in known:
        raise ValueError(f"reduction is one of {', '.join(known)}, got {reduction!r:.60}")
    if reduction == "none":
        return losses
    flat = flattened(losses)
    return added(flat) / len(flat) if reduction == "mean" else added(flat)


def weighted(weights: list[float], numbers: list[Any]) -> Any:
    return added([w * x for w, x in zip(weights, numbers)])


def flattened(tree: Any) -> list[Any]:
    if not isinstance(tree, list):
        return [tree]
    return [x for branch in tree for x in flattened(branch)]


def paired(name: str, f: Callable[[Any, Any], Any], input: Any, target: Any, at: str = "") -> Any:
    """f of each prediction and its target, in lists of the shape that both must have."""
    for x in (input, target):
        if isinstance(x, str):
            raise TypeError(f"expected numbers, got str {x!r:.60}")
    if hasattr(input, "__len__") != hasattr(target, "__len__"):
        raise ValueError(
            "predictions and targets differ in shape: "
            f"{described(input)} and {described(target)}{where(at)}"
        )
    if not hasattr(input, "__len__"):
        check_no_nan(name, target, at)
        return f(input, target)
    check_lengths(name, input, target, at)
    return [paired(name, f, x, t, f"{at}[{i}]") for i, (x, t) in enumerate(zip(input, target))]


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
    check_lengths(name, input, target, "")
    losses = []
    for i, (x, t) in enumerate(zip(input, target)):
        if not hasattr(x, "__len__") or len(x) != len(input[0]):
            raise ValueError(
                f"{name} takes {len(input[0])} numbers for each sample, "
                f"got {described(x)} for sample {i}"
            )
        try:
            losses.append(f(x, t))
        except (TypeError, ValueError) as error:
            error.args = (f"sample {i}: {error}",)
            raise
    return losses


def check_lengths(name: str, input: Any, target: Any, at: str) -> None:
    if len(input) != len(target):
        raise ValueError(
            f"as many predictions as targets are needed, got {len(input)} and {len(target)}"
            + where(at)
        )
    if not len(input):
        raise ValueError(f"{name} takes at least 1 prediction, got 0{where(at)}")


def check_no_nan(name: str, target: Any, at: str) -> None:
    """Raise ValueError for a target that is nan: a mistake in the data. A nan that a network
    predicts is carried, as everywhere.
    """
    if target != target:
        raise ValueError(f"{name} got a target that is nan{where(at)}")


def where(at: str) -> str:
    return f", at {at}" if at else ""


def described(x: Any) -> str:
    return f"a list of {len(x)}" if hasattr(x, "__len__") else f"the number {float(x):g}"


def probability(name: str, what: str, x: Any) -> None:
    """Raise ValueError unless x is between 0 and 1."""
    if not 0 <= x <= 1:
        raise ValueError(f"{name} takes {what} between 0 and 1, got {float(x):g}")


def distribution(name: str, probabilities: Any, classes: int) -> list[float]:
    """The probabilities of each class. Raises ValueError if they are none, or not of them all."""
    numbers = [number_of(x) for x in probabilities]
    if len(numbers) != classes:
        raise ValueError(f"{name} takes {classes} probabilities, one a class, got {len(numbers)}")
    for x in numbers:
        probability(name, "probabilities", x)
    if not math.isclose(added(numbers), 1.0, rel_tol=1e-6):
        raise ValueError(
            f"{name} takes probabilities that sum to 1, got {added(numbers):g}; of a batch it "
            "takes a list for each sample, with a number for each class"
        )
    return numbers


def class_of(name: str, target: Any, classes: int) -> int:
    """The class that a target names. Raises TypeError or ValueError if it names none."""
    if isinstance(target, bool) or not hasattr(target, "__index__"):
        kind = type(target).__name__
        hint = ": say int(t)" if isinstance(target, float) else ""
        raise TypeError(f"{name} takes a class as a whole number, got {kind} {target!r:.60}{hint}")
    index: int = target.__index__()
    if not 0 <= index < classes:
        raise ValueError(f"{name} has classes 0 to {classes - 1}, got {index}")
    return index


def clamped_log(p: Any) -> Any:
    """log(p), at least -100."""
    return log(p) if p > math.exp(-100) else -100.0
