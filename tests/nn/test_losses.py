"""The losses: hand-computed numbers, gradients, extreme logits, and what they refuse."""

import math
import re

import numpy as np
import pytest

import nn
from engine import Value, check_gradients, grad
from nn import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge_loss,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
)

X = [1.5, -0.5, 0.25]

# name: (loss of inputs x0, x1, x2, the inputs, and its value by hand)
CASES = {
    "mse": (lambda *x: mse_loss(x, [1.0, 0.5, 0.0]), X, (0.25 + 1.0 + 0.0625) / 3),
    "l1": (lambda *x: l1_loss(x, [1.0, 0.5, 0.0]), X, (0.5 + 1.0 + 0.25) / 3),
    "huber": (
        lambda *x: huber_loss(x, [1.0, 2.5, 0.0]),
        X,
        (0.125 + (3.0 - 0.5) + 0.03125) / 3,
    ),
    "huber with delta": (
        lambda *x: huber_loss(x, [1.0, 2.5, 0.0], delta=0.3),
        X,
        (0.3 * (0.5 - 0.15) + 0.3 * (3.0 - 0.15) + 0.03125) / 3,
    ),
    "hinge": (lambda *x: hinge_loss(x, [1, 1, -1]), X, (0.0 + 1.5 + 1.25) / 3),
    "binary cross-entropy": (
        lambda *p: binary_cross_entropy(p, [1, 0, 0.5]),
        [0.9, 0.2, 0.6],
        -(math.log(0.9) + math.log(0.8) + 0.5 * math.log(0.6) + 0.5 * math.log(0.4)) / 3,
    ),
    "binary cross-entropy with logits": (
        lambda *x: binary_cross_entropy_with_logits(x, [1, 0, 0.5]),
        X,
        (
            math.log1p(math.exp(-1.5))
            + math.log1p(math.exp(-0.5))
            + math.log1p(math.exp(0.25))
            - 0.5 * 0.25
        )
        / 3,
    ),
    "cross-entropy": (
        lambda *x: cross_entropy(x, 1),
        X,
        math.log(math.exp(1.5) + math.exp(-0.5) + math.exp(0.25)) + 0.5,
    ),
    "cross-entropy with probabilities": (
        lambda *x: cross_entropy(x, [0.5, 0.5, 0.0]),
        X,
        math.log(math.exp(1.5) + math.exp(-0.5) + math.exp(0.25)) - 0.5,
    ),
    "cross-entropy with label smoothing": (
        lambda *x: cross_entropy(x, 1, label_smoothing=0.3),
        X,
        math.log(math.exp(1.5) + math.exp(-0.5) + math.exp(0.25)) - (0.1 * 1.5 - 0.8 * 0.5 + 0.025),
    ),
    "nll": (lambda *x: nll_loss(x, 2), X, -0.25),
    "kl": (
        lambda *x: kl_div(x, [0.5, 0.25, 0.25], reduction="sum"),
        X,
        0.5 * (math.log(0.5) - 1.5)
        + 0.25 * (math.log(0.25) + 0.5)
        + 0.25 * (math.log(0.25) - 0.25),
    ),
    "kl of logarithms": (
        lambda *x: kl_div(x, [-0.5, -1.0, -2.0], log_target=True),
        X,
        (math.exp(-0.5) * -2.0 + math.exp(-1) * -0.5 + math.exp(-2) * -2.25) / 3,
    ),
}
every_case = pytest.mark.parametrize(("loss", "point", "expected"), CASES.values(), ids=CASES)


@every_case
def test_a_loss_has_the_value_computed_by_hand(loss, point, expected):
    assert loss(*map(Value, point)).data == pytest.approx(expected, rel=1e-14)


@every_case
def test_of_plain_numbers_a_loss_is_the_same_float(loss, point, expected):
    answer = loss(*point)

    assert type(answer) is float
    assert answer == loss(*map(Value, point)).data


