"""Recording: whether operations remember their inputs (`no_grad`), and where they were written."""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self, TypeVar

    from engine.sourceline import SourceLine

    Function = TypeVar("Function", bound=Callable[..., Any])

# How many `with no_grad()` and `with source_lines()` we are inside, in this thread or task.
no_grad_depth: ContextVar[int] = ContextVar("no_grad_depth", default=0)
source_lines_depth: ContextVar[int] = ContextVar("source_lines_depth", default=0)
# One entry for each such block that is open in any thread. An operation looks at this list first:
# while the list is empty, which is cheap to see, the operation need not ask for the two depths.
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
        from functools import wraps  # here, since it takes a third of the time to import engine

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

    __module__ = "engine"
    depth = no_grad_depth


class source_lines(Block):  # noqa: N801 - as no_grad
    """A block, or as a decorator a function, in which each Value notes where it was written.

    `explore` and `draw` show the line; `Value.source_line` is it. A Value that the engine or nn
    computes has the line of your program that called them::

        with source_lines():
            y = Value(3.0) * 2
        y.source_line.part  # "Value(3.0) * 2"
    """

    __module__ = "engine"
    depth = source_lines_depth


def calling_line() -> SourceLine | None:
    """The line from which engine was called."""
    from engine.sourceline import calling  # here, since it loads what only such blocks need

    return calling()


# The `with tracing()` that we are inside, if any.
open_trace: ContextVar[tracing | None] = ContextVar("open_trace", default=None)


class tracing:  # noqa: N801 - as no_grad
    """A block whose graph becomes a program, which is run again on other data.

    A function may compute a number that is right for the data at hand only, and use it as a
    constant. Inside this block it makes the number a node of the graph instead, so that the
    program computes the number anew for each set of data. There are two such functions:

    - Cross-entropy subtracts the largest logit, so that nothing overflows. Outside this block it
      subtracts the constant 3.1; inside, the node `maximum(z0, z1, z2)`.
    - Dropout draws a random factor for each number. Inside this block the factors are leaves, and
      `drawn` lists each Dropout with its leaves, so that it can draw them anew.
    """

    def __init__(self) -> None:
        self.drawn: list[tuple[Any, list[Any]]] = []

    def __enter__(self) -> Self:
        self.token = open_trace.set(self)
        return self

    def __exit__(self, *exception: object) -> None:
        open_trace.reset(self.token)
