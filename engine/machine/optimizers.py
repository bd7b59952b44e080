"""What a machine is told about an optimiser: read and checked before a training.

The machine has no numbers of its own. Whoever calls it gives every number that the optimiser has,
and `nn.optim` alone says what an optimiser has by default and which numbers it may have. Where
other numbers might make Python raise an exception, C leaves the step to Python: see optimizers.h.
"""

from __future__ import annotations

from engine.machine.instructions import index, items_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST = 2**31 - 1  # steps, and C's largest int
NUMBERS = {
    "sgd": ("momentum", "dampening", "weight_decay", "nesterov"),
    "adagrad": ("lr_decay", "weight_decay", "eps"),
    "rmsprop": ("alpha", "eps", "weight_decay", "momentum", "centered"),
    "adam": ("betas", "eps", "weight_decay", "amsgrad"),
    "adamw": ("betas", "eps", "weight_decay", "amsgrad"),
}
NAMES = {name: frozenset(numbers) for name, numbers in NUMBERS.items()}
# The rate comes with each step, and the state holds what its sums began with.
TOLD_OTHERWISE = ("lr", "initial_accumulator_value")


class Group:
    """Parameters that follow one another, from `first` on, and the numbers that move them.

    step: how many steps they have made. numbers: by the names that C has for them.
    """

    def __init__(self, first: int, count: int, step: int, numbers: dict[str, Any]) -> None:
        self.first, self.count, self.step, self.numbers = first, count, step, numbers


def read_optimizer(optimizer: Any, step: Any, parameters: int) -> tuple[str, list[Group]]:
    """The name of the optimiser and its groups.

    optimizer: (name, numbers), where numbers are a dict or, for each group of parameters, a pair
    (how many parameters, a dict). step: an int, or a list of one for each group. Raises TypeError
    or ValueError for what is not right.
    """
    if not isinstance(optimizer, tuple) or len(optimizer) != 2:
        raise TypeError(f"an optimizer is a pair (name, numbers), got {optimizer!r:.60}")
    name, given = optimizer
    if not isinstance(name, str) or name not in NUMBERS:
        known = ", ".join(NUMBERS)
        raise ValueError(f"the machine has the optimizers {known}, got {name!r:.60}")
    if isinstance(given, dict):
        given = [(parameters, given)]
    pairs = items_of("the groups", given)
    steps = items_of("step", step if isinstance(step, list) else [step] * len(pairs))
    if not pairs or len(steps) != len(pairs):
        raise ValueError(f"a step for each group is wanted, got {len(steps)}, {len(pairs)}")
    groups: list[Group] = []
    first = 0
    for pair, before in zip(pairs, steps):
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(f"a group is a pair (count, numbers), got {pair!r:.60}")
        count = index("parameters of a group", pair[0], 0, parameters - first + 1)
        numbers = group_numbers(name, pair[1])
        groups.append(Group(first, count, index("step", before, 0, MOST), numbers))
        first += count
    if first != parameters:
        raise ValueError(f"the groups have {parameters} parameters, got {first}")
    return name, groups


def group_numbers(name: str, given: Any) -> dict[str, Any]:
    """The numbers of a group, which must be all that the optimiser has and no others."""
    if not isinstance(given, dict):
        raise TypeError(f"the numbers of a group are a dict, got {given!r:.60}")
    found = given.copy()
    for key in TOLD_OTHERWISE:
        found.pop(key, None)
    if found.keys() != NAMES[name]:
        known = ", ".join(NUMBERS[name])
        for key in found:
            if key not in NAMES[name]:
                raise ValueError(f"{name} has {known}: no {key!r:.60}")
        missing = next(key for key in NUMBERS[name] if key not in found)
        raise ValueError(f"{name} has {known}: {missing!r} is missing")
    if "betas" in found:
        found["beta1"], found["beta2"] = found.pop("betas")
    return found
