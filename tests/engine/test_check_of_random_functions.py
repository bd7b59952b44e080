"""The judge before hundreds of functions, right and wrong, of numbers from 1e-8 to 1e8."""

import math
import random

import pytest

from engine import Op, atan, check_gradients, cos, exp, sigmoid, sin, softplus, sqrt, tanh
from engine.check import GradientError

SMOOTH = [tanh, sin, cos, sigmoid, softplus, atan, exp, lambda x: x * x, lambda x: sqrt(1 + x * x)]
# name: its value, and its first and second slope
ROWS = {
    "tanh": (math.tanh, lambda x: 1 - tanh(x) ** 2, lambda x: -2 * tanh(x) * (1 - tanh(x) ** 2)),
    "exp": (math.exp, exp, exp),
    "square": (lambda x: x * x, lambda x: 2 * x, lambda x: 2.0 + 0 * x),
    "cube": (lambda x: x * x * x, lambda x: 3 * x * x, lambda x: 6 * x),
    "sin": (math.sin, cos, lambda x: -sin(x)),
}


def size(rng):
    return 10.0 ** rng.uniform(-8, 8)


def random_function(rng):
    """A sum of products of smooth functions of one or two inputs, and a point."""
    inputs, scale, height = rng.randrange(1, 3), size(rng), size(rng)
    above = rng.choice([0.0, 0.0, size(rng)])
    terms = [
        (rng.choice(SMOOTH), rng.choice(SMOOTH), [rng.uniform(-1.5, 1.5) for _ in range(inputs)])
        for _ in range(rng.randrange(1, 4))
    ]

    def f(*xs):
        total = 0.0
        for outer, factor, weights in terms:
            within = sum([w * (x / scale) for w, x in zip(weights, xs, strict=True)], 0.3)
            total = total + outer(within) * factor(xs[0] / scale)
        return height * total + above

    return f, [scale * rng.uniform(-1.5, 1.5) for _ in range(inputs)]


def with_planted_error(name, share, scale, height, second=False):
    """height * f(x / scale) with a slope, or a second slope, that is wrong by a share of it."""
    value, first, bend = ROWS[name]
    if second:
        deeper = Op("bend", "bend", lambda x: float(bend(x)), lambda z, x: 0 * x)
        own = Op("own", "own", lambda x: float(first(x)), lambda z, x: (1 + share) * deeper(x))
        slope = lambda z, x: height / scale * own(x / scale)  # noqa: E731
    else:
        slope = lambda z, x: (1 + share) * (height / scale) * first(x / scale)  # noqa: E731
    return Op("planted", "planted", lambda x: height * value(x / scale), slope)


@pytest.mark.parametrize("part", range(4))
def test_no_right_function_is_accused(part):
    doubts = 0
    for seed in range(100 * part, 100 * part + 100):
        f, point = random_function(random.Random(seed))
        try:
            check_gradients(f, point)
        except ValueError:  # "cannot tell", of which the last test but one has more
            doubts += 1

    assert doubts < 5


@pytest.mark.parametrize("second", [False, True], ids=["slope", "second slope"])
@pytest.mark.parametrize("name", ROWS)
def test_no_planted_error_of_a_hundredth_or_more_passes(name, second):
    rng = random.Random(name)
    for _ in range(50):
        share = rng.choice([0.01, -0.01, 0.02, -0.05, 0.1, 0.5, 1.0, -1.0])
        scale = size(rng)
        wrong = with_planted_error(name, share, scale, size(rng), second)

        with pytest.raises(GradientError, match=r"^planted at"):
            check_gradients(wrong, [scale * rng.choice([-1, 1]) * rng.uniform(0.2, 1.5)])


def test_a_step_over_all_that_bends_does_not_say_that_nothing_does():
    # the second slope is lost, and far from 0 tanh is flat on both sides
    lost = with_planted_error("tanh", -1.0, 2e-8, 3e-3, second=True)

    with pytest.raises(GradientError, match=r"d/dx0 d/dx0 is -?0 by the engine"):
        check_gradients(lost, [3e-8])


@pytest.mark.parametrize("x", [0.0, 2.5e-9, -1e-8])
def test_a_slope_below_the_rounding_of_its_function_cannot_be_told(x):
    # 1e8 has the last bit 1e-8, and all that the tanh adds is 1e-9
    with pytest.raises(ValueError, match=r"^cannot tell whether hidden at .* has the slope"):
        check_gradients(
            Op(
                "hidden",
                "hidden",
                lambda x: 1e8 + 1e-9 * math.tanh(x / 1e-8),
                lambda z, x: 0.1 * (1 - tanh(x / 1e-8) ** 2),
            ),
            [x],
        )


def test_a_wrong_slope_beside_which_nothing_bends_is_accused_from_afar():
    wrong = Op("line", "line", lambda x: 1 + x, lambda z, x: 2.0)

    with pytest.raises(GradientError, match="is 2 by the engine, 1 by differences"):
        check_gradients(wrong, [1e-20], order=1)
