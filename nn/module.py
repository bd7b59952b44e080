"""The network's parts: a Module finds its own parameters, so that no layer has to list them."""

from __future__ import annotations

from contextlib import contextmanager
from weakref import WeakValueDictionary

from engine import Value
from engine.op import number
from nn.checks import count
from nn.sample import numbers_of
from nn.settings import enter, is_declared, saved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from inspect import Signature
    from typing import Any, ClassVar, Self

    from engine.diagrams.diagram import Diagram
    from engine.diagrams.parts import Part
    from nn.settings import Rule

    Step = tuple[str, dict[str, Any] | "Module"]  # nn.steps says what they are

# Every module that there is, by its identity: a graph's parameters find their model here.
ALIVE: WeakValueDictionary[int, Module] = WeakValueDictionary()


class InitSignature:
    """What `inspect.signature` says of a class of modules: what its `__init__` takes."""

    def __get__(self, instance: Any, owner: Any) -> Signature:
        if instance is not None:
            raise AttributeError("a module is called with a sample: see its __call__")
        from inspect import Signature, signature

        if owner.__init__ is object.__init__:
            return Signature()
        whole = signature(owner.__init__)
        return whole.replace(parameters=[*whole.parameters.values()][1:])


class Module:
    """A part of a network. Every leaf Value among its attributes is one of its parameters.

    Attributes are searched in the order they were set, through lists, tuples, dicts and Modules.
    A subclass sets its attributes in `__init__` and says in `__call__` what it computes. One that
    says its `settings` can be saved and loaded (nn.settings), one that says its `steps` can be
    exported and drawn (nn.steps).

    >>> from engine import Value
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Value(2.0), Value(1.0)
    ...
    ...     def __call__(self, x):
    ...         return self.slope * x + self.offset
    >>> Line().state_dict()
    {'slope': 2.0, 'offset': 1.0}
    """

    __module__ = "nn"
    # What it is made with, as nn.settings says.
    settings: ClassVar[dict[str, Rule]] = {}

    # Whether it is being trained, which Dropout asks. Here and not in __init__, which a subclass
    # need not call; train and eval set it on the module itself.
    training = True

    __signature__ = InitSignature()

    def __new__(cls, *args: Any, **options: Any) -> Self:
        if (args or options) and cls.__init__ is object.__init__:
            raise TypeError(f"{cls.__name__}() takes no arguments")
        module = super().__new__(cls)
        ALIVE[id(module)] = module
        return module

    def __init_subclass__(cls, **options: Any) -> None:
        """A class that says its settings becomes a kind that files may name.

        Raises TypeError for settings that are not the arguments of `__init__`, or a name of nn's.
        """
        super().__init_subclass__(**options)
        if is_declared(vars(cls).get("settings")):
            hidden = [name for name in cls.settings if name in ASKED]
            if hidden and cls.setting_values is Module.setting_values:
                raise TypeError(
                    f"{cls.__name__} has the setting {hidden[0]!r}, which would hide the method "
                    f"{hidden[0]} of its modules: take another name"
                )
            enter(cls)

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """("layers.0.neurons.1.bias", value) and so on; a Value that is shared comes once."""
        seen: set[Value] = set()
        for name, tree in entries(self):
            for path, value in leaves(tree, name):
                if value not in seen:
                    seen.add(value)
                    yield path, value

    def parameters(self) -> list[Value]:
        """The parameters, in the order of `named_parameters`."""
        found: dict[int, Any] = {}
        collect([self], found)
        return [x for x in found.values() if isinstance(x, Value)]

    def modules(self) -> list[Module]:
        """The module itself and every module in it, each once, an owner before its parts."""
        found: dict[int, Any] = {}
        collect([self], found, leaves=False)
        return [*found.values()]

    def train(self, mode: bool = True) -> Self:
        """Set `training` to mode here and in every module inside; the module itself.

        Raises TypeError for a mode that is not True or False.
        """
        if not isinstance(mode, bool):
            raise TypeError(f"mode is True or False, got {mode!r:.60}")
        for module in Module.modules(self):  # a subclass may call an attribute `modules`
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set `training` to False, as for predictions: train(False)."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Set the grad of every parameter to 0."""
        for p in self.parameters():
            p.grad = 0.0

    def state_dict(self) -> dict[str, Any]:
        """{"layers.0.neurons.1.weights": [0.3, -0.1], "layers.0.neurons.1.bias": 0.0, ...}.

        One entry for each attribute that holds parameters: a float for a Value, a list for a
        list of them, as deep as it is nested.
        """
        return {name: numbers_of(tree) for name, tree in entries(self)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Set the parameters to the numbers of a state_dict of a module of the same shape.

        Raises ValueError that lists every missing, unexpected and mis-shaped entry, and leaves
        the module as it was.
        """
        own = dict(entries(self))
        problems = [f"missing {name}" for name in own if name not in state_dict]
        problems += [f"unexpected {name}" for name in state_dict if name not in own]
        new: list[tuple[Value, float]] = []
        for name, tree in own.items():
            if name in state_dict:
                try:
                    new += paired(tree, state_dict[name])
                except (TypeError, ValueError) as error:
                    problems.append(f"{name}: {error}")
        if problems:
            raise ValueError(f"state dict does not fit: {'; '.join(problems)}")
        for value, data in new:
            value.data = data

    # ---- what it is, as data ----

    def setting_values(self) -> dict[str, Any]:
        """What its settings are now: its attributes of their names.

        A class whose attributes have other names says here what its settings are.
        """
        return {name: getattr(self, name) for name in saved(type(self).settings)}

    @classmethod
    def from_settings(cls, *_: Any, **settings: Any) -> Module:
        """A new module of these settings."""
        return cls(**settings)

    @classmethod
    def parameter_count(cls, *_: Any, **settings: Any) -> int | None:  # noqa: ARG003
        """How many parameters a module of these settings has, not counting modules given to it.

        A file whose model needs more numbers than the file has is refused before the model is
        made. Where a class does not say, the product of its sizes is held to a limit.
        """
        return None

    def steps(self) -> list[Step]:
        """What it computes, as nn.steps says: for exports and pictures."""
        raise NotImplementedError(f"{type(self).__name__} does not say its steps")

    # What engine.draw asks of a model: nn/__init__ sets them, for pictures are made of modules.
    _parts_: ClassVar[Callable[..., list[Part]]]
    _diagram_: ClassVar[Callable[..., Diagram]]

    def __repr__(self) -> str:
        """The module's attributes that are, or hold, modules or parameters, one on a line."""
        lines = []
        for name, tree in vars(self).items():
            found = [value for path, part in entries(tree) for _, value in leaves(part, path)]
            if isinstance(tree, Module):
                lines.append(f"  {name}: " + repr(tree).replace("\n", "\n  "))
            elif found:
                lines.append(f"  {name}: {count(len(found), 'parameter')}")
        return "\n".join(
            [f"{type(self).__name__}(", *lines, ")"] if lines else [f"{type(self).__name__}()"]
        )


def models_with(values: Iterable[Value]) -> list[Module]:
    """The models with parameters among these, no more of them than are needed, the largest first.

    A model in which a module lies is larger than the module: it has more parameters, or, if it has
    the same, more modules.
    """
    wanted, found = set(values), []
    for module in [alive for entry in ALIVE.valuerefs() if (alive := entry()) is not None]:
        own = set(Module.parameters(module))
        if wanted & own:
            found.append((len(own), len(Module.modules(module)), module, own))
    chosen = []
    for *_, module, own in sorted(found, key=lambda x: x[:2], reverse=True):
        if wanted & own:
            chosen.append(module)
            wanted -= own
    return chosen


CONTAINERS = (list, tuple)
# Methods that nn asks of modules, so that no setting is kept under their names.
ASKED = {
    "eval",
    "load_state_dict",
    "named_parameters",
    "parameters",
    "setting_values",
    "state_dict",
    "train",
    "zero_grad",
}


@contextmanager
def in_eval_mode(model: Any) -> Iterator[None]:
    """A block in which a Module is in eval mode; after it every module is in its mode from before.

    Another function of samples is left alone.
    """
    modules = Module.modules(model) if isinstance(model, Module) else []
    modes = [module.training for module in modules]
    for module in modules:
        module.training = False
    try:
        yield
    finally:
        for module, mode in zip(modules, modes):
            module.training = mode


# A tree, below, is what an attribute may hold: a Value, a Module, a container of trees, or
# anything else, which is passed over.


def collect(trees: Iterable[Any], found: dict[int, Any], leaves: bool = True) -> None:
    """Add the Modules of trees, by id, so that none is searched twice, and leaf Values if wanted.

    `entries` finds the same Values with their names, in many times the time.
    """
    for tree in trees:
        if isinstance(tree, Value):
            if leaves and tree.op is None:
                found[id(tree)] = tree
        elif isinstance(tree, CONTAINERS):
            if {*map(type, tree)} == {Value}:  # as the weights of a neuron are
                if leaves:
                    found.update([(id(v), v) for v in tree if v.op is None])
            else:
                collect(tree, found, leaves)
        elif isinstance(tree, dict):
            collect(tree.values(), found, leaves)
        elif isinstance(tree, Module) and id(tree) not in found:
            found[id(tree)] = tree
            collect(vars(tree).values(), found, leaves)


def entries(tree: Any, name: str = "", inside: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    """(name, part) for each largest part of the tree that is made of parameters only."""
    if all_parameters(tree):
        yield name, tree
    elif isinstance(tree, Module | dict | list | tuple) and not any(tree is x for x in inside):
        branches = vars(tree) if isinstance(tree, Module) else tree
        items = branches.items() if isinstance(branches, dict) else enumerate(branches)
        for key, branch in items:
            yield from entries(branch, f"{name}.{key}" if name else str(key), (*inside, tree))


def all_parameters(tree: Any) -> bool:
    """A leaf Value, or a list or tuple, not empty, of nothing but such."""
    if isinstance(tree, list | tuple):
        return bool(tree) and all(map(all_parameters, tree))
    return isinstance(tree, Value) and tree.op is None


def leaves(tree: Any, name: str) -> Iterator[tuple[str, Value]]:
    """(path, value) for each Value of a tree of Values."""
    if isinstance(tree, Value):
        yield name, tree
    else:
        for i, branch in enumerate(tree):
            yield from leaves(branch, f"{name}.{i}")


def paired(tree: Any, data: Any) -> list[tuple[Value, float]]:
    """Each Value of a tree with its number in data, which must have the tree's shape."""
    if isinstance(tree, Value):
        return [(tree, number(data))]
    if not isinstance(data, list | tuple):
        raise TypeError(f"expected a list of {len(tree)}, got {type(data).__name__} {data!r:.60}")
    if len(data) != len(tree):
        raise ValueError(f"expected a list of {len(tree)}, got {len(data)}")
    return [pair for branch, item in zip(tree, data) for pair in paired(branch, item)]
