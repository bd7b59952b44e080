"""Steps: what a module computes, said as data: exports write it elsewhere, pictures draw it.

    [("affine", {"weight": self.weight, "bias": self.bias}), ("tanh", {})]

Each step takes the numbers that the step before it gives, and has a name and its numbers, which are
Values where they are parameters. The names are

- "affine": weight @ x + bias. weight: [out][in], bias: [out] or None.
- an activation by its name, such as "tanh", of each number by itself: with its settings, as in
  ("leaky_relu", {"negative_slope": 0.2}).
- "elementwise": f of each number by itself, where f is written with functions of the engine:
  ("elementwise", {"f": lambda x, weight: x * tanh(weight * x), "weight": self.weight}). What f
  takes besides x is one number for all, or a list of one each, and is passed by its name.
- "activation": functions: [n], one for each number.
- "layer_norm", "softmax" and "log_softmax", of all numbers together.
- "embedding": the row of a table for each number, in one list. weight: [tokens][columns].
- "dropout", "flatten" and "linear", which pass on what they get when nothing is learned.

A module that is made of others names them: ("layers.0", self.layers[0]). What cannot be said in
steps, a class exports by a method of its own: `_onnx_(self, build, x)` gives the name of the output
that the nodes have which it builds (nn.saving.onnx_export.Builder), `_torch_(self, torch)` gives a
module of PyTorch.
"""

from __future__ import annotations

from contextvars import Context

from engine import Value, dot, ops, topological_order
from nn.activation_names import name_of
from nn.choosing import chosen
from nn.module import Module
from nn.sample import added

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from engine import Op
    from nn.module import Step

# Where a formula is asked whether it is the same one everywhere.
ELSEWHERE = (-0.5, 0.0, 1.25, -2.0, 5.0, -5.0, 20.0, -20.0, 100.0, -100.0)
PASSING = ("dropout", "flatten", "linear")


def says(kind: type, name: str) -> bool:
    """Whether a class of modules has that method, and no other `__call__` than the method knew of.

    A subclass that computes something else inherits the steps, but they are no longer its own.
    """
    for cls in kind.__mro__:
        if cls is Module:
            return False
        if callable(vars(cls).get(name)):
            return True
        if "__call__" in vars(cls):
            return False
    return False


def has_steps(kind: Any) -> bool:
    """Whether modules of a class say their steps; an attribute called steps may be anything."""
    return kind.steps is not Module.steps and callable(kind.steps)


def steps_of(module: Module) -> list[Step]:
    """The steps of a module, in which modules stand for their own; none if it says none.

    Raises TypeError for what are no steps.
    """
    if not has_steps(type(module)):
        return []
    found: Any = type(module).steps(module)
    if not isinstance(found, list) or not all(map(is_step, found)):
        raise TypeError(f"the steps of {type(module).__name__} are {found!r:.60}: see nn.steps")
    steps: list[Step] = found
    return steps


def is_step(x: Any) -> bool:
    return (
        isinstance(x, tuple)
        and len(x) == 2
        and isinstance(x[0], str)
        and isinstance(x[1], dict | Module)
    )


def in_a_row(module: Module) -> Iterator[tuple[str, dict[str, Any]]]:
    """The steps of a module and of those inside it."""
    for name, step in steps_of(module):
        if isinstance(step, Module):
            yield from in_a_row(step)
        else:
            yield name, step


def operands(given: dict[str, Any]) -> dict[str, Any]:
    """What the f of an "elementwise" step takes besides x."""
    return {name: x for name, x in given.items() if name != "f"}


def is_activation(name: str, given: Any) -> bool:
    """Whether a step is one function of each number by itself, without parameters."""
    if name == "elementwise":
        return not operands(given)
    return name == "activation" or name in ops.TABLE


def activation_name(name: str, given: dict[str, Any]) -> str:
    """What pictures call an activation's step."""
    return name if name in ops.TABLE else name_of(function_of(name, given))


def function_of(name: str, given: dict[str, Any]) -> Callable[[Any], Any]:
    """The function of one number that an activation applies."""
    if name == "activation":
        first: Callable[[Any], Any] = given["functions"][0]
        return first
    if name == "elementwise":
        f: Callable[[Any], Any] = given["f"]
        return f
    if name == "softplus":
        beta = given.get("beta", 1.0)
        return lambda x: ops.softplus(x) if beta == 1.0 else ops.softplus(beta * x) / beta
    return lambda x: ops.TABLE[name](x, *given.values())


def computed(steps: Sequence[Step], xs: Sequence[Any]) -> list[Any]:
    """What steps make of the numbers xs. Raises ValueError for another number of them."""
    made = list(xs)
    for name, given in steps:
        if not isinstance(given, Module):
            made = after(name, given, made)
        elif says(type(given), "steps"):
            made = computed(steps_of(given), made)
        else:
            module: Any = given
            made = list(module(made))
    return made


