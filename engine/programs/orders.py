"""The order of the samples of an epoch, in C: see `shuffled` in machine.pyx."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import random


def shuffled(n: int, rng: random.Random) -> list[int] | None:
    """The numbers below n in the order of rng.shuffle, from random bits that are drawn at once.

    None if these were too few, which is as good as never. The rng is used up. It is of a compiled
    build.
    """
    from engine.machine.machine import shuffled

    words = n + n // 2 + 100  # 1.39 * n in the mean
    found: list[int] | None = shuffled(rng.getrandbits(32 * words).to_bytes(4 * words, "little"), n)
    return found
