"""What losses are made of: their parts alone, exact numbers, and every word of their errors."""

from math import exp, inf, log

import pytest

from engine import Value, trace
from engine.recording import tracing
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
from nn.losses import clamped_log, class_of, distribution, largest_of, probability, product

EVERY = [mse_loss, l1_loss, huber_loss, hinge_loss, binary_cross_entropy]
EVERY += [binary_cross_entropy_with_logits, kl_div]


@pytest.mark.parametrize("loss", EVERY)
def test_the_reductions_of_two_pairs(loss):
    each = [loss(1.0, 1.0), loss(0.25, 1.0)]

    assert loss([1.0, 0.25], [1.0, 1.0]) == (each[0] + each[1]) / 2
    assert loss([1.0, 0.25], [1.0, 1.0], "sum") == each[0] + each[1]
    assert loss([1.0, 0.25], [1.0, 1.0], "none") == each
    assert loss(0.25, 1.0, "none") == each[1]
    with pytest.raises(ValueError, match=r"^reduction is one of mean, .*sum, none, got 'most'$"):
        loss(1.0, 1.0, "most")


@pytest.mark.parametrize("loss", EVERY)
def test_an_error_names_the_loss(loss):
    with pytest.raises(ValueError, match=rf"^{loss.__name__} takes at least 1 prediction, got 0$"):
        loss([], [])
    with pytest.raises(ValueError, match=rf"^{loss.__name__} got a target that is nan$"):
        loss(1.0, float("nan"))


@pytest.mark.parametrize("loss", [cross_entropy, nll_loss])
def test_an_error_names_the_loss_of_classes(loss):
    name = loss.__name__
    with pytest.raises(ValueError, match=rf"^{name} takes at least 1 prediction, got 0$"):
        loss([], 0)
    with pytest.raises(ValueError, match=rf"^{name} has classes 0 to 1, got 2$"):
        loss([0.5, 0.5], 2)
    with pytest.raises(
        TypeError, match=rf"^{name} takes a class as a whole number, got NoneType None$"
    ):
        loss([0.5, 0.5], None)
    with pytest.raises(
        TypeError, match=rf"^{name} takes a class as a whole number, got float 1\.0: say int\(t\)$"
    ):
        loss([0.5, 0.5], 1.0)
    with pytest.raises(
        TypeError, match=rf"^{name} takes a class as a whole number, got bool True$"
    ):
        loss([0.5, 0.5], True)


@pytest.mark.parametrize(
    ("distance", "expected"), [(0.0, 0.0), (0.5, 0.125), (1.0, 0.5), (3.0, 2.5), (-3.0, 2.5)]
)
def test_huber_is_a_square_up_to_delta_and_a_line_beyond(distance, expected):
    assert huber_loss(2.0 + distance, 2.0) == expected
    assert huber_loss(2.0 + 2 * distance, 2.0, delta=2.0) == 4 * expected


@pytest.mark.parametrize("delta", [0.0, -1.0, float("nan")])
def test_a_delta_that_is_not_positive_is_refused(delta):
    with pytest.raises(ValueError, match=rf"^delta is a positive number, got {delta}$"):
        huber_loss(1.0, 1.0, delta=delta)


@pytest.mark.parametrize(("x", "t", "expected"), [(3, 1, 0), (0.5, 1, 0.5), (0.5, -1, 1.5)])
def test_hinge_wants_a_margin_of_one(x, t, expected):
    assert hinge_loss(x, t) == expected


@pytest.mark.parametrize("t", [0.0, 2.0, 0.5])
def test_hinge_has_two_targets(t):
    with pytest.raises(ValueError, match=rf"^hinge_loss has targets -1 and 1, got {t}$"):
        hinge_loss(1.0, t)


@pytest.mark.parametrize("p", [0.25, 0.5, 0.75])
@pytest.mark.parametrize("t", [0.0, 0.25, 1.0])
def test_binary_cross_entropy_is_its_formula(p, t):
    wanted = -t * log(p) - (1 - t) * log(1 - p)

    assert binary_cross_entropy(p, t) == pytest.approx(wanted, rel=1e-15)
    logit = log(p / (1 - p))
    assert binary_cross_entropy_with_logits(logit, t) == pytest.approx(wanted, rel=1e-14)


@pytest.mark.parametrize(
    ("x", "t", "expected"),
    [(inf, 1.0, 0.0), (-inf, 0.0, 0.0), (inf, 0.0, inf), (-inf, 1.0, inf), (inf, 0.5, inf)],
)
def test_an_infinite_logit_is_certain(x, t, expected):
    assert binary_cross_entropy_with_logits(x, t) == expected


