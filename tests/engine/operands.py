"""What Python and NumPy call numbers, and what only looks like one."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

NUMBERS = [
    3,
    -2,
    2.5,
    True,
    Fraction(3, 4),
    Decimal("1.25"),
    np.float64(1.5),
    np.float32(2.5),
    np.float16(0.5),
    np.longdouble(1.5),
    np.int64(3),
    np.int8(-2),
    np.uint8(4),
    np.bool_(True),
    np.array(1.5),
]
NO_NUMBERS = [
    "a",
    b"a",
    None,
    1j,
    [1.0],
    (1.0,),
    {1.0},
    np.array([1.0]),
    np.array(1j),
    np.complex128(1),
]
every_number = pytest.mark.parametrize("k", NUMBERS, ids=lambda k: f"{type(k).__name__}({k})")
every_wrong_operand = pytest.mark.parametrize("wrong", NO_NUMBERS, ids=lambda x: type(x).__name__)
# Without arrays: an array has operators of its own, which go element by element.
every_wrong_partner = pytest.mark.parametrize(
    "wrong",
    [x for x in NO_NUMBERS if not isinstance(x, np.ndarray)],
    ids=lambda x: type(x).__name__,
)


def name(x):
    return type(x).__name__


def bits(numbers):
    return [float(x).hex() for x in numbers]
