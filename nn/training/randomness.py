"""Random sources: what a training draws random numbers from, and how to leave them untouched."""

from __future__ import annotations

import random
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from nn.module import Module


OWN_DRAWS = "the loss draws random numbers that are no Dropout's"


def random_sources(model: Module) -> list[Any]:
    """The module random, and the random.Random of each module that has one, such as Dropout."""
    found = [getattr(module, "rng", None) for module in model.modules()]
    return [random, *[rng for rng in found if isinstance(rng, random.Random)]]


class RandomState:
    """What the next draws of some random sources depend on, as it is now."""

    def __init__(self, sources: Iterable[Any]) -> None:
        self.states = [(rng, rng.getstate()) for rng in sources]

    def restore(self) -> None:
        """Have the sources draw again what they drew from that moment on."""
        for rng, state in self.states:
            rng.setstate(state)


@contextmanager
def undrawn(sources: Iterable[Any]) -> Iterator[None]:
    """A block after which the random sources are as if nothing had been drawn from them."""
    before = RandomState(sources)
    try:
        yield
    finally:
        before.restore()
