"""The powers of two: 2**(k/128) for k from 0 to 127, from which exp of several numbers begins.

A power is not a double. It is a double times (1 + lacking), where `lacking` is below 2**-53: that
makes a product of the two right to more than a double has digits (Tang 1989).
"""

from decimal import Context, Decimal
from struct import pack, unpack

COUNT = 128
DIGITS = Context(prec=60)


def powers_source() -> str:
    """C for the table. From the bits of a power the whole part of k/128 is taken, as exp adds k."""
    powers, lacking = [], []
    for k in range(COUNT):
        exact = DIGITS.power(Decimal(2), Decimal(k) / COUNT)
        power = float(exact)
        (bits,) = unpack("<q", pack("<d", power))
        (taken,) = unpack("<d", pack("<q", bits - (k << 52) // COUNT))
        powers.append(taken.hex())
        lacking.append(float(DIGITS.divide(exact, Decimal(power)) - 1).hex())
    lines = [
        "/* 2**(k/128), made by engine/native/powers.py. */\n",
        "static const struct {\n    double power[128], lacking[128];\n} POWERS = {\n",
    ]
    for column in (powers, lacking):
        lines.append("    {\n")
        lines += [f"        {', '.join(column[i : i + 4])},\n" for i in range(0, COUNT, 4)]
        lines.append("    },\n")
    return "".join([*lines, "};\n"])