@every_case
def test_gradients_and_second_derivatives_agree_with_differences(loss, point, expected):
    check_gradients(loss, point, order=2)


ELEMENTWISE = [mse_loss, l1_loss, huber_loss, binary_cross_entropy_with_logits, kl_div]


@pytest.mark.parametrize("loss", ELEMENTWISE, ids=lambda f: f.__name__)
def test_reductions_of_numbers_are_those_of_the_list_without(loss):
    inputs, targets = [[0.5, 2.0], [1.0, -3.0]], [[1.0, 0.5], [0.25, 0.0]]
    none = loss(inputs, targets, reduction="none")
    flat = [x for row in none for x in row]

    assert [len(row) for row in none] == [2, 2]
    assert loss(inputs, targets, reduction="sum") == flat[0] + flat[1] + flat[2] + flat[3]
    assert loss(inputs, targets) == loss(inputs, targets, reduction="sum") / 4


@pytest.mark.parametrize("loss", [cross_entropy, nll_loss], ids=lambda f: f.__name__)
def test_the_mean_of_a_classification_is_that_over_the_samples(loss):
    batch, targets = [[0.5, 2.0, 0.0], [1.0, -3.0, 1.0]], [2, 0]
    none = loss(batch, targets, reduction="none")

    assert none == [loss(batch[0], 2), loss(batch[1], 0)]
    assert loss(batch, targets, reduction="sum") == none[0] + none[1]
    assert loss(batch, targets) == (none[0] + none[1]) / 2


def test_batchmean_divides_by_the_samples():
    x, t = [[-1.0, -0.5], [-2.0, -0.25]], [[0.5, 0.5], [0.25, 0.75]]

    assert kl_div(x, t, reduction="batchmean") == kl_div(x, t, reduction="sum") / 2


def test_kl_of_a_target_of_zero_is_zero():
    x = Value(-3.0)
    loss = kl_div(x, 0.0)
    loss.backward()

    assert (loss.data, x.grad) == (0.0, 0.0)


@pytest.mark.parametrize("scale", [1e3, 1e15, 1e300])
def test_cross_entropy_of_extreme_logits_is_finite_and_right(scale):
    x = [Value(scale), Value(0.0), Value(-scale)]
    loss = cross_entropy(x, 1)
    loss.backward()

    assert (loss.data, [v.grad for v in x]) == (scale, [1.0, -1.0, 0.0])


@pytest.mark.parametrize("scale", [1e6, 1e15, 1e300])
def test_cross_entropy_of_large_equal_logits_keeps_its_digits(scale):
    x = [Value(scale), Value(scale)]
    loss = cross_entropy(x, 0)
    loss.backward()

    assert (loss.data, [v.grad for v in x]) == (math.log(2), [-0.5, 0.5])


@pytest.mark.parametrize(("x", "t", "loss", "slope"), [(1e300, 0, 1e300, 1.0), (1e3, 1, 0.0, 0.0)])
def test_binary_cross_entropy_of_extreme_logits_is_finite_and_right(x, t, loss, slope):
    v = Value(x)
    answer = binary_cross_entropy_with_logits(v, t)
    answer.backward()

    assert (answer.data, v.grad) == (loss, slope)


def test_the_loss_of_a_confident_right_answer_keeps_its_precision():
    assert binary_cross_entropy_with_logits(40.0, 1) == pytest.approx(math.exp(-40), rel=1e-14)


@pytest.mark.parametrize(("p", "t", "loss"), [(1.0, 1, 0.0), (0.0, 0, 0.0), (0.0, 1, 100.0)])
def test_binary_cross_entropy_at_certainty_is_finite(p, t, loss):
    v = Value(p)
    answer = binary_cross_entropy(v, t)
    answer.backward()

    assert answer.data == loss
    assert math.isfinite(v.grad)


def test_a_loss_of_a_loss_can_be_differentiated():
    x = Value(0.3)
    slope = grad(cross_entropy([x, 0.0], 0), x)

    assert grad(slope, x).data == pytest.approx(math.exp(0.3) / (1 + math.exp(0.3)) ** 2, rel=1e-14)


