"""What is said of held-out data that do not fit, and of a metric that gives no number."""

import math

import pytest

from nn import MLP, SGD, cross_entropy, data, fit, metrics, mse_loss

INPUTS, TARGETS = data.moons(n=12)


def trained(replay, outputs=1, loss=mse_loss, **options):
    model = MLP(2, [outputs])
    optimizer = SGD(model.parameters(), lr=0.1)
    options = {"epochs": 3, "progress": False, "replay": replay, **options}
    fit(model, (INPUTS, TARGETS), optimizer=optimizer, loss=loss, **options)


@pytest.mark.parametrize("replay", [False, True])
@pytest.mark.parametrize("size", [None, 4])
def test_an_error_of_held_out_data_says_that_it_is_theirs(size, replay):
    options = {"batch_size": size, "replay": replay}
    with pytest.raises(ValueError, match=r"^validation: layer takes 2 inputs, got 1$"):
        trained(validation=([[1.0]], [0]), **options)
    with pytest.raises(
        ValueError, match=r"^validation: sample 0: cross_entropy has classes 0 to 1"
    ):
        trained(outputs=2, loss=cross_entropy, validation=([[1.0, 2.0]], [5]), **options)


@pytest.mark.parametrize("replay", [False, True])
@pytest.mark.parametrize(("given", "shown"), [(None, "NoneType None"), ([1.0], r"list \[1\.0\]")])
def test_a_metric_that_gives_no_number_is_named(given, shown, replay):
    with pytest.raises(TypeError, match=rf"^the metric 'best' gives a number, got {shown}$"):
        trained(replay, metrics={"best": lambda targets, outputs: given})


def test_the_score_of_lists_says_what_it_takes():
    with pytest.raises(TypeError, match=r"^r2_score takes numbers, got list \[1, 2\]$"):
        metrics.r2_score([[1, 2], [1]], [[1, 2], [1]])


@pytest.mark.parametrize("place", range(3))
def test_the_score_of_a_nan_is_a_nan_wherever_it_stands(place):
    numbers = [1.0, 1.0, 1.0]
    numbers[place] = math.nan

    assert math.isnan(metrics.r2_score(numbers, [1.0, 2.0, 3.0]))
    assert math.isnan(metrics.r2_score([1.0, 1.0, 1.0], numbers))
    assert math.isnan(metrics.r2_score([1.0, 2.0, 4.0], numbers))
