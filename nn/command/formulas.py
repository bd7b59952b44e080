"""Formulas of the command line: "tanh(w*x + b)" and w=2 as Values."""

from __future__ import annotations

from unicodedata import normalize

from engine.formulas.reading import expression
from engine.value import Value, topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def formula(text: str, assignments: Sequence[str]) -> tuple[Value, dict[str, Value]]:
    """The Value of a formula, and its variables; each is given, once, and occurs in it."""
    variables: dict[str, Value] = {}
    for assigned in assignments:
        name, value = assignment(assigned)
        if name in variables:
            raise ValueError(f"{name} is given twice")
        variables[name] = value
    result = expression(text, variables)
    used = set(topological_order(result))
    for name, x in variables.items():
        if x not in used:
            raise ValueError(f"{name} is given a value, but does not occur in the formula")
    return result, variables


MOST = 1_000_000  # terms: some 20 MB of text


def check_size(nodes: Iterable[Value]) -> None:
    """Raise ValueError where the slopes of operations of many inputs make a text too long.

    The slope of each input of a maximum names all the inputs: n * n terms.
    """
    widest = max([len(node.inputs) for node in nodes], default=0)
    if sum([len(node.inputs) ** 2 for node in nodes]) > MOST:
        raise ValueError(
            f"an operation of {widest} inputs has a slope for each, which names them all: more "
            f"than {MOST} terms; write it as operations of operations of fewer"
        )


def assignment(text: str) -> tuple[str, Value]:
    """The variable of "w=2"."""
    name, equals, number = text.partition("=")
    name = variable(name)
    try:
        if not (equals and name.isidentifier()):
            raise ValueError
        return name, Value(float(number), label=name)
    except ValueError:
        raise ValueError(f"expected name=number, as in w=2, got {text!r}") from None


def variable(text: str) -> str:
    """The name as Python reads names in the formula."""
    return normalize("NFKC", text.strip())


def known(variables: dict[str, Value], none: str) -> str:
    """What an unknown variable's error ends with."""
    return f"take one of {', '.join(variables)}" if variables else none