def test_whole_numbers_of_numpy_are_classes():
    assert cross_entropy([1.0, 2.0], np.int64(1)) == cross_entropy([1.0, 2.0], 1)


def test_every_loss_is_exported():
    assert [f.__name__ for f in (*ELEMENTWISE, cross_entropy) if f.__name__ not in nn.__all__] == []


REFUSED = [
    (lambda: mse_loss([1.0], [math.nan]), "mse_loss got a target that is nan, at [0]"),
    (lambda: mse_loss([[1.0, 2.0]], [[1.0, math.nan]]), "target that is nan, at [0][1]"),
    (lambda: mse_loss([[1.0], [1.0, 2.0]], [[1.0], [2.0]]), "got 2 and 1, at [1]"),
    (lambda: mse_loss([1.0], [1.0], reduction="avg"), "one of mean, sum, none, got 'avg'"),
    (lambda: mse_loss([1.0], [1.0], reduction="batchmean"), "one of mean, sum, none, got"),
    (lambda: kl_div([1.0], [1.0], reduction="avg"), "one of mean, batchmean, sum, none, got"),
    (lambda: l1_loss([], []), "l1_loss takes at least 1 prediction, got 0"),
    (lambda: huber_loss([1.0], [1.0], delta=0), "delta is a positive number, got 0.0"),
    (lambda: hinge_loss([1.0], [0]), "hinge_loss has targets -1 and 1, got 0"),
    (lambda: binary_cross_entropy([1.2], [1]), "an input between 0 and 1, got 1.2"),
    (lambda: binary_cross_entropy([0.2], [-1]), "a target between 0 and 1, got -1"),
    (lambda: binary_cross_entropy_with_logits([2.0], [2]), "a target between 0 and 1, got 2"),
    (lambda: cross_entropy([1.0, 2.0], 2), "cross_entropy has classes 0 to 1, got 2"),
    (lambda: cross_entropy([1.0, 2.0], -1), "cross_entropy has classes 0 to 1, got -1"),
    (lambda: cross_entropy([[1.0, 2.0]], [2]), "sample 0: cross_entropy has classes 0 to 1"),
    (lambda: cross_entropy([1.0, 2.0], [0.5, 0.6]), "probabilities that sum to 1, got 1.1"),
    (lambda: cross_entropy([1.0, 2.0], [1.5, -0.5]), "between 0 and 1, got 1.5"),
    (lambda: cross_entropy([1.0, 2.0], [1.0]), "takes 2 probabilities, one a class, got 1"),
    (lambda: cross_entropy([], []), "cross_entropy takes at least 1 prediction, got 0"),
    (lambda: cross_entropy([[1.0, 2.0]], [0, 1]), "got 1 and 2"),
    (lambda: cross_entropy([[1.0, 2.0]], 0), "a target for each of 1 samples, got 0"),
    (lambda: cross_entropy([[1.0, 2.0], [1.0]], [0, 0]), "2 numbers for each sample, got a list"),
    (lambda: cross_entropy([1.0, 2.0], 0, label_smoothing=1.5), "between 0 and 1, got 1.5"),
    (lambda: kl_div([1.0], [-0.5]), "kl_div has probabilities for targets, got -0.5"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_makes_no_sense_is_refused_with_what_was_got(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize("wrong", [1.0, True, "1", None, Value(1.0)], ids=repr)
def test_a_class_that_is_no_whole_number_is_a_type_error_naming_it(wrong):
    with pytest.raises(
        TypeError, match=r"^sample 0: nll_loss takes a class as a whole number, got"
    ):
        nll_loss([[1.0, 2.0]], [wrong])


def test_a_bare_number_is_no_sample():
    with pytest.raises(TypeError, match=r"^cross_entropy takes a list of numbers for each sample"):
        cross_entropy(1.0, 0)
