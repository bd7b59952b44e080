"""A class whose share of the target is 0 has no loss, even where its own would be infinite."""

from math import inf, isfinite, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value
from nn.losses import binary_cross_entropy_with_logits, cross_entropy, kl_div
from nn.training.objective import Objective

quick = settings(max_examples=200, deadline=None)


def test_a_masked_logit_without_a_share_costs_nothing():
    masked, other = Value(-inf), Value(0.0)
    loss = cross_entropy([masked, other], [0.0, 1.0])
    loss.backward()

    assert (loss.data, masked.grad, other.grad) == (0.0, 0.0, 0.0)
    assert cross_entropy([-inf, 0.0], [0.0, 1.0]) == cross_entropy([-inf, 0.0], 1)


@quick
@given(st.lists(st.one_of(st.just(-inf), st.floats(-50, 50)), min_size=2, max_size=6), st.data())
def test_a_class_as_a_vector_is_the_class(logits, data):
    finite = [i for i, x in enumerate(logits) if isfinite(x)]
    if not finite:
        return
    k = data.draw(st.sampled_from(finite))
    vector = [float(i == k) for i in range(len(logits))]
    both = []
    for target in (k, vector):
        inputs = [Value(x) for x in logits]
        loss = cross_entropy(inputs, target)
        loss.backward()
        both.append([loss.data, *(x.grad for x in inputs)])

    assert both[0] == pytest.approx(both[1], rel=1e-15, abs=1e-300)


def test_a_masked_logit_with_a_share_costs_everything():
    assert cross_entropy([-inf, 0.0], [0.5, 0.5]) == inf
    assert cross_entropy([-inf, 0.0], 1, label_smoothing=0.1) == inf
    assert cross_entropy([-inf, 0.0], 0, label_smoothing=1.0) == inf


def test_a_probability_of_zero_has_no_divergence():
    masked, other = Value(-inf), Value(0.0)
    loss = kl_div([masked, other], [0.0, 1.0], reduction="sum")
    loss.backward()

    assert (loss.data, masked.grad, other.grad) == (0.0, 0.0, -1.0)
    assert kl_div([-inf, 0.0], [-inf, 0.0], log_target=True) == 0.0
    assert kl_div([-1.0, 0.0], [-inf, 0.0], log_target=True) == 0.0
    assert kl_div([-inf, 0.0], [0.5, 0.5]) == inf


def test_what_is_no_number_stays_none():
    loss = kl_div([nan, 0.0], [0.0, 1.0])

    assert loss != loss


def test_the_loss_of_values_stays_a_value():
    objective = Objective(lambda x: x * Value(1.0), lambda xs, ts: kl_div(xs, ts))

    assert objective([-inf], [0.0]).data == 0.0


@pytest.mark.parametrize(
    ("x", "t", "loss"),
    [
        (inf, 1.0, 0.0),
        (-inf, 0.0, 0.0),
        (inf, 0.0, inf),
        (-inf, 1.0, inf),
        (inf, 0.5, inf),
        (-inf, 0.5, inf),
    ],
)
def test_an_infinite_logit_is_certain(x, t, loss):
    assert binary_cross_entropy_with_logits(x, t) == loss
    assert binary_cross_entropy_with_logits(Value(x), t).data == loss
