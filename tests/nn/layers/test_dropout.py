"""Dropout keeps to its formula, and to its source of random numbers."""

import math
import random

import pytest

from engine import Value
from nn.layers import Dropout, Sequential


def data_of(outputs):
    return [float(y) for y in outputs]


def test_dropout_in_eval_mode_gives_what_it_takes():
    x = [Value(1.0), Value(2.0)]

    assert Dropout(0.9).eval()(x) == x


def test_dropout_of_probability_0_gives_what_it_takes():
    x = [Value(1.0), Value(2.0)]

    assert Dropout(0)(x) == x


def test_dropout_of_probability_1_gives_zeros():
    assert data_of(Dropout(1)([Value(3.0), 7.0])) == [0.0, 0.0]


@pytest.mark.parametrize("dropout", [Dropout(0.0), Dropout(1.0), Dropout(0.5).eval()])
def test_dropout_that_leaves_nothing_to_chance_draws_nothing(dropout):
    dropout.rng = random.Random(0)

    dropout([1.0, 2.0, 3.0])

    assert dropout.rng.getstate() == random.Random(0).getstate()


def test_dropout_divides_what_it_keeps_by_the_probability_of_keeping():
    source = random.Random(2)
    expected = [1.0 / (1.0 - 0.2) if source.random() >= 0.2 else 0.0 for _ in range(50)]

    outputs = Dropout(0.2, rng=random.Random(2))([1.0] * 50)

    assert outputs == expected
    assert {0.0, 1.25} == set(outputs)


def test_dropout_keeps_a_number_whose_draw_is_p_itself():
    class Source(random.Random):
        def random(self):
            return 0.5

    assert Dropout(0.5, rng=Source())([3.0]) == [6.0]  # draws are below 1: [p, 1) has 1 - p of them


def test_dropout_drops_the_part_p_of_many():
    outputs = Dropout(0.3, rng=random.Random(0))([1.0] * 10_000)

    assert outputs.count(0.0) / 10_000 == pytest.approx(0.3, abs=4 * math.sqrt(0.21 / 10_000))


def test_dropout_keeps_the_mean():
    outputs = Dropout(0.3, rng=random.Random(0))([1.0] * 10_000)

    assert sum(outputs) / 10_000 == pytest.approx(1.0, abs=4 * math.sqrt(0.3 / 0.7 / 10_000))


def test_the_gradient_of_dropout_is_what_it_multiplied_by():
    x = [Value(1.0) for _ in range(20)]

    outputs = Dropout(0.5, rng=random.Random(0))(x)
    for y in outputs:
        y.backward()

    assert [v.grad for v in x] == data_of(outputs)
    assert {v.grad for v in x} == {0.0, 2.0}


def test_dropout_draws_from_the_module_random_if_none_is_given():
    random.seed(1)
    first = Dropout()([1.0] * 30)
    random.seed(1)

    assert Dropout()([1.0] * 30) == first


def test_dropout_goes_on_as_before_from_a_state_of_its_random_source():
    dropout = Dropout(0.5, rng=random.Random(0))
    dropout([1.0] * 7)
    state = dropout.rng.getstate()
    expected = dropout([1.0] * 30)

    resumed = Dropout(0.5, rng=random.Random(99))
    resumed.rng.setstate(state)

    assert resumed([1.0] * 30) == expected


def test_the_random_source_of_dropout_is_no_parameter():
    model = Sequential(Dropout(rng=random.Random(0)))

    assert (model.parameters(), model.state_dict()) == ([], {})
