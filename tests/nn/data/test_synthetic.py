"""Data made by formulas: shapes, classes, seeds, and where the points lie without noise."""

import math
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nn import MLP, data

SETS = {
    "moons": data.moons,
    "circles": data.circles,
    "spirals": data.spirals,
    "blobs": data.blobs,
}
every_set = pytest.mark.parametrize("make", SETS.values(), ids=SETS)


@every_set
@pytest.mark.parametrize("n", [3, 10, 101])
def test_a_set_has_as_many_samples_as_asked_in_even_classes(make, n):
    inputs, targets = make(n=n)
    counts = [targets.count(k) for k in range(max(targets) + 1)]

    assert (len(inputs), len(targets)) == (n, n)
    assert max(counts) - min(counts) <= 1


@every_set
def test_the_same_seed_gives_the_same_points_and_another_gives_others(make):
    assert make(seed=1) == make(seed=1)
    assert make(seed=1) != make(seed=2)


def test_another_process_gives_the_same_bits():
    code = "from nn import data; print([x.hex() for x in data.spirals(n=9)[0][8]])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == str([x.hex() for x in data.spirals(n=9)[0][8]])


def test_moons_without_noise_lie_on_their_half_circles():
    inputs, targets = data.moons(n=6, noise=0.0)
    centers = [(0.0, 0.0), (1.0, 0.5)]

    for (x, y), k in zip(inputs, targets, strict=True):
        assert math.hypot(x - centers[k][0], y - centers[k][1]) == pytest.approx(1.0)
        assert (y >= 0.0) if k == 0 else (y <= 0.5)
    assert inputs[0] == [1.0, 0.0]
    assert inputs[4] == pytest.approx([-1.0, 0.0])


def test_circles_without_noise_have_the_two_radii_and_no_point_twice():
    inputs, targets = data.circles(n=12, noise=0.0, factor=0.25)

    assert [math.hypot(*p) for p in inputs] == pytest.approx([1 - 0.75 * k for k in targets])
    assert len({(round(x, 9), round(y, 9)) for x, y in inputs}) == 12


def test_spirals_without_noise_wind_from_the_centre():
    inputs, targets = data.spirals(n=9, noise=0.0, arms=3, turns=0.5)
    (x, y), k = inputs[5], targets[5]

    assert k == 2
    assert math.hypot(x, y) == pytest.approx(0.55)
    assert math.atan2(y, x) % (2 * math.pi) == pytest.approx(
        2 * math.pi * (0.5 * 0.55 + 2 / 3) % (2 * math.pi)
    )


def test_blobs_lie_around_the_centers_given():
    inputs, targets = data.blobs(n=4, centers=[[0.0, 0.0, 9.0], [5.0, 5.0, 5.0]], std=0.0)

    assert inputs == [[0.0, 0.0, 9.0], [5.0, 5.0, 5.0]] * 2
    assert targets == [0, 1, 0, 1]


def test_the_noise_has_the_deviation_asked_for():
    inputs, _ = data.blobs(n=4000, centers=[[0.0]], std=2.0)
    squares = [x * x for (x,) in inputs]

    # The deviation of the mean of squares of 4,000 normal numbers is sqrt(2/4000) of it.
    assert sum(squares) / 4000 == pytest.approx(4.0, rel=5 * math.sqrt(2 / 4000))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: data.moons(n=1), ValueError, "^n is a whole number of at least 2, got 1$"),
        (lambda: data.moons(n=2.0), TypeError, r"^n is a whole number, got float 2\.0$"),
        (
            lambda: data.moons(noise=-1),
            ValueError,
            "^the deviation is a finite number of at least 0, got -1.0$",
        ),
        (lambda: data.moons(noise=math.nan), ValueError, "at least 0, got nan"),
        (lambda: data.moons(seed=None), TypeError, "^seed is a whole number, got NoneType None$"),
        (lambda: data.circles(factor=1.0), ValueError, r"below 1, got 1\.0$"),
        (lambda: data.spirals(arms=0), ValueError, "^arms is a whole number of at least 1, got 0$"),
        (
            lambda: data.spirals(n=2, arms=3),
            ValueError,
            "^n is a whole number of at least 3, got 2$",
        ),
        (
            lambda: data.blobs(centers=0),
            ValueError,
            "^centers is a whole number of at least 1, got 0$",
        ),
        (lambda: data.blobs(centers=[[1.0], [1.0, 2.0]]), ValueError, "points of one dimension"),
        (lambda: data.blobs(centers=[1.0, 2.0]), TypeError, "^centers are points, or how many"),
        (lambda: data.moons(noise="a"), TypeError, "^the deviation: expected a number .* got str"),
        (lambda: data.circles(factor="a"), TypeError, "^factor: expected a number .* got str 'a'"),
        (lambda: data.spirals(turns=None), TypeError, "^turns: expected a number .* got NoneType"),
    ],
)
def test_what_makes_no_data_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_whole_numbers_of_numpy_are_taken():
    assert data.spirals(n=np.int64(6), arms=np.int8(2), seed=np.int32(1)) == data.spirals(6, seed=1)
    assert MLP(np.int64(2), [np.int64(3)], rng=random.Random(0)).state_dict() == (
        MLP(2, [3], rng=random.Random(0)).state_dict()
    )
