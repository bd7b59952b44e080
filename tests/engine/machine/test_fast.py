"""The functions of fast replay: within a few units in the last place."""

import math
import random
from array import array
from types import SimpleNamespace

import pytest

from engine import compiled
from tests.engine.machine.judge import floats
from tests.engine.machine.plans import layer_plan


def machine(names, inputs=1, lanes=32, width=0, parameters=0):
    """A fast machine that computes those ops, each of the inputs."""
    from engine.machine.machine import Machine

    body = [(name, inputs + i, tuple(range(inputs))) for i, name in enumerate(names)]
    parts = {"parameters": parameters, "constants": [], "inputs": inputs, "body": body}
    parts |= {"rows": inputs + len(body), "tail_rows": 1, "tail": [], "output": 0}
    last = inputs + len(body) - 1
    plan = SimpleNamespace(**parts, sums=[("sum", 0, (last,))], sequential=False)
    return Machine(plan, lanes, fast=True, _width=width)


def widths():
    found = []
    for width in (1, 2, 4, 8) if compiled else ():
        try:
            machine(["exp"], width=width)
            found.append(width)
        except ValueError:
            pass
    return found


def computed(name, xs, width):
    """What a fast machine makes of each x; None where it leaves the answer to Python."""
    answers = []
    for i in range(0, len(xs), 32):
        part = array("d", [*xs[i : i + 32], *[0.5] * 32][:32])
        found = machine([name], width=width).outputs(array("d"), part, [1])
        answers += [None] * 32 if found is None else list(found)
    return answers[: len(xs)]


def grid(low, high, n=3000):
    return [low + (high - low) * i / n for i in range(n + 1)]


def scales(sign=1.0):
    return [sign * 1.37 * 2.0**k for k in range(-1000, 9)]


GRIDS = {
    "exp": [*grid(-708, 709.7), *grid(-1, 1)],
    "expm1": [*grid(-50, 709.7), *grid(-1, 1), *scales()],
    "tanh": [*grid(-22, 22), *grid(-1, 1), *scales(), *scales(-1.0)],
    "log": [*grid(1e-3, 4), *grid(0.99, 1.01), *[1.37 * 2.0**k for k in range(-1074, 1023)]],
    "log1p": [*grid(-0.999, 4), *scales(), *[1.37 * 2.0**k for k in range(1023)]],
    "sigmoid": [*grid(-700, 40), *grid(-2, 2)],
    "softplus": [*grid(-700, 40), *grid(-2, 2)],
}
MOST = {"exp": 1, "expm1": 2, "tanh": 3, "log": 1, "log1p": 1, "sigmoid": 2, "softplus": 2}


def exact(mpmath, name, x):
    x = mpmath.mpf(x)
    if name == "sigmoid":
        return 1 / (1 + mpmath.exp(-x))
    if name == "softplus":
        return mpmath.log1p(mpmath.exp(x))
    return getattr(mpmath, name)(x)


@pytest.mark.parametrize("width", widths())
@pytest.mark.parametrize("name", GRIDS)
def test_functions_are_within_a_few_units_in_the_last_place(name, width):
    mpmath = pytest.importorskip("mpmath")
    mpmath.mp.prec = 120
    worst = 0.0
    for x, z in zip(GRIDS[name], computed(name, GRIDS[name], width), strict=True):
        wanted = exact(mpmath, name, x)
        worst = max(worst, float(abs(z - wanted) / math.ulp(float(wanted))))

    assert worst <= MOST[name]


EDGES = {
    "exp": [(-math.inf, 0.0), (-800.0, 0.0), (-745.0, 5e-324), (0.0, 1.0)],
    "expm1": [(-math.inf, -1.0), (-1000.0, -1.0), (0.0, 0.0), (1e-300, 1e-300)],
    "tanh": [(math.inf, 1.0), (-math.inf, -1.0), (1000.0, 1.0), (-20.0, -1.0), (1e-300, 1e-300)],
    "log": [(1.0, 0.0), (5e-324, math.log(5e-324))],
    "log1p": [(0.0, 0.0), (1e-300, 1e-300)],
    "sigmoid": [(math.inf, 1.0), (-math.inf, 0.0), (1000.0, 1.0), (-1000.0, 0.0)],
    "softplus": [(-math.inf, 0.0), (1000.0, 1000.0), (-1000.0, 0.0)],
}


@pytest.mark.parametrize("width", widths())
@pytest.mark.parametrize("name", EDGES)
def test_functions_are_right_at_the_edges(name, width):
    xs, wanted = zip(*EDGES[name], strict=True)

    assert computed(name, xs, width) == list(wanted)


@pytest.mark.parametrize("width", widths())
@pytest.mark.parametrize(
    ("name", "x"),
    [
        ("exp", 709.8),
        ("expm1", 1000.0),
        ("log", 0.0),
        ("log", -1.0),
        ("log", -math.inf),
        ("log1p", -1.0),
        ("log1p", -1.5),
    ],
)
def test_what_raises_in_python_is_left_to_python(name, x, width):
    assert computed(name, [x], width) == [None]


@pytest.mark.parametrize("width", widths())
@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p", "tanh"])
def test_what_does_not_raise_in_python_is_answered(name, width):
    with_nan = math.isnan(computed(name, [math.nan], width)[0])

    assert with_nan
    assert computed(name, [math.inf], width) == [getattr(math, name)(math.inf)]


@pytest.mark.parametrize("width", widths())
def test_logsumexp_is_stable_and_counts_ties(width):
    rows = [[1000.0, 1000.0], [-math.inf, 3.0], [-1000.0, -1001.0], [0.0, -40.0]]
    found = machine(["logsumexp"], 2, 4, width).outputs(
        array("d"), array("d", [x for row in rows for x in row]), [2]
    )

    wanted = [1000 + math.log(2), 3.0, -1000 + math.log1p(math.exp(-1)), math.exp(-40)]
    assert list(found) == pytest.approx(wanted, rel=1e-15)


@pytest.mark.parametrize("width", widths())
def test_a_fast_step_is_the_exact_one_but_for_last_bits(width):
    from engine.machine.machine import Machine

    rng = random.Random(width)
    for lanes in (17, 24, 33, 64, 71):
        for count, neurons in ((1, 1), (3, 5), (9, 4), (17, 24)):
            p = layer_plan(count, neurons, biased=neurons % 2 == 0)
            given = floats(rng, p.parameters), floats(rng, count * lanes)

            value, grads = Machine(p, lanes, fast=True, _width=width).evaluate(*given)

            wanted, slopes = Machine(p, lanes, _width=width).evaluate(*given)
            most = max(map(abs, slopes))
            assert value == pytest.approx(wanted, rel=1e-12, abs=1e-12 * most)
            assert list(grads) == pytest.approx(list(slopes), rel=1e-12, abs=1e-12 * most)


def test_a_machine_of_few_lanes_is_exact_in_fast_mode():
    if not compiled:
        pytest.skip("needs the compiled build")
    from engine.machine.machine import Machine

    p = layer_plan(9, 8, True)
    rng = random.Random(1)
    given = floats(rng, p.parameters), floats(rng, 9 * 16)

    assert Machine(p, 16, fast=True).evaluate(*given) == Machine(p, 16).evaluate(*given)
