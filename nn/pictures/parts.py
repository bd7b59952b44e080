"""The parts of a model that `draw(loss, collapse=model)` makes one box each.

A part is known by its parameters: a module leaves no other trace in a graph. A module without
parameters, such as Tanh, Softmax or Dropout, has no box of its own. What it computed is drawn by
its ops, as "12 times tanh", or lies in the box of the part around it. To draw it as a box, each
node would have to remember its module, and every graph would pay for that.
"""

from __future__ import annotations

from contextvars import Context

from engine import Value, topological_order
from engine.diagrams.parts import Part
from nn.checks import count
from nn.module import CONTAINERS, Module, collect
from nn.settings import MODULE, MODULES, settings_of
from nn.steps import activation_name, function_of, in_a_row, is_activation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from engine import Op

Place = tuple[str, Module, int]  # a module's path in the model, and how deep it stands there


def parts_of(model: Module, level: int | str | type | None = None) -> list[Part]:
    """The modules with parameters of their own, or the modules of a class, its name or a depth.

    A parameter belongs to the innermost of these modules. Raises ValueError for a name or a class
    that no module has, TypeError for another level.
    """
    places = list(named_modules(model))
    chosen = [(path, m) for path, m, depth in places if is_chosen(m, depth, level)]
    if not chosen:
        known = ", ".join(dict.fromkeys([type(m).__name__ for _, m, _ in places]))
        raise ValueError(
            f"no module of the model is {level!r:.60}: take one of {known}, or a depth"
        )
    innermost: dict[Value, Module] = {p: m for _, m in chosen for p in Module.parameters(m)}
    found = []
    for path, m in chosen:
        own = tuple([p for p in Module.parameters(m) if innermost[p] is m])
        if own:
            found.append(Part(path, kind_of(m), own, last_ops(m)))
    return found


def is_chosen(module: Module, depth: int, level: int | str | type | None) -> bool:
    owns = bool(own_parameters(module))
    if level is None:
        return owns
    if isinstance(level, str):
        return level in [kind.__name__ for kind in type(module).__mro__[:-2]]
    if isinstance(level, type):
        return isinstance(module, level)
    if isinstance(level, bool) or not isinstance(level, int) or level < 0:
        raise TypeError(f"level takes a class, its name, or a depth from 0, got {level!r:.60}")
    return depth == level or (owns and depth < level)


def named_modules(model: Module) -> Iterator[Place]:
    """The model and every module in it, each once, an owner before its parts."""
    seen: set[int] = set()

    def walk(tree: Any, path: str, depth: int) -> Iterator[Place]:
        if isinstance(tree, Module):
            if id(tree) in seen:
                return
            seen.add(id(tree))
            yield path, tree, depth
            depth += 1
        elif not isinstance(tree, (dict, *CONTAINERS)):
            return
        branches = vars(tree) if isinstance(tree, Module) else tree
        items = branches.items() if isinstance(branches, dict) else enumerate(branches)
        for key, branch in items:
            yield from walk(branch, f"{path}.{key}" if path else str(key), depth)

    yield from walk(model, "", 0)


def own_parameters(module: Module) -> list[Value]:
    """The parameters that are not in a module inside this one."""
    inside: dict[int, Any] = {id(module): module}
    trees = [x for x in vars(module).values() if not isinstance(x, Module)]
    collect(trees, inside)
    modules = [m for m in inside.values() if isinstance(m, Module) and m is not module]
    others = {p for m in modules for p in Module.parameters(m)}
    return [x for x in inside.values() if isinstance(x, Value) and x not in others]


def kind_of(module: Module) -> str:
    """What a box says of a module: "Neuron(2 -> 1, tanh)", by its steps, or "Net, 9 parameters"."""
    name = type(module).__name__
    mixed = any(rule in (MODULE, MODULES) for rule in settings_of(type(module)).values())
    steps = [] if mixed else steps_in(module)
    layers = [step for kind, step in steps if kind == "affine"]
    last = [activation_name(*step) for step in steps if is_activation(*step)]
    if not layers or len(layers) + len(last) < len(steps):
        return f"{name}, {count(len(Module.parameters(module)), 'parameter')}"
    sizes = [len(layers[0]["weight"][0]), *[len(step["weight"]) for step in layers]]
    return f"{name}({', '.join([' -> '.join(map(str, sizes)), *last[:1]])})"


def steps_in(module: Module) -> list[tuple[str, dict[str, Any]]]:
    """The steps of a module; none where its method `steps` is about something else."""
    try:
        return list(in_a_row(module))
    except TypeError:
        return []


def last_ops(module: Module) -> frozenset[Op]:
    """The ops of the activation that a module ends with, found by applying it to a number."""
    steps = steps_in(Module.modules(module)[-1])
    if not steps or not is_activation(*steps[-1]):
        return frozenset()
    try:
        z = Context().run(function_of(*steps[-1]), Value(0.5))
    except (ArithmeticError, ValueError):  # an activation of one's own, undefined at 0.5
        return frozenset()
    return frozenset([v.op for v in topological_order(z) if v.op])
