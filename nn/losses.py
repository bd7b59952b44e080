"""The losses: what a network is asked to make small, under PyTorch's names.

Predictions and targets are one number each, or nested lists of numbers in the same shape. A loss is
a Value if it gets Values, a float if it gets plain numbers. Each number (each sample, where classes
are told apart) has a loss of its own, and `reduction` says what becomes of these losses: their
"mean", their "sum", or "none", which leaves them in lists.
"""

from __future__ import annotations

import math
from math import inf, isinf

from engine import (
    Value,
    dot,
    exp,
    log,
    log1p,
    logsigmoid,
    logsumexp,
    maximum,
    minimum,
    ops,
    relu,
    stop_gradient,
)
from engine.op import number
from engine.recording import open_trace
from engine.value import number_of
from nn.choosing import picked
from nn.reduction import each_pair, each_sample, reduced
from nn.sample import added

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SMALLEST = 5e-324  # above 0

# ---- of numbers ----


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Mean squared error: (x - t)**2.

    Raises ValueError if the shapes differ or there is nothing to compare. So do the other losses.

    >>> mse_loss([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    return reduced(each_pair("mse_loss", squared_error, input, target), reduction)


def squared_error(x: Any, t: Any) -> Any:
    d = x - t
    return d * d  # d**2 would call pow, forward and backward


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Mean absolute error: |x - t|. Far targets pull no harder than near ones."""
    return reduced(each_pair("l1_loss", lambda x, t: abs(x - t), input, target), reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """d**2 / 2 where the distance d = |x - t| is at most delta, a line beyond (Huber 1964).

    With c = min(d, delta) that is c * (d - c / 2). Raises ValueError if delta is not positive.
    """
    delta = number(delta)
    if not delta > 0:
        raise ValueError(f"delta is a positive number, got {delta}")

    def loss(x: Any, t: Any) -> Any:
        d = abs(x - t)
        c = minimum(d, delta)
        return c * (d - 0.5 * c)

    return reduced(each_pair("huber_loss", loss, input, target), reduction)


def hinge_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """max(0, 1 - t * x) for targets -1 and 1: micrograd's max-margin loss (Vapnik 1995)."""

    def loss(x: Any, t: Any) -> Any:
        if float(t) not in (-1.0, 1.0):
            raise ValueError(f"hinge_loss has targets -1 and 1, got {t!r}")
        return relu(1 - t * x)

    return reduced(each_pair("hinge_loss", loss, input, target), reduction)


# ---- of the probability of a yes ----


def binary_cross_entropy(input: Any, target: Any, reduction: str = "mean") -> Any:
    """-t * log(p) - (1 - t) * log(1 - p), for probabilities p and targets t from 0 to 1.

    A logarithm below -100 counts as -100, as in PyTorch, and has slope 0 there. So
    binary_cross_entropy_with_logits does better than this loss of a sigmoid. Raises ValueError for
    a number that is no probability.
    """

    def loss(p: Any, t: Any) -> Any:
        probability("binary_cross_entropy", "an input", p)
        probability("binary_cross_entropy", "a target", t)
        if open_trace.get() is not None:
            yes, no = logarithms(p)
            return -t * yes - (1 - t) * no
        no = log1p(-p) if p < 1 else -100.0  # log(1 - p) would round a small p away
        return -t * clamped_log(p) - (1 - t) * no

    return reduced(each_pair("binary_cross_entropy", loss, input, target), reduction)


def binary_cross_entropy_with_logits(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Binary cross-entropy of sigmoid(x), without overflow: (1 - t) * x - log(sigmoid(x)).

    Raises ValueError for a target that is no probability.

    >>> binary_cross_entropy_with_logits(1000.0, 1.0)
    0.0
    """

    def loss(x: Any, t: Any) -> Any:
        probability("binary_cross_entropy_with_logits", "a target", t)
        if isinf(number_of(x)):  # both terms may be infinite, and their difference is none
            return weighted([1 - t, t], [-logsigmoid(-x), -logsigmoid(x)])
        return (1 - t) * x - logsigmoid(x)

    return reduced(each_pair("binary_cross_entropy_with_logits", loss, input, target), reduction)


# ---- of one class among several ----


def cross_entropy(
    input: Any, target: Any, reduction: str = "mean", label_smoothing: float = 0.0
) -> Any:
    """-log of the probability that softmax(logits) gives to the class: logsumexp(x) - x[class].

    input: [classes] or [n][classes] of logits. target: for each sample a class from 0 to
    classes - 1, or [classes] of probabilities. label_smoothing=e spreads a share e of the target
    evenly over all classes (Szegedy et al. 2016, section 7). The mean is over the samples. Raises
    TypeError for a class that is no whole number, ValueError for a class that does not exist and
    for probabilities that do not sum to 1.

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
        if not smoothing and not hasattr(t, "__len__"):
            return whole - of_class("cross_entropy", shifted, t)
        losses = [whole - x for x in shifted]  # of each class, if it were the target
        if hasattr(t, "__len__"):
            own = weighted(distribution("cross_entropy", t, len(logits)), losses)
        else:
            own = of_class("cross_entropy", losses, t)
        if not smoothing:
            return own
        return smoothing / len(logits) * added(losses) + product(1 - smoothing, own)

    return reduced(each_sample("cross_entropy", loss, input, target), reduction)


def largest_of(logits: Any) -> Any:
    """The largest, as a number that no gradient passes; while a graph is traced, as such a node."""
    if open_trace.get() is not None:
        return stop_gradient(maximum(*logits))
    return max([number_of(x) for x in logits])


def nll_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """-x[class]: the negative log-likelihood, of log-probabilities such as LogSoftmax gives.

    input: [classes] or [n][classes], target: a class for each sample. Errors as of cross_entropy.
    It is a dot product with -1 for the class, 0 for the others: then the graph is the same for each
    class, and can be replayed.
    """

    def loss(log_probabilities: Any, t: Any) -> Any:
        k = class_of("nll_loss", t, len(log_probabilities))
        if isinstance(t, Value):
            return 0.0 - ops.CHOOSE_AMONG(t, *log_probabilities)
        if not all(math.isfinite(number_of(x)) for x in log_probabilities):
            return -log_probabilities[k]
        shares = [-1.0 if i == k else 0.0 for i in range(len(log_probabilities))]
        return dot(shares, log_probabilities)

    return reduced(each_sample("nll_loss", loss, input, target), reduction)


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """t * (log(t) - x): how far the log-probabilities x are from the probabilities t.

    The sum over the classes is the divergence of Kullback & Leibler (1951). So the reduction
    "batchmean", the sum divided by the number of samples, is the mathematical one; "mean" divides
    by the number of numbers, as PyTorch does. With log_target the targets are logarithms. A target
    of probability 0 has no loss, even where x is -inf.
    """

    def loss(x: Any, t: Any) -> Any:
        if log_target and open_trace.get() is not None:
            return exp(t) * (t - x)
        if log_target:
            return product(math.exp(t), t - x) if t > -inf else product(0.0, x)
        if not t >= 0:
            raise ValueError(f"kl_div has probabilities for targets, got {t!r}")
        if open_trace.get() is not None:  # t may be 0 for other data
            return t * (log(maximum(t, SMALLEST)) - x)
        return t * (math.log(t) - x) if t > 0 else product(0.0, x)

    losses = each_pair("kl_div", loss, input, target)
    if reduction == "batchmean":
        return reduced(losses, "sum") / (len(losses) if isinstance(losses, list) else 1)
    return reduced(losses, reduction, ("mean", "batchmean", "sum", "none"))


# ---- what they share ----


def weighted(weights: list[Any], numbers: list[Any]) -> Any:
    return added([product(w, x) for w, x in zip(weights, numbers)])


def product(w: Any, x: Any) -> Any:
    """w * x, and 0 with gradient 0 for w = 0 also where x is infinite: 0 * log(0) counts as 0."""
    if open_trace.get() is not None:  # w may be 0 for other data
        return w * x
    return w * x if w or not isinf(number_of(x)) else relu(-abs(x))


def probability(name: str, what: str, x: Any) -> None:
    """Raise ValueError unless x is between 0 and 1."""
    if not 0 <= x <= 1:
        error: Any = ValueError(f"{name} takes {what} between 0 and 1, got {float(x):g}")
        if isinstance(x, Value):  # the parameters led there
            error.op = name
        raise error


def distribution(name: str, probabilities: Any, classes: int) -> list[Any]:
    """The probabilities of each class. Raises ValueError if they are none, or not of them all."""
    numbers = [number_of(x) for x in probabilities]
    if len(numbers) != classes:
        raise ValueError(f"{name} takes {classes} probabilities, one a class, got {len(numbers)}")
    given = numbers if open_trace.get() is None else list(probabilities)
    for x in given:
        probability(name, "probabilities", x)
    if not math.isclose(added(numbers), 1.0, rel_tol=1e-6):
        raise ValueError(
            f"{name} takes probabilities that sum to 1, got {added(numbers):g}; of a batch it "
            "takes a list for each sample, with a number for each class"
        )
    return given


def of_class(name: str, items: list[Any], target: Any) -> Any:
    """What the class that a target names has among items, one for each class."""
    k = class_of(name, target, len(items))
    return picked(items, target) if isinstance(target, Value) else items[k]


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


def logarithms(p: Any) -> tuple[Any, Any]:
    """log(p) and log(1 - p), at least -100 and flat there, without an `if`: p may be another later.

    The root has no value for a p that is no probability, whose error the graph then has.
    """
    nothing = 0.0 * ops.sqrt(p * (1 - p))
    none = ops.heaviside(math.exp(-100) - p + nothing, 1.0)
    all_ = ops.heaviside(p - 1 + nothing, 1.0)
    yes = log(p * (1 - none) + none) - 100.0 * none  # log(1) - 100 where p is too small
    return yes, log1p(-(p * (1 - all_))) - 100.0 * all_


def clamped_log(p: Any) -> Any:
    """log(p), at least -100."""
    return log(p) if p > math.exp(-100) else -100.0
