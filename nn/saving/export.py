"""Taking it further: a model as an ONNX graph or as PyTorch's modules, with the same outputs.

Both take a batch of flat rows: inputs [n][nin] give outputs [n][nout], also where nout is 1.
"""

from __future__ import annotations

import math
import os

from engine import Op, no_grad
from engine.saving.files import write_file
from nn.activation_names import linear, shared_name
from nn.module import Module, in_eval_mode
from nn.sample import numbers_of
from nn.saving.onnx_export import graph_of
from nn.saving.torch_export import sequential_of
from nn.settings import is_own
from nn.steps import Formula, computed, has_steps, in_a_row, operands, says, steps_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from nn.module import Step

    PlainStep = tuple[str, dict[str, Any]]  # in which no module stands for its own steps


def to_onnx(model: Module, path: str | os.PathLike[str] | None = None) -> Any:
    """The model as an `onnx.ModelProto` in double precision, written to path if there is one.

    Its input is called "input", its output "output", and any number of rows may go through. It
    predicts as in eval mode: Dropout does nothing. Raises TypeError for a Module that does not say
    its steps or an activation of your own, ValueError for parts that do not fit together and for
    steps that compute something else than the module, and ImportError without the extra `onnx`.
    """
    found = steps("to_onnx", model)
    graph = graph_of(found, *widths(found))
    if path is not None:
        write_file(path, graph.SerializeToString())
    return graph


def to_torch(model: Module) -> Any:
    """The model as a `torch.nn.Sequential` of modules in float64, in the mode that model is in.

    Its numbers are copies. torch's random stream is left alone. Raises as `to_onnx` does, also
    ValueError for the activation sin, which PyTorch has no module for, and ImportError without the
    extra `torch`.
    """
    found = steps("to_torch", model)
    widths(found)
    return sequential_of(found).train(model.training)


HOOKS = {"to_onnx": "_onnx_", "to_torch": "_torch_"}  # what a class may have in place of steps


def steps(taker: str, model: Module) -> list[PlainStep]:
    """What the model does, one after another: the name of each step, and its numbers.

    A module that has a hook for the taker is one step: ("module", {"module": module}).
    """
    if not isinstance(model, Module):
        raise TypeError(f"{taker} takes a Module, got {type(model).__name__} {model!r:.60}")
    try:
        return list(plain_steps(model, "the model", HOOKS.get(taker, "")))
    except RecursionError:
        raise ValueError("modules that are nested too deep, or one that contains itself") from None


def plain_steps(module: Module, where: str, hook: str) -> Iterator[PlainStep]:
    """The steps of a module and of those inside it.

    Raises TypeError for what cannot be exported, ValueError for steps that compute something else.
    """
    kind = type(module)
    if says(kind, hook):
        yield "module", {"module": module}
        return
    if not says(kind, "steps"):
        raise TypeError(
            f"only nn's own modules can be exported: {where} is of the class {kind.__name__}"
        )
    try:
        found = steps_of(module)
        if not any(isinstance(step, Module) for _, step in found):
            check_inside(module)
        named = [with_name(name, step) for name, step in found]
    except TypeError as error:
        raise TypeError(f"{where} cannot be exported: {error}") from None
    if not is_own(kind):
        check_agreement(module, found, where)
        check_formulas(found, where)
    for name, step in named:
        if isinstance(step, Module):
            yield from plain_steps(step, f"{where}, {place(name)}", hook)
        elif name != "linear" or len(named) == 1:
            yield name, step


def place(name: str) -> str:
    """ "module 1" for "1", "layer 0" for "layers.0"."""
    stem, _, i = name.rpartition(".")
    return f"{stem.removesuffix('s') or 'module'} {i}" if i.isdigit() else name


def with_name(name: str, given: Any) -> tuple[str, Any]:
    """The step; an activation by its name, or by its formula if it is no operation of the engine.

    Raises TypeError for an activation that is none of nn's.
    """
    if name != "activation":
        return name, given
    name = shared_name(given["functions"])
    f = given["functions"][0]
    return (name, {}) if isinstance(f, Op) or f is linear else ("elementwise", {"f": f})


def check_inside(module: Module) -> None:
    """Raise TypeError for a module inside that inherits steps, but computes something else."""
    for part in Module.modules(module)[1:]:
        kind = type(part)
        if has_steps(kind) and not says(kind, "steps"):
            raise TypeError(f"the {kind.__name__} inside it does not say its own steps")


def check_agreement(module: Any, found: Sequence[Step], where: str) -> None:
    """Raise ValueError if the steps of a module make other numbers of some row than the module.

    A row that the module itself has no numbers for tells nothing.
    """
    n = widths(list(in_a_row(module)))[0] or 3
    row = [(0.25 + 0.5 * i / n) * (-1.0) ** i for i in range(n)]
    for xs in (row, [-x for x in row]):
        with no_grad(), in_eval_mode(module):
            try:
                made = module(list(xs))
            except (ArithmeticError, LookupError, TypeError, ValueError):
                continue
            try:
                said = computed(found, xs)
            except (ArithmeticError, LookupError, TypeError, ValueError) as error:
                raise ValueError(f"{where} cannot be exported: its steps: {error}") from None
        made = numbers_of(made if isinstance(made, list | tuple) else [made])
        said = numbers_of(said)
        if len(made) != len(said) or not all(map(alike, made, said)):
            raise ValueError(
                f"{where} cannot be exported: {type(module).__name__} makes {made!r:.60} of "
                f"{xs!r:.60}, its steps make {said!r:.60}"
            )


def check_formulas(found: Sequence[Step], where: str) -> None:
    """Raise ValueError if a formula depends on its numbers: one branch of it would be written."""
    for name, given in found:
        if name == "elementwise" and isinstance(given, dict):
            try:
                Formula(given["f"], operands(given)).check_choices()
            except ValueError as error:
                raise ValueError(f"{where} cannot be exported: {error}") from None


def alike(x: float, y: float) -> bool:
    return math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12) or (x != x and y != y)


def widths(found: Iterable[PlainStep]) -> tuple[int | None, int | None]:
    """How many numbers go in and come out; None for any.

    Raises ValueError if a step takes another number of them than it is given.
    """
    first = width = None
    unknown = False
    for name, given in found:
        if name in ("module", "embedding"):  # which do not say
            unknown, width = True, None
            continue
        n = taken_by(name, given)
        if n is not None:
            if width is not None and width != n:
                raise ValueError(f"the model has a part that takes {n} inputs and is given {width}")
            first = n if first is None and not unknown else first
            width = len(given["weight"]) if name == "affine" else n
    return first, width


def taken_by(name: str, given: dict[str, Any]) -> int | None:
    """How many numbers a step takes; None for any."""
    if name == "affine":
        return len(given["weight"][0])
    if name == "elementwise":
        each = [len(x) for x in operands(given).values() if isinstance(x, list | tuple)]
        return each[0] if each else None
    n: int | None = given.get("n")
    return n
