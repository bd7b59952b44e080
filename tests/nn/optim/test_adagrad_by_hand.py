"""Adagrad by its formula (Duchi, Hazan & Singer 2011, figure 1), with exact numbers."""

from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Value
from nn.optim.adaptive import Adagrad

small = st.floats(-4.0, 4.0)


def after(p, grads, **settings):
    optimizer = Adagrad([p], **settings)
    for g in grads:
        p.grad = g
        optimizer.step()
    return p.data


def test_the_sum_of_squares_starts_where_it_is_told():
    assert after(Value(1.0), [3.0], lr=0.5, initial_accumulator_value=16.0, eps=1e-300) == 0.7


def test_the_sum_of_squares_grows():
    # 1 - 1 * 3 / sqrt(9) = 0, and 0 - 1 * 4 / sqrt(9 + 16) = -0.8
    assert after(Value(1.0), [3.0, 4.0], lr=1.0, eps=1e-300) == -0.8


def test_the_pace_falls_from_the_second_step_on():
    # the first step at lr, the second at lr / (1 + 1 * 1)
    assert after(Value(1.0), [3.0, 4.0], lr=1.0, lr_decay=1.0, eps=1e-300) == -0.4


def test_eps_is_added_to_the_root():
    assert after(Value(1.0), [3.0], lr=1.0, eps=3.0) == 0.5


def test_weight_decay_is_added_to_the_gradient():
    # g = 1 + 0.5 * 4 = 3
    assert after(Value(4.0), [1.0], lr=1.0, weight_decay=0.5, eps=3.0) == 3.5


@given(
    p=small,
    grads=st.lists(small, max_size=6),
    lr=st.floats(0.01, 1.0),
    lr_decay=st.floats(0.0, 1.0),
    start=st.floats(0.0, 4.0),
)
def test_adagrad_follows_its_formula(p, grads, lr, lr_decay, start):
    x, s = Fraction(p), Fraction(start)
    for t, g in enumerate(map(Fraction, grads), 1):
        s += g * g
        pace = Fraction(lr) / (1 + (t - 1) * Fraction(lr_decay))
        x -= pace * g / (Fraction(sqrt(s)) + Fraction(0.5))
    settings = {"lr_decay": lr_decay, "initial_accumulator_value": start}

    # six steps of a few roundings each, of numbers below 16
    assert after(Value(p), grads, lr=lr, eps=0.5, **settings) == pytest.approx(float(x), abs=1e-13)
