"""The parameters and the optimiser's state as arrays, while the machine works on them."""

from __future__ import annotations

from array import array

from nn.optim.adaptive import Adagrad, Adam, AdamW, RMSprop
from nn.optim.sgd import SGD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nn.optim.optimizer import Optimizer
    from nn.training.upcoming import Upcoming

KNOWN = (SGD, Adagrad, RMSprop, Adam, AdamW)  # the machine has them, under their names


class Arrays:
    """The numbers of an optimiser that the machine changes.

    parameters: [n]. states: {"exp_avg": [n], ...}, under the names in the optimiser's state.
    steps: how many each group has done, as the optimiser counts them.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.name = type(optimizer).__name__.lower()
        self.read()

    def read(self) -> None:
        """Take the numbers from the Values and the optimiser."""
        self.parameters = array("d", [p.data for p in self.optimizer.parameters])
        self.states: dict[str, array[float]] = {}
        for name in {name: None for state in self.optimizer.state for name in lists(state)}:
            self.states[name] = numbers = array("d")
            for group, state in zip(self.optimizer.param_groups, self.optimizer.state):
                numbers.extend(state.get(name, [0.0] * len(group["params"])))
        self.steps: list[int] = [state.get("step", 0) for state in self.optimizer.state]

    def give_back(self) -> None:
        """Give the numbers to the Values and the optimiser."""
        for p, x in zip(self.optimizer.parameters, self.parameters):
            p.data = x
        start = 0
        for group, state, step in zip(
            self.optimizer.param_groups, self.optimizer.state, self.steps
        ):
            end = start + len(group["params"])
            state.update({name: list(self.states[name][start:end]) for name in lists(state)})
            if "step" in state:
                state["step"] = step
            start = end

    def copy(self) -> tuple[Any, ...]:
        return self.parameters[:], {name: x[:] for name, x in self.states.items()}, self.steps[:]

    def restore(self, saved: tuple[Any, ...]) -> None:
        """Go back to a copy, which stays as it is."""
        parameters, states, steps = saved
        self.parameters, self.steps = parameters[:], steps[:]
        self.states = {name: x[:] for name, x in states.items()}

    def train(
        self,
        machine: Any,
        data: tuple[Any, Any, Any],
        upcoming: Upcoming,
        first: int,
        last: int,
        max_norm: float | None,
        watch: Any = None,
    ) -> Any:
        """The losses of the upcoming steps from first to last, as far as the machine did them.

        data: the samples, their classes, and the places of the samples of all upcoming steps.
        watch: what the machine looks at between the steps.
        """
        if first == last:
            return array("d")
        samples, labels, order = data
        lanes, n = len(order) // upcoming.steps, len(self.steps)
        losses = machine.train(
            self.parameters,
            self.states,
            (self.name, upcoming.settings),
            samples,
            labels,
            order[first * lanes : last * lanes],
            upcoming.lrs[first * n : last * n],
            self.steps,
            upcoming.momenta[first * n : last * n] if upcoming.moving else None,
            max_norm,
            watch,
        )
        self.count(upcoming, first, len(losses))
        return losses

    def count(self, upcoming: Upcoming, first: int, done: int) -> None:
        """Count the steps that were done; SGD counts only steps with momentum, as its `update`."""
        n = len(self.steps)
        for i in range(n):
            counted = done
            if self.name == "sgd" and upcoming.moving:
                counted = sum(map(bool, upcoming.momenta[first * n + i : (first + done) * n : n]))
            elif self.name == "sgd":
                counted = done if upcoming.momenta[i] else 0
            self.steps[i] += counted


def lists(state: dict[str, Any]) -> list[str]:
    """The names of what a group's state has for each parameter."""
    return [name for name, x in state.items() if isinstance(x, list)]
