"""number_of: the number of a Value, or the float that a number is."""

from fractions import Fraction

import pytest

from engine import Value
from engine.value import number_of


@pytest.mark.parametrize("x", [Value(0.5), 0.5, Fraction(1, 2)])
def test_the_number_of_a_value_or_a_number_is_a_float(x):
    assert (number_of(x), type(number_of(x))) == (0.5, float)


@pytest.mark.parametrize("x", ["0.5", None, [0.5], 0.5j])
def test_what_is_neither_a_value_nor_a_number_has_no_number(x):
    with pytest.raises(TypeError, match=r"^expected a number or a Value, got "):
        number_of(x)
