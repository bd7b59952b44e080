"""The parts of a model that `draw(loss, collapse=model)` makes one box each.

A part is known by its parameters, the only trace that a module leaves in a graph. One without any,
such as Tanh, Softmax or Dropout, has no box of its own: what it computed is drawn by its ops, as
"tanh x 12", or lies within the part around it. To tell it apart each node would have to remember
its module, which all graphs would pay for; to go by the ops would take for a module's what was
computed behind it.
"""

from __future__ import annotations

from contextvars import Context

from engine import Value, topological_order
from engine.diagrams.parts import Part
from nn import activations
from nn.activations import name_of
from nn.checks import count
from nn.layers.linear import Linear
from nn.mlp import MLP, Layer, Neuron
from nn.module import CONTAINERS, Module, collect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from engine import Op

Place = tuple[str, Module, int]  # a module's path in the model, and how deep it stands there
ACTIVATIONS = tuple(
    getattr(activations, name)
    for name in ("ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Softplus", "Sigmoid", "Tanh")
)


def parts(model: Module, level: int | str | type | None = None) -> list[Part]:
    """The modules with parameters of their own, or those of a class, its name or a depth.

    A parameter belongs to the innermost of them. Raises ValueError for a name or a class that no
    module has, TypeError for another level.
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
    """What a box says of a module: "Neuron(2 -> 1, tanh)"."""
    match module:
        case Neuron():
            sizes, activation = [len(module.weights), 1], module.activation
        case Layer():
            neuron = module.neurons[0]
            sizes, activation = [len(neuron.weights), len(module.neurons)], neuron.activation
        case MLP():
            sizes = [len(module.layers[0].neurons[0].weights)]
            sizes += [len(layer.neurons) for layer in module.layers]
            activation = module.layers[0].neurons[0].activation
        case Linear():
            return f"Linear({module.in_features} -> {module.out_features})"
        case _:
            return f"{type(module).__name__}, {count(len(Module.parameters(module)), 'parameter')}"
    return f"{type(module).__name__}({' -> '.join(map(str, sizes))}, {name_of(activation)})"


def last_ops(module: Module) -> frozenset[Op]:
    """The ops of the activation that a module ends with, found by applying it to a number."""
    last = Module.modules(module)[-1]
    x = Value(0.5)
    try:
        if isinstance(last, Neuron):
            z = Context().run(last.activation, x)
        elif isinstance(last, ACTIVATIONS):
            [z] = Context().run(last, [x])
        else:
            return frozenset()
    except (ArithmeticError, ValueError):  # an activation of one's own, undefined at 0.5
        return frozenset()
    return frozenset([v.op for v in topological_order(z) if v.op])
