"""Starting weights are drawn from the distribution that each formula names."""

import math
import random

import pytest

from engine import Value
from nn import init
from nn.layers import Linear
from nn.mlp import MLP


class Recorder(random.Random):
    """A random source that notes what distribution it was asked for."""

    def uniform(self, a, b):
        self.asked = ("uniform", a, b)
        return 0.0

    def gauss(self, mu, sigma):
        self.asked = ("normal", mu, sigma)
        return 0.0


def matrix(rows, columns):
    return [[Value(9.0) for _ in range(columns)] for _ in range(rows)]


def flat(tensor):
    return [value.data for row in tensor for value in row]


DISTRIBUTIONS = [  # of weights [4][6]: fan_in is 6, fan_out 4
    (lambda w, rng: init.uniform_(w, rng=rng), ("uniform", 0.0, 1.0)),
    (lambda w, rng: init.uniform_(w, -2.0, 3.0, rng=rng), ("uniform", -2.0, 3.0)),
    (lambda w, rng: init.normal_(w, rng=rng), ("normal", 0.0, 1.0)),
    (lambda w, rng: init.normal_(w, 5.0, 2.0, rng=rng), ("normal", 5.0, 2.0)),
    (lambda w, rng: init.xavier_uniform_(w, rng=rng), ("uniform", math.sqrt(6 / 10))),
    (lambda w, rng: init.xavier_uniform_(w, 3.0, rng=rng), ("uniform", 3 * math.sqrt(6 / 10))),
    (lambda w, rng: init.xavier_normal_(w, rng=rng), ("normal", 0.0, math.sqrt(2 / 10))),
    (lambda w, rng: init.xavier_normal_(w, 3.0, rng=rng), ("normal", 0.0, 3 * math.sqrt(2 / 10))),
    (lambda w, rng: init.kaiming_uniform_(w, rng=rng), ("uniform", math.sqrt(6 / 6))),
    (lambda w, rng: init.kaiming_uniform_(w, 2.0, rng=rng), ("uniform", math.sqrt(6 / 5 / 6))),
    (lambda w, rng: init.kaiming_uniform_(w, mode="fan_out", rng=rng), ("uniform", math.sqrt(1.5))),
    (
        lambda w, rng: init.kaiming_uniform_(w, nonlinearity="tanh", rng=rng),
        ("uniform", 5 / 3 * math.sqrt(3 / 6)),
    ),
    (lambda w, rng: init.kaiming_normal_(w, rng=rng), ("normal", 0.0, math.sqrt(2 / 6))),
    (
        lambda w, rng: init.kaiming_normal_(w, mode="fan_out", nonlinearity="linear", rng=rng),
        ("normal", 0.0, math.sqrt(1 / 4)),
    ),
]


@pytest.mark.parametrize(("fill", "expected"), DISTRIBUTIONS)
def test_weights_are_drawn_from_the_distribution_of_the_formula(fill, expected):
    source = Recorder()
    name, *numbers = expected
    if len(numbers) == 1:
        numbers = [-numbers[0], numbers[0]]

    fill(matrix(4, 6), source)

    # The formula may be multiplied out in another order: a few roundings.
    assert source.asked[0] == name
    assert source.asked[1:] == pytest.approx(numbers, rel=1e-15)


MOMENTS = [  # mean and standard deviation for weights [80][120]
    (lambda w, rng: init.uniform_(w, -1.0, 3.0, rng=rng), 1.0, 4 / math.sqrt(12)),
    (lambda w, rng: init.normal_(w, -2.0, 0.5, rng=rng), -2.0, 0.5),
    (lambda w, rng: init.xavier_uniform_(w, rng=rng), 0.0, math.sqrt(2 / 200)),
    (lambda w, rng: init.xavier_normal_(w, rng=rng), 0.0, math.sqrt(2 / 200)),
    (lambda w, rng: init.kaiming_uniform_(w, rng=rng), 0.0, math.sqrt(2 / 120)),
    (lambda w, rng: init.kaiming_normal_(w, rng=rng), 0.0, math.sqrt(2 / 120)),
]


@pytest.mark.parametrize(("fill", "mean", "deviation"), MOMENTS)
def test_many_weights_have_the_mean_and_deviation_of_the_formula(fill, mean, deviation):
    drawn = flat(fill(matrix(80, 120), random.Random(0)))

    n = len(drawn)
    average = sum(drawn) / n
    spread = math.sqrt(sum((x - average) ** 2 for x in drawn) / n)
    # Four standard errors: of a mean, and of a normal's deviation (a uniform's has less).
    assert average == pytest.approx(mean, abs=4 * deviation / math.sqrt(n))
    assert spread == pytest.approx(deviation, rel=4 / math.sqrt(2 * n))