def after(name: str, given: dict[str, Any], xs: list[Any]) -> list[Any]:
    """What one step makes of the numbers xs."""
    match name:
        case "affine":
            bias = given["bias"] or [0.0] * len(given["weight"])
            return [dot(row, xs, b) for row, b in zip(given["weight"], bias)]
        case "elementwise":
            others = operands(given)
            formula = Formula(given["f"], others)
            rows = zip(xs, *[spread(x, len(xs)) for x in others.values()])
            return [formula.written(dict(zip(("x", *others), row)), called) for row in rows]
        case "activation":
            return [f(x) for f, x in zip(given["functions"], xs, strict=True)]
        case "softmax":
            return ops.softmax(xs)
        case "log_softmax":
            shift = ops.maximum(*xs)
            shifted = [ops.sub(x, shift) for x in xs]
            return [x - ops.logsumexp(*shifted) for x in shifted]
        case "embedding":
            return [v for x in xs for v in chosen(given["weight"], x)]
        case "layer_norm":
            mean = added(xs) / len(xs)
            deviations = [ops.sub(x, mean) for x in xs]
            scale = ops.sqrt(dot(deviations, deviations) / len(xs) + given["eps"])
            weight, bias = given["weight"], given["bias"]
            made = [d / scale for d in deviations]
            made = made if weight is None else [w * y for w, y in zip(weight, made, strict=True)]
            return made if bias is None else [y + b for y, b in zip(made, bias, strict=True)]
    if name in PASSING:
        return xs
    if name not in ops.TABLE:
        raise ValueError(f"there is no step {name!r:.60}: see nn.steps")
    return [function_of(name, given)(x) for x in xs]


class Formula:
    """The operations of a function f of x and of operands, to be written elsewhere.

    f is asked once, for Values: an `if` in it would choose by these. Raises ValueError for a Value
    among the operations that is no operand.
    """

    def __init__(self, f: Callable[..., Any], operands: dict[str, Any]) -> None:
        x, given = Value(0.5), {name: Value(one_of(x)) for name, x in operands.items()}
        self.f, self.leaves = f, {"x": x, **given}
        self.result = Context().run(f, x, **given)  # also in a block of no_grad
        self.order = topological_order(self.result) if isinstance(self.result, Value) else []
        known = set(self.leaves.values())
        if x not in self.order:
            raise ValueError("f does not depend on x")
        for v in self.order:
            if v.op is None and v not in known:
                raise ValueError(f"f has the Value {v!r:.60} in it: give it as an operand")

    def check_choices(self) -> None:
        """Raise ValueError if f does other operations for another x, as an `if` in it may."""
        here = shape(self.order, self.leaves)
        for number in ELSEWHERE:
            if shape_at(self.f, self.leaves, number) not in (None, here):
                raise ValueError(
                    f"f does other operations for x = {number} than for x = 0.5: write a choice "
                    "with an op, such as maximum"
                )

    @property
    def operations(self) -> list[Op]:
        return [v.op for v in self.order if v.op is not None]

    def written(self, names: dict[str, Any], write: Callable[[Op, list[Any]], Any]) -> Any:
        """What `write` makes of the last operation: (op, what it made of the inputs) -> Any.

        names: what stands for x and for each operand. Numbers stay numbers.
        """
        made: dict[Any, Any] = {leaf: names[name] for name, leaf in self.leaves.items()}
        for v in self.order:
            if v.op is not None:
                inputs = [made[x] if isinstance(x, Value) else x for x in v.inputs]
                made[v] = write(v.op, inputs)
        return made.get(self.result, self.result)


def shape(order: list[Value], leaves: dict[str, Value]) -> list[Any]:
    """Each operation of a formula: its op, and the names or places of its inputs."""
    called = {leaf: name for name, leaf in leaves.items()}
    place = {v: called.get(v, f"v{i}") for i, v in enumerate(order)}
    return [
        (v.op, [place[x] if isinstance(x, Value) else repr(x) for x in v.inputs] or place[v])
        for v in order
    ]


def shape_at(f: Callable[..., Any], leaves: dict[str, Value], number: float) -> list[Any] | None:
    """The shape of f for another x; None where f has no value."""
    x, *others = [Value(leaf.data) for leaf in leaves.values()]
    there = dict(zip(leaves, (x, *others)))
    x.data = number
    try:
        result = Context().run(f, x, **{name: v for name, v in there.items() if v is not x})
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None
    return shape(topological_order(result) if isinstance(result, Value) else [], there)


def one_of(x: Any) -> float:
    """A number that stands for an operand: one that it takes somewhere."""
    return float(x[0] if isinstance(x, list | tuple) else x)


def called(op: Op, inputs: list[Any]) -> Any:
    return op(*inputs)


def spread(x: Any, n: int) -> list[Any]:
    """An operand for each of n numbers. Raises ValueError for a list of another length."""
    each = list(x) if isinstance(x, list | tuple) else [x] * n
    if len(each) != n:
        raise ValueError(f"an operand is one number or {n}, got {len(each)}")
    return each
