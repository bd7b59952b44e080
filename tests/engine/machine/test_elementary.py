"""exp, expm1, log1p and tanh of many numbers at once have the bits of the C library."""

import math
import random
import struct
from array import array

import pytest

from tests.engine.machine.judge import bits, check, expected, floats, plan, widths
from tests.engine.machine.plans import layer_plan
from tests.engine.native.builds import printed

Machine = pytest.importorskip("engine.machine.machine", reason="needs the compiled build").Machine

FUNCTIONS = {"exp": math.exp, "expm1": math.expm1, "log1p": math.log1p, "tanh": math.tanh}
SPECIAL = [0.0, 5e-324, 2.0**-1022, 2.0**-55, 2.0**-54, 2.0**-29, 2.0**-20, 1.5 * 2.0**-20, 0.25]
SPECIAL += [math.log(2) / 2, 1.5 * math.log(2), 0.41421, 0.29289, 1.0, 2.0, 19.0625, 20.0, 22.0]
SPECIAL += [56 * math.log(2), 512.0, 708.39, 709.78, 709.79, 745.13, 745.14, 746.0, 1023.9, 1024.0]
SPECIAL += [2.0**52, 2.0**53, 2.0**54, 1e300, math.inf, math.nan]


def points(name):
    """Some 40,000 numbers: the special ones and their neighbours, and all magnitudes."""
    rng = random.Random(name)
    near = [y for x in SPECIAL for y in (x, math.nextafter(x, 0.0), math.nextafter(x, math.inf))]
    yield from near
    yield from [-x for x in near]
    for scale in (1e-9, 1e-3, 1.0, 8.0, 60.0, 900.0):
        yield from [rng.gauss(0, scale) for _ in range(5000)]
    for _ in range(10_000):
        yield struct.unpack("<d", rng.randbytes(8))[0]


def in_python(function, x):
    """What C answers, from what Python answers: it raises where C has an infinity or nan."""
    try:
        return function(x)
    except OverflowError:
        return math.inf
    except ValueError:
        return -math.inf if x == -1.0 else math.nan


@pytest.mark.parametrize("width", widths())
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_many_numbers_has_pythons_bits(name, width):
    xs = array("d", points(name))

    answers, _ = Machine._function(name, xs, width)

    wanted = [in_python(FUNCTIONS[name], x) for x in xs]
    wrong = [x for x, z, w in zip(xs, answers, wanted) if z.hex() != w.hex()]
    assert len(xs) > 40_000
    assert wrong == []


@pytest.mark.parametrize("width", widths())
@pytest.mark.parametrize("name", FUNCTIONS)
def test_numbers_that_fill_no_vector_are_computed_alike(name, width):
    rng = random.Random(name)
    for n in range(20):
        xs = array("d", [rng.gauss(0, 2) for _ in range(n)])

        answers, _ = Machine._function(name, xs, width)

        assert [z.hex() for z in answers] == [in_python(FUNCTIONS[name], x).hex() for x in xs]


# A C library without FMA, as glibc has it for older processors, has other last bits.
WITHOUT_FMA = "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-AVX2_Usable,-FMA_Usable"
ASK = """
import math, random
from array import array
from engine.machine.machine import Machine
rng = random.Random(1)
xs = array("d", [rng.gauss(0, 2) for _ in range(20000)])
for name in ("exp", "expm1", "tanh"):
    answers, in_vectors = Machine._function(name, xs, 0)
    print(in_vectors, list(answers) == [getattr(math, name)(x) for x in xs], sum(answers))
"""


def test_another_c_library_is_never_contradicted():
    here = [line.split() for line in printed(ASK)]
    there = [line.split() for line in printed(ASK, GLIBC_TUNABLES=WITHOUT_FMA)]

    assert [same for _, same, _ in here + there] == ["True"] * 6
    for (_, _, a), (in_vectors, _, b) in zip(here, there):
        assert a == b or in_vectors == "False"


# ---- rows and layers of any number of lanes ----

OF_ONE = ["tanh", "exp", "expm1", "sigmoid", "logsigmoid", "softplus", "silu", "gelu", "erf"]
WILD = [0.0, -0.0, 5e-324, -1e-310, 1.0, -1.0, 700.0, -745.2, 1e308, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("width", widths())
@pytest.mark.parametrize("name", [*OF_ONE, "elu", "logsumexp", "maximum", "minimum"])
def test_rows_of_any_number_of_lanes_have_pythons_bits(name, width):
    rng = random.Random(name)
    inputs = {"elu": 2, "logsumexp": 3, "maximum": 3, "minimum": 3}.get(name, 1)
    body = [("mul", inputs + i, (i, ~i)) for i in range(inputs)]
    body.append((name, 2 * inputs, tuple(range(inputs, 2 * inputs))))
    parts = {"parameters": inputs, "inputs": inputs, "rows": 2 * inputs + 1, "body": body}
    p = plan(**parts, sums=[("sum", 0, (2 * inputs,))])
    for lanes in [*range(1, 18), 63, 64, 65, 130]:
        assert check(p, lanes, floats(rng, inputs), floats(rng, inputs * lanes), width=width)


@pytest.mark.parametrize("width", widths())
@pytest.mark.parametrize("name", [*OF_ONE, "logsumexp", "maximum"])
def test_wild_numbers_have_pythons_bits_or_are_left_to_python(name, width):
    inputs = 2 if name in ("logsumexp", "maximum") else 1
    body = [(name, inputs, tuple(range(inputs))), ("mul", inputs + 1, (inputs, ~0))]
    parts = {"parameters": 1, "inputs": inputs, "rows": inputs + 2, "body": body}
    p = plan(**parts, sums=[("sum", 0, (inputs + 1,))])
    rng = random.Random(name)
    for x in WILD:
        rows = array("d", [rng.choice([x, rng.gauss(0, 1)]) for _ in range(9 * inputs)])
        found = Machine(p, 9, _width=width).evaluate(array("d", [0.5]), rows)
        try:
            wanted = expected(p, 9, array("d", [0.5]), rows)
        except (ArithmeticError, ValueError):
            wanted = None
        if wanted is not None and math.isfinite(wanted[0]):
            assert bits(found) == bits(wanted)
        else:
            assert found is None


@pytest.mark.parametrize("width", widths())
@pytest.mark.parametrize("neurons", [1, 2, 3, 5, 16, 23])
def test_layers_of_any_number_of_inputs_have_pythons_bits(neurons, width):
    rng = random.Random(neurons)
    for count in (1, 2, 7, 8, 9, 15, 16, 17, 24, 25, 31, 33, 40):
        biased = bool(count % 3)
        p = layer_plan(count, neurons, biased)
        lanes = rng.randrange(2, 12)

        assert check(p, lanes, floats(rng, p.parameters), floats(rng, count * lanes), width=width)
