"""Recording: whether operations remember their inputs (`no_grad`), and where they were written."""

from __future__ import annotations

from contextvars import ContextVar
from functools import wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self, TypeVar

    from engine.sourceline import SourceLine

    Function = TypeVar("Function", bound=Callable[..., Any])

# How many blocks of either kind we are in, and one entry for each that is open in any thread: an
# operation asks for that alone where there is none.
unrecorded: ContextVar[int] = ContextVar("unrecorded", default=0)
noted: ContextVar[int] = ContextVar("noted", default=0)
blocks: list[bool] = []
GENERATOR = 0x20 | 0x80 | 0x200  # flags of the code of a generator or coroutine function


class Block:
    """A `with` block, or as a decorator a function, in which operations do something else."""

    depth: ContextVar[int]

    def __enter__(self) -> None:
        blocks.append(True)
        self.depth.set(self.depth.get() + 1)

    def __exit__(self, *exception: object) -> None:
        # 0: a generator that ends in another context
        self.depth.set(max(0, self.depth.get() - 1))
        blocks.pop()

    def __call__(self, function: Function) -> Function:
        if getattr(function, "__code__", None) and function.__code__.co_flags & GENERATOR:
            raise TypeError(
                f"{type(self).__name__}() cannot wrap a generator or coroutine: "
                "open a block inside it"
            )

        @wraps(function)
        def within(*args: Any, **options: Any) -> Any:
            with type(self)():
                return function(*args, **options)

        return within  # type: ignore[return-value]


class no_grad(Block):  # noqa: N801 - PyTorch's name
    """A block, or as a decorator a function, in which operations compute but record no graph.

    It holds in its own thread and task; a generator suspended within a block also pauses its
    caller.

    >>> from engine import Value
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.inputs
    ()
    """

    depth = unrecorded


class source_lines(Block):  # noqa: N801 - as no_grad
    """A block, or as a decorator a function, in which each Value notes where it was written.

    `explore` and `draw` show the line; `Value.source_line` is it. What the engine and nn compute
    has the line of yours that called them::

        with source_lines():
            y = Value(3.0) * 2
        y.source_line.part  # "Value(3.0) * 2"
    """

    depth = noted


def calling_line() -> SourceLine | None:
    """The line from which engine was called."""
    from engine.sourceline import calling  # here, since it loads what only such blocks need

    return calling()


recorded: ContextVar[tracing | None] = ContextVar("recorded", default=None)  # the open block


class tracing:  # noqa: N801 - as no_grad
    """A block whose graph is to be traced: numbers that a function would only take are nodes in it.

    The largest logit, which cross-entropy subtracts so that nothing overflows, is such a number: of
    a graph for one set of data a constant, of a program not. So are random numbers: `drawn` has
    what would draw them, and the leaves that stand for them, in the order of drawing.
    """

    def __init__(self) -> None:
        self.drawn: list[tuple[Any, list[Any]]] = []

    def __enter__(self) -> Self:
        self.token = recorded.set(self)
        return self

    def __exit__(self, *exception: object) -> None:
        recorded.reset(self.token)
