"""The table of powers of two is right to more digits than a double has."""

import re
import struct
from fractions import Fraction

from engine.native.powers import COUNT, powers_source


def columns():
    found = [float.fromhex(x) for x in re.findall(r"-?0x[0-9a-f.]+p[+-]\d+", powers_source())]
    return found[:COUNT], found[COUNT:]


def test_each_power_times_what_it_lacks_is_two_to_k_of_128():
    powers, lacking = columns()
    assert len(powers) == len(lacking) == COUNT
    for k, (power, rest) in enumerate(zip(powers, lacking)):
        bits = int.from_bytes(struct.pack(">d", power), "big") + (k << 52) // COUNT
        (whole,) = struct.unpack(">d", bits.to_bytes(8, "big"))

        exact = Fraction(whole) * (1 + Fraction(rest))

        assert abs(exact**COUNT / 2**k - 1) < Fraction(1, 2**96)


def test_what_a_power_lacks_is_less_than_its_rounding():
    _, lacking = columns()

    assert max(map(abs, lacking)) <= 2.0**-53
    assert lacking[0] == 0.0