def test_the_logarithm_is_clamped_at_minus_a_hundred():
    assert clamped_log(exp(-100)) == clamped_log(0.0) == -100.0
    assert clamped_log(exp(-99)) == pytest.approx(-99.0, rel=1e-15)
    assert clamped_log(1e-43) == log(1e-43)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: binary_cross_entropy(1.5, 1.0),
            r"^binary_cross_entropy takes an input between 0 and 1, got 1\.5$",
        ),
        (
            lambda: binary_cross_entropy(0.5, -1.0),
            r"^binary_cross_entropy takes a target between 0 and 1, got -1$",
        ),
        (
            lambda: binary_cross_entropy_with_logits(0.5, 1.5),
            r"^binary_cross_entropy_with_logits takes a target between 0 and 1, got 1\.5$",
        ),
        (
            lambda: cross_entropy([0.0, 0.0], [1.5, -0.5]),
            r"^cross_entropy takes probabilities between 0 and 1, got 1\.5$",
        ),
        (
            lambda: cross_entropy([0.0, 0.0], [1.0]),
            r"^cross_entropy takes 2 probabilities, one a class, got 1$",
        ),
        (
            lambda: cross_entropy([0.0, 0.0], [0.5, 0.25]),
            r"^cross_entropy takes probabilities that sum to 1, got 0\.75; ",
        ),
        (lambda: kl_div(0.5, -0.5), r"^kl_div has probabilities for targets, got -0\.5$"),
        (lambda: cross_entropy([0.0], 0, label_smoothing=-0.5), r"between 0 and 1, got -0\.5$"),
        (lambda: cross_entropy([0.0], 0, label_smoothing=1.5), r"between 0 and 1, got 1\.5$"),
    ],
)
def test_what_is_no_probability_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_ends_are_probabilities():
    for x in (0.0, 1.0, Value(0.0), Value(1.0)):
        probability("name", "what", x)


def test_a_prediction_that_is_no_probability_left_the_domain_and_a_target_did_not():
    with pytest.raises(ValueError, match="an input") as of_value:
        binary_cross_entropy(Value(1.5), 1.0)
    with pytest.raises(ValueError, match="a target") as of_number:
        binary_cross_entropy(Value(0.5), 1.5)

    assert of_value.value.op == "binary_cross_entropy"
    assert not hasattr(of_number.value, "op")


def test_probabilities_may_miss_one_by_a_rounding():
    assert distribution("name", [0.1] * 10, 10) == [0.1] * 10
    assert distribution("name", [0.5, 0.5 + 4e-7], 2) == [0.5, 0.5 + 4e-7]
    with pytest.raises(ValueError, match=r"^name takes probabilities that sum to 1"):
        distribution("name", [0.5, 0.5 + 4e-6], 2)


@pytest.mark.parametrize("k", [0, 1, 2])
def test_every_class_counts(k):
    logits = [0.5, -1.0, 2.0]
    whole = log(sum(map(exp, logits)))

    assert class_of("name", k, 3) == k
    assert cross_entropy(logits, k) == pytest.approx(whole - logits[k], rel=1e-14)
    assert cross_entropy(logits, [float(i == k) for i in range(3)]) == cross_entropy(logits, k)
    assert nll_loss([x - whole for x in logits], k) == whole - logits[k]


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_label_smoothing_spreads_a_share_over_all_classes(share):
    logits = [0.5, -1.0, 2.0]
    each = [cross_entropy(logits, k) for k in range(3)]

    found = cross_entropy(logits, 1, label_smoothing=share)
    assert found == pytest.approx((1 - share) * each[1] + share * sum(each) / 3, rel=1e-14)


@pytest.mark.parametrize(("t", "x"), [(0.25, -1.0), (1.0, -0.5), (0.5, 0.0)])
def test_kl_divergence_is_its_formula_with_targets_or_their_logarithms(t, x):
    assert kl_div(x, t) == pytest.approx(t * (log(t) - x), rel=1e-15)
    assert kl_div(x, log(t), log_target=True) == pytest.approx(t * (log(t) - x), rel=1e-14)


def test_a_target_of_no_probability_has_no_divergence():
    assert kl_div(-inf, 0.0) == kl_div(-inf, -inf, log_target=True) == 0.0
    assert kl_div(-3.0, 0.0) == kl_div(-3.0, -inf, log_target=True) == 0.0


def test_batchmean_of_one_number_and_of_two_samples():
    assert kl_div(-1.0, 0.5, "batchmean") == kl_div(-1.0, 0.5)
    rows, targets = [[-1.0, -2.0], [-3.0, -4.0]], [[0.5, 0.5], [0.25, 0.75]]
    assert kl_div(rows, targets, "batchmean") == kl_div(rows, targets, "sum") / 2
    assert kl_div(rows, targets, "batchmean") == 2 * kl_div(rows, targets)


def test_no_weight_of_an_infinite_number_is_zero_with_gradient_zero():
    x = Value(-inf)
    z = product(0.0, x)
    z.backward()

    assert (z.data, x.grad) == (0.0, 0.0)
    assert product(0.0, 5.0) == 0.0
    assert product(2.0, inf) == inf


def test_the_largest_logit_is_a_number_and_while_a_graph_is_traced_a_node():
    logits = [Value(1.0), Value(3.0), Value(2.0)]

    assert largest_of(logits) == 3.0
    assert isinstance(largest_of(logits), float)
    with tracing():
        node = largest_of(logits)
    assert (node.data, node.op.name) == (3.0, "stop_gradient")


def test_a_traced_cross_entropy_follows_its_largest_logit():
    xs = [Value(1.0), Value(3.0)]
    with tracing():
        loss = cross_entropy(xs, 0)
    program = trace(loss, inputs=xs)

    assert program([800.0, 1.0]) == cross_entropy([800.0, 1.0], 0) == 0.0
    assert program([1.0, 800.0]) == cross_entropy([1.0, 800.0], 0) == 799.0
