"""The optimiser: what all optimisers share. Each has its own file, and its own kind of step."""

from __future__ import annotations

from engine import Value
from engine.value import clear_grads, grads_of
from nn.checks import count, listed, not_negative, positive
from nn.optim.states import as_json, check_list, complete, like

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, ClassVar


class Optimizer:
    """Parameters, in groups that have settings of their own, and what moves them.

    `param_groups`: a dict for each group, {"params": [...], "lr": 0.1, ...}. `state`: a dict for
    each group of what it has learned on the way, with lists in the order of its parameters.
    A subclass says what its settings may be (`rules`), with which state it starts (`start`), and
    how it moves parameters in a step (`update`).
    """

    __module__ = "nn"
    rules: ClassVar[dict[str, Callable[[str, Any], Any]]] = {}

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        """params: Values, or dicts of "params" and the settings that differ from the defaults.

        Raises ValueError if there are no parameters, one comes twice or is no leaf, or a setting
        is unknown or out of its range; TypeError if a parameter is not a Value.
        """
        self.defaults = {name: rule(name, defaults[name]) for name, rule in self.rules.items()}
        self.param_groups: list[dict[str, Any]] = []
        self.state: list[dict[str, Any]] = []
        given = listed(params)
        grouped = bool(given) and isinstance(given[0], dict)
        for group in given if grouped else [{"params": given}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimise more parameters, with the settings that param_group has beside "params"."""
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise TypeError(f"a parameter group is a dict with 'params', got {param_group!r:.60}")
        for name in param_group:
            if name != "params" and name not in self.rules:
                known = ", ".join(self.rules)
                raise ValueError(f"{type(self).__name__} has {known}: no setting {name!r}")
        members = param_group["params"]
        params = [members] if isinstance(members, Value) else listed(members)
        if not params:
            raise ValueError("the optimiser got no parameters")
        check_parameters(params, self.parameters)
        given = {**self.defaults, **param_group}
        settings = {name: rule(name, given[name]) for name, rule in self.rules.items()}
        self.check(settings)
        self.param_groups.append({"params": params, **settings})
        self.state.append(self.start(self.param_groups[-1]))

    def check(self, settings: dict[str, Any]) -> None:
        """Raise ValueError if settings do not go together, though each is in its range."""

    def start(self, group: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """The state of a group before its first step."""
        return {}

    def update(self, group: dict[str, Any], state: dict[str, Any]) -> None:
        """Move a group's parameters by one step."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it moves parameters")

    @property
    def parameters(self) -> list[Value]:
        """All parameters, group by group."""
        return [p for group in self.param_groups for p in group["params"]]

    @property
    def lr(self) -> float:
        """The learning rate, of the first group if they differ; setting it sets all of them."""
        lr: float = self.param_groups[0]["lr"]
        return lr

    @lr.setter
    def lr(self, lr: float) -> None:
        lr = positive("lr", lr)
        for group in self.param_groups:
            group["lr"] = lr
            group.pop("initial_lr", None)  # a schedule made from now on starts here

    def zero_grad(self) -> None:
        """Set the grad of every parameter to 0."""
        clear_grads(self.parameters)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter against its grad. Returns what the closure, called before, does."""
        loss = None if closure is None else closure()
        for group, state in zip(self.param_groups, self.state):
            self.update(group, state)
        return loss

    def state_dict(self) -> dict[str, Any]:
        """All that a later `load_state_dict` needs to go on to the last bit, ready for JSON.

        {"optimizer": "SGD", "param_groups": [{"params": [0, 1], "lr": 0.1, ...}], "state": [...]}:
        parameters are their place in the order given, and the state has a dict for each group.
        """
        places = iter(range(len(self.parameters)))
        groups = [
            {**group, "params": [next(places) for _ in group["params"]]}
            for group in self.param_groups
        ]
        copy: dict[str, Any] = as_json(
            {"optimizer": type(self).__name__, "param_groups": groups, "state": self.state}
        )
        return copy

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the settings and the state from a state_dict of an optimiser like this one.

        Raises ValueError that names what differs, and leaves the optimiser as it was.
        """
        try:
            groups, states = self.fitting(state_dict)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"state dict does not fit: {error}") from None
        self.state = states
        for group, settings in zip(self.param_groups, groups):
            group.update(settings)

    def fitting(self, state_dict: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The settings and the state of each group. Raises ValueError for what does not fit."""
        groups, states = [], []
        own = self.state_dict()
        found = complete(state_dict, own)
        if found["optimizer"] != own["optimizer"]:
            raise ValueError(f"it is of {found['optimizer']!s:.60}, not of {own['optimizer']}")
        for name in ("param_groups", "state"):
            check_list(name, found[name], len(self.param_groups))
        for i, group in enumerate(own["param_groups"]):
            try:
                groups.append(self.fitting_group(found["param_groups"][i], group))
                new = {**groups[i], "params": group["params"]}
                states.append(self.fitting_state(found["state"][i], new))
            except (TypeError, ValueError, OverflowError) as error:
                raise ValueError(f"group {i}: {error}") from None
        return groups, states

    def fitting_group(self, given: Any, own: dict[str, Any]) -> dict[str, Any]:
        """The settings given in a state dict; a schedule may have brought the rate down to 0."""
        optional = ["initial_lr"] if isinstance(given, dict) and "initial_lr" in given else []
        found = complete(given, ["params", *self.rules, *optional])
        check_list("params", found["params"], len(own["params"]))
        if found["params"] != own["params"]:
            raise ValueError(f"params are {own['params']!r:.60}, got {found['params']!r:.60}")
        rules = {**self.rules, "lr": not_negative, "initial_lr": not_negative}
        return {name: rules[name](name, x) for name, x in found.items() if name != "params"}

    def fitting_state(self, given: Any, group: dict[str, Any]) -> dict[str, Any]:
        """The state given in a state dict, of the shape that the group's state has."""
        fresh = self.start(group)
        return {name: like(name, x, fresh[name]) for name, x in complete(given, fresh).items()}

    def __repr__(self) -> str:
        """The settings of each group, one on a line."""
        lines = [
            f"  {count(len(group['params']), 'parameter')}: "
            + ", ".join([f"{name}={x}" for name, x in group.items() if name != "params"])
            for group in self.param_groups
        ]
        return "\n".join([f"{type(self).__name__}(", *lines, ")"])


def gradients(group: dict[str, Any]) -> list[float]:
    """The grad of each parameter p, plus weight_decay * p, which is the grad of an L2 penalty."""
    weight_decay = group["weight_decay"]
    if weight_decay:
        return [p.grad + weight_decay * p.data for p in group["params"]]
    return grads_of(group["params"])


def check_parameters(parameters: list[Any], earlier: list[Value]) -> None:
    """Raise TypeError or ValueError unless all are leaf Values, none of them met before."""
    seen = set(earlier)
    for i, p in enumerate(parameters, len(earlier)):
        if not isinstance(p, Value):
            raise TypeError(f"a parameter is a Value, got {type(p).__name__} {p!r:.60}")
        if p.op is not None:
            raise ValueError(f"a parameter is a leaf, number {i} was made by {p.op.name}")
        if p in seen:
            raise ValueError(f"a parameter is to be given once, number {i} is given again")
        seen.add(p)
