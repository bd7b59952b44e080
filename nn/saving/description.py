"""A model described as data, and made again from it: kinds that are known, and their settings.

    {"kind": "Sequential", "modules": [{"kind": "Linear", "in_features": 2, ...}, {"kind": "Tanh"}]}

A kind is the name of a class that says its settings (nn.settings). A description may come from a
file that anyone wrote: every setting is held to its rule, and the parameters are counted, before a
module is made. Nothing is imported for it, and only classes that say their settings are made.
"""

from __future__ import annotations

import math
import random

import nn.layers  # noqa: F401 - files may name its classes
from nn.checks import count
from nn.module import Module
from nn.saving import strictjson
from nn.settings import (
    KINDS,
    MODULE,
    MODULES,
    NUMBER,
    NUMBERS,
    POSITIVES,
    SIZE,
    SIZES,
    START,
    check_settings,
    is_own,
    saved,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nn.settings import Rule

OWN = "module of your own"
GROWING = {SIZE, SIZES, MODULE, MODULES}  # rules of settings that make a module large

# ---- a model as data ----


def description(model: Module) -> dict[str, Any]:
    """What `built` needs to make the model; {"kind": "module of your own"} where it cannot be.

    Raises TypeError for an activation of your own, and ValueError for a setting that breaks its
    rule, such as a slope of nan.
    """
    try:
        found = described(model)
    except RecursionError:
        raise ValueError("its modules are nested too deep, or one contains itself") from None
    if has_own(found):
        return found
    # Parts that share parameters, or have more than their class: no settings say so.
    wanted, exact = parameters_of(found)
    if not exact:
        check_limit(wanted)
        wanted = len(made(found).parameters())
    return found if wanted == len(model.parameters()) else {"kind": OWN}


def described(model: Module) -> dict[str, Any]:
    """The kind and the settings of a module, and of the modules that it is made with."""
    kind = type(model)
    if KINDS.get(kind.__name__) is not kind:
        return {"kind": OWN}
    check_settings(kind)
    try:
        values = kind.setting_values(model)
    except AttributeError as error:
        raise TypeError(f"{kind.__name__} has a setting that it does not keep: {error}") from None
    rules = kind.settings
    return {"kind": kind.__name__} | {n: as_data(x, rules.get(n)) for n, x in values.items()}


def as_data(x: Any, rule: Rule | None) -> Any:
    """A setting as it stands in a file: a number is a float there, a size an int."""
    if isinstance(x, Module):
        return described(x)
    if isinstance(x, list | tuple):
        return [as_data(item, rule) for item in x]
    if isinstance(x, bool) or not hasattr(x, "__index__"):
        return x
    return float(x) if rule in (NUMBER, NUMBERS, POSITIVES) else x.__index__()


def has_own(model: dict[str, Any]) -> bool:
    return model["kind"] == OWN or any(map(has_own, given_to(model)))


def given_to(model: dict[str, Any]) -> Iterator[Any]:
    """The descriptions of the modules that a module is made with."""
    for name, rule in KINDS[model["kind"]].settings.items():
        if rule is MODULE:
            yield model[name]
        elif rule is MODULES:
            yield from model[name]


# ---- and back ----


def built(model: Any, numbers: int) -> Module:
    """The model of a description, if it has as many parameters as there are numbers for it.

    Its random start is drawn apart from the module random. Raises ValueError.
    """
    wanted, exact = parameters_of(model)
    if not exact:
        check_limit(wanted)
        found = made(model)
        wanted = len(found.parameters())
    if wanted != numbers:
        raise ValueError(f"its model has {count(wanted, 'parameter')}, its numbers are {numbers}")
    return found if not exact else made(model)


def parameters_of(model: Any) -> tuple[int, bool]:
    """How many parameters a description asks for, and True.

    A class may have sizes and not say how many parameters they make: then the product of its sizes,
    and False. Raises ValueError for anything else than a description.
    """
    settings = checked(model)
    kind = KINDS[model["kind"]]
    own, exact = kind.parameter_count(**settings), True
    if own is None and GROWING.isdisjoint(kind.settings.values()):
        own = len(made(model).parameters())
    elif own is None:
        own, exact = math.prod(sizes_in(kind.settings, settings)), False
    others = [parameters_of(part) for part in given_to(model)]
    return own + sum([n for n, _ in others]), exact and all(known for _, known in others)


def check_limit(n: int) -> None:
    """Raise ValueError for sizes that may make more parameters than a file has numbers."""
    if n > strictjson.PARTS:
        raise ValueError(
            f"its model may have {n} parameters, more than the {strictjson.PARTS} that are read: "
            "a class says by its parameter_count how many it has"
        )


def sizes_in(rules: dict[str, Rule], settings: dict[str, Any]) -> Iterator[int]:
    for name, x in settings.items():
        if rules[name] is SIZE:
            yield x
        elif rules[name] is SIZES:
            yield from x


def checked(model: Any) -> dict[str, Any]:
    """The settings of a description, each by its rule. Raises ValueError for another."""
    if not isinstance(model, dict):
        raise ValueError(f"its model is {model!r:.60}")
    settings = {name: x for name, x in model.items() if name != "kind"}
    kind = model.get("kind")
    if kind == OWN and not settings:
        raise ValueError("its model is a module of your own: say load(path, into=...)")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(
            f"its model has a part {kind!r:.60} that is not known: if it is a class of your own "
            "that says its settings, import or define it first"
        )
    rules = saved(KINDS[kind].settings)
    for name, x in settings.items():
        rule = rules.get(name) or rule_called(name)
        if rule is None or not rule.fits(x):
            wanted = rule.words if rule else "nothing of that name"
            raise ValueError(f"{kind} has {name:.60} = {x!r:.60}, wanted {wanted}")
    if set(settings) != set(rules):
        raise ValueError(f"{kind} has other settings: {', '.join(settings) or 'none'}")
    return settings


def rule_called(name: str) -> Rule | None:
    """The rule that a setting of that name has in another class."""
    found = [saved(kind.settings) for kind in KINDS.values()]
    return next((rules[name] for rules in found if name in rules), None)


def made(model: dict[str, Any]) -> Module:
    kind = KINDS[model["kind"]]
    settings: dict[str, Any] = {}
    for name, rule in kind.settings.items():
        if rule is MODULE:
            settings[name] = made(model[name])
        elif rule is MODULES:
            settings[name] = [made(part) for part in model[name]]
        elif rule is START:
            settings[name] = random.Random(0)
        elif name in model:
            settings[name] = model[name]
    if is_own(kind):
        found: Module = kind.from_settings(**settings)
        return found
    state = random.getstate()  # which a class of the user's may draw from
    try:
        found = kind.from_settings(**settings)
    finally:
        random.setstate(state)
    return found