@pytest.mark.parametrize(
    "fill", [fill for fill, _ in DISTRIBUTIONS] + [lambda w, rng: init.constant_(w, 2.0)]
)
def test_the_same_lists_come_back(fill):
    weights = matrix(2, 2)

    assert fill(weights, random.Random(0)) is weights


def test_numbers_are_drawn_row_by_row():
    source = random.Random(1)
    expected = [source.uniform(0.0, 1.0) for _ in range(6)]

    assert flat(init.uniform_(matrix(2, 3), rng=random.Random(1))) == expected


def test_numbers_come_from_the_module_random_if_none_is_given():
    random.seed(2)
    expected = [random.gauss(0.0, 1.0) for _ in range(4)]
    random.seed(2)

    assert flat(init.normal_(matrix(2, 2))) == expected


def test_constants_are_the_same_everywhere():
    assert flat(init.constant_(matrix(2, 2), 0.25)) == [0.25] * 4
    assert flat(init.zeros_(matrix(2, 2))) == [0.0] * 4
    assert flat(init.ones_(matrix(2, 2))) == [1.0] * 4


def test_one_value_is_filled_too():
    assert init.constant_(Value(1.0), 3).data == 3.0


def test_the_weight_of_linear_is_filled_in_place():
    layer = Linear(3, 2)
    parameters = layer.parameters()

    init.zeros_(layer.weight)

    assert layer.parameters() == parameters
    assert layer.state_dict()["weight"] == [[0.0] * 3] * 2


def test_the_neurons_of_an_mlp_are_filled_by_their_weights():
    layer = MLP(4, [3, 1]).layers[0]
    source = Recorder()

    init.kaiming_normal_([neuron.weights for neuron in layer.neurons], rng=source)

    assert source.asked == ("normal", 0.0, math.sqrt(2.0) / math.sqrt(4))
    assert [w.data for neuron in layer.neurons for w in neuron.weights] == [0.0] * 12


def test_a_kernel_counts_into_both_fans():
    kernels = [[[[Value(0.0)] * 5] * 3] * 2] * 7  # [out=7][in=2][3][5]

    assert init.fans(kernels) == (2 * 15, 7 * 15)


@pytest.mark.parametrize(
    ("arguments", "gain"),
    [
        (("linear",), 1.0),
        (("sigmoid",), 1.0),
        (("tanh",), 5 / 3),
        (("relu",), math.sqrt(2)),
        (("leaky_relu",), math.sqrt(2 / 1.0001)),
        (("leaky_relu", 2), math.sqrt(2 / 5)),
        (("selu",), 0.75),
    ],
)
def test_the_gain_of_a_nonlinearity(arguments, gain):
    assert init.calculate_gain(*arguments) == gain


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (lambda: init.uniform_(matrix(1, 1), 2.0, 1.0), "uniform_ takes numbers a <= b, got a=2.0"),
        (lambda: init.normal_(matrix(1, 1), 0.0, -1.0), "normal_ takes a std of at least 0, got -"),
        (lambda: init.calculate_gain("swish"), "unknown nonlinearity 'swish': take one of linear,"),
        (
            lambda: init.kaiming_uniform_(matrix(1, 1), mode="fan_up"),
            "unknown mode 'fan_up': take one of fan_in, fan_out",
        ),
        (
            lambda: init.kaiming_normal_(matrix(1, 1), nonlinearity="swish"),
            "unknown nonlinearity 'swish'",
        ),
        (
            lambda: init.xavier_uniform_([Value(0.0)]),
            r"fan_in and fan_out need weights \[out\]\[in\], got the shape \[1\]",
        ),
        (
            lambda: init.xavier_normal_([[], []]),
            r"fan_in and fan_out need at least 1 weight, got the shape \[2, 0\]",
        ),
        (
            lambda: init.kaiming_normal_([[Value(0.0)], [Value(0.0)] * 2]),
            r"rows differ in shape: \[1\] and \[2\]",
        ),
    ],
)
def test_a_wrong_number_or_shape_is_refused(fill, message):
    with pytest.raises(ValueError, match=message):
        fill()


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (lambda: init.zeros_([0.5]), "expected a Value or lists of them, got float 0.5"),
        (lambda: init.zeros_(Linear(1, 1)), "expected a Value or lists of them, got Linear"),
        (lambda: init.uniform_([], rng=3), "rng takes a random.Random, got 3"),
        (lambda: init.constant_([], "one"), "expected a number or a Value, got str 'one'"),
        (lambda: init.calculate_gain("leaky_relu", "steep"), "expected a number or a Value, got s"),
    ],
)
def test_a_wrong_type_is_refused(fill, message):
    with pytest.raises(TypeError, match=message):
        fill()


def test_weights_that_are_refused_keep_their_numbers():
    weights = [Value(1.0), "two"]

    with pytest.raises(TypeError):
        init.zeros_(weights)
    assert weights[0].data == 1.0
