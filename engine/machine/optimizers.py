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

    numbers: by the names that C has for them.
    """

    def __init__(self, first: int, count: int, numbers: dict[str, Any]) -> None:
        self.first, self.count, self.numbers = first, count, numbers


def read_optimizer(optimizer: Any, parameters: int) -> tuple[str, list[Group]]:
    """The name of the optimiser and its groups.

    optimizer: (name, numbers), where numbers are a dict or, for each group of parameters, a pair
    (how many parameters, a dict). Raises TypeError or ValueError for what is not right.
    """
    if not isinstance(optimizer, tuple) or len(optimizer) != 2:
        raise TypeError(f"an optimizer is a pair (name, numbers), got {optimizer!r:.60}")
    name, given = optimizer
    if not isinstance(name, str) or name not in NUMBERS:
        known = ", ".join(NUMBERS)
        raise ValueError(f"the machine has the optimizers {known}, got {name!r:.60}")
    if isinstance(given, dict):
        given = [(parameters, given)]
    groups: list[Group] = []
    first = 0
    for pair in items_of("the groups", given):
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(f"a group is a pair (count, numbers), got {pair!r:.60}")
        count = index("parameters of a group", pair[0], 0, parameters - first + 1)
        groups.append(Group(first, count, group_numbers(name, pair[1])))
        first += count
    if not groups:
        raise ValueError(f"{name} has at least one group of parameters, got none")
    if first != parameters:
        raise ValueError(f"the groups have {parameters} parameters, got {first}")
    return name, groups


def read_steps(step: Any, groups: int) -> list[int]:
    """How many steps each group has made. step: an int, or a list of one for each group."""
    steps = items_of("step", step if isinstance(step, list) else [step] * groups)
    if len(steps) != groups:
        raise ValueError(f"a step for each group is wanted, got {len(steps)}, {groups}")
    return [index("step", before, 0, MOST) for before in steps]


def copied(optimizer: Any) -> Any:
    """A copy of what read_optimizer has read, which compares equal until a number changes."""
    name, given = optimizer
    if isinstance(given, dict):
        return name, {**given}
    groups = [(count, {**numbers}) for count, numbers in given]
    return name, groups if isinstance(given, list) else tuple(groups)


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
